import type { News, Step } from "./model.ts";
import type { Work } from "./step.ts";

const beginning: Record<Work, string> = {
  read: "reading",
  create: "bringing about",
  update: "changing",
  delete: "rolling back",
  replace: "replacing",
};

const ending: Record<Work, string> = {
  read: "read",
  create: "done",
  update: "changed",
  delete: "rolled back",
  replace: "replaced",
};

/** What a step of a gate is called: it changes nothing, it opens or stays closed. */
const gateWords: Record<Work, [string, string]> = {
  read: ["asking its checks", "asked"],
  create: ["checking", "open"],
  update: ["checking", "open"],
  delete: ["removing", "removed"],
  replace: ["checking", "open"],
};

/** What is being done with a resource. */
export function beginningText({ kind, work }: Pick<Step, "kind" | "work">): string {
  if (work === "none") return "";
  return kind === "gate" ? gateWords[work][0] : (machineWords[kind]?.[work]?.[0] ?? beginning[work]);
}

/** Whether nothing was done as the machine did not answer. */
export const isNotReached = ({
  state,
  work,
  unreachable,
}: Pick<Step, "state" | "work" | "unreachable">): boolean =>
  state !== "failed" && work === "read" && unreachable !== undefined;

/** What was done with a resource. */
export function endingText(step: Pick<Step, "kind" | "work" | "summary" | "state" | "unreachable">): string {
  if (step.state === "failed") return "failed";
  if (isNotReached(step)) return "not reached";
  if (step.work === "none") return "unchanged";
  if (step.kind !== "gate") return machineWords[step.kind]?.[step.work]?.[1] ?? ending[step.work];
  const opened = step.work !== "read" && step.work !== "delete" && step.summary !== undefined;
  return opened ? `${gateWords[step.work][1]}: ${step.summary}` : gateWords[step.work][1];
}

/** Machines of the lab are made and removed, not brought about and rolled back. */
const making: Partial<Record<Work, [string, string]>> = {
  create: ["making", "made"],
  delete: ["removing", "removed"],
};
const machineWords: Partial<Record<Step["kind"], typeof making>> = { machine: making, network: making };

/** One line for one piece of news; undefined where a line would tell nothing. */
export function newsLine({ at, what, step, message }: News): string | undefined {
  const place = step === undefined ? "" : `${step.stream} ${step.subject}`;
  if (what === "said") {
    if (message === undefined || message.severity === "error") return undefined;
    return line(at, place, `${message.severity === "warning" ? "warning: " : ""}${message.text}`);
  }
  if (step === undefined) return undefined;
  if (what === "began") return step.work === "read" ? undefined : line(at, place, beginningText(step));
  const seconds = step.ended === undefined ? 0 : step.ended - step.began;
  return line(at, place, `${endingText(step)} (${seconds.toFixed(1)} s)`);
}

function line(at: number, place: string, text: string): string {
  return `${at.toFixed(1).padStart(6)} s  ${place.padEnd(22)}  ${text}`;
}
