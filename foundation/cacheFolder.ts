import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where Groundwork keeps what it downloads and builds: `$GROUNDWORK_CACHE`, or `groundwork` under
 * `$XDG_CACHE_HOME` (by default `~/.cache`). It may be deleted at any time; what is needed is made again.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return (
    environment.GROUNDWORK_CACHE ||
    join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "groundwork")
  );
}
