import type { Run, Step } from "../../cli/progress/model.ts";
import { summary } from "../../provider/resources/gate.ts";

/**
 * A first `up` on the lab with programs, machine image and packages in the cache, on 2 cores that other work kept busy:
 * what was done, and when it began and ended, in seconds.
 */
const times: [place: string, began: number, ended: number][] = [
  ["lab network", 1.8, 2.6],
  ["lab server-1", 2.6, 4.7],
  ["lab agent-1", 2.6, 4.8],
  ["alpha server-1", 4.8, 40.1],
  ["alpha agent-1", 5.0, 38.2],
  ["alpha certificates-agent-1", 40.2, 41.1],
  ["alpha certificates-server-1", 40.2, 41.2],
  ["alpha gate", 41.2, 46.0],
  ["bravo server-1", 46.1, 97.3],
  ["charlie agent-1", 46.1, 70.1],
  ["charlie server-1", 46.2, 89.3],
  ["bravo agent-1", 46.3, 70.8],
  ["charlie gate", 89.3, 95.6],
  ["bravo gate", 97.3, 98.2],
  ["delta network-agent-1", 98.3, 102.4],
  ["delta network-server-1", 98.3, 101.8],
  ["delta server-1", 101.9, 137.2],
  ["delta members-server-1", 137.3, 138.5],
  ["delta agent-1", 137.3, 158.5],
  ["delta gate", 158.6, 178.6],
];

/** Checks that pass at each gate. */
const passing: Record<string, number> = { alpha: 19, bravo: 6, charlie: 20, delta: 12 };

const clock = "the clock is synchronised";
const waivers = { [clock]: "a container has the clock of its host" };

/** The gate's own words. */
function gateText(stream: string): string {
  const result = (name: string, machine: string, outcome: "pass" | "waived") => {
    return { name, machine, result: outcome, seconds: 1, evidence: "" };
  };
  const waived = stream === "alpha" ? ["agent-1", "server-1"] : [];
  return summary([
    ...Array.from({ length: passing[stream] ?? 0 }, () => result("it is so", "server-1", "pass")),
    ...waived.map((machine) => result(clock, machine, "waived")),
  ]);
}

function stepOf(place: string, began: number, ended: number): Step {
  const [stream = "", subject = ""] = place.split(" ");
  const isGate = subject === "gate";
  const labKind = subject === "network" ? "network" : "machine";
  return {
    urn: place,
    stream,
    subject,
    kind: stream === "lab" ? labKind : isGate ? "gate" : "host",
    state: "done",
    work: "create",
    changed: true,
    reached: true,
    began,
    ended,
    busy: ended - began,
    ...(isGate ? { summary: gateText(stream) } : {}),
    waivers: place === "alpha gate" ? waivers : {},
  };
}

/** The first `up`. */
export const firstRun: Run = {
  steps: times.map(([place, began, ended]) => stepOf(place, began, ended)),
  messages: [],
  seconds: 179.7,
};

/** The second one, which finds everything as declared. */
export const secondRun: Run = {
  ...firstRun,
  steps: firstRun.steps.map((step) => ({ ...step, work: "read", changed: false })),
  seconds: 20.3,
};
