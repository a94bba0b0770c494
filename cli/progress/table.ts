import { beginningText, endingText } from "./lines.ts";
import type { Run, Step } from "./model.ts";

/** How parts of the table are set off; the identity where there is no colour. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** The state of a run as a table of streams and machines, at most `width` columns wide. */
export function tableText(run: Run, seconds: number, width: number, paint: Paint): string {
  const rows = [...run.steps].sort(byPlace);
  const column = Math.max(0, ...rows.map(placeText).map((text) => text.length));
  const lines = rows.map((step) => rowText(step, { seconds, width, column, paint }));
  return [...lines, paint.dim(`${seconds.toFixed(0)} s`)].join("\n");
}

/** The lab first, then the streams by name; a stream's gate after its machines. Rows stay where they are. */
function byPlace(a: Step, b: Step): number {
  const key = ({ stream, kind, subject }: Step): string =>
    `${stream === "lab" ? 0 : 1}${stream} ${kind === "gate" ? 1 : 0}${subject}`;
  return key(a) < key(b) ? -1 : 1;
}

const placeText = ({ stream, subject }: Step): string => `${stream} ${subject}`;

interface Layout {
  seconds: number;
  width: number;
  column: number;
  paint: Paint;
}

function rowText(step: Step, { seconds, width, column, paint }: Layout): string {
  const running = step.state === "running";
  const text = running ? (step.status ?? beginningText(step)) : endingText(step);
  const spent = (running ? seconds : (step.ended ?? seconds)) - step.began;
  const body = `${placeText(step).padEnd(column)}  ${spent.toFixed(1).padStart(6)} s  ${text.replace(/\s+/g, " ")}`;
  const cut = body.length > width - 2 ? `${body.slice(0, Math.max(0, width - 3))}…` : body;
  if (step.state === "failed") return `${paint.bad("✗")} ${cut}`;
  if (running) return `${frames[Math.floor(seconds * 8) % frames.length]} ${cut}`;
  return step.changed ? `${paint.good("✓")} ${cut}` : paint.dim(`· ${cut}`);
}
