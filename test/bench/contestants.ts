import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { type Connection, HostState } from "../../provider/index.ts";
import type { Properties } from "../../provider/resources/resource.ts";
import {
  type ProviderClient,
  plain,
  type Struct,
  startProvider,
  struct,
} from "../support/providerProcess.ts";
import { openTestEngine, type TestEngine } from "../support/testEngine.ts";
import { type Fleet, sshArguments, writePins } from "./fleet.ts";
import { peakMemory } from "./processFigures.ts";
import type { Specification } from "./specification.ts";
import { everyNth } from "./steps.ts";

const execute = promisify(execFile);
const largeOutput = 64 * 1024 * 1024;

/** Somebody who brings the specification about on a fleet of machines. */
export interface Contestant {
  name: string;
  /** Brings it about, or finds that nothing is to do. Seconds until the last machine was ready. */
  run(): Promise<number>;
  /** Ends what it holds. The machines are cleaned by others. */
  close(): Promise<void>;
}

/** Seconds that some work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** Runs a program of the machine's shell over one new login. What it printed. */
export function runOverSsh(
  args: string[],
  { address, port = 22 }: Connection,
  command: string,
  input = "",
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", [...args, "-p", String(port), `root@${address}`, command], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    // Who ends without reading it all says why by its code.
    child.stdin.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(Buffer.concat(chunks).toString()) : reject(new Error(`ssh ended with ${code}`)),
    );
    child.stdin.end(input);
  });
}

/** A program by hand. Undefined where nobody wrote it. */
export async function plainShell(fleet: Fleet, { shell }: Specification): Promise<Contestant | undefined> {
  if (shell === undefined) return undefined;
  const args = await sshArguments(fleet);
  return {
    name: "plain shell over one login",
    run: () =>
      timed(() => Promise.all(fleet.machines.map((machine) => runOverSsh(args, machine, "sh -s", shell)))),
    close: async () => undefined,
  };
}

/**
 * One command after the other, each over a login of its own, as a chain of `remote.Command` of Pulumi's command
 * provider brings a machine about; the machines side by side. OpenSSH stands for that provider's own client, and no
 * resource of an engine is counted. A second run does every command again: `remote.Command` itself would look at nothing.
 * Takes every `stride`-th command only: the name says how many those are.
 */
export async function oneLoginPerStep(
  fleet: Fleet,
  { steps }: Specification,
  stride = 1,
): Promise<Contestant & { taken: number }> {
  const args = await sshArguments(fleet);
  const taken = everyNth(steps, stride);
  const part = taken.length < steps.length ? `: ${taken.length} of ${steps.length} steps` : "";
  return {
    name: `one login per step${part}`,
    taken: taken.length,
    run: () =>
      timed(() =>
        Promise.all(
          fleet.machines.map(async (machine) => {
            for (const { command } of taken) await runOverSsh(args, machine, command);
          }),
        ),
      ),
    close: async () => undefined,
  };
}

/**
 * The provider's calls that an `up` makes, for all machines at once, each run with a process and logins of its own.
 * Its start is not counted.
 */
export function providerCalls(
  machines: Connection[],
  specification: Specification,
): Contestant & { peakMemory: number } {
  const hosts = machines.map((machine) => new CalledHost(machine, specification));
  return {
    name: "provider operation",
    /** MiB, of the largest of its processes so far. */
    peakMemory: 0,
    async run() {
      const { client, pid, end } = await startProvider();
      try {
        return await timed(() => Promise.all(hosts.map((host) => host.up(client))));
      } finally {
        this.peakMemory = Math.max(this.peakMemory, peakMemory(pid));
        await end();
      }
    },
    close: async () => undefined,
  };
}

/** One HostState as the engine calls the provider for it. */
export class CalledHost {
  readonly #urn: string;
  readonly #inputs: Properties;
  #outputs: Properties | undefined;

