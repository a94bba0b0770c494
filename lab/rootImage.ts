import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { GroundworkError } from "../errors/index.ts";
import { cacheFolder } from "../foundation/cacheFolder.ts";
import { fileSha256, recipeKey } from "../foundation/digest.ts";
import { requireDiskSpace } from "../foundation/diskSpace.ts";
import { ensureEntry, type Progress, reporting } from "../tools/index.ts";
import { aptConfigurationFor } from "./aptConfiguration.ts";
import { run } from "./command.ts";
import { removeFolder } from "./disk.ts";
import { ensureLabPackages, refuseForeignHost } from "./host.ts";
import { exclusively } from "./lock.ts";
import { stateRoot } from "./naming.ts";
import type { LabRelease } from "./spec.ts";

/** What a machine stands on. */
export interface Ground {
  release: LabRelease;
  /** sha256 of the root image's archive. */
  digest: string;
}

/** A Debian that machines of a release begin with. */
export interface RootImage extends Ground {
  /** Its archive in the cache. */
  path: string;
}

/** What a root image holds beyond Debian's essential packages: what a Debian server of a cloud has. */
export const rootPackages = [
  "ca-certificates",
  "conntrack",
  "curl",
  "dbus",
  "ethtool",
  "iproute2",
  "iptables",
  "iputils-ping",
  "kmod",
  "netbase",
  "netcat-openbsd",
  "nftables",
  "openssh-client",
  "openssh-server",
  "openssl",
  "procps",
  "socat",
  "sudo",
  "systemd",
  "systemd-sysv",
  "systemd-timesyncd",
  "udev",
] as const;

/** Prepares the machine before anything else in it starts: what a container gets read-only, a server has not. */
const prepareScript = `#!/bin/sh
# Container runtimes and kubelet manage control groups and hand mounts on to their children.
mount --make-rshared /
while read -r _ folder type _; do
  case $type in cgroup) mount -o remount,bind,rw "$folder" ;; esac
done < /proc/self/mounts
# A new network namespace inherits IPv4 forwarding from the host; a new server does not forward.
echo 0 > /proc/sys/net/ipv4/ip_forward
`;

const prepareUnit = `[Unit]
Description=Lab machine preparation
DefaultDependencies=no
Before=systemd-sysctl.service systemd-networkd.service local-fs-pre.target sysinit.target
Wants=local-fs-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/groundwork-lab/prepare
`;

const files = [
  { path: "usr/lib/groundwork-lab/prepare", content: prepareScript, mode: 0o755 },
  { path: "usr/lib/systemd/system/groundwork-lab.service", content: prepareUnit, mode: 0o644 },
  // The kernel's log is the host's and every machine's: each would keep a copy of all that all wrote.
  { path: "usr/lib/systemd/journald.conf.d/lab.conf", content: "[Journal]\nReadKMsg=no\n", mode: 0o644 },
  { path: "etc/fstab", content: "", mode: 0o644 },
] as const;

const units = "/usr/lib/systemd/system";
const wants = (target: string, unit: string) => ({
  path: `etc/systemd/system/${target}.wants/${unit}`,
  target: `${units}/${unit}`,
});
const links = [
  wants("sysinit.target", "groundwork-lab.service"),
  wants("multi-user.target", "systemd-networkd.service"),
  { path: "etc/systemd/system/default.target", target: `${units}/multi-user.target` },
  // There is no console to log in at.
  { path: "etc/systemd/system/console-getty.service", target: "/dev/null" },
] as const;

/** What makes two root images different on purpose. Raise `edition` when the code below changes what it makes. */
const recipe = { edition: 3, packages: rootPackages, files, links } as const;

/** Seconds that a build takes where the package source is near. */
const usualSeconds = 40;

const archiveName = "root.tar";

/**
 * Makes the root image of a release, or finds it in the cache.
 * @throws GW501, GW502 on a host without a lab, GW508 where it cannot be built, GW601 on a full disk
 */
export async function ensureRootImage(
  want: { release: LabRelease },
  progress: Progress = () => {},
): Promise<RootImage> {
  refuseForeignHost();
  await ensureLabPackages();
  const { release } = want;
  const certificates = await localCertificates();
  const digests = await Promise.all(certificates.map(fileSha256));
  const key = recipeKey({ recipe, release, architecture: process.arch, certificates: digests });
  const folder = join(cacheFolder(), "rootImages", `${release}-${key}`);
  const event = { program: "Debian root image", version: release, usualSeconds };
  const make = (partial: string) =>
    reporting(progress, { ...event, phase: "build" }, async () => {
      await requireDiskSpace(partial, 1024, "a Debian root image");
      await build(partial, release, certificates);
    });
  const onWait = <T>(work: () => Promise<T>) => reporting(progress, { ...event, phase: "wait" }, work);
  const entry = await ensureEntry(release, [{ route: "mmdebstrap", folder, make }], { onWait });
  const digest = entry.manifest.files[archiveName]?.sha256 ?? "";
  return { path: join(entry.folder, archiveName), release, digest };
}

/** Certificates that this host's owner trusts beyond Debian's: package sources may stand behind them. */
export async function localCertificates(): Promise<string[]> {
  const folder = "/usr/local/share/ca-certificates";
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names
    .filter((name) => name.endsWith(".crt"))
    .sort()
    .map((name) => join(folder, name));
}

