import { createHash, randomUUID } from "node:crypto";
import { GroundworkError } from "../../errors/index.ts";
import type { CheckResult } from "../checks/check.ts";
import { runChecks } from "../checks/runChecks.ts";
import type { Deployment } from "../deployment/deployment.ts";
import { reveal, sameValue, secretTexts, unknown } from "../wire.ts";
import { conceal } from "./conceal.ts";
import { gateSchema } from "./gateSpec.ts";
import { withPinsForMachines } from "./namedMachines.ts";
import { writeReport } from "./reportFile.ts";
import type { Call, DiffAnswer, Failure, Properties, PropertyChange, ResourceType } from "./resource.ts";
import { parse, validate } from "./validation.ts";

/** Succeeds only while every check of its stream passes. */
export class GateResource implements ResourceType {
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  check(_urn: string, inputs: Properties): Failure[] {
    return validate(gateSchema, inputs);
  }

  diff(_call: Call, old: { inputs: Properties; outputs: Properties }, inputs: Properties): DiffAnswer {
    const before = asAsked(reveal(old.inputs) as Properties);
    const after = asAsked(reveal(inputs) as Properties);
    const changes = ["stream", "generations", "checks", "waivers"]
      .filter((name) => !sameValue(before[name], after[name]))
      .map((path): PropertyChange => ({ path, change: "update" }));
    const failing = old.outputs.failing;
    const drifted: PropertyChange[] =
      Array.isArray(failing) && failing.length > 0
        ? [{ path: "failing", change: "delete", drifted: true }]
        : [];
    return { changes: [...changes, ...drifted], replaces: [] };
  }

  async create(call: Call, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    if (call.preview)
      return { id: "", outputs: { generation: unknown, summary: unknown, evidence: unknown, failing: [] } };
    return {
      id: call.urn.split("::").at(-1) ?? "gate",
      outputs: await this.#open(call, inputs),
    };
  }

  async update(
    call: Call,
    _id: string,
    old: { outputs: Properties },
    inputs: Properties,
  ): Promise<Properties> {
    if (call.preview)
      return { ...old.outputs, generation: unknown, summary: unknown, evidence: unknown, failing: [] };
    return this.#open(call, inputs);
  }

  /** The cheap checks only: a failure is recorded, and makes the next diff an update. */
  async read(
    _call: Call,
    _id: string,
    state: { inputs: Properties; outputs: Properties },
  ): Promise<Properties> {
    const spec = parse(gateSchema, state.inputs);
    const cheap = spec.checks
      .filter((check) => !check.createsObjects)
      .map((check) => ({ ...check, within: Math.min(check.within ?? 0, 10) }));
    const results = await runChecks(this.#deployment, cheap, spec.waivers ?? {});
    return {
      ...state.outputs,
      failing: results.filter(isClosed).map((result) => `${result.name} (${result.machine})`),
    };
  }

  /** Nothing of a Gate is on any machine. */
  async delete(): Promise<void> {}

  async #open(call: Call, inputs: Properties): Promise<Properties> {
    const spec = parse(gateSchema, inputs);
    const secrets = secretTexts(inputs);
    const results = (await runChecks(this.#deployment, spec.checks, spec.waivers ?? {})).map((result) => {
      return { ...result, evidence: conceal(result.evidence, secrets) };
    });
    const report = writeReport(call.urn, spec.stream, results);
    const failed = results.filter(isClosed);
    if (failed.length > 0) {
      const skipped = failed.every((result) => result.result === "skip");
      const counted = `${failed.length} of ${results.length} checks ${skipped ? "were skipped" : "did not pass"}`;
      const place = report === undefined ? "" : ` (all evidence: ${report})`;
      throw new GroundworkError(skipped ? "GW403" : "GW401", {
        what: `${counted}${listed(failureLines(failed), place)}`,
        where: `gate of ${spec.stream}`,
      });
    }
    return { generation: randomUUID(), summary: summary(results), evidence: digest(results), failing: [] };
  }
}

/** A machine that is reached in another way answers the same: its checks need not run again. */
const asAsked = (inputs: Properties): Properties => ({
  ...inputs,
  checks: withPinsForMachines(inputs.checks, "on"),
});

const isClosed = (result: CheckResult): boolean => result.result === "fail" || result.result === "skip";

/** A single line goes on in the sentence; several have a line each, since evidence is long. */
function listed(lines: string[], place: string): string {
  const [only] = lines;
  return lines.length === 1
    ? `: ${only}${place}`
    : `${place}:${lines.map((one) => `\n  - ${one}`).join("")}\n`;
}

/** One line for each failed check, and one for all checks of a machine that was not reached. */
export function failureLines(failed: CheckResult[]): string[] {
  const unreached = Map.groupBy(
    failed.filter((result) => result.unreached !== undefined),
    ({ machine, unreached }) => `on ${machine} could not run: ${unreached}`,
  );
  return [
    ...[...unreached].map(([why, { length }]) => `${length} ${length === 1 ? "check" : "checks"} ${why}`),
    ...failed.filter((result) => result.unreached === undefined).map(line),
  ];
}

const line = (result: CheckResult): string =>
  `${result.name} (${result.machine}): ${(result.evidence || result.result).trim().replaceAll("\n", "\n    | ")}`;

/** `12 of 13 checks pass, 1 waived`. */
export function summary(results: CheckResult[]): string {
  const waived = results.filter((result) => result.result === "waived");
  const passed = results.filter((result) => result.result === "pass").length;
  const names = waived.map((result) => `${result.name} on ${result.machine}`).join(", ");
  return `${passed} of ${results.length} checks pass${waived.length === 0 ? "" : `, waived: ${names}`}`;
}

function digest(results: CheckResult[]): string {
  return createHash("sha256").update(JSON.stringify(results)).digest("hex");
}
