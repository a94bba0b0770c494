/**
 * Takes back what a shell's environment allows the provider: a command does only what its own options allow, and says
 * that to the provider by these variables.
 */
export function withdrawConsent(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of ["GROUNDWORK_PURGE", "GROUNDWORK_LEAVE_LOCKED", "GROUNDWORK_GONE", "GROUNDWORK_ADOPT"])
    delete environment[name];
}
