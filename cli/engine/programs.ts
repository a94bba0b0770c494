import { dirname } from "node:path";
import { ensurePrograms, type Progress } from "../../tools/index.ts";

/** The engine and where it lies. */
export interface EnginePrograms {
  command: string;
  version: string;
  /** Folders for PATH. */
  folders: string[];
}

/** Makes sure that the engine and its language host are there. Errors: GW6xx. */
export async function enginePrograms(progress: Progress): Promise<EnginePrograms> {
  const ready = await ensurePrograms(["pulumi", "pulumi-language-nodejs"], { progress });
  const engine = ready.get("pulumi");
  if (engine === undefined) throw new Error("the tool chain made no engine");
  return {
    command: engine.path,
    version: engine.version,
    folders: [...new Set([...ready.values()].map(({ path }) => dirname(path)))],
  };
}
