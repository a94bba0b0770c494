import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { HostState } from "../../provider/index.ts";
import type { Properties } from "../../provider/resources/resource.ts";
import { plain, type Struct, startProvider, struct } from "../support/providerProcess.ts";
import { openTestEngine, type TestEngine } from "../support/testEngine.ts";
import type { TestLab, TestMachine } from "../support/testLab.ts";
import type { Specification } from "./specification.ts";

const execute = promisify(execFile);

/** Somebody who brings the specification about on a machine. */
export interface Contestant {
  name: string;
  /** Brings it about, or finds that nothing is to do. Seconds that this took. */
  run(): Promise<number>;
  /** Ends what it holds. The machine is cleaned by others. */
  close(): Promise<void>;
}

/** Seconds that some work took. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** OpenSSH with the machine's pinned key and nothing of the user's. */
export async function sshArguments(lab: TestLab, machine: TestMachine): Promise<string[]> {
  const pins = join(lab.folder, "bench_known_hosts");
  await writeFile(pins, `${machine.state.address} ${machine.state.hostKey}\n`);
  const options = [
    `UserKnownHostsFile=${pins}`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "IdentitiesOnly=yes",
  ];
  return ["-i", join(lab.folder, "id"), ...options.flatMap((option) => ["-o", option])];
}

/** Runs a program of the machine's shell over one new login. What it printed. */
export function runOverSsh(args: string[], address: string, command: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", ["-F", "none", ...args, `root@${address}`, command], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(Buffer.concat(chunks).toString()) : reject(new Error(`ssh ended with ${code}`)),
    );
    child.stdin.end(input);
  });
}

/** A program by hand. Undefined where nobody wrote it. */
export async function plainShell(
  lab: TestLab,
  machine: TestMachine,
  { shell }: Specification,
): Promise<Contestant | undefined> {
  if (shell === undefined) return undefined;
  const args = await sshArguments(lab, machine);
  return {
    name: "plain shell over one login",
    run: () => timed(() => runOverSsh(args, machine.state.address, "sh -s", shell)),
    close: async () => undefined,
  };
}

/** The provider's calls that an `up` makes, each run with a process and a login of its own. Its start is not counted. */
export function providerCalls(machine: TestMachine, specification: Specification): Contestant {
  const inputs = {
    connection: machine.connection,
    stream: "bench",
    items: specification.items,
    checks: [{ name: "everything is there", run: specification.check }],
  } as unknown as Properties;
  let outputs: Properties | undefined;
  return {
    name: "provider operation",
    async run() {
      const { client, end } = await startProvider();
      const urn = "urn:pulumi:bench::bench::groundwork:index:HostState::bench";
      try {
        return await timed(async () => {
          if (outputs === undefined) {
            const request = new proto.CreateRequest();
            request.setUrn(urn);
            request.setProperties(struct(inputs));
            const answer = await client.ask<InstanceType<typeof proto.CreateResponse>>("create", request);
            outputs = plain(answer.getProperties() as Struct);
            return;
          }
          const read = new proto.ReadRequest();
          read.setUrn(urn);
          read.setId("bench");
          read.setInputs(struct(inputs));
          read.setProperties(struct(outputs));
          const seen = await client.ask<InstanceType<typeof proto.ReadResponse>>("read", read);
          const diff = new proto.DiffRequest();
          diff.setUrn(urn);
          diff.setOldInputs(struct(inputs));
          diff.setOlds(seen.getProperties());
          diff.setNews(struct(inputs));
          const difference = await client.ask<InstanceType<typeof proto.DiffResponse>>("diff", diff);
          if (difference.getChanges() === proto.DiffResponse.DiffChanges.DIFF_NONE) return;
          const update = new proto.UpdateRequest();
          update.setUrn(urn);
          update.setId("bench");
          update.setOldInputs(struct(inputs));
          update.setOlds(seen.getProperties());
          update.setNews(struct(inputs));
          const answer = await client.ask<InstanceType<typeof proto.UpdateResponse>>("update", update);
          outputs = plain(answer.getProperties() as Struct);
        });
      } finally {
        await end();
      }
    },
    close: async () => undefined,
  };
}

