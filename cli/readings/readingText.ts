import { type CheckReading, type ItemReading, impatientSeconds, type Reading } from "./readings.ts";

/** What a person can do about a machine that was not read, beside what its error says. */
export type Advice = (machine: string) => string | undefined;

/** Every check of every stream for people; items only where they are not as declared. */
export function verifyText(reading: Reading, advice: Advice = () => undefined): string {
  return [
    ...unreadMachines(reading, advice),
    ...reading.streams.flatMap(({ stream, items, checks }) => [
      `${stream}: ${[itemCounts(items), ...checkCounts(checks)].join("; ")}`,
      ...items.filter(differs).map((item) => `  ✗ ${driftText(item)}`),
      ...checks.filter(({ result }) => result !== "unread").map(checkText),
    ]),
    ownersText(reading),
  ].join("\n");
}

/** What is not as declared, for people. `whole`: whether everything stands that is declared. */
export function driftListText(reading: Reading, advice: Advice = () => undefined, whole = true): string {
  const items = reading.streams.flatMap((stream) => stream.items);
  const drifted = reading.streams.flatMap((stream) =>
    stream.items.filter(differs).map((item) => `${stream.stream}: ${driftText(item)}`),
  );
  return [...unreadMachines(reading, advice), ...drifted, driftSum(items, whole)].join("\n");
}

function driftSum(items: ItemReading[], whole: boolean): string {
  const drifted = items.filter(differs).length;
  const unread = items.filter(isUnread).length;
  const rest = unread === 0 ? "" : `, ${unread} were not read`;
  if (drifted > 0) return `${drifted} of ${items.length} items are not as declared${rest}`;
  if (unread > 0) return `${items.length - unread} of ${items.length} items are as declared${rest}`;
  return `no drift${whole ? "" : " of what stands"}: ${items.length} items are as declared`;
}

const differs = ({ asDeclared }: ItemReading): boolean => asDeclared === false;
const isUnread = ({ asDeclared }: ItemReading): boolean => asDeclared === null;

const driftText = ({ item, machine, observed, desired }: ItemReading): string =>
  `${machine} ${item}: ${observed} => ${desired}`;

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

function itemCounts(items: ItemReading[]): string {
  const asDeclared = items.filter((item) => item.asDeclared === true).length;
  const unread = items.filter(isUnread).length;
  return `${asDeclared} of ${items.length} items as declared${unread === 0 ? "" : `, ${unread} not read`}`;
}

/** The gate's as `up` counts them, then those of hosts, where there are any. */
function checkCounts(checks: CheckReading[]): string[] {
  return (["gate", "host"] as const).flatMap((owner) => {
    const own = checks.filter(({ of }) => of === owner);
    const number = (wanted: CheckReading["result"]): number =>
      own.filter(({ result }) => result === wanted).length;
    const rest = [
      ...(number("waived") === 0 ? [] : [`${number("waived")} waived`]),
      ...(number("unread") === 0 ? [] : [`${number("unread")} could not run`]),
    ];
    const text = [`${number("pass")} of ${own.length} checks pass`, ...rest].join(", ");
    return own.length === 0 ? [] : [`${owner === "gate" ? "gate" : "hosts"}: ${text}`];
  });
}

/** Why there are more checks than `up` counts. */
function ownersText({ streams }: Reading): string {
  const checks = streams.flatMap((stream) => stream.checks);
  const ofGates = checks.filter(({ of }) => of === "gate").length;
  return `${checks.length} checks: ${ofGates} of gates, which is what up counts, and ${checks.length - ofGates} of hosts, which up runs when it changes one`;
}

/** Each machine that was not read: why, what to do, and what is not known because of it. */
function unreadMachines({ streams, unread }: Reading, advice: Advice): string[] {
  return Object.entries(unread).flatMap(([machine, why]) => {
    const items = streams
      .flatMap((stream) => stream.items)
      .filter((item) => item.machine === machine && isUnread(item)).length;
    const perStream = streams.flatMap(({ stream, checks }) => {
      const { length } = checks.filter((check) => check.machine === machine && check.result === "unread");
      return length === 0 ? [] : [{ stream, length }];
    });
    const checks = perStream.reduce((sum, { length }) => sum + length, 0);
    const parts = perStream.map(({ stream, length }) => `${stream} ${length}`).join(", ");
    const more = advice(machine);
    return [
      `not reached: ${machine}: ${why}`,
      ...(more === undefined ? [] : [`  ${more}`]),
      ...(items === 0 ? [] : [`  ${items} items on ${machine} could not be read`]),
      ...(checks === 0
        ? []
        : [
            `  ${checks} checks on ${machine} could not run: ${parts}`,
            `  the others were tried once, for at most ${impatientSeconds} s each: they may ask for ${machine}`,
          ]),
    ];
  });
}
