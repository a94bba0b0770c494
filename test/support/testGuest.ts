import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { aptConfigurationFor } from "../../lab/aptConfiguration.ts";
import { waitForSsh } from "../../lab/index.ts";
import type { Connection } from "../../provider/index.ts";
import { eventually } from "./eventually.ts";
import { emulation, ensureGuestImage } from "./guestImage.ts";

const execute = promisify(execFile);

/** Seconds until a guest must answer; without hardware virtualisation, on a busy computer. */
const bootSeconds = 400;

/**
 * A whole computer with a kernel, a clock, a page cache and a boot loader of its own: what a lab machine, which shares
 * these with its host, cannot show.
 */
export interface TestGuest {
  readonly connection: Connection;
  /** A folder of the test's own, with the login key `id`; it goes with the guest. */
  readonly folder: string;
  /** Runs a shell script as root over SSH. What it prints, without the last newline. */
  inside(script: string): Promise<string>;
  /** Mode, owner, digest or target of everything below folders of the guest, one line each, sorted. */
  listing(...folders: string[]): Promise<string>;
  /** Takes the power at once: what the guest had not written to its disk is lost. */
  powerCut(): Promise<void>;
  /** Boots it again with its disk as it was, and waits until it has settled. */
  start(): Promise<void>;
  /** Waits until it answers, after it was started or starts anew by itself. */
  answers(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

/** Starts a guest with a disk of its own and waits for it. Needs root on Linux, for the packages and the image. */
export async function openTestGuest(): Promise<TestGuest> {
  const base = await ensureGuestImage();
  const folder = await mkdtemp(join(tmpdir(), "groundwork-guest-"));
  const guest = new Guest(folder, await freePort(), await makeDisks(folder, base));
  try {
    await guest.start();
  } catch (error) {
    await guest.close();
    throw error;
  }
  return guest;
}

class Guest implements TestGuest {
  readonly connection: Connection;
  readonly folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  constructor(folder: string, port: number, hostKey: string) {
    this.folder = folder;
    this.#port = port;
    this.connection = {
      name: "guest",
      address: "127.0.0.1",
      port,
      privateKeyFile: join(folder, "id"),
      hostKey,
    };
  }

  async inside(script: string): Promise<string> {
    const pins = join(this.folder, "known_hosts");
    await writeFile(pins, `[127.0.0.1]:${this.#port} ${this.connection.hostKey}\n`);
    const options = Object.entries({
      UserKnownHostsFile: pins,
      StrictHostKeyChecking: "yes",
      BatchMode: "yes",
      IdentitiesOnly: "yes",
      ConnectTimeout: "20",
      ServerAliveInterval: "5",
      LogLevel: "ERROR",
    }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const way = ["-F", "none", "-i", join(this.folder, "id"), "-p", String(this.#port), ...options];
    const running = execute("ssh", [...way, "root@127.0.0.1", "sh -s"], { maxBuffer: 64 * 1024 * 1024 });
    running.child.stdin?.on("error", () => undefined);
    running.child.stdin?.end(script);
    return (await running).stdout.replace(/\n$/, "");
  }

  listing(...folders: string[]): Promise<string> {
    const below = folders.join(" ");
    return this.inside(`find ${below} -printf '%p %y %m %u:%g %l\\n' | sort
find ${below} -type f -print0 | sort -z | xargs -0 -r sha256sum`);
  }

  async powerCut(): Promise<void> {
    const machine = this.#process;
    this.#process = undefined;
    if (machine === undefined || machine.exitCode !== null || machine.signalCode !== null) return;
    const ended = new Promise((resolve) => machine.once("exit", resolve));
    machine.kill("SIGKILL");
    await ended;
  }

  async start(): Promise<void> {
    await this.powerCut();
    const log = await open(join(this.folder, "qemu.log"), "w");
    this.#process = spawn("setpriv", ["--pdeathsig", "KILL", "qemu-system-x86_64", ...this.#hardware()], {
      stdio: ["ignore", log.fd, log.fd],
      cwd: this.folder,
    });
    await log.close();
    await this.answers();
  }

  async answers(): Promise<void> {
    const dead = async (): Promise<boolean> => this.#process === undefined || this.#process.exitCode !== null;
    if (!(await waitForSsh("127.0.0.1", this.#port, bootSeconds, dead))) {
      const said = await Promise.all(
        ["qemu.log", "console"].map((name) => readFile(join(this.folder, name), "utf8").catch(() => "")),
      );
      throw new Error(`the guest did not answer within ${bootSeconds} s: ${said.join("\n").slice(-3000)}`);
    }
    await eventually("a login", () => this.#settles(), bootSeconds);
  }

  async #settles(): Promise<boolean> {
    return this.inside("systemctl is-system-running --wait >/dev/null; sync").then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    await this.powerCut();
    await rm(this.folder, { recursive: true, force: true });
  }

  #hardware(): string[] {
    const disk = (name: string, format: string, more = ""): string[] => [
      ...["-drive", `file=${name}.${format},format=${format},if=none,id=${name}${more}`],
      ...["-device", `virtio-blk-pci,drive=${name},serial=${name}${name === "disk" ? ",bootindex=0" : ""}`],
    ];
    return [
      ...emulation,
      ...disk("disk", "qcow2", ",cache=writeback"),
      ...disk("seed", "raw", ",readonly=on"),
      ...disk("data", "raw"),
      ...["-netdev", `user,id=net,hostfwd=tcp:127.0.0.1:${this.#port}-:22`],
      ...["-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"],
      ...["-serial", "file:console"],
    ];
  }
}

/** Its own layer over the common disk, its files, and an empty second disk. The answer is its host key. */
async function makeDisks(folder: string, base: string): Promise<string> {
  const layer = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, join(folder, "disk.qcow2")];
  await execute("qemu-img", layer);
  await execute("qemu-img", ["create", "-q", "-f", "raw", join(folder, "data.raw"), "64M"]);
  const hostKey = await makeKey(join(folder, "host"));
  const login = await makeKey(join(folder, "id"));
  const apt = await aptConfigurationFor("bookworm");
  const files: Record<string, string> = {
    "etc/ssh/ssh_host_ed25519_key": await readFile(join(folder, "host"), "utf8"),
    "etc/ssh/ssh_host_ed25519_key.pub": `${hostKey}\n`,
    "root/.ssh/authorized_keys": `${login}\n`,
    "etc/apt/sources.list.d/debian.sources": apt.sources,
    "etc/apt/apt.conf.d/90guest": apt.settings,
  };
  const tree = join(folder, "seed");
  for (const [path, content] of Object.entries(files)) {
    const secret = !path.includes("/apt/");
    await mkdir(dirname(join(tree, path)), {
      recursive: true,
      mode: path.startsWith("root/") ? 0o700 : 0o755,
    });
    await writeFile(join(tree, path), content, { mode: secret ? 0o600 : 0o644 });
  }
  await execute("tar", ["-C", tree, "-cf", join(folder, "seed.raw"), ...Object.keys(files)]);
  return hostKey;
}

async function makeKey(path: string): Promise<string> {
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
  return (await readFile(`${path}.pub`, "utf8")).trim().split(" ").slice(0, 2).join(" ");
}

/** A port of this computer that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
