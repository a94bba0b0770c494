import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GroundworkError } from "../errors/index.ts";
import { createCgroup, killCgroup, processesIn, removeCgroup } from "./cgroups.ts";
import { run } from "./command.ts";
import { lastConsoleLines } from "./console.ts";
import { boundFolders, ensureDiskImage, mountDisk, removeFolder, unmountDisk } from "./disk.ts";
import { checkHost } from "./host.ts";
import { readJson, writeJson } from "./json.ts";
import { exclusively } from "./lock.ts";
import { hostKnowledge, machineFiles } from "./machineFiles.ts";
import { machineAddress6, machineNames, networkNames } from "./naming.ts";
import { liveProcess, recordProcess } from "./processRecord.ts";
import { ensureRootImage, type RootImage, readImage } from "./rootImage.ts";
import { checkMachineSpec, type LabMachineSpec, type LabMachineState } from "./spec.ts";
import { waitForSsh } from "./waitForSsh.ts";

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
interface Identity {
  machineId: string;
  hostKey: string;
  image: RootImage;
}

type MachineAddress = Pick<LabMachineSpec, "name"> & { network: { name: string } };

/** Seconds until a booting machine must greet on its SSH port. */
const bootLimit = 60;

/**
 * Makes a machine and boots it, or starts the one that is there. A half-made one is made anew.
 * Errors: GW101, GW501-GW505, GW507-GW509, GW511.
 */
export async function createMachine(
  spec: LabMachineSpec,
  progress: (line: string) => void = () => {},
): Promise<LabMachineState> {
  checkHost();
  checkMachineSpec(spec);
  const image = await ensureRootImage({ release: spec.release }, progress);
  return exclusively(lockName(spec), async () => {
    const names = machineNames(spec.network.name, spec.name);
    if (!(await readJson<Identity>(names.identity))) {
      await removeMachine(spec.network.name, spec.name);
      await mkdir(names.folder, { recursive: true, mode: 0o700 });
      await writeJson(names.spec, spec);
      await ensureDiskImage(names, spec.diskGiB);
      await mountDisk(names, image.path);
      const identity = await prepare(spec, image);
      await run("sync", ["-f", names.disk]);
      await writeJson(names.identity, identity);
    } else await refuseOtherMachine(spec);
    return boot(spec);
  });
}