/** A whole `up` of the engine. */
export async function wholeUp(
  machine: TestMachine,
  { items }: Specification,
): Promise<Contestant & { engine: TestEngine }> {
  const engine = await openTestEngine({ project: "bench" });
  return {
    name: "whole up of the engine",
    engine,
    async run() {
      const run = await engine.up(() => {
        new HostState("bench", { connection: machine.connection, stream: "bench", items });
      });
      if (!run.succeeded) throw new Error(run.messages.join("\n"));
      return run.seconds;
    },
    close: () => engine.close(),
  };
}

/** Ansible as its users make it fast: pipelining, one connection kept open. Undefined where it is not installed. */
export async function ansible(
  lab: TestLab,
  machine: TestMachine,
  specification: Specification,
): Promise<Contestant | undefined> {
  const version = await execute("ansible-playbook", ["--version"]).catch(() => undefined);
  if (version === undefined) return undefined;
  const playbook = join(lab.folder, "playbook.json");
  await writeFile(playbook, specification.playbook);
  const args = await sshArguments(lab, machine);
  const sockets = join(lab.folder, "cp");
  const environment = {
    ...process.env,
    ANSIBLE_PIPELINING: "1",
    ANSIBLE_HOST_KEY_CHECKING: "1",
    ANSIBLE_SSH_ARGS: `-F none -o ControlMaster=auto -o ControlPersist=20s -o ControlPath=${sockets} ${args.join(" ")}`,
    ANSIBLE_LOCAL_TEMP: join(lab.folder, "ansible"),
    LC_ALL: "C.UTF-8",
  };
  return {
    name: `Ansible ${/core ([\d.]+)/.exec(version.stdout)?.[1] ?? ""}`,
    run: () =>
      timed(() =>
        execute(
          "ansible-playbook",
          [
            "-i",
            `${machine.state.address},`,
            "-u",
            "root",
            "-e",
            "ansible_python_interpreter=/usr/bin/python3",
            playbook,
          ],
          { env: environment, maxBuffer: 64 * 1024 * 1024 },
        ).catch((error: { stdout?: string }) => {
          throw new Error(`ansible-playbook: ${error.stdout?.slice(-2000)}`, { cause: error });
        }),
      ),
    close: async () => {
      await execute("ssh", [
        "-F",
        "none",
        "-o",
        `ControlPath=${sockets}`,
        "-O",
        "exit",
        `root@${machine.state.address}`,
      ]).catch(() => undefined);
    },
  };
}

/** pyinfra, with the same key and pins. Undefined where it is not installed. */
export async function pyinfra(
  lab: TestLab,
  machine: TestMachine,
  specification: Specification,
): Promise<Contestant | undefined> {
  const version = await execute("pyinfra", ["--version"]).catch(() => undefined);
  if (version === undefined) return undefined;
  const deploy = join(lab.folder, "deploy.py");
  const pins = join(lab.folder, "bench_known_hosts");
  await writeFile(deploy, specification.pyinfra);
  await writeFile(
    join(lab.folder, "inventory.py"),
    `hosts = [(${JSON.stringify(machine.state.address)}, ${JSON.stringify({
      ssh_user: "root",
      ssh_key: join(lab.folder, "id"),
      ssh_known_hosts_file: pins,
      ssh_strict_host_key_checking: "yes",
    })})]\n`,
  );
  return {
    name: version.stdout.trim() || "pyinfra",
    run: () =>
      timed(() =>
        execute("pyinfra", ["-y", join(lab.folder, "inventory.py"), deploy], {
          cwd: lab.folder,
          maxBuffer: 64 * 1024 * 1024,
        }),
      ),
    close: async () => undefined,
  };
}
