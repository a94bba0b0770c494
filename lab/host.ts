import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { GroundworkError } from "../errors/index.ts";
import { ensureDebianPackages } from "../tools/index.ts";
import { attempt } from "./command.ts";

/** Debian packages of this host that the lab uses, each with a file that tells whether it is there. */
export const labPackages: readonly { name: string; file: string }[] = [
  { name: "mmdebstrap", file: "/usr/bin/mmdebstrap" },
  { name: "debian-archive-keyring", file: "/usr/share/keyrings/debian-archive-keyring.gpg" },
  { name: "systemd-container", file: "/usr/bin/systemd-nspawn" },
  { name: "nftables", file: "/usr/sbin/nft" },
  { name: "iproute2", file: "/usr/sbin/ip" },
  { name: "e2fsprogs", file: "/usr/sbin/mkfs.ext4" },
  { name: "mount", file: "/usr/bin/mount" },
  { name: "tar", file: "/usr/bin/tar" },
  { name: "openssh-client", file: "/usr/bin/ssh-keygen" },
];

/** Refuses a host that cannot have a lab. @throws GW501, GW502 */
export function refuseForeignHost(): void {
  if (process.platform !== "linux") {
    throw new GroundworkError("GW501", { what: `lab machines need Linux, this is ${process.platform}` });
  }
  if (process.getuid?.() !== 0) {
    throw new GroundworkError("GW502", { what: `this process runs as user ${process.getuid?.()}` });
  }
}

/** Installs the Debian packages that this host lacks, after naming them. */
export async function ensureLabPackages(): Promise<void> {
  const missing = labPackages.filter((item) => !existsSync(item.file)).map((item) => item.name);
  if (missing.length > 0) await ensureDebianPackages(missing, "to run lab machines");
}

/** Loads kernel modules that machines need where the kernel has modules; what is built in needs nothing. */
export async function loadModules(): Promise<void> {
  const loaded = await readFile("/proc/modules", "utf8").catch(() => undefined);
  if (loaded === undefined) return;
  const present = new Set(loaded.split("\n").map((line) => line.split(" ")[0]));
  for (const module of ["loop", "overlay", "nf_conntrack", "fuse"]) {
    if (!present.has(module)) await attempt("modprobe", [module]);
  }
  if (!present.has("br_netfilter")) await loadBridgeFilter();
}

/**
 * Pod networks need br_netfilter. It is a setting of each network namespace that begins as on:
 * machines have it so, this host's own bridges go on as without the module.
 */
async function loadBridgeFilter(): Promise<void> {
  const settings = "/proc/sys/net/bridge";
  if (existsSync(settings)) return;
  await attempt("modprobe", ["br_netfilter"]);
  for (const name of ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"]) {
    await writeFile(`${settings}/${name}`, "0").catch(() => {});
  }
}
