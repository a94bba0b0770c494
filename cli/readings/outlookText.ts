import type { HostOutlook, ItemOutlook, Outlook, Prospect } from "./outlook.ts";
import type { Advice } from "./readingText.ts";

/**
 * What an `up` would change on the machines, for people: each machine and stream, item by item. For items that are as
 * wanted their number stands, unless `all` are to be shown.
 */
export function outlookText(outlook: Outlook, advice: Advice = () => undefined, all = false): string {
  const { hosts, notMade, removed, unread, doubts } = outlook;
  const read = hosts.filter(({ machine }) => !notMade.includes(machine) && unread[machine] === undefined);
  return [
    ...doubts.map((doubt) => `not certain: ${doubt}`),
    ...Object.entries(unread).flatMap(([machine, why]) => notReached(machine, why, hosts, advice)),
    ...notMade.map(
      (machine) => `not made yet: ${machine}: up makes it and brings about its ${itemsOn(machine, hosts)}`,
    ),
    ...removed.map((machine) => `no longer declared: ${machine}: up removes it with everything on it`),
    ...read.flatMap((host) => hostLines(host, all)),
    sum(read),
  ].join("\n");
}

function notReached(machine: string, why: string, hosts: HostOutlook[], advice: Advice): string[] {
  const more = advice(machine);
  return [
    `not reached: ${machine}: ${why}`,
    ...(more === undefined ? [] : [`  ${more}`]),
    `  ${itemsOn(machine, hosts)} on ${machine} were not compared`,
  ];
}

function itemsOn(machine: string, hosts: HostOutlook[]): string {
  return counted(hosts.filter((host) => host.machine === machine).flatMap(({ items }) => items));
}

const hostLines = ({ machine, stream, items, refusals }: HostOutlook, all: boolean): string[] => [
  `${machine} ${stream}: ${countsOf(items)}`,
  ...refusals.map(
    ({ guard, evidence }) => `  ! refused while this does not hold: ${guard}: ${indented(evidence)}`,
  ),
  ...items
    .filter(({ prospect }) => all || prospect !== "asWanted")
    .map((item) => `  ${signs[item.prospect]} ${item.item}${more(item)}`),
];

const indented = (text: string): string => text.replaceAll("\n", "\n      ");

const signs: Record<Prospect, string> = {
  change: "~",
  again: "~",
  asWanted: "=",
  putBack: "-",
  later: "?",
  unread: "?",
};

function more({ prospect, observed, desired, restores, unknown, because }: ItemOutlook): string {
  const note = restores === undefined ? "" : ` (restores: ${restores})`;
  switch (prospect) {
    case "change":
      return `: ${observed} => ${desired}${note}`;
    case "again":
      return `: as wanted, and brought about again because ${because} changes${note}`;
    case "putBack":
      return ": no longer declared, put back as it was";
    case "later":
      return because === undefined
        ? `: ${[unknown?.join(", "), "not known before an up"].filter(Boolean).join(" ")}`
        : `: as wanted, unless ${because} changes, which is not known before an up`;
    default:
      return "";
  }
}

function sum(hosts: HostOutlook[]): string {
  const items = hosts.flatMap((host) => host.items);
  if (items.length === 0) return "no item was compared with a machine";
  return items.every(({ prospect }) => prospect === "asWanted")
    ? `nothing to change on the machines that were read: ${counted(items)} as wanted`
    : `of ${counted(items)}: ${countsOf(items)}`;
}

/** What there is any of, with its number. */
function countsOf(items: ItemOutlook[]): string {
  const words: [text: string, ...prospects: Prospect[]][] = [
    ["to change", "change", "again"],
    ["to put back", "putBack"],
    ["as wanted", "asWanted"],
    ["not known before an up", "later"],
  ];
  return words
    .map(([text, ...prospects]) => ({
      text,
      count: items.filter((item) => prospects.includes(item.prospect)).length,
    }))
    .flatMap(({ text, count }) => (count === 0 ? [] : [`${count} ${text}`]))
    .join(", ");
}

const counted = (items: ItemOutlook[]): string => `${items.length} item${items.length === 1 ? "" : "s"}`;
