import { chmod, mkdir, open, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { cacheFolder } from "../../foundation/cacheFolder.ts";
import { fileSha256, recipeKey } from "../../foundation/digest.ts";
import { requireDiskSpace } from "../../foundation/diskSpace.ts";
import { run } from "../../lab/command.ts";
import { localCertificates, makeDebianTree, rootPackages } from "../../lab/rootImage.ts";
import { ensureEntry } from "../../tools/cacheEntry.ts";
import { ensureDebianPackages } from "../../tools/index.ts";

/** Programs of this computer that make and run guests. */
const hostPackages = ["qemu-system-x86", "qemu-utils", "mmdebstrap", "e2fsprogs", "openssh-client"];

/** What a guest has beyond a lab machine: a kernel and a boot loader of its own. */
const guestPackages = [
  ...rootPackages,
  ...["linux-image-cloud-amd64", "initramfs-tools", "zstd", "grub2-common", "grub-pc-bin", "e2fsprogs"],
];

const release = "bookworm";
const imageMiB = 3072;
/** Where the file system begins: the boot loader lies in the gap before it. */
const offsetMiB = 1;
const sectorsOf = (mib: number): number => mib * 2048;

/** Runs as the first process of the very first boot, which has the kernel given from outside. */
const installScript = `#!/bin/sh
mountpoint -q /proc || mount -t proc proc /proc
mountpoint -q /sys || mount -t sysfs sys /sys
mount -o remount,rw /
grub-install --target=i386-pc /dev/vda && update-grub && sync && echo 'the boot loader is installed' >/dev/ttyS0
# Everything read-only, then off.
echo u >/proc/sysrq-trigger
sleep 1
echo o >/proc/sysrq-trigger
sleep 60
`;

/** Before anything asks for a host key: files of this one guest, from a second disk that is a tar archive. */
const seedUnit = `[Unit]
Description=Files of this guest
DefaultDependencies=no
Requires=dev-disk-by\\x2did-virtio\\x2dseed.device
After=dev-disk-by\\x2did-virtio\\x2dseed.device local-fs.target
Before=sysinit.target
ConditionPathExists=!/etc/groundwork-guest

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/tar -C / --no-same-owner -xf /dev/disk/by-id/virtio-seed
ExecStart=/usr/bin/touch /etc/groundwork-guest
ExecStart=/usr/bin/sync
`;

const network = `[Match]
Name=eth0

[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
`;

const grubSettings = `GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX="console=ttyS0 net.ifnames=0"
GRUB_TERMINAL=serial
GRUB_DISABLE_OS_PROBER=true
`;

const files: readonly { path: string; content: string; mode?: number }[] = [
  { path: "usr/lib/groundwork-guest/install", content: installScript, mode: 0o755 },
  { path: "usr/lib/systemd/system/groundwork-seed.service", content: seedUnit },
  { path: "etc/systemd/network/10-guest.network", content: network },
  { path: "etc/default/grub", content: grubSettings },
  { path: "etc/initramfs-tools/conf.d/guest", content: "MODULES=list\nCOMPRESS=zstd\n" },
  { path: "etc/initramfs-tools/modules", content: "virtio_pci\nvirtio_blk\next4\n" },
  { path: "etc/fstab", content: "/dev/vda1 / ext4 errors=remount-ro 0 1\n" },
  { path: "etc/hostname", content: "guest\n" },
  { path: "etc/hosts", content: "127.0.0.1 localhost\n127.0.1.1 guest\n::1 localhost\n" },
  { path: "etc/resolv.conf", content: "nameserver 10.0.2.3\n" },
  // Empty: made once, by the first boot of each guest.
  { path: "etc/machine-id", content: "", mode: 0o444 },
];

const units = "/usr/lib/systemd/system";
const links = [
  {
    path: "etc/systemd/system/sysinit.target.wants/groundwork-seed.service",
    target: `${units}/groundwork-seed.service`,
  },
  {
    path: "etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
    target: `${units}/systemd-networkd.service`,
  },
  { path: "etc/systemd/system/default.target", target: `${units}/multi-user.target` },
  // Nobody logs in at the console, and an emulated machine is slow enough.
  { path: "etc/systemd/system/serial-getty@ttyS0.service", target: "/dev/null" },
  { path: "etc/systemd/system/apt-daily.timer", target: "/dev/null" },
  { path: "etc/systemd/system/apt-daily-upgrade.timer", target: "/dev/null" },
];

/** Raise `edition` when the code below changes what it makes. */
const recipe = { edition: 1, release, packages: guestPackages, files, links, imageMiB };

const imageName = "disk.qcow2";

/** The disk that every guest begins with: a Debian that boots by itself. Made once, then found in the cache. */
export async function ensureGuestImage(): Promise<string> {
  await ensureDebianPackages(hostPackages, "to run guests");
  const certificates = await localCertificates();
  const digests = await Promise.all(certificates.map(fileSha256));
  const key = recipeKey({ recipe, architecture: process.arch, certificates: digests });
  const folder = join(cacheFolder(), "guestImages", `${release}-${key}`);
  const make = async (partial: string): Promise<void> => {
    await requireDiskSpace(partial, 4096, "a guest's disk");
    await build(partial, certificates);
  };
  const entry = await ensureEntry(release, [{ route: "mmdebstrap", folder, make }]);
  return join(entry.folder, imageName);
}

async function build(partial: string, certificates: string[]): Promise<void> {
  const root = join(partial, "root");
  await makeDebianTree(root, { release, packages: guestPackages, certificates });
  for (const file of files) {
    await mkdir(dirname(join(root, file.path)), { recursive: true });
    await writeFile(join(root, file.path), file.content);
    await chmod(join(root, file.path), file.mode ?? 0o644);
  }
  for (const link of links) {
    await mkdir(dirname(join(root, link.path)), { recursive: true });
    await rm(join(root, link.path), { force: true });
    await symlink(link.target, join(root, link.path));
  }
  await run("chroot", [root, "update-initramfs", "-u"], { timeLimit: 600 });
  const disk = join(partial, "disk.raw");
  await makeDisk(disk, root);
  await installBootLoader(disk, root, join(partial, "console"));
  await run("qemu-img", ["convert", "-O", "qcow2", disk, join(partial, imageName)], { timeLimit: 600 });
  for (const left of ["root", "disk.raw", "console"]) await rm(join(partial, left), { recursive: true });
}

/** One partition with the tree in it, made without a loop device or a mount. */
async function makeDisk(disk: string, root: string): Promise<void> {
  await writeFile(disk, partitionTable(sectorsOf(offsetMiB), sectorsOf(imageMiB - offsetMiB)));
  await truncate(disk, imageMiB * 1024 * 1024);
  const place = `offset=${offsetMiB * 1024 * 1024}`;
  const size = `${(imageMiB - offsetMiB) * 1024}k`;
  await run("mke2fs", ["-q", "-F", "-t", "ext4", "-d", root, "-E", place, disk, size], { timeLimit: 600 });
}

/** A master boot record with one bootable Linux partition. */
function partitionTable(first: number, count: number): Buffer {
  const record = Buffer.alloc(512);
  const entry = 446;
  record.writeUInt8(0x80, entry);
  // Addresses by cylinder are not used.
  record.fill(0xff, entry + 1, entry + 4);
  record.writeUInt8(0x83, entry + 4);
  record.fill(0xff, entry + 5, entry + 8);
  record.writeUInt32LE(first, entry + 8);
  record.writeUInt32LE(count, entry + 12);
  record.writeUInt16BE(0x55aa, 510);
  return record;
}

async function installBootLoader(disk: string, root: string, log: string): Promise<void> {
  const boot = join(root, "boot");
  const named = (start: string, all: string[]): string =>
    join(boot, all.find((name) => name.startsWith(start)) ?? start);
  const all = await readdir(boot);
  const words = "root=/dev/vda1 ro console=ttyS0 init=/usr/lib/groundwork-guest/install";
  await (await open(log, "w")).close();
  const machine = await execa(
    "setpriv",
    [
      ...["--pdeathsig", "KILL", "qemu-system-x86_64", ...emulation, "-no-reboot"],
      ...["-drive", `file=${disk},format=raw,if=virtio,cache=unsafe`],
      ...["-kernel", named("vmlinuz-", all), "-initrd", named("initrd.img-", all), "-append", words],
      ...["-serial", `file:${log}`],
    ],
    { reject: false, stdin: "ignore", all: true, timeout: 900_000 },
  );
  const said = await readFile(log, "utf8");
  if (said.includes("the boot loader is installed")) return;
  throw new Error(
    `the boot loader was not installed (${machine.shortMessage ?? ""} ${machine.all}): ${said.slice(-2000)}`,
  );
}

/** A computer without hardware virtualisation has guests too, only slower. */
export const emulation: readonly string[] = [
  ...["-machine", "pc", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "1024"],
  ...["-nodefaults", "-no-user-config", "-display", "none"],
];
