import type { BootWish } from "./nextBoot.ts";

/** How an operation on a machine ended. */
export type Outcome =
  /** Every item is as desired and every check passes. */
  | "committed"
  /** As `committed`, but only a new login makes it stay. */
  | "unconfirmed"
  /** Something failed; the machine is as it was before. */
  | "restored"
  /** Something failed, and putting the machine back failed too. */
  | "unrestored"
  /** Nothing was changed. */
  | "untouched";

export interface CheckReport {
  /** `g1` for the first guard, `c1` for the first check. */
  id: string;
  result: "pass" | "fail" | "skip";
  seconds: number;
  evidence: string;
}

/** What a program on a machine reported. */
export interface Report {
  machineId: string;
  /** Index of an item (from 1) and what was seen instead. */
  differs: { index: number; observed: string }[];
  changed: { index: number; before: string }[];
  checks: CheckReport[];
  /** Checks that ran again after the machine was put back. */
  rechecks: CheckReport[];
  facts: Record<string, string>;
  /** Indexes of the downloads that the machine needs and gets from no mirror. */
  unreached: number[];
  /** Requests for tickets, by ticket name. */
  requests: Record<string, string>;
  /** Coded errors. */
  errors: { code: string; text: string }[];
  /** The step that failed. `index` is an item's index or a fact's name. */
  failed?: { index: string; phase: string; text: string };
  unrestored: string[];
  /** Items given back, and what was kept aside. */
  released: string[];
  kept: string[];
  /** URNs whose claims passed to this HostState. */
  adopted: string[];
  /** The lease's holder when another deployment has the machine. */
  held?: { holder: string; since: number; until: number };
  guarded: boolean;
  /** By which an operation that waits for its confirmation is known; empty for others. */
  operationId: string;
  /** The dead-man timer waits for a new login. */
  armed: boolean;
  settled: boolean;
  /** The program ended for a restart of the machine. */
  rebooting?: BootWish;
  /** Restarts that lie behind this report. */
  boots: number;
  outcome: Outcome;
  /** The last line arrived: otherwise the connection broke or the program died. */
  complete: boolean;
  succeeded: boolean;
}

const decode = (text: string | undefined): string =>
  Buffer.from(text ?? "", "base64")
    .toString("utf8")
    .trimEnd();

function empty(): Report {
  return {
    machineId: "",
    differs: [],
    changed: [],
    checks: [],
    rechecks: [],
    facts: {},
    unreached: [],
    requests: {},
    errors: [],
    unrestored: [],
    released: [],
    kept: [],
    adopted: [],
    guarded: false,
    operationId: "",
    armed: false,
    settled: false,
    boots: 0,
    outcome: "untouched",
    complete: false,
    succeeded: false,
  };
}

/** Reads the report lines of report.sh; lines of a kind it does not know are passed over. */
export function parseReport(text: string): Report {
  const report = empty();
  let restored = false;
  for (const line of text.split("\n")) {
    const [word, a = "", b = "", ...rest] = line.split(" ");
    const tail = line.slice(line.indexOf(" ") + 1);
    switch (word) {
      case "machine":
        report.machineId = a;
        break;
      case "differs":
        report.differs.push({ index: Number(a), observed: [b, ...rest].join(" ") });
        break;
      case "changed":
        report.changed.push({ index: Number(a), before: [b, ...rest].join(" ") });
        break;
      case "check":
        (restored ? report.rechecks : report.checks).push({
          id: a,
          result: b === "pass" || b === "skip" ? b : "fail",
          seconds: Number(rest[0]),
          evidence: decode(rest[1]),
        });
        break;
      case "fact":
        report.facts[a] = Buffer.from(b, "base64").toString("utf8");
        break;
      case "unreached":
        report.unreached.push(Number(a));
        break;
      case "request":
        report.requests[b] = decode(rest[0]);
        break;
      case "error":
        report.errors.push({ code: a, text: decode(b) });
        break;
      case "failed":
        report.failed = { index: a, phase: b, text: decode(rest[0]) };
        break;
      case "unrestored":
        report.unrestored.push(decode(a));
        break;
      case "released":
        report.released.push(tail);
        break;
      case "kept":
        report.kept.push(tail);
        break;
      case "adopted":
        report.adopted.push(decode(a));
        break;
      case "held":
        report.held = parseLease(tail);
        break;
      case "guarded":
        report.guarded = true;
        break;
      case "armed":
        report.armed = true;
        break;
      case "settled":
        report.settled = true;
        break;
      case "rebooting":
        report.rebooting = { from: a, seconds: Number(b), begun: rest[0] === "begun" };
        break;
      case "committed":
        report.outcome = "committed";
        break;
      case "unconfirmed":
        report.outcome = "unconfirmed";
        report.operationId = a;
        break;
      case "restored":
        report.outcome = "restored";
        break;
      case "recheck":
        restored = true;
        break;
      case "unrestored_transaction":
        report.outcome = "unrestored";
        break;
      case "end":
        report.complete = true;
        report.succeeded = a === "ok";
        break;
    }
  }
  return report;
}

function parseLease(text: string): { holder: string; since: number; until: number } {
  const [holder = "", since = "0", until = "0"] = text.split("\t");
  return { holder, since: Number(since), until: Number(until) };
}
