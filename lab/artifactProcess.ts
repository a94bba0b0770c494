import { spawn } from "node:child_process";
import { open, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { GroundworkError } from "../errors/index.ts";
import { listening } from "./artifactServer.ts";
import { createCgroup, killCgroup, processesIn, removeCgroup } from "./cgroups.ts";
import { readJson, writeJson } from "./json.ts";
import { networkNames, networkState } from "./naming.ts";
import type { LabNetworkSpec } from "./spec.ts";
import { until } from "./wait.ts";

/** What a server was told to serve, and where. */
interface Order {
  folder: string;
  address: string;
  port: number;
}

function orderOf(spec: LabNetworkSpec): Order {
  return { folder: spec.artifactFolder, address: networkState(spec).gateway, port: spec.artifactPort };
}

/** Whether the network's artifact server lives and serves what the specification says. */
export async function artifactServerRuns(spec: LabNetworkSpec): Promise<boolean> {
  const names = networkNames(spec.name);
  const told = await readJson<Order>(names.artifactRecord);
  if (JSON.stringify(told) !== JSON.stringify(orderOf(spec))) return false;
  return (await processesIn(names.artifactCgroup)).length > 0;
}

/** Starts the artifact server unless it runs as specified. It outlives this process. @throws GW510 */
export async function ensureArtifactServer(spec: LabNetworkSpec): Promise<void> {
  if (await artifactServerRuns(spec)) return;
  await stopArtifactServer(spec.name);
  const names = networkNames(spec.name);
  const order = orderOf(spec);
  const log = await open(names.artifactLog, "w", 0o600);
  const main = fileURLToPath(import.meta.resolve("./artifactServerMain.ts"));
  const server = [process.execPath, main, order.folder, order.address, String(order.port)];
  // Its control group finds it again, whatever happens to this process meanwhile.
  const group = await createCgroup(names.artifactCgroup);
  const child = spawn("/bin/sh", ["-c", 'echo $$ > "$1" && shift && exec "$@"', "lab", group, ...server], {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log.fd, log.fd],
    env: { PATH: "/usr/bin:/bin" },
  });
  child.unref();
  child.on("error", () => {});
  await log.close();
  const said = () => readFile(names.artifactLog, "utf8");
  await until(async () => child.exitCode !== null || (await said()) !== "", 10);
  if ((await said()) !== listening) {
    throw new GroundworkError("GW510", {
      where: `${order.address}:${order.port}`,
      what: (await said()).trim() || "the artifact server says nothing",
    });
  }
  await writeJson(names.artifactRecord, order);
}

/** Ends the network's artifact server. */
export async function stopArtifactServer(network: string): Promise<void> {
  const names = networkNames(network);
  await rm(names.artifactRecord, { force: true });
  await killCgroup(names.artifactCgroup);
  await removeCgroup(names.artifactCgroup);
}
