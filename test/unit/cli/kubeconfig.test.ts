import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Deployment } from "../../../cli/engine/deployment.ts";
import { kubeconfigOf } from "../../../cli/kubeconfig.ts";
import { deploymentOf, hostUrn } from "./deployments.ts";

const whole = deploymentOf(["server-1"]);

/** As a rollback of delta leaves the state: its resources gone, the stack's outputs as they were. */
const rolledBack: Deployment = {
  version: 3,
  deployment: {
    resources: whole.deployment.resources?.filter(({ urn }) => urn !== hostUrn("delta", "server-1")),
  },
};

describe("the kubeconfig of a stack", () => {
  it("is its output while a server of the cluster stands", () => {
    assert.equal(kubeconfigOf(whole, { stack: "dev", wanted: true }), "config");
  });

  it("is refused after a rollback, with the command that makes a cluster", () => {
    assert.throws(() => kubeconfigOf(rolledBack, { stack: "dev", wanted: true }), {
      message: "GW705 dev: the stack has no cluster any more: it was rolled back. ./groundwork up makes one",
    });
  });

  it("is refused where there never was a cluster, on the stack that was asked for", () => {
    const nothing = { version: 3, deployment: {} };
    assert.throws(() => kubeconfigOf(nothing, { stack: "production", wanted: true }), {
      message: "GW705 production: the stack has no cluster. ./groundwork up --stack production makes one",
    });
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
