import type { CheckReading, ItemReading, Reading } from "./readings.ts";

/** Every check of every stream for people; items only where they are not as declared. */
export function verifyText(reading: Reading): string {
  return [
    ...reading.streams.flatMap(({ stream, items, checks }) => [
      `${stream}: ${counts(items, checks)}`,
      ...items.filter(({ asDeclared }) => !asDeclared).map((item) => `  ✗ ${driftText(item)}`),
      ...checks.map(checkText),
    ]),
    ...unreadLines(reading),
  ].join("\n");
}

/** What is not as declared, for people. */
export function driftListText(reading: Reading): string {
  const drifted = reading.streams.flatMap(({ stream, items }) =>
    items.filter(({ asDeclared }) => !asDeclared).map((item) => `${stream}: ${driftText(item)}`),
  );
  const items = reading.streams.flatMap((stream) => stream.items);
  const scope = Object.keys(reading.unread).length === 0 ? "items" : "items that were read";
  const sum =
    drifted.length > 0
      ? `${drifted.length} of ${items.length} ${scope} are not as declared`
      : `${scope === "items" ? "no drift: " : ""}${items.length} ${scope} are as declared`;
  return [...drifted, ...unreadLines(reading), sum].join("\n");
}

const driftText = ({ item, machine, observed, desired }: ItemReading): string =>
  `${machine} ${item}: ${observed} → ${desired}`;

const marks: Record<CheckReading["result"], string> = {
  pass: "✓",
  fail: "✗",
  skip: "✗",
  waived: "–",
  unread: "?",
};

function checkText({ name, machine, result, seconds, evidence, waiver }: CheckReading): string {
  const line = `  ${marks[result]} ${name} (${machine}, ${seconds.toFixed(1)} s)`;
  if (result === "pass") return line;
  if (result === "waived") return `${line}: waived, ${waiver ?? ""}`;
  return `${line}: ${result === "skip" ? "skipped and not waived; " : ""}${evidence.trim().replaceAll("\n", "\n      ")}`;
}

function counts(items: ItemReading[], checks: CheckReading[]): string {
  const asDeclared = items.filter((item) => item.asDeclared).length;
  const passing = checks.filter(({ result }) => result === "pass").length;
  const waived = checks.filter(({ result }) => result === "waived").length;
  return `${asDeclared} of ${items.length} items as declared, ${passing} of ${checks.length} checks pass${waived === 0 ? "" : `, ${waived} waived`}`;
}

function unreadLines({ unread }: Reading): string[] {
  return Object.entries(unread).map(([machine, why]) => `not read: ${machine} (${why})`);
}
