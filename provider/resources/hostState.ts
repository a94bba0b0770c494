import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { GroundworkError } from "../../errors/index.ts";
import type { CheckResult } from "../checks/check.ts";
import { runChecks } from "../checks/runChecks.ts";
import type { Connection } from "../connection.ts";
import { type Deployment, isDeadHolder } from "../deployment/deployment.ts";
import { UnknownOutcome } from "../engine/machine.ts";
import { inOrder, type Operation } from "../engine/program.ts";
import type { Report } from "../engine/report.ts";
import { keyOf, kindOf } from "../items/index.ts";
import { PartialFailure } from "../partialFailure.ts";
import { hasSecret, hasUnknown, reveal, sameValue, secret, unknown, type Wire } from "../wire.ts";
import { collectTickets } from "./collectTickets.ts";
import { explainFailure } from "./explainFailure.ts";
import { type Drift, type HostStateSpec, hostStateSchema } from "./hostStateSpec.ts";
import { diffItems } from "./itemDiff.ts";
import { itemFailures } from "./itemFailures.ts";
import type { Call, DiffAnswer, Failure, Properties, PropertyChange, ResourceType } from "./resource.ts";
import { parse, validate } from "./validation.ts";

/** Tries and seconds between them for the login that confirms a change. */
const confirmTries = 5;
const confirmPause = 2;

/** The ordered items of one stream on one machine. */
export class HostStateResource implements ResourceType {
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  check(urn: string, inputs: Properties): Failure[] {
    const failures = validate(hostStateSchema, inputs);
    if (failures.length > 0) return failures;
    const within = itemFailures(inputs);
    return within.length > 0 ? within : this.#conflicts(urn, inputs);
  }

  diff(_call: Call, old: { inputs: Properties; outputs: Properties }, inputs: Properties): DiffAnswer {
    const before = reveal(old.inputs) as Properties;
    const after = reveal(inputs) as Properties;
    const found = old.outputs.foundMachineId;
    const replaces = [
      ...(found !== undefined && found !== null && found !== old.outputs.machineId
        ? ["connection.hostKey"]
        : []),
      ...(isOtherMachine(before.connection, after.connection) ? ["connection.hostKey"] : []),
    ];
    const others = ["connection", "stream", "guards", "checks", "facts", "tickets", "waivers"];
    const changes: PropertyChange[] = [
      ...diffItems(before.items, after.items),
      ...others
        .filter((name) => !sameValue(before[name], after[name]))
        .map((path): PropertyChange => ({ path, change: "update" })),
      ...driftChanges(old.outputs),
    ];
    return {
      changes: [...changes, ...replaces.map((path): PropertyChange => ({ path, change: "update" }))],
      replaces,
    };
  }

  async create(call: Call, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    if (call.preview)
      return {
        id: "",
        outputs: {
          machineId: unknown,
          generation: unknown,
          facts: unknown,
          secretFacts: secret(unknown),
          drift: [],
        },
      };
    const name = call.urn.split("::").at(-1);
    try {
      const outputs = await this.#apply(call, parse(hostStateSchema, inputs), undefined);
      return { id: `${String(outputs.machineId)}/${name}`, outputs };
    } catch (error) {
      if (!leavesSomething(error)) throw error;
      throw new PartialFailure(error, `unknown/${name}`, inputs, nothingKnown());
    }
  }

  async update(
    call: Call,
    _id: string,
    old: { inputs: Properties; outputs: Properties },
    inputs: Properties,
  ): Promise<Properties> {
    if (call.preview)
      return { ...old.outputs, generation: unknown, drift: [], ...factsToCome(old.inputs, inputs) };
    return this.#apply(call, parse(hostStateSchema, inputs), String(old.outputs.machineId ?? ""));
  }

