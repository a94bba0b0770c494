import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { goneText } from "../../../cli/commands/destroy.ts";
import { healText, listText } from "../../../cli/commands/lab.ts";
import { existingMachine } from "../../../cli/commands/trust.ts";
import { stackName } from "../../../cli/options.ts";
import { machineTargets } from "../../../cli/stack/targets.ts";

describe("a name where there is none", () => {
  it("of a machine of the lab is made by up, where the stack's file lists one", () => {
    assert.equal(
      listText([], "mine"),
      "the lab has no machine: ./groundwork up --stack mine makes those that Pulumi.mine.yaml lists as lab\n",
    );
  });

  it("of a stack is not that of its file", () => {
    for (const file of ["Pulumi.night.yaml", "./Pulumi.night.yaml", "/srv/Pulumi.night.yml"])
      assert.throws(() => stackName(file), /Give the NAME of Pulumi\.NAME\.yaml only: --stack night$/);
    assert.deepEqual(["night", "Pulumi", "my.yaml"].map(stackName), ["night", "Pulumi", "my.yaml"]);
  });

  it("of a machine that up shall touch alone is refused with the option that it stands after", () => {
    const wanted = { machine: "m9", machines: ["m1"], streams: [], stack: "dev", project: "groundwork" };
    assert.throws(
      () => machineTargets({ version: 3, deployment: {} }, wanted),
      /GW707 --machine m9: there is no such machine; there are m1/,
    );
  });

  it("of a machine to trust is given to the stack's file first", () => {
    const lab = { machines: { "server-1": { lab: {} } } };
    assert.throws(
      () => existingMachine(lab, "server-1"),
      /GW707 server-1: .*there are none\. Give it an `existing`/,
    );
    const own = { machines: { "web-1": { existing: { address: "192.0.2.1" } } } };
    assert.throws(() => existingMachine(own, "web-2"), /there are web-1\. Use one of the names/);
    assert.equal(existingMachine(own, "web-1").address, "192.0.2.1");
  });
});

describe("a machine of the lab", () => {
  const machine = { name: "agent-1", address: "10.77.0.12", address6: "fd77::c", roles: ["agent"] };

  it("is listed with what was made to fail on it", () => {
    assert.equal(
      listText([
        { ...machine, state: "running", faults: [] },
        { ...machine, state: "running", faults: ["network", "disk"] },
        { ...machine, state: "stopped", faults: ["power"] },
      ]),
      [
        "agent-1  10.77.0.12  agent  running",
        "agent-1  10.77.0.12  agent  running, network cut, disk full",
        "agent-1  10.77.0.12  agent  stopped\n",
      ].join("\n"),
    );
  });

  it("is not called healed of what had not failed", () => {
    assert.equal(healText("agent-1", "network", ["network"]), "agent-1: network healed");
    assert.equal(
      healText("agent-1", "network", []),
      "agent-1: network had not failed, there was nothing to heal",
    );
  });
});

describe("a lab that was destroyed", () => {
  it("is not called gone without a word of what stays for the next one", () => {
    assert.match(goneText, /is left on this computer; .*\/var\/lib\/groundwork-lab keeps root file systems/);
  });
});
