import { rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { GroundworkError } from "../errors/index.ts";
import { attempt, run } from "./command.ts";
import { interfaceExists, interfaceIsDown } from "./interfaces.ts";
import { type MachineAddress, readMachine } from "./machineRecords.ts";
import { machineNames } from "./naming.ts";
import { liveProcess } from "./processRecord.ts";

export { powerCut } from "./machine.ts";

/** What can be made to fail. */
export type Fault = "power" | "network" | "disk";

/** What has failed on a machine: only power where it does not run. */
export async function faultsOf(machine: MachineAddress): Promise<Fault[]> {
  if ((await readMachine(machine)).state !== "running") return ["power"];
  const cut = await interfaceIsDown(machineNames(machine.network.name, machine.name).interface);
  const full = await stat(join(await mountedDisk(machine), fillFile)).then(
    () => true,
    // Whoever may not look there cannot have filled it.
    () => false,
  );
  return [...(cut ? (["network"] as const) : []), ...(full ? (["disk"] as const) : [])];
}

/** Pulls the machine's network cable: it goes on running, nobody reaches it. Errors: GW511. */
export async function networkCut(machine: MachineAddress): Promise<void> {
  await setCable(machine, "down");
}

/** Plugs the machine's network cable in again. Errors: GW511. */
export async function networkHeal(machine: MachineAddress): Promise<void> {
  await setCable(machine, "up");
}

async function setCable(machine: MachineAddress, to: "up" | "down"): Promise<void> {
  const names = machineNames(machine.network.name, machine.name);
  if (!interfaceExists(names.interface)) refuse(machine, "it does not run");
  await run("ip", ["link", "set", names.interface, to]);
}

/**
 * Fills the machine's disk to the last block, at once. This host's disk takes nothing of it: the blocks are
 * reserved, not written. Errors: GW511.
 */
export async function diskFill(machine: MachineAddress): Promise<void> {
  const disk = await mountedDisk(machine);
  const file = join(disk, fillFile);
  // What is freed meanwhile and what the file system kept for itself is taken in ever smaller pieces.
  for (let piece = await freeBytes(disk); piece >= 4096; piece = Math.min(piece / 2, await freeBytes(disk))) {
    const length = String(Math.floor(piece / 4096) * 4096);
    const offset = String((await stat(file).catch(() => undefined))?.size ?? 0);
    await attempt("fallocate", ["--offset", offset, "--length", length, file]);
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bfree, bsize } = await statfs(folder);
  return bfree * bsize;
}

/** Gives the space that {@link diskFill} took back. Errors: GW511. */
export async function diskHeal(machine: MachineAddress): Promise<void> {
  await rm(join(await mountedDisk(machine), fillFile), { force: true });
}

const fillFile = "fill";

/** The machine's disk, which is mounted where only its own processes see it. */
async function mountedDisk(machine: MachineAddress): Promise<string> {
  const names = machineNames(machine.network.name, machine.name);
  const pid = await liveProcess(names.process);
  if (pid === undefined) refuse(machine, "it does not run");
  return `/proc/${pid}/root${names.disk}`;
}

function refuse(machine: MachineAddress, what: string): never {
  throw new GroundworkError("GW511", { where: `machine ${machine.name}`, what });
}
