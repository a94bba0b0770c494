import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { labArtifactsFile } from "../../foundation/stateFolder.ts";
import { parseConfiguration } from "../../stacks/configuration.ts";
import { createMachines } from "../../stacks/machines.ts";
import { createStreams } from "../../stacks/streams.ts";
import { captureGraph, type Graph } from "../../test/graph/harness.ts";

/** What the root program registers for a configuration, without an engine, a machine or the network. */
export async function registeredGraph(configuration: unknown): Promise<Graph> {
  const before = process.env.GROUNDWORK_STATE;
  const state = mkdtempSync(join(tmpdir(), "groundwork-docs-"));
  process.env.GROUNDWORK_STATE = state;
  // Which files the lab serves does not change the graph.
  writeFileSync(
    join(dirname(labArtifactsFile()), "labArtifacts.json"),
    JSON.stringify({ architecture: "amd64", programs: {}, images: [] }),
  );
  try {
    return await captureGraph(
      () => {
        const wanted = parseConfiguration(configuration);
        createStreams(wanted, createMachines(wanted));
      },
      { outputs: whatMachinesSay },
    );
  } finally {
    rmSync(state, { recursive: true });
    if (before === undefined) delete process.env.GROUNDWORK_STATE;
    else process.env.GROUNDWORK_STATE = before;
  }
}

function whatMachinesSay(type: string): Record<string, unknown> | undefined {
  if (type === "groundwork:index:HostState") return { secretFacts: pulumi.secret({ kubeconfig: "" }) };
  if (type === "groundwork:index:LabNetwork") return { artifactUrl: "http://10.77.0.1:8077" };
  if (type === "groundwork:index:LabMachine") return { hostKey: "ssh-ed25519 AAAA", state: "running" };
  return undefined;
}