  constructor(connection: Connection, { items, check }: Pick<Specification, "items" | "check">) {
    this.#urn = `urn:pulumi:bench::bench::groundwork:index:HostState::bench-${connection.name}`;
    this.#inputs = {
      connection,
      stream: "bench",
      items,
      checks: [{ name: "everything is there", run: check }],
    } as unknown as Properties;
  }

  /** Creates it, or reads it and updates it where it differs. */
  async up(client: ProviderClient): Promise<"created" | "same" | "updated"> {
    const known = this.#outputs;
    this.#outputs = known === undefined ? await this.#create(client) : await this.#update(client, known);
    if (known === undefined) return "created";
    return this.#outputs === known ? "same" : "updated";
  }

  async #create(client: ProviderClient): Promise<Properties> {
    const request = new proto.CreateRequest();
    request.setUrn(this.#urn);
    request.setProperties(struct(this.#inputs));
    const answer = await client.ask<InstanceType<typeof proto.CreateResponse>>("create", request);
    return plain(answer.getProperties() as Struct);
  }

  async #update(client: ProviderClient, outputs: Properties): Promise<Properties> {
    const read = new proto.ReadRequest();
    read.setUrn(this.#urn);
    read.setId("bench");
    read.setInputs(struct(this.#inputs));
    read.setProperties(struct(outputs));
    const seen = await client.ask<InstanceType<typeof proto.ReadResponse>>("read", read);
    const diff = new proto.DiffRequest();
    diff.setUrn(this.#urn);
    diff.setOldInputs(struct(this.#inputs));
    diff.setOlds(seen.getProperties());
    diff.setNews(struct(this.#inputs));
    const difference = await client.ask<InstanceType<typeof proto.DiffResponse>>("diff", diff);
    if (difference.getChanges() === proto.DiffResponse.DiffChanges.DIFF_NONE) return outputs;
    const update = new proto.UpdateRequest();
    update.setUrn(this.#urn);
    update.setId("bench");
    update.setOldInputs(struct(this.#inputs));
    update.setOlds(seen.getProperties());
    update.setNews(struct(this.#inputs));
    const answer = await client.ask<InstanceType<typeof proto.UpdateResponse>>("update", update);
    return plain(answer.getProperties() as Struct);
  }
}

/** A whole `up` of the engine. */
export async function wholeUp(
  machines: Connection[],
  { items }: Specification,
): Promise<Contestant & { engine: TestEngine }> {
  // As many slots as the command line would give it.
  const environment = { PULUMI_PARALLEL: String(machines.length + 4) };
  const engine = await openTestEngine({ project: "bench", environment });
  return {
    name: "whole up of the engine",
    engine,
    async run() {
      const run = await engine.up(() => {
        for (const connection of machines)
          new HostState(`bench-${connection.name}`, { connection, stream: "bench", items });
      });
      if (!run.succeeded) throw new Error(run.messages.join("\n"));
      return run.seconds;
    },
    close: () => engine.close(),
  };
}

/** Ansible as its users make it fast: pipelining, one connection kept open, all machines at once. Undefined where it is not installed. */
export async function ansible(fleet: Fleet, specification: Specification): Promise<Contestant | undefined> {
  const version = await execute("ansible-playbook", ["--version"]).catch(() => undefined);
  if (version === undefined) return undefined;
  const { machines, folder } = fleet;
  const playbook = join(folder, "playbook.json");
  await writeFile(playbook, specification.playbook);
  const inventory = join(folder, "inventory.json");
  await writeFile(inventory, JSON.stringify(ansibleInventory(machines)));
  const args = [...(await sshArguments(fleet)), "-o", `ControlPath=${join(folder, "cp-%C")}`];
  const environment = {
    ...process.env,
    ANSIBLE_PIPELINING: "1",
    ANSIBLE_HOST_KEY_CHECKING: "1",
    ANSIBLE_FORKS: String(machines.length),
    ANSIBLE_SSH_ARGS: `-o ControlMaster=auto -o ControlPersist=20s ${args.join(" ")}`,
    ANSIBLE_LOCAL_TEMP: join(folder, "ansible"),
    LC_ALL: "C.UTF-8",
  };
  return {
    name: `Ansible ${/core ([\d.]+)/.exec(version.stdout)?.[1] ?? ""}`,
    run: () =>
      timed(() =>
        execute("ansible-playbook", ["-i", inventory, playbook], {
          env: environment,
          maxBuffer: largeOutput,
        }).catch((error: { stdout?: string }) => {
          throw new Error(`ansible-playbook: ${error.stdout?.slice(-2000)}`, { cause: error });
        }),
      ),
    close: async () => {
      for (const { address, port = 22 } of machines)
        await execute("ssh", [...args, "-p", String(port), "-O", "exit", `root@${address}`]).catch(
          () => undefined,
        );
    },
  };
}

function ansibleInventory(machines: Connection[]): object {
  const hosts = machines.map(({ name, address, port = 22 }) => [
    name,
    { ansible_host: address, ansible_port: port },
  ]);
  const vars = { ansible_user: "root", ansible_python_interpreter: "/usr/bin/python3" };
  return { all: { hosts: Object.fromEntries(hosts), vars } };
}

/** pyinfra, with the same key and pins. Undefined where it is not installed. */
export async function pyinfra(fleet: Fleet, specification: Specification): Promise<Contestant | undefined> {
  const version = await execute("pyinfra", ["--version"]).catch(() => undefined);
  if (version === undefined) return undefined;
  const { machines, folder } = fleet;
  const deploy = join(folder, "deploy.py");
  await writeFile(deploy, specification.pyinfra);
  const pins = await writePins(fleet);
  const hosts = machines.map(({ name, address, port = 22 }) => {
    const data = {
      ssh_hostname: address,
      ssh_port: port,
      ssh_user: "root",
      ssh_key: join(folder, "id"),
      ssh_known_hosts_file: pins,
      ssh_strict_host_key_checking: "yes",
    };
    return `(${JSON.stringify(name)}, ${JSON.stringify(data)})`;
  });
  await writeFile(join(folder, "inventory.py"), `hosts = [${hosts.join(", ")}]\n`);
  return {
    name: version.stdout.trim() || "pyinfra",
    run: () =>
      timed(() =>
        execute("pyinfra", ["-y", join(folder, "inventory.py"), deploy], {
          cwd: folder,
          maxBuffer: largeOutput,
        }),
      ),
    close: async () => undefined,
  };
}
