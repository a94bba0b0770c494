import { spawn } from "node:child_process";
import { open, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { GroundworkError } from "../errors/index.ts";
import { readJson, writeJson } from "./json.ts";
import { networkNames, networkState } from "./naming.ts";
import { bootId, liveProcess, type ProcessRecord, startTimeOf } from "./processRecord.ts";
import type { LabNetworkSpec } from "./spec.ts";
import { until } from "./wait.ts";

/** The server's process and what it was told to serve. */
interface ServerRecord extends ProcessRecord {
  folder: string;
  address: string;
  port: number;
}

/** Whether the network's artifact server lives and serves what the specification says. */
export async function artifactServerRuns(spec: LabNetworkSpec): Promise<boolean> {
  const names = networkNames(spec.name);
  if ((await liveProcess(names.artifactRecord)) === undefined) return false;
  const record = await readJson<ServerRecord>(names.artifactRecord);
  return record?.folder === spec.artifactFolder && record.port === spec.artifactPort && answers(record);
}

/** Starts the artifact server unless it runs as specified. It outlives this process. Errors: GW510. */
export async function ensureArtifactServer(spec: LabNetworkSpec): Promise<void> {
  if (await artifactServerRuns(spec)) return;
  await stopArtifactServer(spec.name);
  const names = networkNames(spec.name);
  const address = networkState(spec).gateway;
  const log = await open(names.artifactLog, "w", 0o600);
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(import.meta.resolve("./artifactServerMain.ts")),
      spec.artifactFolder,
      address,
      String(spec.artifactPort),
    ],
    { detached: true, cwd: "/", stdio: ["ignore", log.fd, log.fd], env: { PATH: "/usr/bin:/bin" } },
  );
  child.unref();
  child.on("error", () => {});
  await log.close();
  const pid = child.pid ?? 0;
  const record = { pid, startTime: (await startTimeOf(pid)) ?? "", bootId: bootId() };
  const told = { folder: spec.artifactFolder, address, port: spec.artifactPort };
  await writeJson(names.artifactRecord, { ...record, ...told } satisfies ServerRecord);
  const started = await until(async () => child.exitCode !== null || (await answers(told)), 10);
  if (started && child.exitCode === null) return;
  throw new GroundworkError("GW510", {
    where: `${address}:${spec.artifactPort}`,
    what: (await readFile(names.artifactLog, "utf8")).trim() || "the artifact server does not answer",
  });
}

function answers(server: { address: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(500, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** Ends the network's artifact server, if its recorded process lives. */
export async function stopArtifactServer(network: string): Promise<void> {
  const { artifactRecord } = networkNames(network);
  const pid = await liveProcess(artifactRecord);
  if (pid !== undefined) {
    process.kill(pid, "SIGKILL");
    await until(async () => (await startTimeOf(pid)) === undefined, 3);
  }
  await rm(artifactRecord, { force: true });
}
