import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Check } from "../checks/check.ts";
import { defaultSettings } from "../deployment/settings.ts";
import { type Item, itemKinds, keyOf, kindOf } from "../items/index.ts";
import type { Fact } from "../resources/hostStateSpec.ts";
import { assign, printer, quote } from "./shell.ts";

/** What a program is to do on the machine; each is a function `gw_…` of operation.sh or of mirrors.sh. */
export type Action =
  | "read"
  | "request"
  | "mirrors"
  | "verify"
  | "apply"
  | "delete"
  | "confirm"
  | "restore"
  | "renew"
  | "leave";

/** Who runs the program, and for whom. */
export interface Operation {
  action: Action;
  /** URN of the HostState: the owner of its claims. */
  urn: string;
  project: string;
  stack: string;
  /** The machine-id that must answer; empty when it is not known yet. */
  machineId?: string;
  /** Names the run's folder; without it the program only reads and uses a temporary one. */
  run?: string;
  /** The deployment that holds the machine. */
  holder?: string;
  /** A holder that is known to be dead and may be replaced. */
  deadHolder?: string;
  /** Whom the provider logs in as. Default `root`. */
  loginUser?: string;
  /** The URN by which the machine's registry knew the HostState before, where that is another one. */
  formerUrn?: string;
  /** A stack of the same project whose claims pass to the HostStates of the same names. */
  adopt?: string;
  /** A delete may take away the login in use: nothing waits for a new login. */
  leaveLocked?: boolean;
  /** Go on with what waited for the machine's next boot, and begin nothing else. */
  resume?: boolean;
  /** The earlier operation that is to be confirmed or restored, as its report names it. */
  operationId?: string;
  /** Leave the transaction open: checks from elsewhere decide about it. */
  hold?: boolean;
  /** Seconds until an unconfirmed change that endangers the login is taken back. */
  deadmanSeconds?: number;
  /** Delete what services made instead of moving it aside. */
  purge?: boolean;
  /** Ticket values by name. */
  tickets?: Record<string, string>;
}

/** The part of a HostState that runs on the machine. */
export interface Wanted {
  items: Item[];
  guards?: Check[];
  checks?: Check[];
  facts?: Record<string, Fact>;
  waivers?: Record<string, string>;
}

/** Seconds that a lease lasts without being renewed. */
export const leaseSeconds = 120;

/** Items in the order in which they are applied: those that cannot be restored come last. */
export function inOrder(items: Item[]): Item[] {
  const last = (item: Item): boolean => kindOf(item).restores(item) === "not";
  return [...items.filter((item) => !last(item)), ...items.filter(last)];
}

const digest = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Short name of a key on the machine. */
export const keyHash = (key: string): string => digest(key).slice(0, 32);
/** Short name of a HostState on the machine. */
export const ownerOf = (urn: string): string => digest(urn).slice(0, 16);

/**
 * Two streams want the same of an item when its digests are equal. A default and the same value given count as
 * equal; what only orders or limits the work does not count.
 */
export function itemDigest(item: Item): string {
  const kind = kindOf(item);
  const variables = Object.entries(kind.variables(item)).sort(([a], [b]) => (a < b ? -1 : 1));
  const wanted = [item.kind, kind.desired(item), variables, dataDigest(item)];
  return digest(JSON.stringify(wanted)).slice(0, 32);
}

function dataDigest(item: Item): string {
  const kind = kindOf(item);
  const bytes = kind.dataDigest === undefined ? kind.data?.(item) : undefined;
  return kind.dataDigest?.(item) ?? (bytes === undefined ? "" : digest(bytes));
}

let libraryText: string | undefined;

/**
 * The shell files of the engine, engine.sh first, the functions of every kind, and what the engine has to know of
 * kinds: the same for all programs.
 */
export function library(): string {
  libraryText ??= [
    ...libraryFiles().map((file) => readFileSync(file, "utf8")),
    assign("gw_kinds_independent", kindsThat("independent")),
    assign("gw_kinds_together", kindsThat("provenTogether")),
    `${assign("gw_kinds_pending", kindsThat("pending"))}\n`,
  ].join("\n");
  return libraryText;
}

function kindsThat(are: "independent" | "pending" | "provenTogether"): string {
  const kinds = Object.values(itemKinds).filter((kind) => kind[are]);
  return kinds.map(({ kind }) => kind).join(" ");
}

/** Every file of the library in its order. */
export function libraryFiles(): URL[] {
  const shellFiles = (folder: URL): URL[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".sh"))
      .sort()
      .map((name) => new URL(name, folder));
  const first = new URL("engine.sh", import.meta.url);
  const engine = shellFiles(new URL("./", import.meta.url)).filter((file) => file.href !== first.href);
  return [first, ...engine, ...shellFiles(new URL("../items/", import.meta.url))];
}

/**
 * The shell program of one operation: the library, the data, one call. Deterministic, and nothing in it but
 * function definitions and assignments runs before the last line has arrived whole.
 */
