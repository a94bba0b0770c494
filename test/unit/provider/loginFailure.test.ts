import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Connection } from "../../../provider/index.ts";
import { aliasOf } from "../../../provider/ssh/configFile.ts";
import { loginFailure } from "../../../provider/ssh/failure.ts";
import { hostKeyOf } from "../../support/hostKey.ts";

const machine: Connection = { name: "m2", address: "192.0.2.2", hostKey: hostKeyOf("m2") };
const offered = "SHA256:kBLNmuNfQ5lYYh5OKlsNHXsmFCtv1+QFjl0vzL9Xp4Y";

/** What OpenSSH says where another key than the pinned one is offered. */
const changed = (alias: string): string =>
  `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
The fingerprint for the ED25519 key sent by the remote host is
${offered}.
Please contact your system administrator.
Host key for ${alias} has changed and you have requested strict checking.
Host key verification failed.`.replaceAll("\n", "\r\n");

const said = (words: string, connection = machine, stack?: string): string =>
  loginFailure(connection, words, 255, stack).message;

describe("a login that did not succeed", () => {
  it("shows the offered fingerprint and the pinned one where they differ, and the whole command that trusts it", () => {
    const text = said(changed(aliasOf(machine)), machine, "rack");
    assert.match(text, /^GW202 m2: root@192\.0\.2\.2:22 offers another host key than the pinned one, /);
    assert.ok(text.includes(offered), text);
    assert.match(text, /; pinned is SHA256:\S{43}\. /);
    assert.match(text, /run \.\/groundwork trust m2 --stack rack; otherwise/);
    assert.doesNotMatch(text, /@ |WARNING|MACHINE/);
  });

  it("names the bastion where it is the bastion's key", () => {
    const gate: Connection = { ...machine, name: "gate", address: "192.0.2.9" };
    const text = said(changed(aliasOf(gate)), { ...machine, bastion: gate }, "");
    assert.match(text, /: the bastion of root@192\.0\.2\.2:22 through gate offers another host key/);
    assert.match(text, /run \.\/groundwork trust m2 --bastion; /);
  });

  it("takes OpenSSH's own line where it tells no fingerprint", () => {
    const text = said("No ED25519 host key is known for m2.\nHost key verification failed.", machine, "");
    assert.match(
      text,
      /does not offer the pinned host key \(Host key verification failed\.\); pinned is SHA256:/,
    );
  });

  it("is not called a refusal where nobody answered", () => {
    const dead = said("ssh: connect to host 192.0.2.2 port 22: Connection timed out");
    assert.match(dead, /^GW201 m2: root@192\.0\.2\.2:22 could not be reached \(ssh: .*timed out\)/);
    assert.match(
      said("root@192.0.2.2: Permission denied (publickey)."),
      /^GW204 m2: .* did not let us in \(/,
    );
  });
});
