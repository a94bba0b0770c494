import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { GroundworkError } from "../errors/index.ts";
import { overlaps, parseSubnet, type Subnet } from "../foundation/subnet.ts";
import { artifactServerRuns, ensureArtifactServer, stopArtifactServer } from "./artifactProcess.ts";
import { attempt, run } from "./command.ts";
import { removeFolder } from "./disk.ts";
import { ensureLabPackages, loadModules, refuseForeignHost } from "./host.ts";
import { interfaceExists, interfacesNamed } from "./interfaces.ts";
import { readJson, writeJson } from "./json.ts";
import { holdSettings, releaseSettings, settingsHolders, unmetSettings } from "./kernelSettings.ts";
import { exclusively } from "./lock.ts";
import { deleteMachine } from "./machine.ts";
import { networkNames, networkState } from "./naming.ts";
import { ensureNat, natExists, removeNat } from "./nat.ts";
import { ensurePassage, missingPassage, removePassage } from "./passage.ts";
import { checkNetworkSpec, type LabNetworkSpec, type LabNetworkState } from "./spec.ts";

/** How a network was found: `degraded` when parts are missing, `absent` when this host never heard of it. */
export interface LabNetworkReading {
  state: "up" | "degraded" | "absent";
  /** What is missing, in words. */
  missing: string[];
}

/**
 * Makes a network, or what is missing of it: bridge, addresses, NAT, kernel settings, artifact server.
 * @throws GW101, GW501, GW502, GW504, GW506, GW509, GW510
 */
export async function createNetwork(spec: LabNetworkSpec): Promise<LabNetworkState> {
  refuseForeignHost();
  checkNetworkSpec(spec);
  await ensureLabPackages();
  await exclusively("host", async () => {
    const names = networkNames(spec.name);
    await refuseOtherSubnet(spec);
    await refuseOverlap(spec);
    await mkdir(names.machines, { recursive: true, mode: 0o700 });
    await writeJson(names.record, spec);
    await loadModules();
    await holdSettings(spec.name, spec.subnet6 !== undefined);
    await ensureBridge(spec);
    await ensureNat(spec);
    await ensurePassage(spec);
    await ensureArtifactServer(spec);
  });
  return networkState(spec);
}

/** Brings back what is missing of a network, for instance after a reboot of this host. */
export const repairNetwork: (spec: LabNetworkSpec) => Promise<LabNetworkState> = createNetwork;

/** Looks at a network without touching it. */
export async function readNetwork(spec: LabNetworkSpec): Promise<LabNetworkReading> {
  refuseForeignHost();
  const names = networkNames(spec.name);
  if (!existsSync(names.record)) return { state: "absent", missing: [] };
  const missing = [...(await missingOfBridge(spec))];
  if (!(await natExists(spec.name))) missing.push(`NAT table ${names.table}`);
  missing.push(...(await missingPassage(spec)));
  const held = (await settingsHolders()).includes(spec.name);
  const unmet = await unmetSettings(spec.subnet6 !== undefined);
  if (!held) missing.push("record of the kernel settings");
  missing.push(...unmet.map((key) => `kernel setting ${key}`));
  if (!(await artifactServerRuns(spec))) missing.push("artifact server");
  return { state: missing.length === 0 ? "up" : "degraded", missing };
}

/** Removes a network with every machine in it; nothing of it stays on this host. */
export async function deleteNetwork(spec: Pick<LabNetworkSpec, "name">): Promise<void> {
  refuseForeignHost();
  const names = networkNames(spec.name);
  const machines = await readdir(names.machines).catch(() => []);
  await Promise.all(machines.map((name) => deleteMachine({ name, network: spec })));
  await exclusively("host", async () => {
    await stopArtifactServer(spec.name);
    await removeNat(spec.name);
    await removePassage(spec.name);
    if (interfaceExists(names.bridge)) await run("ip", ["link", "delete", names.bridge]);
    await releaseSettings(spec.name);
    await removeFolder(names.folder);
  });
}

async function refuseOtherSubnet(spec: LabNetworkSpec): Promise<void> {
  const names = networkNames(spec.name);
  const known = await readJson<LabNetworkSpec>(names.record);
  if (!known || (known.subnet === spec.subnet && known.subnet6 === spec.subnet6)) return;
  const machines = await readdir(names.machines).catch(() => []);
  if (machines.length > 0) {
    throw new GroundworkError("GW509", {
      where: `network ${spec.name}`,
      what: `it has the subnet ${[known.subnet, known.subnet6].filter(Boolean).join(" and ")}, and machines in it`,
    });
  }
  if (interfaceExists(names.bridge)) await run("ip", ["link", "delete", names.bridge]);
}

