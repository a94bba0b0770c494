import { existsSync } from "node:fs";
import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { GroundworkError } from "../errors/index.ts";
import { attempt, run } from "./command.ts";
import { machineNames } from "./naming.ts";

export { powerCut } from "./machine.ts";

type MachineAddress = { name: string; network: { name: string } };

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
  if (!existsSync(`/sys/class/net/${names.interface}`)) refuse(machine, "it does not run");
  await run("ip", ["link", "set", names.interface, to]);
}

const fillFile = (machine: MachineAddress) =>
  join(machineNames(machine.network.name, machine.name).disk, "fill");

/** Fills the machine's disk to the last block, at once. This host's disk takes nothing of it. Errors: GW511. */
export async function diskFill(machine: MachineAddress): Promise<void> {
  const { disk } = machineNames(machine.network.name, machine.name);
  if (!existsSync(join(disk, "upper"))) refuse(machine, "its disk is not mounted");
  const { bfree, bsize } = await statfs(disk);
  // Metadata needs a few of the free blocks, so the last ones go one by one.
  for (let size = bfree * bsize, taken = 0; size >= bsize; ) {
    const { exitCode } = await attempt("fallocate", [
      "--offset",
      String(taken),
      "--length",
      String(size),
      fillFile(machine),
    ]);
    if (exitCode === 0) taken += size;
    else size = Math.floor(size / 2 / bsize) * bsize;
    if (exitCode === 0) size = Math.min(size, (await statfs(disk)).bfree * bsize);
  }
}

/** Gives the space that {@link diskFill} took back. */
export async function diskHeal(machine: MachineAddress): Promise<void> {
  await rm(fillFile(machine), { force: true });
}

function refuse(machine: MachineAddress, what: string): never {
  throw new GroundworkError("GW511", { where: `machine ${machine.name}`, what });
}
