import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import type { Architecture } from "../versions/index.ts";

/** One thing in an image: a file of this machine, a short text, a symbolic link or an empty folder. */
export type ImageEntry =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly source: string /** Where known. */;
      readonly sha256?: string;
    }
  | { readonly kind: "text"; readonly path: string; readonly text: string; readonly mode: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "folder"; readonly path: string; readonly mode: number };

/** A container image of one layer. */
export interface Image {
  /** `registry/name:tag`. */
  readonly reference: string;
  readonly architecture: Architecture;
  /** In any order; folders on the way to an entry need not be named. */
  readonly entries: readonly ImageEntry[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

/**
 * Writes an image as a docker-archive that `ctr images import` and `docker load` read.
 * The same image gives the same bytes: entries are sorted, and owners, times and modes are fixed.
 */
export async function writeImageArchive(file: string, image: Image): Promise<void> {
  const layerFile = `${file}.layer`;
  try {
    const layer = await writeTar(layerFile, withFolders(image.entries));
    const config = imageConfig(image, layer.sha256);
    const configName = `${createHash("sha256").update(config).digest("hex")}.json`;
    const manifest = JSON.stringify([
      { Config: configName, RepoTags: [image.reference], Layers: ["layer.tar"] },
    ]);
    await writeTar(file, [
      { kind: "text", path: configName, text: config, mode: 0o644 },
      { kind: "file", path: "layer.tar", source: layerFile },
      { kind: "text", path: "manifest.json", text: manifest, mode: 0o644 },
    ]);
  } finally {
    await rm(layerFile, { force: true });
  }
}

function imageConfig(image: Image, layerSha256: string): string {
  return JSON.stringify({
    architecture: image.architecture,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      ...(image.entrypoint ? { Entrypoint: image.entrypoint } : {}),
      ...(image.command ? { Cmd: image.command } : {}),
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${layerSha256}`] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "groundwork" }],
  });
}

/** All entries with the folders that hold them, each once, parents before children. */
export function withFolders(entries: readonly ImageEntry[]): ImageEntry[] {
  const byPath = new Map<string, ImageEntry>();
  for (const entry of entries) {
    for (let folder = posix.dirname(entry.path); folder !== "/"; folder = posix.dirname(folder)) {
      byPath.set(folder, byPath.get(folder) ?? { kind: "folder", path: folder, mode: 0o755 });
    }
    byPath.set(entry.path, entry);
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Writes a tar file and takes its digest on the way. tar-stream's streams are Node's in all but their declared type. */
async function writeTar(file: string, entries: readonly ImageEntry[]): Promise<{ sha256: string }> {
  const archive = pack();
  const hash = createHash("sha256");
  const hashed = async function* (chunks: AsyncIterable<string | Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const adding = async () => {
    for (const entry of entries) await addEntry(archive, entry);
    archive.finalize();
  };
  const source = archive as unknown as NodeJS.ReadableStream;
  await Promise.all([
    adding().catch((error) => {
      archive.destroy(error);
      throw error;
    }),
    pipeline(source, hashed, createWriteStream(file)),
  ]);
  return { sha256: hash.digest("hex") };
}

async function addEntry(archive: Pack, entry: ImageEntry): Promise<void> {
  const header = { name: entry.path.replace(/^\//, ""), mtime: new Date(0), uid: 0, gid: 0 };
  if (entry.kind === "folder") archive.entry({ ...header, type: "directory", mode: entry.mode });
  if (entry.kind === "link")
    archive.entry({ ...header, type: "symlink", linkname: entry.target, mode: 0o777 });
  if (entry.kind === "text") archive.entry({ ...header, mode: entry.mode }, entry.text);
  if (entry.kind !== "file") return;
  const { size } = await stat(entry.source);
  const sink = archive.entry({ ...header, mode: 0o755, size });
  await pipeline(createReadStream(entry.source), sink as unknown as NodeJS.WritableStream);
}
