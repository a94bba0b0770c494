import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type HostKeyOffer,
  isPinned,
  offerText,
  pinQuestion,
  requireExpected,
} from "../../../cli/trust/hostKeyOffer.ts";
import { fingerprint } from "../../../cli/trust/pins.ts";
import { hostKeyOf } from "../../support/hostKey.ts";
import { coded } from "./coded.ts";

const [old, now] = [hostKeyOf("old"), hostKeyOf("now")];
const offerOf = (pinned?: string): HostKeyOffer => ({
  name: "m2",
  host: { address: "192.0.2.2", port: 2222 },
  offered: now,
  pinned,
});

describe("a host key that is offered", () => {
  it("is shown alone where none is pinned, and asked about with the command of the machine's own console", () => {
    const offer = offerOf();
    assert.equal(offerText(offer), `192.0.2.2 port 2222 offers ssh-ed25519 ${fingerprint(now)}`);
    assert.equal(
      pinQuestion(offer),
      "Is this the fingerprint that m2 shows on its own console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)?",
    );
    requireExpected(offer, { expected: undefined, yes: true });
  });

  it("is shown beside the one that is pinned where that is another, in the question too", () => {
    const offer = offerOf(old);
    assert.equal(
      offerText(offer),
      `pinned until now: ssh-ed25519 ${fingerprint(old)}\n192.0.2.2 port 2222 offers another one now: ssh-ed25519 ${fingerprint(now)}`,
    );
    assert.match(pinQuestion(offer), /^Another key was pinned\. /);
    assert.equal(isPinned(offer), false);
  });

  it("replaces no pin by --yes alone", () => {
    assert.throws(
      () => requireExpected(offerOf(old), { expected: undefined, yes: true }),
      coded("GW706", /m2: SHA256:\S+ is pinned, it offers SHA256:\S+ now.*--fingerprint/),
    );
    requireExpected(offerOf(old), { expected: undefined, yes: false });
    requireExpected(offerOf(old), { expected: fingerprint(now), yes: true });
  });

  it("is refused where another fingerprint is expected, whatever is pinned", () => {
    for (const pinned of [undefined, old, now])
      assert.throws(
        () => requireExpected(offerOf(pinned), { expected: fingerprint(old), yes: true }),
        coded("GW706", /was expected, and it offers/),
      );
  });

  it("is known where it is pinned already, also with a comment behind it", () => {
    const offer = offerOf(`${now} root@m2`);
    assert.equal(isPinned(offer), true);
    assert.match(offerText(offer), /, which is pinned already$/);
    requireExpected(offer, { expected: undefined, yes: true });
  });

  it("is found on the console by the file of its type", () => {
    const files = ["ssh-rsa AAAA", "ecdsa-sha2-nistp256 AAAA"].map((offered) =>
      pinQuestion({ ...offerOf(), offered }),
    );
    assert.match(files[0] ?? "", /ssh_host_rsa_key\.pub/);
    assert.match(files[1] ?? "", /ssh_host_ecdsa_key\.pub/);
  });
});