/** Boots a machine that exists, with its disk as it was; a running one is left alone. Errors: GW507, GW511, GW512. */
export async function startMachine(spec: LabMachineSpec): Promise<LabMachineState> {
  checkHost();
  return exclusively(lockName(spec), () => boot(spec));
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

/** Ends a machine and removes its disk; nothing of it stays on this host. One that is not there is no error. */
export async function deleteMachine(spec: MachineAddress): Promise<void> {
  checkHost();
  await destroyMachine(spec.network.name, spec.name);
}

/** {@link deleteMachine} by names alone. */
export async function destroyMachine(network: string, machine: string): Promise<void> {
  await exclusively(`machine-${network}.${machine}`, () => removeMachine(network, machine));
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

const lockName = (spec: MachineAddress) => `machine-${spec.network.name}.${spec.name}`;

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

/** Writes what makes the new machine this one into its tree. */
async function prepare(spec: LabMachineSpec, image: RootImage): Promise<Identity> {
  const { root } = machineNames(spec.network.name, spec.name);
  const machineId = randomBytes(16).toString("hex");
  for (const file of machineFiles(spec, machineId, await hostKnowledge(spec))) {
    const target = join(root, file.path);
    const secret = file.mode === 0o600;
    await mkdir(dirname(target), { recursive: true, ...(secret ? { mode: 0o700 } : {}) });
    await writeFile(target, file.content, { mode: file.mode ?? 0o644 });
    await chmod(target, file.mode ?? 0o644);
  }
  const keyFile = join(root, "etc/ssh/ssh_host_ed25519_key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", spec.name, "-f", keyFile]);
  const [type, key] = (await readFile(`${keyFile}.pub`, "utf8")).split(" ");
  return { machineId, hostKey: `${type} ${key}`, image };
}

async function boot(spec: LabMachineSpec): Promise<LabMachineState> {
  const found = await readMachine(spec);
  if (found.state === "running") return withoutState(found);
  const names = machineNames(spec.network.name, spec.name);
  const identity = await readJson<Identity>(names.identity);
  if (found.state === "absent" || !identity) {
    throw new GroundworkError("GW511", { where: `machine ${spec.name}`, what: "it was never made" });
  }
  await checkGround(spec, identity.image);
  await clearRemains(spec.network.name, spec.name);
  await mountDisk(names, identity.image.path);
  await launch(spec);
  return withoutState(await awaitGreeting(spec));
}

function withoutState({ state: _, ...rest }: { state: "running" } & LabMachineState): LabMachineState {
  return rest;
}

/** The network and the root image must be there, and the same image as before: the disk holds only differences. */
async function checkGround(spec: LabMachineSpec, image: RootImage): Promise<void> {
  const { bridge } = networkNames(spec.network.name);
  if (!existsSync(`/sys/class/net/${bridge}`)) {
    throw new GroundworkError("GW511", {
      where: `network ${spec.network.name}`,
      what: `its bridge ${bridge} is missing`,
    });
  }
  const present = await readImage(dirname(image.path));
  if (present?.digest === image.digest) return;
  throw new GroundworkError("GW512", {
    where: `machine ${spec.name}`,
    what: `${image.path} is missing or another one`,
  });
}

/** Ends what is left of a machine that died: half-dead processes, its interface, its control groups. */
async function clearRemains(network: string, machine: string): Promise<void> {
  const names = machineNames(network, machine);
  await killCgroup(names.cgroup);
  if (existsSync(`/sys/class/net/${names.interface}`))
    await run("ip", ["link", "delete", names.interface]).catch(() => {});
  await removeCgroup(names.cgroup);
  await rm(names.process, { force: true });
}

async function removeMachine(network: string, machine: string): Promise<void> {
  const names = machineNames(network, machine);
  await clearRemains(network, machine);
  // From here on it is no machine any more, even if this run is killed.
  if (existsSync(names.identity)) await rename(names.identity, `${names.identity}.removed`);
  if (existsSync(names.folder)) await unmountDisk(names);
  await removeFolder(names.folder);
}

/** Joins every control group of the machine, then becomes the container: no process of it ever runs outside. */
const joinAndRun = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done; shift; exec "$@"';

async function launch(spec: LabMachineSpec): Promise<void> {
  const names = machineNames(spec.network.name, spec.name);
  const groups = await createCgroup(names.cgroup);
  const log = await open(names.console, "w", 0o600);
  const child = spawn(
    "/bin/sh",
    ["-c", joinAndRun, "lab", ...groups, "--", "systemd-nspawn", ...containerOptions(spec)],
    {
      detached: true,
      cwd: "/",
      stdio: ["ignore", log.fd, log.fd],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network" },
    },
  );
  child.unref();
  child.on("error", () => {});
  await log.close();
  await recordProcess(names.process, child.pid ?? 0);
}

function containerOptions(spec: LabMachineSpec): string[] {
  const names = machineNames(spec.network.name, spec.name);
  const binds = boundFolders.map((bound) => `--bind=${names.disk}/${bound.onDisk}:${bound.inMachine}`);
  return [
    "--quiet",
    "--boot",
    // This host may have neither systemd nor machined.
    "--register=no",
    "--keep-unit",
    "--settings=no",
    `--machine=${names.container}`,
    `--hostname=${spec.name}`,
    `--directory=${names.root}`,
    `--network-bridge=${networkNames(spec.network.name).bridge}`,
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=read-only",
    "--capability=all",
    // The clock is this host's.
    "--drop-capability=CAP_SYS_TIME",
    "--system-call-filter=add_key keyctl bpf perf_event_open",
    "--bind=/dev/kmsg",
    "--bind=/dev/fuse",
    ...binds,
  ];
}

async function awaitGreeting(spec: LabMachineSpec): Promise<{ state: "running" } & LabMachineState> {
  const names = machineNames(spec.network.name, spec.name);
  const died = async () => (await liveProcess(names.process)) === undefined;
  const greeted = await waitForSsh(spec.address, 22, bootLimit, died);
  const found = await readMachine(spec);
  if (greeted && found.state === "running") return found;
  const said = await lastConsoleLines(names.console);
  throw new GroundworkError("GW507", {
    where: `machine ${spec.name}`,
    what: `${(await died()) ? "it ended while booting" : `no SSH greeting at ${spec.address} within ${bootLimit} s`}; its console ends with: ${said.join(" | ") || "nothing"}`,
  });
}

/** Ends a machine as a power cut would: every process of it at once, its disk stays. */
export async function powerCut(spec: MachineAddress): Promise<void> {
  checkHost();
  const names = machineNames(spec.network.name, spec.name);
  await exclusively(lockName(spec), async () => {
    await killCgroup(names.cgroup);
  });
}

/** Processes of a machine on this host. */
export function machineProcesses(spec: MachineAddress): Promise<number[]> {
  return processesIn(machineNames(spec.network.name, spec.name).cgroup);
}
