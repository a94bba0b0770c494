import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { programStart } from "./programStart.ts";

/**
 * What the main job costs: two bare lab machines to a cluster behind four gates. Prints a table; asserts nothing.
 * Run: node test/bench/platform.ts (as root on Linux; about five minutes with filled caches)
 */
const stack = "bench";
const root = new URL("../../", import.meta.url).pathname;
const configuration = join(root, `Pulumi.${stack}.yaml`);
const state = mkdtempSync(join(tmpdir(), "groundwork-bench-"));
const environment = {
  ...process.env,
  XDG_STATE_HOME: state,
  PULUMI_CONFIG_PASSPHRASE: "only for this measurement",
};

const config = {
  "groundwork:machines": {
    "server-1": { lab: { roles: ["server", "monitoring"], address: "10.87.0.11" } },
    "agent-1": { lab: { roles: ["agent"], address: "10.87.0.12" } },
  },
  "groundwork:network": { subnet: "10.87.0.0/24", subnet6: "fd87::/64", artifactPort: 8087 },
  "groundwork:streams": {
    alpha: { waivers: { "the clock is synchronised": "a container has the clock of its host" } },
  },
};

interface Run {
  seconds: number;
  text: string;
}

function groundwork(...args: string[]): Run {
  const started = performance.now();
  const ran = spawnSync(join(root, "groundwork"), args, {
    cwd: root,
    env: environment,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (ran.status !== 0) throw new Error(`groundwork ${args.join(" ")}\n${ran.stdout}\n${ran.stderr}`);
  return { seconds: (performance.now() - started) / 1000, text: ran.stdout };
}

/** Seconds that each resource took, by the words of its line: `alpha server-1`. */
function durations(text: string): Map<string, number> {
  const lines = text.matchAll(/^ *[\d.]+ s {2}(\S+) +(\S+) +(?:made|done|open)\b.*\(([\d.]+) s\)$/gm);
  return new Map([...lines].map(([, stream, subject, seconds]) => [`${stream} ${subject}`, Number(seconds)]));
}

/** From the first resource begun to the last one done. */
function makespan(text: string): number {
  const times = [...text.matchAll(/^ *([\d.]+) s {2}/gm)].map(([, seconds]) => Number(seconds));
  return (times.at(-1) ?? 0) - (times[0] ?? 0);
}

interface Resource {
  urn: string;
  type: string;
  inputs?: { stream?: string; items?: unknown[] };
  dependencies?: string[];
}

function resources(): Resource[] {
  const names = readdirSync(state, { recursive: true, encoding: "utf8" });
  const name = names.find((path) => path.includes("/stacks/") && path.endsWith(`/${stack}.json`)) ?? "";
  return (
    JSON.parse(readFileSync(join(state, name), "utf8")) as {
      checkpoint: { latest: { resources: Resource[] } };
    }
  ).checkpoint.latest.resources;
}

const label = (resource: Resource): string => {
  const name = resource.urn.split("::").at(-1) ?? "";
  const stream = resource.inputs?.stream;
  if (resource.type.endsWith(":Gate")) return `${stream} gate`;
  if (stream !== undefined) return `${stream} ${name.replace(`${stream}-`, "")}`;
  return resource.type.endsWith(":LabNetwork") ? "lab network" : `lab ${name}`;
};

/** The longest way through what waits for what. */
function criticalPath(all: Resource[], seconds: Map<string, number>): number {
  const byUrn = new Map(all.map((resource) => [resource.urn, resource]));
  const known = new Map<string, number>();
  const until = (urn: string): number => {
    const before = known.get(urn);
    const resource = byUrn.get(urn);
    if (before !== undefined || resource === undefined) return before ?? 0;
    const start = Math.max(0, ...(resource.dependencies ?? []).map(until));
    const end = start + (seconds.get(label(resource)) ?? 0);
    known.set(urn, end);
    return end;
  };
  return Math.max(...all.map(({ urn }) => until(urn)));
}

function stateSizes(all: Resource[]): { bytes: number; items: number } {
  const hosts = all.filter(({ type }) => type.endsWith(":HostState"));
  const text = JSON.stringify(hosts, (key, value: unknown) =>
    key === "content" || key === "run" ? "" : value,
  );
  return {
    bytes: text.length / hosts.length,
    items: hosts.reduce((sum, host) => sum + (host.inputs?.items?.length ?? 0), 0) / hosts.length,
  };
}

const loginsSoFar = (machine: string): number =>
  Number(
    groundwork(
      "lab",
      "ssh",
      machine,
      "--stack",
      stack,
      "--",
      "journalctl -q --no-pager -u ssh | grep -c 'Accepted publickey'",
    ).text,
  );

function print(rows: [string, string][]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
}

try {
  writeFileSync(configuration, stringify({ config }));
  const first = groundwork("up", "--yes", "--stack", stack);
  const afterFirst = loginsSoFar("server-1");
  const second = groundwork("up", "--yes", "--stack", stack);
  // One login is the one that counts.
  const afterSecond = loginsSoFar("server-1");
  const all = resources();
  const path = criticalPath(all, durations(first.text));
  const size = stateSizes(all);
  const start = programStart();
  const destroyed = groundwork("destroy", "--yes", "--stack", stack);
  print([
    ["up from nothing, caches filled", `${first.seconds.toFixed(1)} s`],
    ["up without a change", `${second.seconds.toFixed(1)} s`],
    ["destroy", `${destroyed.seconds.toFixed(1)} s`],
    [
      "makespan against critical path",
      `${makespan(first.text).toFixed(1)} s against ${path.toFixed(1)} s: ${(makespan(first.text) / path).toFixed(2)}`,
    ],
    ["program start, processor time", `${start.toFixed(2)} s`],
    ["logins on server-1, first up", `${afterFirst - 1}`],
    ["logins on server-1, up without a change", `${afterSecond - afterFirst - 1}`],
    [
      "state of one HostState, without contents",
      `${Math.round(size.bytes)} bytes with ${size.items.toFixed(0)} items`,
    ],
    [
      "load of this computer",
      loadavg()
        .map((load) => load.toFixed(1))
        .join(" "),
    ],
  ]);
} finally {
  spawnSync(join(root, "groundwork"), ["destroy", "--yes", "--stack", stack], {
    cwd: root,
    env: environment,
  });
  rmSync(configuration, { force: true });
  rmSync(state, { recursive: true, force: true });
}
