import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, rm, rmdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { GroundworkError } from "../errors/index.ts";
import { killCgroup, removeCgroup, tryKill } from "./cgroups.ts";
import { attempt } from "./command.ts";
import { lastConsoleLines } from "./console.ts";
import { boundFolders, diskReleased } from "./disk.ts";
import { interfaceExists } from "./interfaces.ts";
import { readJson } from "./json.ts";
import { groundsInUse, type MachineAddress, readMachine } from "./machineRecords.ts";
import { machineNames, networkNames } from "./naming.ts";
import { liveProcess, recordProcess } from "./processRecord.ts";
import { ensureRootImage, ensureRootTree, type Ground, rootTree } from "./rootImage.ts";
import type { LabMachineSpec, LabMachineState } from "./spec.ts";
import { waitForSsh } from "./waitForSsh.ts";

/** Seconds until a booting machine must greet on its SSH port. */
const bootLimit = 60;

/** Boots a machine that exists, with its disk as it was, and waits until it greets; a running one only that. */
export async function boot(spec: LabMachineSpec): Promise<LabMachineState> {
  const found = await readMachine(spec);
  if (found.state === "absent") {
    throw new GroundworkError("GW511", { where: `machine ${spec.name}`, what: "it was never made" });
  }
  if (found.state === "stopped") {
    refuseMissingNetwork(spec);
    await endMachine(spec);
    await refuseHeldDisk(spec);
    await launch(spec, await groundOf(spec));
  }
  return awaitGreeting(spec);
}

async function refuseHeldDisk(spec: LabMachineSpec): Promise<void> {
  const names = machineNames(spec.network.name, spec.name);
  if (await diskReleased(names)) return;
  throw new GroundworkError("GW511", {
    where: names.image,
    what: "something still holds the machine's disk",
  });
}

function refuseMissingNetwork(spec: LabMachineSpec): void {
  const { bridge } = networkNames(spec.network.name);
  if (interfaceExists(bridge)) return;
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

/** Ends a machine at once, or what is left of one that died: its processes, interface and control groups. */
export async function endMachine(machine: MachineAddress): Promise<void> {
  const names = machineNames(machine.network.name, machine.name);
  await killMachine(machine);
  if (interfaceExists(names.interface)) await attempt("ip", ["link", "delete", names.interface]);
  await removeCgroup(names.cgroup);
  await rmdir(`/run/systemd/nspawn/propagate/${names.container}`).catch(() => {});
  await rm(names.process, { force: true });
}

/** Kills every process of a machine at once. */
export async function killMachine(machine: MachineAddress): Promise<void> {
  const names = machineNames(machine.network.name, machine.name);
  // The launcher may not have joined its control group yet.
  const launcher = await liveProcess(names.process);
  if (launcher !== undefined) tryKill(launcher);
  await killCgroup(names.cgroup);
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

async function awaitGreeting(spec: LabMachineSpec): Promise<LabMachineState> {
  const names = machineNames(spec.network.name, spec.name);
  const died = async () => (await liveProcess(names.process)) === undefined;
  const greeted = await waitForSsh(spec.address, 22, bootLimit, died);
  const found = await readMachine(spec);
  if (greeted && found.state === "running") {
    const { state: _, ...known } = found;
    return known;
  }
  const end = (await died())
    ? "it ended while booting"
    : `no SSH greeting at ${spec.address} within ${bootLimit} s`;
  const said = (await lastConsoleLines(names.console)).join(" | ") || "nothing";
  throw new GroundworkError("GW507", {
    where: `machine ${spec.name}`,
    what: `${end}; its console ends with: ${said}`,
  });
}