  async read(
    call: Call,
    _id: string,
    state: { inputs: Properties; outputs: Properties },
  ): Promise<Properties> {
    const { unreachable: _, foundMachineId: __, ...outputs } = state.outputs;
    const seen = await observeHost(this.#deployment, parse(hostStateSchema, state.inputs), call.urn);
    if (seen.unreachable !== undefined) {
      this.#deployment.messages.warning(`${seen.unreachable}. Its state is kept as it was.`, call.urn);
      return { ...outputs, unreachable: seen.unreachable };
    }
    // Of a create whose end was never seen, not even the machine's identity is known.
    if (outputs.machineId !== "" && seen.machineId !== outputs.machineId)
      return { ...outputs, foundMachineId: seen.machineId ?? "" };
    return { ...outputs, drift: withoutSecrets(seen.drift, state.inputs.items) as unknown as Wire };
  }

  async delete(call: Call, _id: string, state: { inputs: Properties; outputs: Properties }): Promise<void> {
    const spec = parse(hostStateSchema, state.inputs);
    const session = this.#deployment.session(spec.connection);
    const operation = {
      ...this.#operation(call, "delete"),
      purge: process.env.GROUNDWORK_PURGE === "yes",
      machineId: String(state.outputs.machineId ?? ""),
    };
    const report = await this.#change(spec, { items: [] }, operation).catch((error: unknown) =>
      unlessAnotherKeyAnswers(error, spec.connection),
    );
    if (report === undefined || report.errors.some((error) => error.code === "GW206")) {
      this.#deployment.messages.info(
        "the machine is not the one it was: nothing is left to restore",
        call.urn,
      );
      return;
    }
    for (const place of report.kept) this.#deployment.messages.info(`kept aside: ${place}`, call.urn);
    if (!report.succeeded) throw explainFailure(spec, report);
    if (report.outcome === "unconfirmed") await this.#confirm(session, operation, spec);
  }

  async #apply(call: Call, spec: HostStateSpec, machineId: string | undefined): Promise<Properties> {
    const session = this.#deployment.session(spec.connection);
    const operation = { ...this.#operation(call, "apply"), machineId, loginPort: spec.connection.port };
    const tickets = await collectTickets(this.#deployment, session, spec, {
      ...operation,
      action: "request",
    });
    const remote = (spec.checks ?? []).filter((check) => check.on !== undefined);
    const local = { ...spec, checks: (spec.checks ?? []).filter((check) => check.on === undefined) };
    const report = await this.#change(spec, local, { ...operation, tickets, hold: remote.length > 0 });
    this.#tell(call, spec, report);
    if (!report.succeeded) throw explainFailure(local, report);
    const hold = remote.length > 0;
    if (report.armed) await this.#confirm(session, { ...operation, hold }, spec);
    if (hold) await this.#decideFromElsewhere(spec, remote, session, operation);
    return outputsOf(spec, report);
  }

  /** One changing program; a lease that a dead process of this computer left is taken over. */
  async #change(
    spec: HostStateSpec,
    wanted: Parameters<ReturnType<Deployment["session"]>["change"]>[0],
    operation: Operation,
  ): Promise<Report> {
    const session = this.#deployment.session(spec.connection);
    let current = "";
    const once = (more: Partial<Operation>): Promise<Report> =>
      session.change(wanted, { ...operation, ...more }, (run) => {
        current = run;
        this.#deployment.started(run, session);
        this.#deployment.keepLease(spec.connection);
      });
    try {
      const report = await once({});
      if (report.held === undefined) return report;
      this.#deployment.dropLease(spec.connection);
      return isDeadHolder(report.held.holder) ? await once({ deadHolder: report.held.holder }) : report;
    } finally {
      this.#deployment.ended(current);
    }
  }

  async #decideFromElsewhere(
    spec: HostStateSpec,
    checks: NonNullable<HostStateSpec["checks"]>,
    session: ReturnType<Deployment["session"]>,
    operation: Operation,
  ): Promise<void> {
    const results = await runChecks(this.#deployment, checks, spec.waivers ?? {});
    const failed = results.filter((result) => result.result === "fail" || result.result === "skip");
    if (failed.length === 0) {
      const committed = await session.commit(operation);
      if (!committed.succeeded) throw explainFailure(spec, committed);
      return;
    }
    const report = await session.change({ items: [] }, { ...operation, action: "restore" });
    throw checksFailed(spec, failed, report.outcome === "restored");
  }

  async #confirm(
    session: ReturnType<Deployment["session"]>,
    operation: Operation,
    spec: HostStateSpec,
  ): Promise<void> {
    let last: unknown;
    for (let attempt = 1; attempt <= confirmTries; attempt++) {
      if (attempt > 1) await sleep(confirmPause * 1000);
      const report = await session.confirm(operation).catch((error: unknown) => {
        last = error;
      });
      if (report?.succeeded) return;
      if (report !== undefined) throw explainFailure(spec, report);
    }
    throw new GroundworkError("GW307", {
      what: `no new login succeeded after the change (${last instanceof Error ? last.message : "unknown"}); the machine takes it back by itself within ${operation.deadmanSeconds} s`,
      where: spec.connection.name,
      cause: last,
    });
  }

  #operation(call: Call, action: Operation["action"]): Operation {
    const { deadmanSeconds } = this.#deployment.settings();
    return { action, urn: call.urn, ...programOf(call.urn), holder: this.#deployment.holder, deadmanSeconds };
  }

  #tell(call: Call, spec: HostStateSpec, report: Report): void {
    const items = inOrder(spec.items);
    if (report.settled)
      this.#deployment.messages.info("an interrupted operation was put back first", call.urn);
    const changed = report.changed.flatMap(({ index }) => items[index - 1] ?? []).map(keyOf);
    if (changed.length > 0) this.#deployment.messages.info(`changed ${listed(changed)}`, call.urn);
    for (const place of report.kept) this.#deployment.messages.info(`kept aside: ${place}`, call.urn);
  }

  #conflicts(urn: string, inputs: Properties): Failure[] {
    const items = inputs.items;
    const known = (Array.isArray(items) ? items : []).filter((item) => !hasUnknown(item));
    const plain = reveal({ ...inputs, items: known }) as unknown as HostStateSpec;
    if (hasUnknown(plain.connection as unknown as Wire)) return [];
    return this.#deployment.claims.claim(plain.connection.hostKey, urn, plain.items).map((conflict) => ({
      property: "items",
      reason: `${conflict.key} is wanted with another value by ${conflict.other.split("::").at(-1)} (GW103): make both equal, or let one stream own it`,
    }));
  }
}