interface Route {
  dst: string;
  dev?: string;
}

/** Routes of this host in all of its tables. */
async function routesHere(family: "-4" | "-6"): Promise<Route[]> {
  return JSON.parse((await run("ip", ["-j", family, "route", "show", "table", "all"])) || "[]") as Route[];
}

/**
 * Refuses a subnet that this host already reaches some other way: it would be cut off, or cut the lab off. Changes
 * nothing, so it can be asked before anything is made.
 * @throws GW506
 */
export async function refuseOverlap(
  spec: Pick<LabNetworkSpec, "name" | "subnet" | "subnet6">,
  routesOf: typeof routesHere = routesHere,
): Promise<void> {
  const { bridge } = networkNames(spec.name);
  const wanted: { where: string; text: string; family: "-4" | "-6" }[] = [
    { where: "network.subnet", text: spec.subnet, family: "-4" },
    ...(spec.subnet6 ? [{ where: "network.subnet6", text: spec.subnet6, family: "-6" as const }] : []),
  ];
  for (const { where, text, family } of wanted) {
    const other = overlappingRoute(text, bridge, await routesOf(family));
    if (!other) continue;
    throw new GroundworkError("GW506", {
      where,
      what: `${text} overlaps the route ${other.dst} of ${other.dev}`,
    });
  }
}

/** The first route to a part of the subnet that does not belong to our bridge. Default routes do not count. */
export function overlappingRoute(subnetText: string, bridge: string, routes: Route[]): Route | undefined {
  const subnet = parseSubnet(subnetText);
  if (!subnet) return undefined;
  return routes.find((route) => {
    const target = routeTarget(route.dst, subnet.family);
    return route.dev !== bridge && target !== undefined && overlaps(subnet, target);
  });
}

function routeTarget(destination: string, family: 4 | 6): Subnet | undefined {
  if (destination === "default") return undefined;
  const target = parseSubnet(
    destination.includes("/") ? destination : `${destination}/${family === 4 ? 32 : 128}`,
  );
  return target && target.prefix > 0 ? target : undefined;
}

async function ensureBridge(spec: LabNetworkSpec): Promise<void> {
  const names = networkNames(spec.name);
  const { bridge } = names;
  if (!interfaceExists(bridge)) {
    await run("ip", [
      "link",
      "add",
      bridge,
      "address",
      names.hardwareAddress,
      "type",
      "bridge",
      "mcast_snooping",
      "0",
    ]);
  }
  await run("ip", ["link", "set", bridge, "up"]);
  for (const address of bridgeAddresses(spec)) {
    await run("ip", [
      "address",
      "replace",
      address.text,
      "dev",
      bridge,
      ...(address.family === 6 ? ["nodad"] : []),
    ]);
  }
  // A machine that boots is asked for ten times a second, not once: it is found as soon as it is there.
  for (const family of ["ipv4", "ipv6"]) {
    await writeFile(`/proc/sys/net/${family}/neigh/${bridge}/retrans_time_ms`, "100").catch(() => {});
  }
  await attachMachines(spec.name);
}

/** Connects machines that outlived their bridge to the new one. */
async function attachMachines(network: string): Promise<void> {
  const { bridge, interfacePrefix } = networkNames(network);
  for (const name of await interfacesNamed(interfacePrefix)) {
    if (!interfaceExists(`${name}/master`)) await attempt("ip", ["link", "set", name, "master", bridge]);
  }
}

function bridgeAddresses(spec: LabNetworkSpec): { family: 4 | 6; text: string }[] {
  const { gateway, gateway6 } = networkState(spec);
  const prefix = (subnet: string) => subnet.split("/")[1];
  return [
    { family: 4, text: `${gateway}/${prefix(spec.subnet)}` },
    ...(spec.subnet6 ? [{ family: 6 as const, text: `${gateway6}/${prefix(spec.subnet6)}` }] : []),
  ];
}

async function missingOfBridge(spec: LabNetworkSpec): Promise<string[]> {
  const { bridge } = networkState(spec);
  if (!interfaceExists(bridge)) return [`bridge ${bridge}`];
  const [found] = JSON.parse(await run("ip", ["-j", "address", "show", "dev", bridge])) as {
    flags: string[];
    addr_info: { local: string; prefixlen: number }[];
  }[];
  const present = new Set(found?.addr_info.map((address) => `${address.local}/${address.prefixlen}`));
  const addresses = bridgeAddresses(spec).filter((address) => !present.has(address.text));
  return [
    ...(found?.flags.includes("UP") ? [] : [`bridge ${bridge} is down`]),
    ...addresses.map((address) => `address ${address.text} of ${bridge}`),
  ];
}
