import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Deployment,
  hasLab,
  hostStates,
  labMachineNames,
  type Pending,
  type Resource,
} from "../../../cli/engine/deployment.ts";
import { pendingNames, settled } from "../../../cli/engine/pending.ts";
import { type Settled, settle } from "../../../cli/engine/settle.ts";
import { machinesOf, planRollback, requireConfirmed } from "../../../cli/engine/streamGraph.ts";
import { GroundworkError } from "../../../errors/index.ts";
import { deploymentOf, hostUrn } from "./deployments.ts";

/** A deployment that was cut off while some of its resources were made; of these only their inputs are known. */
function cutOff(deployment: Deployment, urns: string[], type = "creating"): Deployment {
  const resources = deployment.deployment.resources ?? [];
  const pending = resources
    .filter(({ urn }) => urns.includes(urn))
    .map(({ outputs: _, ...resource }): Pending => ({ resource, type }));
  const others = resources.filter(({ urn }) => !urns.includes(urn));
  return {
    version: 3,
    deployment: { resources: type === "creating" ? others : resources, pending_operations: pending },
  };
}

const resourcesOf = ({ deployment }: Deployment): Resource[] => deployment.resources ?? [];
const alpha = hostUrn("alpha", "m1");
const entry = (deployment: Deployment, urn: string): Resource | undefined =>
  resourcesOf(deployment).find((resource) => resource.urn === urn);

describe("a create of a HostState that was cut off", () => {
  const before = cutOff(deploymentOf(["m1"]), [alpha]);
  const after = settled(before);

  it("is named", () => {
    assert.deepEqual(pendingNames(before), ["creating of alpha-m1"]);
    assert.deepEqual(pendingNames(after), []);
  });

  it("stands in the state with its inputs, and is read before anything is decided", () => {
    const made = entry(after, alpha);
    assert.equal(made?.refreshBeforeUpdate, true);
    assert.equal(made?.id, "unknown/alpha-m1");
    assert.equal(made?.outputs?.unfinished, true);
    assert.equal(made?.outputs?.machineId, "");
    assert.deepEqual(made?.inputs, entry(deploymentOf(["m1"]), alpha)?.inputs);
    assert.equal(made?.parent, entry(deploymentOf(["m1"]), alpha)?.parent);
  });

  it("makes its machine one that a destroy changes back and has to be confirmed", () => {
    const first = settled(cutOff(deploymentOf(["m1"]), [alpha]));
    const only = { version: 3, deployment: { resources: resourcesOf(first).slice(0, 2) } };
    assert.deepEqual(
      machinesOf(only, () => true),
      [],
    );
    assert.deepEqual(
      machinesOf(first, (urn) => urn === alpha),
      ["m1"],
    );
    assert.throws(
      () => requireConfirmed(first, ["m1"], { confirm: [] }),
      (error) => error instanceof GroundworkError && error.code === "GW703",
    );
  });

  it("belongs to its stream, which can be rolled back", () => {
    const delta = hostUrn("delta", "m1");
    const plan = planRollback(settled(cutOff(deploymentOf(["m1"]), [delta])), "delta", false);
    assert.ok(plan.targets.includes(delta));
    assert.deepEqual(plan.machines, ["m1"]);
  });

  it("takes the place of the one that it was to replace, so that what depends on it still comes after it", () => {
    const replaced = deploymentOf(["m1"]);
    const resources = resourcesOf(replaced).map((resource) =>
      resource.urn === alpha ? { ...resource, id: "old", pendingReplacement: true } : resource,
    );
    const created = { ...entry(replaced, alpha), inputs: { stream: "alpha", new: true } } as Resource;
    const again = settled({
      version: 3,
      deployment: { resources, pending_operations: [{ resource: created, type: "creating" }] },
    });
    assert.deepEqual(
      resourcesOf(again).map(({ urn }) => urn),
      resources.map(({ urn }) => urn),
    );
    const made = entry(again, alpha);
    assert.equal(made?.pendingReplacement, undefined);
    assert.equal(made?.id, "unknown/alpha-m1");
    assert.deepEqual(made?.inputs, { stream: "alpha", new: true });
  });
});

describe("other operations that were cut off", () => {
  it("leave the resource, which is brought about or deleted again", () => {
    for (const type of ["updating", "deleting"]) {
      const after = settled(cutOff(deploymentOf(["m1"]), [alpha], type));
      assert.deepEqual(pendingNames(after), []);
      assert.equal(hostStates(after).length, 4);
      assert.equal(entry(after, alpha)?.outputs?.unfinished, true);
      assert.equal(entry(after, hostUrn("bravo", "m1"))?.outputs?.unfinished, undefined);
    }
  });

  it("leave machines of the lab and its network, which a destroy then looks for", () => {
    const whole = deploymentOf([], ["m1"]);
    const lab = resourcesOf(whole).filter(({ type }) => /:Lab/.test(type));
    const before = cutOff(
      whole,
      lab.map(({ urn }) => urn),
    );
    assert.equal(hasLab(before), false);
    const after = settled(before);
    assert.equal(hasLab(after), true);
    assert.deepEqual(labMachineNames(after), ["m1"]);
  });

  it("leave nothing where the resource is none of a machine: a gate, a component", () => {
    const whole = deploymentOf(["m1"]);
    const urns = resourcesOf(whole)
      .filter(({ type, custom }) => !custom || /:Gate$/.test(type))
      .map(({ urn }) => urn);
    const before = cutOff(whole, urns);
    assert.deepEqual(settled(before).deployment, { resources: resourcesOf(before) });
  });

  it("stay open where they are another provider's", () => {
    const resource: Resource = {
      urn: "urn:pulumi:dev::p::cloud:Server::s",
      type: "cloud:Server",
      custom: true,
    };
    const open = { version: 3, deployment: { pending_operations: [{ resource, type: "creating" }] } };
    assert.deepEqual(pendingNames(settled(open)), ["creating of s"]);
  });
});

describe("settling a stack", () => {
  /** What is imported into a stack, and what is said and returned. */
  async function settling(
    state: Deployment,
  ): Promise<{ imported: Deployment[]; said: string[]; open: string[] }> {
    const imported: Deployment[] = [];
    const said: string[] = [];
    const engine: Settled = {
      backend: "s3://bucket",
      project: "p",
      stack: "dev",
      cancelLock: () => Promise.reject(new Error("nobody holds it")),
      exportEncrypted: async () => state,
      import: async (deployment) => void imported.push(deployment),
    };
    const open = await settle(engine, (text) => said.push(text));
    return { imported, said, open };
  }

  it("writes the state only where something was cut off, and says what", async () => {
    const whole = deploymentOf(["m1"]);
    assert.deepEqual(await settling(whole), { imported: [], said: [], open: [] });
    const before = cutOff(whole, [alpha]);
    const { imported, said, open } = await settling(before);
    assert.deepEqual(
      imported.map((state) => [entry(state, alpha)?.outputs?.unfinished, pendingNames(state)]),
      [[true, []]],
    );
    assert.match(said.join(), /cut off during the creating of alpha-m1/);
    assert.deepEqual(open, []);
  });

  it("says each time what another provider left open, and does not touch it", async () => {
    const resource: Resource = {
      urn: "urn:pulumi:dev::p::cloud:Server::s",
      type: "cloud:Server",
      custom: true,
    };
    const state = { version: 3, deployment: { pending_operations: [{ resource, type: "creating" }] } };
    const { imported, said, open } = await settling(state);
    assert.deepEqual(imported, []);
    assert.match(open.join(), /creating of s: look for it/);
    assert.deepEqual(said, open);
  });
});
