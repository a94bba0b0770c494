import { createHash } from "node:crypto";
import { parseDocument } from "yaml";

/** Where a login stands among the machines: a machine, or its bastion. */
export type PinPath = [machine: string, "existing"] | [machine: string, "existing", "bastion"];

/** A host key's fingerprint as OpenSSH prints it. */
export function fingerprint(hostKey: string): string {
  const blob = Buffer.from(hostKey.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** The text of a stack's file with a pin; comments and order stay. */
export function withPin(text: string, place: PinPath, hostKey: string): string {
  const document = parseDocument(text);
  document.setIn(["config", "groundwork:machines", ...place, "hostKey"], hostKey);
  // The writer knows one style for `{ a: 1 }` and `[ a ]`: the file's own, where it has one.
  return document.toString({ lineWidth: 0, flowCollectionPadding: /[[{] /.test(text) });
}

const preferred = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];

/** The strongest key in what ssh-keyscan(1) printed, without host name. */
export function strongestKey(printed: string): string | undefined {
  const keys = printed
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" ").slice(1, 3).join(" "));
  const rank = (key: string): number => preferred.indexOf(key.split(" ")[0] ?? "");
  return keys.filter((key) => rank(key) >= 0).sort((a, b) => rank(a) - rank(b))[0];
}
