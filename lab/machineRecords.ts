import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { readJson } from "./json.ts";
import { machineAddress6, machineNames, networkNames, stateRoot } from "./naming.ts";
import { liveProcess } from "./processRecord.ts";
import type { Ground } from "./rootImage.ts";
import type { LabMachineSpec, LabMachineState } from "./spec.ts";

/** What a machine is found by. */
export interface MachineAddress {
  name: string;
  network: { name: string };
}

/** How a machine was found. `stopped`: it has a disk but does not run (power cut, or this host was rebooted). */
export type LabMachineReading =
  | ({ state: "running" } & LabMachineState)
  | ({ state: "stopped" } & Omit<LabMachineState, "pid">)
  | { state: "absent" };

/** One line of `lab list`. */
export interface LabMachineListing {
  name: string;
  address: string;
  address6: string;
  roles: string[];
  state: "running" | "stopped";
}

/** Who a machine is, made before its first boot. Written last: with it, the disk is ready to boot. */
export interface Identity {
  machineId: string;
  hostKey: string;
}

/** Looks at a machine without touching it. */
export async function readMachine(spec: MachineAddress): Promise<LabMachineReading> {
  const names = machineNames(spec.network.name, spec.name);
  const [known, identity] = await Promise.all([
    readJson<LabMachineSpec>(names.spec),
    readJson<Identity>(names.identity),
  ]);
  if (!known || !identity) return { state: "absent" };
  const { machineId, hostKey } = identity;
  const found = { machineId, hostKey, address: known.address, address6: machineAddress6(known) };
  const pid = await liveProcess(names.process);
  return pid === undefined ? { state: "stopped", ...found } : { state: "running", ...found, pid };
}

/** The machines of a network as they are now, by name. */
export async function listMachines(network: string): Promise<LabMachineListing[]> {
  const entries = (await readdir(networkNames(network).machines).catch(() => [])).sort();
  const listed = await Promise.all(entries.map((name) => listing(network, name)));
  return listed.filter((machine) => machine !== undefined);
}

async function listing(network: string, name: string): Promise<LabMachineListing | undefined> {
  const spec = await readJson<LabMachineSpec>(machineNames(network, name).spec);
  const found = await readMachine({ name, network: { name: network } });
  if (!spec || found.state === "absent") return undefined;
  return { name, address: found.address, address6: found.address6, roles: spec.roles, state: found.state };
}

/** What the machines of this host stand on. */
export async function groundsInUse(): Promise<Ground[]> {
  const found = await Promise.all((await listNetworks()).map(groundsOf));
  return found.flat();
}

async function groundsOf(network: string): Promise<Ground[]> {
  const names = await readdir(networkNames(network).machines).catch(() => []);
  const grounds = await Promise.all(
    names.map((name) => readJson<Ground>(machineNames(network, name).ground)),
  );
  return grounds.filter((ground) => ground !== undefined);
}

/** Names of the networks that this host knows. */
export async function listNetworks(): Promise<string[]> {
  const entries = await readdir(stateRoot).catch(() => []);
  return entries.filter((name) => existsSync(networkNames(name).record)).sort();
}
