import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { GroundworkError } from "../../errors/index.ts";
import type { Deployment } from "../deployment/deployment.ts";
import { type Operation, ownerOf } from "../engine/program.ts";
import type { DownloadItem } from "../items/index.ts";
import { explainFailure } from "./explainFailure.ts";
import { fetchArtifact, NoMirror } from "./fetchArtifact.ts";
import type { HostStateSpec } from "./hostStateSpec.ts";
import { readBefore, underLease } from "./leasedChange.ts";

/**
 * Sends a machine, over its own connection, the files of downloads that it needs and gets from no mirror. What this
 * computer does not get either is left to the item, which says why it fails. The guards are asked before.
 * Errors: GW201 when the connection does not come back, GW304 when another deployment holds the machine, GW310, GW402.
 */
export async function bringArtifacts(
  deployment: Deployment,
  spec: HostStateSpec,
  operation: Operation,
): Promise<void> {
  const items = spec.items.filter((item) => item.kind === "download");
  if (items.length === 0) return;
  for (const item of await unreached(deployment, { ...spec, items }, operation)) {
    try {
      await bring(deployment, spec, operation.urn, item);
    } catch (error) {
      if (!deployment.cancelled.aborted) throw error;
      throw new GroundworkError("GW310", {
        what: `cancelled while ${nameOf(item)} was on its way; nothing was changed`,
        where: spec.connection.name,
        cause: error,
      });
    }
  }
}

/** One download of each file that the machine needs and that no mirror gives it. */
async function unreached(
  deployment: Deployment,
  spec: HostStateSpec & { items: DownloadItem[] },
  operation: Operation,
): Promise<DownloadItem[]> {
  const { connection, items, guards, waivers } = spec;
  const wanted = { items, guards, waivers };
  const report = await underLease(deployment, connection, (more) =>
    readBefore(deployment, connection, wanted, { ...operation, ...more, action: "mirrors" }),
  );
  if (!report.succeeded) throw explainFailure(spec, report);
  // The machine has taken the lease for what is to come.
  if (report.unreached.length > 0) deployment.keepLease(connection);
  const needed = report.unreached.flatMap((index) => items[index - 1] ?? []);
  return [...new Map(needed.map((item) => [item.sha256, item])).values()];
}

async function bring(
  deployment: Deployment,
  { connection }: HostStateSpec,
  urn: string,
  item: DownloadItem,
): Promise<void> {
  const { messages, cancelled } = deployment;
  const name = nameOf(item);
  messages.status(`fetching ${name} for ${connection.name}`, urn);
  const file = await fetchArtifact(item, cancelled).catch((error: unknown) => {
    if (!(error instanceof NoMirror)) throw error;
    messages.warning(
      `${connection.name} reaches no mirror of ${name}, and this computer neither (${error.message})`,
      urn,
    );
    return undefined;
  });
  if (file === undefined) return;
  const { size } = await stat(file);
  await deployment.session(connection).send(
    { file, sha256: item.sha256, size, owner: ownerOf(urn) },
    {
      cancelled,
      begun: (from) =>
        messages.info(
          `sending ${name} ${megabytes(size)} to ${connection.name}${from > 0 ? `, going on from ${megabytes(from)}` : ""}`,
          urn,
        ),
    },
  );
}

const nameOf = (item: DownloadItem): string => basename(item.path);

/** `34 MB`; less than one is one. */
const megabytes = (bytes: number): string => `${Math.max(1, Math.round(bytes / 1e6))} MB`;
