import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { GroundworkError } from "../errors/index.ts";
import { run } from "./command.ts";
import type { LabRelease } from "./spec.ts";

/** One place that packages come from: a paragraph of a deb822 sources file, keys in lower case. */
export type PackageSource = Record<string, string>;

/** Where this host gets its packages from and how it reaches that place. */
export interface AptConfiguration {
  /** Text of a deb822 sources file for the machine's release. */
  sources: string;
  /** Text for a file in /etc/apt/apt.conf.d. */
  settings: string;
}

/** This host's own package sources and settings, for a machine of another release too. Errors: GW508. */
export async function aptConfigurationFor(release: LabRelease): Promise<AptConfiguration> {
  const found = debianSources(await sourcesOfThisHost(), release);
  if (found.length === 0) {
    throw new GroundworkError("GW508", {
      where: "/etc/apt/sources.list.d",
      what: "this host's package sources name no Debian release",
    });
  }
  return {
    sources: renderSources(found),
    settings: transportSettings(await run("apt-config", ["dump"]), process.env),
  };
}

async function sourcesOfThisHost(): Promise<PackageSource[]> {
  const folder = "/etc/apt/sources.list.d";
  const listed = (await readdir(folder).catch(() => [])).sort().map((name) => join(folder, name));
  const files = ["/etc/apt/sources.list", ...listed];
  const parsed = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8").catch(() => "");
      if (file.endsWith(".sources")) return parseDeb822(text);
      return file.endsWith(".list") ? parseOneLine(text) : [];
    }),
  );
  return parsed.flat();
}

/** Reads the paragraphs of a deb822 sources file. */
export function parseDeb822(text: string): PackageSource[] {
  const withoutComments = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n");
  return withoutComments
    .split(/\n\s*\n/)
    .map(parseParagraph)
    .filter((source) => source.uris !== undefined);
}

function parseParagraph(text: string): PackageSource {
  const source: PackageSource = {};
  let key = "";
  for (const line of text.split("\n")) {
    const field = /^([A-Za-z][A-Za-z0-9-]*):\s*(.*)$/.exec(line);
    if (field?.[1] !== undefined) {
      key = field[1].toLowerCase();
      source[key] = field[2] ?? "";
    } else if (key !== "" && /^\s+\S/.test(line)) source[key] = `${source[key]}\n${line}`;
  }
  return source;
}

/** Reads `deb [options] URI suite components` lines. */
export function parseOneLine(text: string): PackageSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) return [];
    const [, options = "", uris = "", suites = "", components = ""] = match;
    const extra = options
      .split(/\s+/)
      .map((option) => option.split("="))
      .filter(([name, value]) => name && value)
      .map(([name = "", value = ""]) => [name.toLowerCase(), value.replaceAll(",", " ")]);
    return [{ types: "deb", uris, suites, components: components.trim(), ...Object.fromEntries(extra) }];
  });
}

const components = new Set(["main", "contrib", "non-free", "non-free-firmware"]);

/**
 * Keeps Debian's own sources and turns them to the wanted release. Debian's are told by the suite's form,
 * by the components and by the key: the mirror may be called anything.
 */
export function debianSources(all: PackageSource[], release: LabRelease): PackageSource[] {
  return all.flatMap((source) => {
    if (source.enabled?.toLowerCase() === "no" || !/\bdeb\b/.test(source.types ?? "")) return [];
    const key = source["signed-by"] ?? "";
    if (key !== "" && !/\/debian-archive[^/\s]*$/.test(key.trim())) return [];
    const parts = (source.components ?? "").split(/\s+/).filter(Boolean);
    if (parts.length === 0 || !parts.every((part) => components.has(part))) return [];
    const suites = (source.suites ?? "").split(/\s+/).flatMap((suite) => suiteFor(suite, release));
    if (suites.length === 0) return [];
    return [{ ...source, types: "deb", suites: [...new Set(suites)].join(" ") }];
  });
}

const codename = "(?:bullseye|bookworm|trixie|forky|oldstable|stable)";

function suiteFor(suite: string, release: LabRelease): string[] {
  const match = new RegExp(`^${codename}(|-updates|-security)$`).exec(suite);
  return match ? [`${release}${match[1]}`] : [];
}

function renderSources(sources: PackageSource[]): string {
  const paragraph = (source: PackageSource) =>
    Object.entries(source)
      .map(([key, value]) => `${fieldName(key)}: ${value}`)
      .join("\n");
  return `${sources.map(paragraph).join("\n\n")}\n`;
}

const fieldName = (key: string) =>
  key === "uris" ? "URIs" : key.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

const transportKey =
  /^Acquire::(https?|ftp|Retries|Check-Valid-Until|Check-Date|ForceIPv[46]|Max-ValidTime|Queue-Mode)\b/i;

/**
 * The lines of `apt-config dump` that say how packages are reached (proxy, time limits, certificates).
 * Hooks, clean-up and caching rules of this host stay here: a machine begins with Debian's own.
 */
export function transportSettings(dump: string, environment: NodeJS.ProcessEnv): string {
  const lines = dump
    .split("\n")
    .filter((line) => transportKey.test(line) && !/ "";$/.test(line) && !/Auto-Detect/i.test(line));
  for (const scheme of ["http", "https"]) {
    const proxy = environment[`${scheme}_proxy`] ?? environment[`${scheme.toUpperCase()}_PROXY`];
    const known = lines.some((line) => line.toLowerCase().startsWith(`acquire::${scheme}::proxy `));
    if (proxy && !known && !/["\\\n]/.test(proxy)) lines.push(`Acquire::${scheme}::Proxy "${proxy}";`);
  }
  return lines.map((line) => `${line}\n`).join("");
}
