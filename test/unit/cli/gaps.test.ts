import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Deployment } from "../../../cli/engine/deployment.ts";
import { gapsOf, gapsText, isWhole } from "../../../cli/readings/gaps.ts";
import { declaredPlaces } from "../../../cli/stack/streams.ts";
import { parseConfiguration } from "../../../stacks/configuration.ts";
import { hostKeyOf } from "../../support/hostKey.ts";
import { deploymentOf, hostUrn } from "./deployments.ts";

const both = ["server-1", "agent-1"];
const declared = { alpha: both, bravo: both, charlie: both, delta: both };
const whole = deploymentOf(both);

/** The deployment with what is not named. */
const without = (...urns: RegExp[]): Deployment => ({
  version: 3,
  deployment: {
    resources: whole.deployment.resources?.filter(({ urn }) => !urns.some((pattern) => pattern.test(urn))),
  },
});

const gateOfDelta = /\$groundwork:index:Gate::delta$/;

describe("what is declared and does not stand", () => {
  it("is nothing where every stream stands on its machines behind an open gate", () => {
    assert.deepEqual(gapsOf(whole, declared), { missing: [], incomplete: [] });
    assert.ok(isWhole(gapsOf(whole, declared)));
    assert.deepEqual(gapsText(gapsOf(whole, declared), "rack"), []);
  });

  it("is a stream that stands on no machine", () => {
    const gaps = gapsOf(without(/::charlie/), declared);
    assert.ok(!isWhole(gaps));
    assert.deepEqual(gaps, { missing: ["charlie"], incomplete: [] });
    assert.deepEqual(gapsText(gaps, "rack"), [
      "not there: charlie: it is declared and stands on no machine; ./groundwork up --stack rack brings it about",
    ]);
  });

  it("is a stream that was cut off before its gate opened, though every part that stands is as declared", () => {
    const gaps = gapsOf(without(gateOfDelta), declared);
    assert.ok(!isWhole(gaps));
    assert.deepEqual(gaps.missing, []);
    assert.match(
      gapsText(gaps, "night").join("\n"),
      /^not complete: delta: its gate is not open: .*; \.\/groundwork up --stack night goes on with it$/,
    );
  });

  it("is a machine that a stream is declared for and has nothing of", () => {
    const gaps = gapsOf(
      without(new RegExp(`^${hostUrn("delta", "agent-1").replaceAll("$", "\\$")}$`)),
      declared,
    );
    assert.deepEqual(gaps.incomplete, [{ stream: "delta", why: "nothing of it stands on agent-1" }]);
  });

  it("is nothing of a stream that is not declared", () => {
    assert.ok(isWhole(gapsOf(without(gateOfDelta), { alpha: both })));
  });

  it("is asked for on machines that have a role in the stream", () => {
    const existing = (at: number, roles: string[]) => ({
      existing: { address: `192.0.2.${at}`, hostKey: hostKeyOf(`m${at}`), roles },
    });
    const machines = {
      "m-1": existing(1, ["server"]),
      "m-2": existing(2, ["agent"]),
      "m-3": existing(3, ["monitoring"]),
    };
    const places = declaredPlaces(parseConfiguration({ machines }, "rack"));
    assert.deepEqual(places, {
      alpha: ["m-1", "m-2", "m-3"],
      bravo: ["m-1", "m-2"],
      charlie: ["m-1", "m-2", "m-3"],
      delta: ["m-1", "m-2"],
    });
  });
});
