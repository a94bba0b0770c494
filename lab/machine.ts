import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { GroundworkError } from "../errors/index.ts";
import type { Progress } from "../tools/index.ts";
import { run } from "./command.ts";
import { boot, endMachine, killMachine } from "./container.ts";
import { diskReleased, makeDisk, removeFolder } from "./disk.ts";
import { ensureLabPackages, refuseForeignHost } from "./host.ts";
import { readJson, writeJson } from "./json.ts";
import { exclusively } from "./lock.ts";
import { hostKnowledge, type MachineFile, machineFiles } from "./machineFiles.ts";
import { groundsInUse, type Identity, type MachineAddress } from "./machineRecords.ts";
import { machineAddress6, machineNames } from "./naming.ts";
import { ensureRootImage, ensureRootTree, type Ground } from "./rootImage.ts";
import { checkMachineSpec, type LabMachineSpec, type LabMachineState } from "./spec.ts";

/**
 * Makes a machine and boots it, or starts the one that is there. A half-made one is made anew.
 * @throws GW101, GW501, GW502, GW505, GW507, GW508, GW509, GW511
 */
export async function createMachine(
  spec: LabMachineSpec,
  progress: Progress = () => {},
): Promise<LabMachineState> {
  refuseForeignHost();
  checkMachineSpec(spec);
  await ensureLabPackages();
  return withMachine(spec, async () => {
    if (existsSync(machineNames(spec.network.name, spec.name).identity)) await refuseOtherMachine(spec);
    else await make(spec, progress);
    return boot(spec);
  });
}

/**
 * Boots a machine that exists, with its disk as it was; a running one is left alone.
 * @throws GW501, GW502, GW507, GW511, GW512
 */
export async function startMachine(spec: LabMachineSpec): Promise<LabMachineState> {
  refuseForeignHost();
  await ensureLabPackages();
  return withMachine(spec, () => boot(spec));
}

/** The same for a machine that is known by its name; nothing where there is none. */
export async function startAgain({ name, network }: MachineAddress): Promise<void> {
  const spec = await readJson<LabMachineSpec>(machineNames(network.name, name).spec);
  if (spec !== undefined) await startMachine(spec);
}

/** Ends a machine and removes its disk; nothing of it stays on this host. One that is not there is no error. */
export async function deleteMachine(machine: MachineAddress): Promise<void> {
  refuseForeignHost();
  await withMachine(machine, () => removeMachine(machine));
}

/** Ends a machine as a power cut would: every process of it at once, its disk stays. */
export async function powerCut(machine: MachineAddress): Promise<void> {
  refuseForeignHost();
  await withMachine(machine, () => killMachine(machine));
}

/** One run at a time works on a machine. */
function withMachine<T>(machine: MachineAddress, work: () => Promise<T>): Promise<T> {
  return exclusively(`machine-${machine.network.name}.${machine.name}`, work);
}

async function make(spec: LabMachineSpec, progress: Progress): Promise<void> {
  const image = await ensureRootImage(spec, progress);
  const names = machineNames(spec.network.name, spec.name);
  await removeMachine(spec);
  await mkdir(names.folder, { recursive: true, mode: 0o700 });
  await writeJson(names.spec, spec);
  // Before the tree is used, so that nobody removes it as unused.
  await writeJson(names.ground, { release: image.release, digest: image.digest } satisfies Ground);
  await ensureRootTree(image, groundsInUse);
  const machineId = randomBytes(16).toString("hex");
  const key = await newHostKey(names.folder, spec.name);
  const files = machineFiles(spec, machineId, await hostKnowledge(spec));
  await makeDisk(names, spec.diskGiB, [...files, ...key.files]);
  await writeJson(names.identity, { machineId, hostKey: key.hostKey } satisfies Identity);
}

/** An ed25519 host key, made here so that it can be pinned before first contact. */
async function newHostKey(folder: string, name: string): Promise<{ hostKey: string; files: MachineFile[] }> {
  const file = join(folder, "hostKey");
  for (const old of [file, `${file}.pub`]) await rm(old, { force: true });
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
  const [secret, open] = await Promise.all([readFile(file, "utf8"), readFile(`${file}.pub`, "utf8")]);
  for (const written of [file, `${file}.pub`]) await rm(written);
  const path = "etc/ssh/ssh_host_ed25519_key";
  return {
    hostKey: open.split(" ").slice(0, 2).join(" "),
    files: [
      { path, content: secret, mode: 0o600 },
      { path: `${path}.pub`, content: open },
    ],
  };
}

/** Two wishes for one disk: what decides how it was made must be the same. */
async function refuseOtherMachine(spec: LabMachineSpec): Promise<void> {
  const names = machineNames(spec.network.name, spec.name);
  const known = await readJson<LabMachineSpec>(names.spec);
  if (!known) return;
  const made = (of: LabMachineSpec) => ({
    address: of.address,
    address6: machineAddress6(of),
    diskGiB: of.diskGiB,
    release: of.release,
    publicKey: of.publicKey.trim(),
  });
  const [before, now] = [made(known), made(spec)];
  const other = (Object.keys(now) as (keyof typeof now)[]).filter((key) => before[key] !== now[key]);
  if (other.length > 0) {
    throw new GroundworkError("GW509", {
      where: `machine ${spec.name}`,
      what: `it was made with ${other.map((key) => `${key} ${before[key]}`).join(", ")}`,
    });
  }
  if (JSON.stringify(known) !== JSON.stringify(spec)) await writeJson(names.spec, spec);
}

async function removeMachine(machine: MachineAddress): Promise<void> {
  const names = machineNames(machine.network.name, machine.name);
  await endMachine(machine);
  // From here on it is no machine any more, even if this run is killed.
  await rm(names.identity, { force: true });
  // Without its name the kernel need not write the disk out.
  await rm(names.image, { force: true });
  await diskReleased(names);
  await removeFolder(names.folder);
}
