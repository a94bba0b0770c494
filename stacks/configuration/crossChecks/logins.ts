import { lockOut } from "../../../components/settings.ts";
import type { Problem } from "../../../foundation/problem.ts";
import type { KnownConfiguration } from "../known.ts";
import { problem } from "./problem.ts";

/** Logins that Alpha's settings of sshd would refuse. */
export function loginProblems({ machines, ssh, enabled }: KnownConfiguration): Problem[] {
  const { rootLogin, allowUsers } = ssh.right;
  if (enabled("alpha") !== true || rootLogin === undefined || allowUsers === undefined) return [];
  return machines.flatMap((machine) => {
    const user = machine.kind === "lab" ? "root" : machine.settings.right.user;
    const reason = user === undefined ? undefined : lockOut(user, { rootLogin, allowUsers });
    if (reason === undefined) return [];
    const path = machine.kind === "lab" ? machine.path : `${machine.path}.user`;
    return [problem(path, `Groundwork logs in as ${user}, and streams.alpha.${reason}`)];
  });
}