/** A digest of a secret could be guessed at, and the state shows drift in clear. */
function withoutSecrets(drift: Drift[], items: Wire | undefined): Drift[] {
  const wrapped = Array.isArray(items) ? items : [];
  const secrets = new Set(wrapped.filter(hasSecret).map((item) => keyOf(reveal(item) as never)));
  return drift.map((entry) =>
    secrets.has(entry.item)
      ? { ...entry, observed: "not as declared", desired: "as declared, with a secret" }
      : entry,
  );
}

/** The machine may hold parts of what was begun: the state must know of it, so that a destroy takes them back. */
function leavesSomething(error: unknown): error is GroundworkError {
  return error instanceof UnknownOutcome || (error instanceof GroundworkError && error.code === "GW302");
}

function nothingKnown(): Properties {
  return { machineId: "", generation: randomUUID(), facts: {}, secretFacts: secret({}), drift: [] };
}

/**
 * The pinned key is gone from the address, and with it the machine that the resource was on. Behind a bastion it may
 * be the bastion's key, which says nothing of the machine.
 */
function unlessAnotherKeyAnswers(error: unknown, { bastion }: Connection): undefined {
  if (error instanceof GroundworkError && error.code === "GW202" && bastion === undefined) return undefined;
  throw error;
}

/** What a look at a machine found. */
export interface HostObservation {
  machineId?: string;
  drift: Drift[];
  unreachable?: string;
}

/** Compares every item of a HostState with its machine; changes nothing. */
export async function observeHost(
  deployment: Deployment,
  spec: HostStateSpec,
  urn: string,
): Promise<HostObservation> {
  const operation: Operation = { action: "read", urn, ...programOf(urn) };
  try {
    const report = await deployment.session(spec.connection).read({ items: spec.items }, operation);
    if (!report.succeeded) throw explainFailure(spec, report);
    return { machineId: report.machineId, drift: driftOf(spec, report) };
  } catch (error) {
    if (error instanceof GroundworkError && ["GW201", "GW202", "GW204"].includes(error.code))
      return { drift: [], unreachable: error.message };
    throw error;
  }
}

function driftOf(spec: HostStateSpec, report: Report): Drift[] {
  const items = inOrder(spec.items);
  return report.differs.flatMap(({ index, observed }) => {
    const item = items[index - 1];
    return item === undefined ? [] : [{ item: keyOf(item), observed, desired: kindOf(item).desired(item) }];
  });
}

function outputsOf(spec: HostStateSpec, report: Report): Properties {
  const isSecret = ([name]: [string, string]): boolean => spec.facts?.[name]?.secret === true;
  const facts = Object.entries(report.facts);
  return {
    machineId: report.machineId,
    generation: randomUUID(),
    facts: Object.fromEntries(facts.filter((fact) => !isSecret(fact))),
    secretFacts: secret(Object.fromEntries(facts.filter(isSecret))),
    drift: [],
  };
}

function checksFailed(spec: HostStateSpec, failed: CheckResult[], restored: boolean): GroundworkError {
  const lines = failed.map((check) => `${check.name} (from ${check.machine}): ${check.evidence}`);
  return new GroundworkError(restored ? "GW401" : "GW302", {
    what: lines.join("; "),
    where: spec.connection.name,
  });
}

/** What the last read found, as entries of the state that an update takes away. */
function driftChanges(outputs: Properties): PropertyChange[] {
  const drift = Array.isArray(outputs.drift) ? outputs.drift : [];
  const entries = drift.map(
    (_, index): PropertyChange => ({ path: `drift[${index}]`, change: "delete", drifted: true }),
  );
  const reached = outputs.unreachable === undefined || outputs.unreachable === null;
  return reached ? entries : [...entries, { path: "unreachable", change: "delete", drifted: true }];
}

function isOtherMachine(before: Wire | undefined, after: Wire | undefined): boolean {
  const keyOfMachine = (value: Wire | undefined): Wire | undefined =>
    (value as Properties | null | undefined)?.hostKey;
  const old = keyOfMachine(before);
  return old !== undefined && keyOfMachine(after) !== undefined && old !== keyOfMachine(after);
}

/** Facts are unknown before an update that reads others, or whose inputs are not all known yet. */
function factsToCome(before: Properties, after: Properties): Properties {
  const same = sameValue(reveal(before.facts ?? null), reveal(after.facts ?? null));
  return same && !hasUnknown(after) ? {} : { facts: unknown, secretFacts: secret(unknown) };
}

/** The first few by name, the others by number. */
function listed(names: string[], most = 8): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(", ")} and ${more} more` : names.join(", ");
}

/** Project and stack of a URN, `urn:pulumi:STACK::PROJECT::TYPE::NAME`. */
export function programOf(urn: string): { project: string; stack: string } {
  const [head = "", project = ""] = urn.split("::");
  return { project, stack: head.replace(/^urn:pulumi:/, "") };
}
