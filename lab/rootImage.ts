import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { GroundworkError } from "../errors/index.ts";
import { aptConfigurationFor } from "./aptConfiguration.ts";
import { run } from "./command.ts";
import { checkFreeSpace, mountsBelow, removeFolder } from "./disk.ts";
import { checkHost } from "./host.ts";
import { readJson, writeJson } from "./json.ts";
import { exclusively } from "./lock.ts";
import type { LabRelease } from "./spec.ts";

/** The tree that all machines of a release stand on; each has its own changes in an overlay. */
export interface RootImage {
  /** Folder that holds the tree. */
  path: string;
  /** sha256 over the recipe and the exact versions of all packages in it. */
  digest: string;
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
  { path: "etc/fstab", content: "", mode: 0o644 },
] as const;

const units = "/usr/lib/systemd/system";
const links = [
  {
    path: "etc/systemd/system/sysinit.target.wants/groundwork-lab.service",
    target: `${units}/groundwork-lab.service`,
  },
  {
    path: "etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
    target: `${units}/systemd-networkd.service`,
  },
  { path: "etc/systemd/system/default.target", target: `${units}/multi-user.target` },
  // There is no console to log in at.
  { path: "etc/systemd/system/console-getty.service", target: "/dev/null" },
] as const;

/** What makes two root images different on purpose. Raise `edition` when the code below changes what it makes. */
const recipe = { edition: 1, packages: rootPackages, files, links } as const;

/**
 * Makes the root image of a release, or finds it in the cache. Safe when two runs ask at once or one is killed.
 * Takes about 40 seconds the first time. `progress` gets one line per step. Errors: GW501-GW503, GW505, GW508.
 */
export async function ensureRootImage(
  want: { release: LabRelease },
  progress: (line: string) => void = () => {},
): Promise<RootImage> {
  checkHost();
  const certificates = await localCertificates();
  const key = digestOf({
    recipe,
    release: want.release,
    architecture: process.arch,
    certificates: certificates.map((c) => c.digest),
  });
  const folder = join(cacheFolder(), "rootImages");
  const name = `${want.release}-${key.slice(0, 16)}`;
  const found = await readImage(join(folder, name));
  if (found) return found;
  await mkdir(folder, { recursive: true });
  return exclusively(`rootImage-${name}`, async () => {
    const meanwhile = await readImage(join(folder, name));
    if (meanwhile) return meanwhile;
    await sweep(folder, name);
    await checkFreeSpace(folder, 1024 ** 3);
    progress(`building the ${want.release} root image (${rootPackages.length} packages and what they need)`);
    const unfinished = join(folder, `${name}.unfinished`);
    await build(
      join(unfinished, "root"),
      want.release,
      certificates.map((c) => c.file),
      progress,
    );
    const packages = await run("dpkg-query", ["--admindir", join(unfinished, "root/var/lib/dpkg"), "-W"]);
    await writeJson(join(unfinished, "image.json"), {
      digest: digestOf({ key, packages }),
      packages: packages.split("\n"),
    });
    await run("sync", ["-f", unfinished]);
    await rename(unfinished, join(folder, name));
    const made = await readImage(join(folder, name));
    if (!made) throw new Error(`${join(folder, name)} vanished`);
    return made;
  });
}

/** Folder of everything that may be thrown away and made again. */
function cacheFolder(): string {
  const environment = process.env;
  return (
    environment.GROUNDWORK_CACHE ??
    join(environment.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "groundwork")
  );
}

const digestOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

/** The finished image in a folder of the cache, if there is one. */
export async function readImage(folder: string): Promise<RootImage | undefined> {
  const record = await readJson<{ digest: string }>(join(folder, "image.json"));
  return record && { path: join(folder, "root"), digest: record.digest };
}

/** Certificates that this host's owner trusts beyond Debian's: package sources may stand behind them. */
async function localCertificates(): Promise<{ file: string; digest: string }[]> {
  const folder = "/usr/local/share/ca-certificates";
  const names = (await readdir(folder, { recursive: true }).catch(() => []))
    .filter((name) => name.endsWith(".crt"))
    .sort();
  const read = async (file: string) => ({ file, digest: digestOf(await readFile(file, "utf8")) });
  return Promise.all(names.map((name) => read(join(folder, name))));
}

/** Removes what a killed run left behind. */
async function sweep(folder: string, name: string): Promise<void> {
  const unfinished = join(folder, `${name}.unfinished`);
  for (const mounted of await mountsBelow(unfinished)) await run("umount", [mounted]);
  if (existsSync(unfinished)) await removeFolder(unfinished);
}

async function build(
  root: string,
  release: LabRelease,
  certificates: string[],
  progress: (line: string) => void,
): Promise<void> {
  await mkdir(root, { recursive: true });
  await install(root, release, progress);
  progress("preparing it for the lab");
  for (const file of files) await place(root, file.path, file.content, file.mode);
  for (const link of links) {
    await mkdir(dirname(join(root, link.path)), { recursive: true });
    await rm(join(root, link.path), { force: true });
    await symlink(link.target, join(root, link.path));
  }
  for (const certificate of certificates) {
    await copyFile(
      certificate,
      join(root, "usr/local/share/ca-certificates", certificate.split("/").pop() ?? ""),
    );
  }
  if (certificates.length > 0) await run("chroot", [root, "update-ca-certificates"]);
  for (const file of await filesOfOneMachine(root))
    await rm(join(root, file), { recursive: true, force: true });
}

/** Installs the packages from this host's own sources, security updates included. */
async function install(root: string, release: LabRelease, progress: (line: string) => void): Promise<void> {
  const apt = await aptConfigurationFor(release);
  const sources = `${root}.sources`;
  const settings = `${root}.apt.conf`;
  await writeFile(sources, apt.sources);
  await writeFile(settings, apt.settings);
  const said: string[] = [];
  const build = execa(
    "mmdebstrap",
    [
      "--mode=root",
      "--variant=minbase",
      "--format=directory",
      `--include=${rootPackages.join(",")}`,
      `--aptopt=${settings}`,
      release,
      root,
      sources,
    ],
    { reject: false, stdin: "ignore", all: true, timeout: 1_200_000, env: { LC_ALL: "C" } },
  );
  for await (const line of build.iterable({ from: "all" })) {
    said.push(line);
    if (line.startsWith("I: ")) progress(line.slice(3));
  }
  const { failed } = await build;
  await rm(sources);
  await rm(settings);
  if (!failed) return;
  throw new GroundworkError("GW508", {
    where: release,
    what: `mmdebstrap failed: ${said.slice(-8).join(" | ") || "no word from it"}`,
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
