import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { holderOf } from "../../provider/index.ts";
import { lockHolders } from "./lock.ts";

/** An engine that was started on a backend in files: the engine's own lock tells its process by number alone. */
export interface EngineNote {
  /** The process, its start and its place: see `holderOf`. */
  holder: string;
  /** When it was started, in milliseconds. */
  written: number;
}

/**
 * Notes an engine beside the state that it works on. Call what is returned once it has ended: the note stays as long
 * as the engine's lock does, which a killed one leaves.
 */
export function noteEngine(backend: string, pid: number | undefined): () => void {
  const folder = notesFolder(backend);
  if (folder === undefined || pid === undefined) return () => undefined;
  const holder = holderOf(pid);
  const file = join(folder, encodeURIComponent(holder));
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, "", { mode: 0o600 });
  } catch {
    // The engine says better than we what is wrong with its backend.
  }
  return () => {
    const held = lockHolders(backend).some((lock) => lock.pid === pid && lock.hostname === hostname());
    if (!held) forgetEngine(backend, holder);
  };
}

/** The engines of a backend that run, or were killed. */
export async function notedEngines(backend: string): Promise<EngineNote[]> {
  const folder = notesFolder(backend);
  const names = folder === undefined ? [] : await readdir(folder).catch(() => []);
  const notes = await Promise.all(
    names.map(async (name) => {
      const written = await stat(join(folder ?? "", name)).catch(() => undefined);
      return written && { holder: decodeURIComponent(name), written: written.mtimeMs };
    }),
  );
  return notes.filter((note) => note !== undefined);
}

/** Forgets an engine that was killed. */
export function forgetEngine(backend: string, holder: string): void {
  const folder = notesFolder(backend);
  if (folder !== undefined) rmSync(join(folder, encodeURIComponent(holder)), { force: true });
}

function notesFolder(backend: string): string | undefined {
  return backend.startsWith("file:///")
    ? join(backend.replace("file://", ""), ".groundwork", "engines")
    : undefined;
}
