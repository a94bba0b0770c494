import { readdir, readFile } from "node:fs/promises";
import { eventually } from "./eventually.ts";
import type { TestEngine } from "./testEngine.ts";

/** The OpenSSH masters of a provider, by process number. Their folder carries the provider's. */
export async function mastersOf(provider: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return pids.flatMap((pid, index) =>
    lines[index]?.includes(`/groundwork-ssh-${provider}-`) && /ControlMaster=yes|\[mux\]/.test(lines[index])
      ? [Number(pid)]
      : [],
  );
}

/** The providers that are connected to a machine: the engine may run another one beside them to ask for its schema. */
export function connectedProviders(engine: TestEngine): Promise<number[]> {
  return eventually("a provider that is connected", async () => {
    const pids = await engine.providers();
    const masters = await Promise.all(pids.map(mastersOf));
    const found = pids.filter((_, index) => (masters[index]?.length ?? 0) > 0);
    return found.length > 0 && found;
  });
}
