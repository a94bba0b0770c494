import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GroundworkError } from "../errors/index.ts";
import type { Progress } from "../tools/progress.ts";
import { killCgroup, removeCgroup, tryKill } from "./cgroups.ts";
import { attempt, run } from "./command.ts";
import { lastConsoleLines } from "./console.ts";
import { boundFolders, diskReleased, makeDisk, removeFolder } from "./disk.ts";
import { checkHost } from "./host.ts";
import { readJson, writeJson } from "./json.ts";
import { exclusively } from "./lock.ts";
import { hostKnowledge, type MachineFile, machineFiles } from "./machineFiles.ts";
import { machineAddress6, machineNames, networkNames, stateRoot } from "./naming.ts";
import { liveProcess, recordProcess } from "./processRecord.ts";
import { ensureRootImage, ensureRootTree, type Ground, type RootImage, rootTree } from "./rootImage.ts";
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
}

type MachineAddress = Pick<LabMachineSpec, "name"> & { network: { name: string } };

/** Seconds until a booting machine must greet on its SSH port. */
const bootLimit = 60;

/**
 * Makes a machine and boots it, or starts the one that is there. A half-made one is made anew.
 * @throws GW101, GW501, GW502, GW505, GW507, GW508, GW509, GW511
 */
export async function createMachine(
  spec: LabMachineSpec,
  progress: Progress = () => {},
): Promise<LabMachineState> {
  await checkHost();
  checkMachineSpec(spec);
  const image = await ensureRootImage(spec, progress);
  return exclusively(lockName(spec), async () => {
    if (await isMade(spec)) await refuseOtherMachine(spec);
    else await make(spec, image);
    return boot(spec);
  });
}

async function isMade(spec: MachineAddress): Promise<boolean> {
  return existsSync(machineNames(spec.network.name, spec.name).identity);
}

async function make(spec: LabMachineSpec, image: RootImage): Promise<void> {
  const names = machineNames(spec.network.name, spec.name);
  await removeMachine(spec.network.name, spec.name);
  await mkdir(names.folder, { recursive: true, mode: 0o700 });
  await writeJson(names.spec, spec);
  // Before the tree is used, so that nobody removes it as unused.
  await writeJson(names.ground, { release: image.release, digest: image.digest } satisfies Ground);
  const machineId = randomBytes(16).toString("hex");
  const key = await newHostKey(names.folder, spec.name);
  await ensureRootTree(image, groundsInUse);
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

/** Boots a machine that exists, with its disk as it was; a running one is left alone. Errors: GW507, GW511, GW512. */
export async function startMachine(spec: LabMachineSpec): Promise<LabMachineState> {
  await checkHost();
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
  await checkHost();
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

async function boot(spec: LabMachineSpec): Promise<LabMachineState> {
  const found = await readMachine(spec);
  if (found.state === "running") return withoutState(found);
  if (found.state === "absent") {
    throw new GroundworkError("GW511", { where: `machine ${spec.name}`, what: "it was never made" });
  }
  refuseMissingNetwork(spec);
  await clearRemains(spec.network.name, spec.name);
  const names = machineNames(spec.network.name, spec.name);
  if (!(await diskReleased(names))) {
    throw new GroundworkError("GW511", {
      where: names.image,
      what: "something still holds the machine's disk",
    });
  }
  await launch(spec, await groundOf(spec));
  return withoutState(await awaitGreeting(spec));
}

function withoutState({ state: _, ...rest }: { state: "running" } & LabMachineState): LabMachineState {
  return rest;
}

function refuseMissingNetwork(spec: LabMachineSpec): void {
  const { bridge } = networkNames(spec.network.name);
  if (existsSync(`/sys/class/net/${bridge}`)) return;
  throw new GroundworkError("GW511", {
    where: `network ${spec.network.name}`,
    what: `its bridge ${bridge} is missing`,
  });
}

/** The tree that the machine stands on: the very same as when it was made, its disk holds only differences. */
async function groundOf(spec: LabMachineSpec): Promise<string> {
  const ground = await readJson<Ground>(machineNames(spec.network.name, spec.name).ground);
  if (ground && existsSync(rootTree(ground))) return rootTree(ground);
  const image = await ensureRootImage(spec);
  if (image.digest === ground?.digest) return ensureRootTree(image, groundsInUse);
  throw new GroundworkError("GW512", {
    where: `machine ${spec.name}`,
    what: `the root image ${ground?.digest} is neither unpacked nor in the cache`,
  });
}

/** What the machines of this host stand on. */
async function groundsInUse(): Promise<Ground[]> {
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

/** Ends a machine at once and what is left of one that died: processes, interface, control groups. */
async function clearRemains(network: string, machine: string): Promise<void> {
  const names = machineNames(network, machine);
  await endProcesses(network, machine);
  if (existsSync(`/sys/class/net/${names.interface}`))
    await attempt("ip", ["link", "delete", names.interface]);
  await removeCgroup(names.cgroup);
  await rm(`/run/systemd/nspawn/propagate/${names.container}`, { recursive: true, force: true });
  await rm(names.process, { force: true });
}

async function endProcesses(network: string, machine: string): Promise<void> {
  const names = machineNames(network, machine);
  // The launcher may not have joined its control group yet.
  const launcher = await liveProcess(names.process);
  if (launcher !== undefined) tryKill(launcher);
  await killCgroup(names.cgroup);
}

async function removeMachine(network: string, machine: string): Promise<void> {
  const names = machineNames(network, machine);
  await clearRemains(network, machine);
  // From here on it is no machine any more, even if this run is killed.
  await rm(names.identity, { force: true });
  // Without its name the kernel need not write the disk out.
  await rm(names.image, { force: true });
  await diskReleased(names);
  await removeFolder(names.folder);
}

const bootScript = fileURLToPath(import.meta.resolve("./boot.sh"));

/** Starts boot.sh in a session and a mount namespace of its own; it outlives this process. */
async function launch(spec: LabMachineSpec, ground: string): Promise<void> {
  const names = machineNames(spec.network.name, spec.name);
  for (const folder of [names.disk, names.root]) await mkdir(folder, { recursive: true });
  const log = await open(names.console, "w", 0o600);
  const boot = ["/bin/sh", bootScript, names.cgroup, names.folder, ground];
  const child = spawn(
    "unshare",
    ["--mount", "--propagation", "slave", ...boot, "systemd-nspawn", ...containerOptions(spec)],
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
  await checkHost();
  await exclusively(lockName(spec), () => endProcesses(spec.network.name, spec.name));
}