export function renderProgram(wanted: Wanted, operation: Operation): string {
  const items = inOrder(wanted.items);
  return [
    library(),
    "# --- data ---",
    ...operationLines(operation),
    ...itemLines(items, operation),
    ...checkLines("gw_guards", "g", wanted.guards ?? [], wanted.waivers ?? {}),
    ...checkLines("gw_checks", "c", wanted.checks ?? [], wanted.waivers ?? {}),
    ...factLines(wanted.facts ?? {}),
    ...Object.entries(operation.tickets ?? {}).map(([name, value]) =>
      printer(`ticket_${name}`, Buffer.from(value, "utf8")),
    ),
    `</dev/null gw_main ${operation.action} END`,
    "",
  ].join("\n");
}

function operationLines(operation: Operation): string[] {
  const run = operation.run === undefined ? "" : `/run/groundwork/${operation.run}`;
  return [
    assign("gw_urn", operation.urn),
    assign("gw_owner", ownerOf(operation.urn)),
    assign("gw_project", operation.project),
    assign("gw_stack", operation.stack),
    assign("gw_former", formerOwner(operation)),
    assign("gw_adopt", operation.adopt ?? ""),
    assign("gw_machine_expected", operation.machineId ?? ""),
    // What items write beside each other must never look like the run's own files.
    assign("gw_run", run === "" ? "" : `${run}/work`),
    assign("gw_cancel", run === "" ? "" : `${run}/cancel`),
    assign("gw_program", run === "" ? "" : `${run}/program`),
    assign("gw_holder", operation.holder ?? ""),
    assign("gw_dead_holder", operation.deadHolder ?? ""),
    assign("gw_purge", operation.purge ? "yes" : ""),
    assign("gw_hold", operation.hold ? "yes" : ""),
    assign("gw_operation_id", operation.operationId ?? ""),
    ...(operation.resume ? ["gw_resume=yes"] : []),
    ...(operation.action === "delete" ? ["gw_gives_back=yes"] : []),
    assign("gw_login_user", operation.loginUser ?? "root"),
    assign("gw_leave_locked", operation.leaveLocked ? "yes" : ""),
    `gw_deadman_seconds=${operation.deadmanSeconds ?? defaultSettings.deadmanSeconds}`,
    `gw_lease_seconds=${leaseSeconds}`,
  ];
}

function formerOwner({ urn, formerUrn = urn }: Operation): string {
  return formerUrn === urn ? "" : ownerOf(formerUrn);
}

function itemLines(items: Item[], operation: Operation): string[] {
  const lines = [`gw_items='${items.map((_, index) => index + 1).join(" ")}'`];
  const manyKinds = new Set<string>();
  items.forEach((item, position) => {
    const index = position + 1;
    const hash = keyHash(keyOf(item));
    lines.push(
      `gw_index_of_${hash}=${index}`,
      `gw_digest_${index}=${itemDigest(item)}`,
      itemFunction(item, index, hash),
    );
    // A read compares digests; contents stay here.
    const bytes = operation.action === "apply" ? kindOf(item).data?.(item) : undefined;
    if (bytes !== undefined) lines.push(printer(`data_${index}`, bytes));
    if (kindOf(item).observesMany) manyKinds.add(item.kind);
  });
  lines.push(`gw_kinds_many='${[...manyKinds].join(" ")}'`);
  for (const kind of manyKinds) {
    const indices = items.flatMap((item, position) => (item.kind === kind ? [position + 1] : []));
    lines.push(`gw_items_${kind}='${indices.join(" ")}'`);
  }
  return lines;
}

function itemFunction(item: Item, index: number, hash: string): string {
  const kind = kindOf(item);
  const variables = Object.entries({ ...kind.variables(item), ...kind.steering?.(item) });
  return [
    `item_${index}() {`,
    assign("gw_kind", item.kind),
    assign("gw_key", keyOf(item)),
    `gw_hash=${hash}`,
    assign("gw_desired", kind.desired(item)),
    assign("gw_endangers", endangered(kind.endangersLogin(item))),
    assign("gw_ticket", kind.ticket?.(item) ?? ""),
    assign("gw_variables", variables.map(([name]) => name).join(" ")),
    `time_limit=${item.timeLimit ?? kind.timeLimit}`,
    ...variables.map(([name, value]) => assign(name, value)),
    "}",
  ].join("\n");
}

/** What endangers_login (apply.sh) asks of: `yes`, a port, nothing. */
function endangered(by: boolean | number): string {
  return by === true ? "yes" : String(by || "");
}

function checkLines(
  list: string,
  prefix: string,
  checks: Check[],
  waivers: Record<string, string>,
): string[] {
  return [
    `${list}='${checks.map((_, position) => `${prefix}${position + 1}`).join(" ")}'`,
    ...checks.map((check, position) =>
      [
        `check_${prefix}${position + 1}() {`,
        `time_limit=${check.timeLimit ?? 30} gw_within=${check.within ?? 0}`,
        assign("gw_waived", waivers[check.name] === undefined ? "" : "yes"),
        assign("gw_script", check.run),
        "}",
      ].join("\n"),
    ),
  ];
}

function factLines(facts: Record<string, Fact>): string[] {
  const names = Object.keys(facts);
  return [
    `gw_facts='${names.join(" ")}'`,
    ...names.map((name) => {
      const fact = facts[name];
      const script = fact?.run ?? `cat -- ${quote(fact?.file ?? "")}`;
      return [`fact_${name}() {`, "time_limit=60", assign("gw_script", script), "}"].join("\n");
    }),
  ];
}
