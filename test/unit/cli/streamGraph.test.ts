import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostStates, labMachineNames, revealed, stackOutputs } from "../../../cli/engine/deployment.ts";
import {
  planRollback,
  requireConfirmed,
  requireMachines,
  streamNames,
} from "../../../cli/engine/streamGraph.ts";
import { machineTargets } from "../../../cli/stack/targets.ts";
import { coded } from "./coded.ts";
import { deploymentOf, hostUrn, secret } from "./deployments.ts";

const two = deploymentOf(["server-1", "agent-1"], ["server-1", "agent-1"]);

describe("a rollback", () => {
  it("is refused while later streams stand on the stream, and names them all", () => {
    assert.throws(
      () => planRollback(two, "alpha", false),
      coded("GW702", /delta, bravo, charlie stand on it\. Roll them back/),
    );
    assert.throws(
      () => planRollback(two, "bravo", false),
      coded("GW702", /delta stands on it\. Roll it back/),
    );
  });

  it("of a stream that nothing stands on takes its component, hosts and gate", () => {
    const { streams, targets, machines } = planRollback(two, "delta", false);
    assert.deepEqual(streams, ["delta"]);
    assert.equal(targets.length, 4);
    assert.ok(targets.every((urn) => /::delta(-\S+)?$/.test(urn)));
    assert.deepEqual(machines, ["agent-1", "server-1"]);
  });

  it("with dependents takes the later streams first", () => {
    assert.deepEqual(planRollback(two, "alpha", true).streams, ["delta", "bravo", "charlie", "alpha"]);
    assert.deepEqual(planRollback(two, "charlie", true).streams, ["delta", "charlie"]);
  });

  it("never takes a machine or the network of the lab with it", () => {
    const { targets } = planRollback(two, "alpha", true);
    assert.ok(targets.every((urn) => !/Lab(Machine|Network)/.test(urn)));
  });

  it("of an unknown stream names those that stand", () => {
    assert.throws(() => planRollback(two, "echo", true), coded("GW707", /alpha, bravo, charlie, delta/));
    assert.throws(
      () => planRollback({ version: 3, deployment: {} }, "alpha", true),
      coded("GW707", /no stream stands\. There is nothing to roll back$/),
    );
  });

  it("of a stream that is known and does not stand says that, and that there is nothing to do", () => {
    const ofDelta = planRollback(two, "delta", false).targets;
    const resources = two.deployment.resources?.filter(({ urn }) => !ofDelta.includes(urn));
    const deployment = { version: 3, deployment: { resources } };
    const known = ["alpha", "bravo", "charlie", "delta"];
    assert.throws(
      () => planRollback(deployment, "delta", false, known),
      coded(
        "GW707",
        /delta: it does not stand on any machine; these stand: alpha, bravo, charlie\. There is nothing to roll back$/,
      ),
    );
    assert.throws(() => planRollback(deployment, "detla", false, known), coded("GW707", /no such stream/));
  });

  it("does not count what is replaced already and only waits to be deleted", () => {
    const resources = two.deployment.resources?.map((resource) =>
      /::delta/.test(resource.urn) ? { ...resource, delete: true } : resource,
    );
    const deployment = { version: 3, deployment: { resources } };
    assert.deepEqual(streamNames(deployment), ["alpha", "bravo", "charlie"]);
    assert.deepEqual(planRollback(deployment, "bravo", false).streams, ["bravo"]);
  });
});

describe("machines that are not of the lab", () => {
  const mixed = deploymentOf(["server-1", "web-1"], ["server-1"]);

  it("have to be named before they are put back", () => {
    assert.throws(
      () => requireConfirmed(mixed, ["server-1", "web-1"], { confirm: [] }),
      coded("GW703", /web-1: .*Add --confirm web-1/),
    );
    assert.throws(() => requireConfirmed(mixed, ["web-1"], { confirm: ["web-2"] }), coded("GW703", /web-1/));
    requireConfirmed(mixed, ["server-1", "web-1"], { confirm: ["web-1"] });
  });

  it("are all in the list that the refusal asks for, also those that were named", () => {
    const own = deploymentOf(["web-1", "web-2"]);
    assert.throws(
      () => requireConfirmed(own, ["web-1", "web-2"], { confirm: ["web-1"] }),
      coded("GW703", /web-2: .*Add --confirm web-1,web-2, or --gone for one that never comes back$/),
    );
  });

  it("cannot be named by a name that no machine has, in the state or in the stack's file", () => {
    assert.throws(
      () => requireMachines(mixed, ["web-1", "web-2"], ["web-1", "web-3"]),
      coded("GW707", /--confirm web-3: .*there are server-1, web-1, web-2/),
    );
    requireMachines(mixed, ["web-2"], ["web-1", "web-2"]);
    assert.throws(
      () => requireMachines({ version: 3, deployment: {} }, [], ["web-1"]),
      coded("GW707", /there are none\. Leave --confirm out$/),
    );
  });

  it("are told from those of the lab by the state", () => {
    assert.deepEqual(labMachineNames(mixed), ["server-1"]);
    requireConfirmed(mixed, ["server-1"], { confirm: [] });
  });
});

describe("the targets of one machine", () => {
  const wanted = {
    machine: "agent-1",
    machines: ["server-1", "agent-1"],
    streams: ["alpha", "bravo"],
    stack: "dev",
    project: "groundwork",
  };

  it("are its own resources, those still to come, and the gates", () => {
    const targets = machineTargets(two, wanted);
    assert.ok(targets.includes(hostUrn("alpha", "agent-1")));
    assert.ok(targets.includes("urn:pulumi:dev::groundwork::**groundwork:index:*::*-agent-1"));
    assert.ok(targets.some((urn) => urn.endsWith("Gate::delta")));
    assert.ok(!targets.some((urn) => urn.includes("server-1")));
  });

  it("have no pattern that would take another machine of a longer name", () => {
    const targets = machineTargets(two, { ...wanted, machines: ["agent-1", "my-agent-1"] });
    assert.ok(!targets.some((urn) => urn.includes("*-agent-1")));
  });

  it("are refused for an unknown machine, and before every stream stands", () => {
    assert.throws(
      () => machineTargets(two, { ...wanted, machine: "x" }),
      coded("GW707", /server-1, agent-1/),
    );
    assert.throws(
      () => machineTargets({ version: 3, deployment: {} }, wanted),
      coded("GW705", /alpha, bravo: .*without --machine first/),
    );
  });
});

describe("an exported state", () => {
  it("shows secrets in clear at every depth", () => {
    assert.deepEqual(revealed({ a: [secret({ b: secret("c") })], d: null, e: 1 }), {
      a: [{ b: "c" }],
      d: null,
      e: 1,
    });
    assert.deepEqual(stackOutputs(two), { kubeconfig: "config" });
  });

  it("gives the specification of each host as the provider takes it", () => {
    const [first] = hostStates(two);
    assert.deepEqual(first?.spec.items, [{ kind: "file", path: "/etc/alpha.conf", content: "hidden" }]);
  });
});
