import { GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../../provider/index.ts";
import type { SshSettings } from "./securitySettings.ts";

/** Who may log in, and how: what sshd itself is told. */
export type LoginSettings = Pick<SshSettings, "rootLogin" | "allowUsers" | "maxAuthTries">;

/** Read before every other drop-in: sshd takes the first value it meets. sshd_config(5) */
export const sshdDropIn = "/etc/ssh/sshd_config.d/00-groundwork.conf";

/** sshd wants its runtime folder even for a test of the syntax. */
export const sshdValidation = 'mkdir -p /run/sshd && sshd -t -f "$1"';

/** Keyword and value pairs. Ciphers and key exchanges are Debian's to choose: it follows OpenSSH's own defaults. */
function settings({ rootLogin, allowUsers, maxAuthTries }: LoginSettings): [string, string][] {
  return [
    ["PasswordAuthentication", "no"],
    ["KbdInteractiveAuthentication", "no"],
    ["PermitEmptyPasswords", "no"],
    ["PubkeyAuthentication", "yes"],
    ["PermitRootLogin", rootLogin],
    ["MaxAuthTries", String(maxAuthTries)],
    ["LoginGraceTime", "30"],
    ["X11Forwarding", "no"],
    ["UsePAM", "yes"],
    ...allowUsers.map((user): [string, string] => ["AllowUsers", user]),
  ];
}

/** The drop-in's content. */
export function renderSshdDropIn(wanted: LoginSettings): string {
  const lines = settings(wanted).map(([keyword, value]) => `${keyword} ${value}`);
  return `${["# Groundwork: log in with keys only.", ...lines].join("\n")}\n`;
}

/** Lines that `sshd -T` must print once the drop-in is effective. */
export function effectiveSshd(wanted: LoginSettings): string[] {
  return settings(wanted).map(([keyword, value]) => `${keyword.toLowerCase()} ${effectiveValue(value)}`);
}

/** `sshd -T` prints the older word for it. */
const effectiveValue = (value: string): string =>
  value === "prohibit-password" ? "without-password" : value;

/** Succeeds when sshd reads drop-ins at all; prints what is missing. */
export const sshdReadsDropIns = `
grep -Eiq '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\\.d/\\*\\.conf' /etc/ssh/sshd_config || {
  echo 'sshd_config does not include /etc/ssh/sshd_config.d/*.conf'
  exit 1
}`;

/** Where sshd listens: as said, else where the connection goes. */
export const sshPort = (connection: Connection, port?: number): number => port ?? connection.port ?? 22;

/** Why the settings would refuse a login of `user`; undefined where they would not. */
export function lockOut(
  user: string,
  { rootLogin, allowUsers }: Pick<LoginSettings, "rootLogin" | "allowUsers">,
): string | undefined {
  const reasons = [
    ...(user === "root" && rootLogin === "no" ? ["ssh.rootLogin is no"] : []),
    ...(allowUsers.length > 0 && !allowUsers.includes(user)
      ? [`ssh.allowUsers holds only ${allowUsers.join(", ")}`]
      : []),
  ];
  return reasons.length === 0 ? undefined : reasons.join(" and ");
}

/** A login that the new settings would refuse is refused here, before any machine is touched. Errors: GW101. */
export function refuseLockOut(name: string, { user = "root" }: Connection, ssh: LoginSettings): void {
  const reason = lockOut(user, ssh);
  if (reason === undefined) return;
  throw new GroundworkError("GW101", {
    what: `Groundwork logs in as ${user}, and ${reason}: it would lock itself out`,
    where: `machine ${name}`,
  });
}