async function build(partial: string, release: LabRelease, certificates: string[]): Promise<void> {
  const root = join(partial, "root");
  await makeDebianTree(root, { release, packages: rootPackages, certificates });
  for (const file of files) await place(root, file.path, file.content, file.mode);
  for (const link of links) {
    await mkdir(dirname(join(root, link.path)), { recursive: true });
    await rm(join(root, link.path), { force: true });
    await symlink(link.target, join(root, link.path));
  }
  const packages = await run("dpkg-query", ["--admindir", join(root, "var/lib/dpkg"), "-W"]);
  await writeFile(join(partial, "packages.txt"), `${packages}\n`);
  const keep = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--sort=name"];
  await run("tar", [...keep, "-C", root, "-cf", join(partial, archiveName), "."], { timeLimit: 600 });
  await rm(root, { recursive: true });
}

/** What a tree of Debian holds. */
export interface DebianTree {
  release: LabRelease;
  /** Beyond Debian's essential ones. */
  packages: readonly string[];
  /** Files of certificates that it trusts beyond Debian's. */
  certificates: readonly string[];
}

/** Installs a Debian into a new folder, without what must not be the same on two machines. Errors: GW508. */
export async function makeDebianTree(root: string, wanted: DebianTree): Promise<void> {
  await mkdir(root);
  await install(root, wanted.release, wanted.packages);
  for (const certificate of wanted.certificates) {
    await copyFile(certificate, join(root, "usr/local/share/ca-certificates", basename(certificate)));
  }
  if (wanted.certificates.length > 0) await run("chroot", [root, "update-ca-certificates"]);
  for (const file of await filesOfOneMachine(root))
    await rm(join(root, file), { recursive: true, force: true });
}

/** Ends with this process, and its mounts are seen by nobody else: a killed build leaves only files. */
const contained = [
  "--pdeathsig",
  "KILL",
  "unshare",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
];

/** Installs the packages from this host's own sources, security updates included. */
async function install(root: string, release: LabRelease, packages: readonly string[]): Promise<void> {
  const apt = await aptConfigurationFor(release);
  const sources = `${root}.sources`;
  const settings = `${root}.conf`;
  await writeFile(sources, apt.sources);
  await writeFile(settings, apt.settings);
  const options = ["--mode=root", "--variant=minbase", "--format=directory", `--aptopt=${settings}`];
  const include = `--include=${packages.join(",")}`;
  const args = [...contained, "mmdebstrap", ...options, include, release, root, sources];
  const build = await execa("setpriv", args, {
    reject: false,
    stdin: "ignore",
    all: true,
    timeout: 1_200_000,
    env: { LC_ALL: "C" },
  });
  await rm(sources);
  await rm(settings);
  if (!build.failed) return;
  const said = build.all.trim().split("\n").slice(-8).join(" | ");
  throw new GroundworkError("GW508", {
    where: release,
    what: `mmdebstrap failed: ${said || build.shortMessage}`,
  });
}

async function place(root: string, path: string, content: string, mode: number): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  await chmod(target, mode);
}

/** What must not be the same on two machines, and what names this host's sources at the time of the build. */
async function filesOfOneMachine(root: string): Promise<string[]> {
  const below = async (folder: string) =>
    (await readdir(join(root, folder)).catch(() => [])).map((name) => join(folder, name));
  const hostKeys = (await below("etc/ssh")).filter((file) => /ssh_host_.*_key/.test(file));
  return [
    ...hostKeys,
    ...(await below("etc/apt/sources.list.d")),
    "etc/apt/sources.list",
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/machine-id",
    "etc/hostname",
    "etc/resolv.conf",
    "var/lib/dbus/machine-id",
  ];
}

const treesFolder = join(stateRoot, "rootTrees");

/**
 * Where the unpacked tree of a root image lies. Machines stand on it, so it is no part of the cache,
 * which may be deleted at any time.
 */
export function rootTree(image: Ground): string {
  return join(treesFolder, `${image.release}-${image.digest.slice(0, 16)}`);
}

/**
 * Unpacks a root image unless its tree is there; one tree serves all machines, and the next ones too.
 * Older trees of the release that no machine stands on go.
 */
export async function ensureRootTree(image: RootImage, inUse: () => Promise<Ground[]>): Promise<string> {
  const tree = rootTree(image);
  // Always under the lock: outside of it, what is there may be about to be removed as unused.
  return exclusively("rootTrees", async () => {
    if (existsSync(tree)) return tree;
    await removeUnusedTrees(image.release, await inUse());
    const unfinished = `${tree}.unfinished`;
    await mkdir(unfinished, { recursive: true });
    const keep = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--same-permissions"];
    await run("tar", [...keep, "-C", unfinished, "-xf", image.path], { timeLimit: 600 });
    await rename(unfinished, tree);
    return tree;
  });
}

async function removeUnusedTrees(release: LabRelease, inUse: Ground[]): Promise<void> {
  const used = new Set(inUse.map((ground) => basename(rootTree(ground))));
  const present = await readdir(treesFolder).catch(() => []);
  const unused = present.filter((name) => name.startsWith(`${release}-`) && !used.has(name));
  for (const name of unused) await removeFolder(join(treesFolder, name));
}
