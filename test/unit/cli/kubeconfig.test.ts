import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { misplacedStack } from "../../../cli/commands/kubectl.ts";
import type { Deployment } from "../../../cli/engine/deployment.ts";
import { kubeconfigOf } from "../../../cli/kubeconfig.ts";
import { deploymentOf, hostUrn } from "./deployments.ts";

const whole = deploymentOf(["server-1"]);

/** As a rollback of delta leaves the state: its resources gone, the stack's outputs as they were. */
const rolledBack: Deployment = {
  version: 3,
  deployment: {
    resources: whole.deployment.resources?.filter(({ urn }) => !/::delta/.test(urn)),
  },
};

describe("the kubeconfig of a stack", () => {
  it("is its output while a server of the cluster stands", () => {
    assert.equal(kubeconfigOf(whole, { stack: "dev", wanted: true }), "config");
  });

  it("is refused after a rollback, with the command that makes a cluster", () => {
    assert.throws(() => kubeconfigOf(rolledBack, { stack: "dev", wanted: true }), {
      message: "GW705 dev: no cluster stands: delta is on no machine any more. ./groundwork up makes one",
    });
  });

  it("is refused where there never was a cluster, on the stack that was asked for", () => {
    const nothing = { version: 3, deployment: {} };
    assert.throws(() => kubeconfigOf(nothing, { stack: "production", wanted: true }), {
      message:
        "GW705 production: no cluster stands: delta is on no machine. ./groundwork up --stack production makes one",
    });
  });

  it("is refused where an up was cut off before its server stood, and nothing is said of a rollback", () => {
    const both = deploymentOf(["server-1", "agent-1"]);
    const resources = both.deployment.resources?.filter(
      ({ urn, type }) =>
        urn !== hostUrn("delta", "server-1") && !(/Gate$/.test(type) && /::delta$/.test(urn)),
    );
    for (const resource of resources ?? [])
      if (resource.urn === hostUrn("delta", "agent-1")) resource.outputs = {};
    assert.throws(
      () => kubeconfigOf({ version: 3, deployment: { resources } }, { stack: "dev", wanted: true }),
      {
        message:
          "GW705 dev: no cluster stands: delta is there in part, its server is not. ./groundwork up makes one",
      },
    );
  });

  it("is refused with the setting that is in the way where the stack's file wants no cluster", () => {
    assert.throws(
      () => kubeconfigOf(rolledBack, { stack: "dev", wanted: false }),
      /Enable streams\.delta in Pulumi\.dev\.yaml, then \.\/groundwork up makes one/,
    );
  });

  it("is refused while the cluster's gate has never opened", () => {
    const resources = whole.deployment.resources?.map((resource) =>
      resource.type === "pulumi:pulumi:Stack" ? { ...resource, outputs: {} } : resource,
    );
    const unproven = { version: 3, deployment: { resources } };
    assert.throws(() => kubeconfigOf(unproven, { stack: "dev", wanted: true }), /gate has never opened/);
  });
});

describe("kubectl's own arguments", () => {
  it("hold no --stack, which is Groundwork's and comes before them", () => {
    assert.equal(
      misplacedStack(["get", "pods", "-A", "--stack", "night"]),
      "error: --stack comes before kubectl's arguments: ./groundwork kubectl --stack night get pods -A",
    );
    assert.match(misplacedStack(["get", "--stack=night"]) ?? "", / kubectl --stack night get$/);
    assert.match(misplacedStack(["get", "--stack"]) ?? "", / kubectl --stack NAME get$/);
  });

  it("are kubectl's after two dashes, and where nothing of them is ours", () => {
    assert.equal(misplacedStack(["exec", "pod", "--", "program", "--stack", "deep"]), undefined);
    assert.equal(misplacedStack(["get", "nodes"]), undefined);
  });
});
