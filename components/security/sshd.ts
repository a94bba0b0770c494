import { GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../../provider/index.ts";

/** How people and programs may log in. */
export interface SshSettings {
  /** Whether root may log in with a key. */
  rootLogin: "prohibit-password" | "no";
  /** Users who may log in; empty: all who have a key. */
  allowUsers: string[];
  /** Attempts per connection, 1 to 10. */
  maxAuthTries: number;
}

/** Read before every other drop-in: sshd takes the first value it meets. sshd_config(5) */
export const sshdDropIn = "/etc/ssh/sshd_config.d/00-groundwork.conf";

/** sshd wants its runtime folder even for a test of the syntax. */
export const sshdValidation = 'mkdir -p /run/sshd && sshd -t -f "$1"';

/** Keyword and value pairs. Ciphers and key exchanges are Debian's to choose: it follows OpenSSH's own defaults. */
function settings({ rootLogin, allowUsers, maxAuthTries }: SshSettings): [string, string][] {
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
export function renderSshdDropIn(wanted: SshSettings): string {
  const lines = settings(wanted).map(([keyword, value]) => `${keyword} ${value}`);
  return `${["# Groundwork: log in with keys only.", ...lines].join("\n")}\n`;
}

/** Lines that `sshd -T` must print once the drop-in is effective. */
export function effectiveSshd(wanted: SshSettings): string[] {
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

/** A login that the new settings would refuse is refused here, before any machine is touched. Errors: GW101. */
export function refuseLockOut(name: string, connection: Connection, ssh: SshSettings): void {
  const user = connection.user ?? "root";
  const reason =
    user === "root" && ssh.rootLogin === "no"
      ? "ssh.rootLogin is no"
      : ssh.allowUsers.length > 0 && !ssh.allowUsers.includes(user)
        ? `ssh.allowUsers holds only ${ssh.allowUsers.join(", ")}`
        : undefined;
  if (reason === undefined) return;
  throw new GroundworkError("GW101", {
    what: `Groundwork logs in as ${user}, and ${reason}: it would lock itself out`,
    where: `machine ${name}`,
  });
}
