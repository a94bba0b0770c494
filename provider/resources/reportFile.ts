import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "../../foundation/stateFolder.ts";
import type { CheckResult } from "../checks/check.ts";

/** Folder of the evidence: `$GROUNDWORK_REPORTS`, or `reports` under {@link stateFolder}. */
export function reportFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.GROUNDWORK_REPORTS || join(stateFolder(environment), "reports");
}

/** Writes the evidence of a gate for its owner's eyes; the state keeps only its digest. Undefined when it cannot be written. */
export function writeReport(urn: string, stream: string, results: CheckResult[]): string | undefined {
  const stack = urn.split("::")[0]?.replace("urn:pulumi:", "") ?? "stack";
  const path = join(reportFolder(), stack, `${stream}.json`);
  try {
    mkdirSync(join(reportFolder(), stack), { recursive: true, mode: 0o700 });
    writeFileSync(
      path,
      `${JSON.stringify({ stream, at: new Date().toISOString(), results }, undefined, 2)}\n`,
      { mode: 0o600 },
    );
    return path;
  } catch {
    return undefined;
  }
}
