import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { contains, firstAddress, parseSubnet } from "../../../foundation/subnet.ts";
import { machineName } from "../../../stacks/configuration/machines.ts";
import { peerAddress } from "../../../stacks/configuration/peerAddress.ts";
import { examineConfiguration } from "../../../stacks/configuration.ts";
import { labAddress } from "../../../stacks/labAddress.ts";

const name = fc.stringMatching(machineName);
const subnet = fc
  .tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 8, max: 29 }))
  .map(([a, b, prefix]) => `10.${a}.${b}.0/${prefix}`);

describe("the address of a lab machine that names none", () => {
  it("lies in the network and is neither its edge nor the bridge's", () => {
    fc.assert(
      fc.property(name, subnet, (machine, text) => {
        const network = parseSubnet(text);
        assert.ok(network);
        const address = labAddress(machine, text);
        assert.ok(contains(network, address), address);
        assert.notEqual(address, firstAddress(network));
        assert.notEqual(address, text.split("/")[0]);
      }),
    );
  });

  it("does not move when other machines come and go", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), (names) => {
        const of = (all: string[]) => {
          const machines = Object.fromEntries(all.map((machine) => [machine, { lab: { roles: ["agent"] } }]));
          const off = { enabled: false };
          const { configuration } = examineConfiguration({ machines, streams: { charlie: off, delta: off } });
          const [name = ""] = names;
          const machine = configuration?.machines[name];
          assert.ok(configuration && machine);
          return peerAddress(name, machine, configuration.network);
        };
        assert.equal(of(names), of(names.slice(0, 1)));
      }),
    );
  });

  it("is refused where two names meet at one place", () => {
    // The smallest network with a place to derive from has five places: six names must meet.
    const machines = Object.fromEntries(
      ["a", "b", "c", "d", "e", "f"].map((machine) => [machine, { lab: { roles: ["agent"] } }]),
    );
    const off = { enabled: false };
    const { problems } = examineConfiguration({
      machines,
      network: { subnet: "10.77.0.0/29" },
      streams: { charlie: off, delta: off },
    });
    assert.ok(problems.length > 0);
    assert.match(problems[0]?.what ?? "", /every machine needs its own/);
  });
});
