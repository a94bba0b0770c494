import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { GroundworkError } from "../errors/index.ts";
import { attempt } from "./command.ts";

/** Debian packages of this host that the lab uses, each with a program that tells whether it is there. */
export const labPackages: readonly { name: string; program: string }[] = [
  { name: "mmdebstrap", program: "/usr/bin/mmdebstrap" },
  { name: "debian-archive-keyring", program: "/usr/share/keyrings/debian-archive-keyring.gpg" },
  { name: "systemd-container", program: "/usr/bin/systemd-nspawn" },
  { name: "nftables", program: "/usr/sbin/nft" },
  { name: "iproute2", program: "/usr/sbin/ip" },
  { name: "e2fsprogs", program: "/usr/sbin/mkfs.ext4" },
  { name: "openssh-client", program: "/usr/bin/ssh-keygen" },
];

/** Refuses a host that cannot run a lab. Errors: GW501, GW502, GW503. */
export function checkHost(): void {
  if (process.platform !== "linux") {
    throw new GroundworkError("GW501", { what: `lab machines need Linux, this is ${process.platform}` });
  }
  if (process.getuid?.() !== 0) {
    throw new GroundworkError("GW502", { what: `this process runs as user ${process.getuid?.()}` });
  }
  const missing = labPackages.filter((item) => !existsSync(item.program)).map((item) => item.name);
  if (missing.length > 0) {
    throw new GroundworkError("GW503", {
      what: `this host lacks ${missing.join(", ")}`,
      mend: `Run apt-get install ${missing.join(" ")}`,
    });
  }
}

/** Loads kernel modules that machines need where the kernel has modules; what is built in needs nothing. */
export async function loadModules(): Promise<void> {
  const loaded = await readFile("/proc/modules", "utf8").catch(() => undefined);
  if (loaded === undefined) return;
  const present = new Set(loaded.split("\n").map((line) => line.split(" ")[0]));
  for (const module of ["loop", "overlay", "br_netfilter", "nf_conntrack", "fuse"]) {
    if (!present.has(module)) await attempt("modprobe", [module]);
  }
}
