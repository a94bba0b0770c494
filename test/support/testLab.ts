import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as lab from "../../lab/index.ts";
import { exclusively } from "../../lab/lock.ts";
import type { Connection } from "../../provider/index.ts";

const execute = promisify(execFile);

/** What a test wants of a lab. */
export interface TestLabOptions {
  /** Name of the network: 1 to 10 of `a-z 0-9 -`; tests that run side by side need names of their own. */
  name: string;
  /** First three parts of the IPv4 network: `10.95.0`. The IPv6 network is made from it. */
  prefix: string;
  /** Names of the machines; the first one gets the address `.11`. */
  machines: string[];
  /** Size of each disk. Default 2 GiB. */
  diskGiB?: number;
  /** Debian release of the machines. Default `bookworm`. */
  release?: lab.LabRelease;
  /** Folder that the artifact server shows. Default: an empty one. */
  artifactFolder?: string;
}

/** A lab machine as a test sees it: from outside through the provider, from inside without any login. */
export interface TestMachine {
  readonly name: string;
  readonly spec: lab.LabMachineSpec;
  readonly state: lab.LabMachineState;
  readonly connection: Connection;
  /** Runs a shell script as root in the machine's namespaces, not over SSH. What it prints, without the last newline. */
  inside(script: string): Promise<string>;
  /** Successful logins that sshd of the machine has logged since it booted. */
  logins(): Promise<number>;
  /** Mode, owner, digest or target of everything below a folder of the machine, one line each, sorted. */
  listing(...folders: string[]): Promise<string>;
  /** Takes the machine away and makes another one of the same name: new disk, new identity, new host key. */
  remake(): Promise<TestMachine>;
}

/** Real machines for one test file. */
export interface TestLab {
  readonly network: lab.LabNetworkSpec;
  readonly gateway: string;
  readonly artifactUrl: string;
  /** A folder of the test's own, with the login key `id`; it goes with the lab. */
  readonly folder: string;
  machine(name: string): TestMachine;
  /** Takes everything away, and fails when anything is left. */
  close(): Promise<void>;
}

/**
 * Makes a network and its machines. Needs root on Linux. Close it in `after`. Another run of the same tests on this
 * computer is waited for.
 */
export async function openTestLab(options: TestLabOptions): Promise<TestLab> {
  const unlock = await lockName(options.name);
  try {
    return await makeLab(options, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** Keeps the network's name for this process until the function that is returned is called. */
async function lockName(name: string): Promise<() => Promise<void>> {
  let release: () => void = () => undefined;
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    held = exclusively(`test-${name}`, () => {
      resolve();
      return new Promise<void>((done) => {
        release = done;
      });
    });
    held.catch(reject);
  });
  return () => {
    release();
    return held;
  };
}

async function makeLab(options: TestLabOptions, unlock: () => Promise<void>): Promise<TestLab> {
  const folder = await mkdtemp(join(tmpdir(), "groundwork-test-"));
  const network = networkOf(options, folder);
  await lab.deleteNetwork(network);
  const release = options.release ?? "bookworm";
  await lab.ensureRootImage({ release });
  const { gateway, artifactUrl } = await lab.createNetwork(network);
  const publicKey = await makeKey(join(folder, "id"));
  const specs = options.machines.map(
    (name, index): lab.LabMachineSpec => ({
      network,
      name,
      address: `${options.prefix}.${11 + index}`,
      diskGiB: options.diskGiB ?? 2,
      release,
      publicKey,
      roles: ["test"],
    }),
  );
  const machines = new Map<string, TestMachine>();
  await Promise.all(specs.map((spec) => makeMachine(spec, join(folder, "id"), machines)));
  return {
    network,
    gateway,
    artifactUrl,
    folder,
    machine(name) {
      const found = machines.get(name);
      if (found === undefined) throw new Error(`the test's lab has no machine ${name}`);
      return found;
    },
    async close() {
      try {
        await lab.deleteNetwork(network);
        await rm(folder, { recursive: true, force: true });
        const left = await lab.residue(network.name);
        if (left.length > 0) throw new Error(`the lab left ${JSON.stringify(left)}`);
      } finally {
        await unlock();
      }
    },
  };
}

/** As {@link openTestLab}, closed when `work` is done. */
export async function withLab<T>(options: TestLabOptions, work: (lab: TestLab) => Promise<T>): Promise<T> {
  const opened = await openTestLab(options);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

function networkOf(options: TestLabOptions, folder: string): lab.LabNetworkSpec {
  const [, second = "0", third = "0"] = options.prefix.split(".");
  return {
    name: options.name,
    subnet: `${options.prefix}.0/24`,
    subnet6: `fd${second.padStart(2, "0")}:${third}::/64`,
    artifactFolder: options.artifactFolder ?? folder,
    artifactPort: 8081,
  };
}

async function makeKey(path: string): Promise<string> {
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
  return (await readFile(`${path}.pub`, "utf8")).trim();
}

async function makeMachine(
  spec: lab.LabMachineSpec,
  privateKeyFile: string,
  machines: Map<string, TestMachine>,
): Promise<TestMachine> {
  const state = await lab.createMachine(spec);
  const inside = (script: string) => insideMachine(spec, script);
  const machine: TestMachine = {
    name: spec.name,
    spec,
    state,
    connection: { name: spec.name, address: state.address, privateKeyFile, hostKey: state.hostKey },
    inside,
    logins: async () =>
      Number(await inside("journalctl -q --no-pager -u ssh | grep -c 'Accepted publickey' || :")),
    listing: (...folders) => inside(listingScript(folders)),
    async remake() {
      await lab.deleteMachine({ network: spec.network, name: spec.name });
      return makeMachine(spec, privateKeyFile, machines);
    },
  };
  machines.set(spec.name, machine);
  return machine;
}

/** Asks for the process anew each time: it changes with every start of the machine. */
async function insideMachine(spec: lab.LabMachineSpec, script: string): Promise<string> {
  const reading = await lab.readMachine(spec);
  if (reading.state !== "running") throw new Error(`${spec.name} is ${reading.state}`);
  const { stdout } = await execute(
    "nsenter",
    ["--target", await firstProcess(reading.pid), "--all", "--root", "--wd=/", "/bin/sh", "-c", script],
    { maxBuffer: 64 * 1024 * 1024, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } },
  );
  return stdout.replace(/\n$/, "");
}

/** The machine's process 1: the first one below the container's processes that has a process number space of its own. */
async function firstProcess(outer: number): Promise<string> {
  let pid = String(outer);
  for (;;) {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    if (/^NSpid:\t\d+\t1$/m.test(status)) return pid;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    const [first = ""] = children.trim().split(" ");
    if (first === "") throw new Error(`process ${outer} runs no machine`);
    pid = first;
  }
}

function listingScript(folders: string[]): string {
  return `find ${folders.join(" ")} -printf '%p %y %m %u:%g %l\\n' | sort
find ${folders.join(" ")} -type f -print0 | sort -z | xargs -0 -r sha256sum`;
}
