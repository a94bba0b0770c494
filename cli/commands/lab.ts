import { Argument, Command } from "commander";
import { GroundworkError } from "../../errors/index.ts";
import { labLoginKey } from "../../foundation/stateFolder.ts";
import {
  diskFill,
  diskHeal,
  type Fault,
  faultsOf,
  type LabMachineListing,
  listMachines,
  networkCut,
  networkHeal,
  powerCut,
  readMachine,
  startAgain,
} from "../../lab/index.ts";
import { labStack } from "../engine/environment.ts";
import { examples, jsonOption, type ReadOptions, stackOption, stackWords } from "../options.ts";
import { sshHere } from "../trust/pinnedSsh.ts";

const list = new Command("list")
  .description("list the lab's machines")
  .addOption(stackOption())
  .addOption(jsonOption())
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork lab list": "name, address, roles and state of each machine",
        "./groundwork lab list --json": "for scripts",
        "./groundwork lab list --stack production": "the lab of another stack",
      },
      "0 listed, also where the lab has no machine",
    ),
  )
  .action(async ({ stack, json }: ReadOptions) => {
    const machines = await Promise.all(
      (await listMachines(stack)).map((machine) => withFaults(machine, stack)),
    );
    process.stdout.write(json ? `${JSON.stringify(machines, undefined, 2)}\n` : listText(machines, stack));
  });

/** A machine with what was made to fail on it. */
interface ListedMachine extends LabMachineListing {
  faults: Fault[];
}

async function withFaults(machine: LabMachineListing, stack: string): Promise<ListedMachine> {
  return { ...machine, faults: await faultsOf({ name: machine.name, network: { name: stack } }) };
}

/** How a lab gets machines; a stack of existing ones has no lab. */
const makingThem = (stack: string): string =>
  `./groundwork up${stackWords(stack)} makes those that Pulumi.${stack}.yaml lists as lab`;

/** A machine without power does not run, which its state says. */
const faultWords: Partial<Record<Fault, string>> = { network: "network cut", disk: "disk full" };

/** What `lab heal` did. */
export const healText = (name: string, fault: Fault, before: Fault[]): string =>
  before.includes(fault)
    ? `${name}: ${fault} healed`
    : `${name}: ${fault} had not failed, there was nothing to heal`;

/** The lab's machines for people. */
export function listText(machines: ListedMachine[], stack = labStack): string {
  if (machines.length === 0) return `the lab has no machine: ${makingThem(stack)}\n`;
  const rows = machines.map(({ name, address, roles, state, faults }) => [
    name,
    address,
    roles.join(","),
    [state, ...faults.flatMap((fault) => faultWords[fault] ?? [])].join(", "),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) => `${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join("  ")}\n`).join("");
}

const ssh = new Command("ssh")
  .description("log in to a machine of the lab, or run a command on it")
  .argument("<machine>", "its name")
  .argument("[command...]", "after --, else a shell")
  .addOption(stackOption())
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork lab ssh server-1": "a shell",
        "./groundwork lab ssh server-1 -- uptime": "run a command",
        "./groundwork lab ssh server-1 -- 'journalctl -u kubelet | tail'":
          "what the machine's shell reads, in quotes",
      },
      "the command's own; 255 without a login, 2 where it could not be tried",
    ),
  )
  .action(async (name: string, command: string[], { stack }: { stack: string }) => {
    const machine = await running(stack, name);
    process.exitCode = await sshHere({ ...machine, keyFile: labLoginKey() }, command);
  });

const faults = {
  power: { fail: powerCut, heal: startAgain },
  network: { fail: networkCut, heal: networkHeal },
  disk: { fail: diskFill, heal: diskHeal },
} as const satisfies Record<Fault, unknown>;

const faultExamples = {
  fail: { power: "like pulling the plug", network: "like pulling its cable", disk: "full to the last block" },
  heal: {
    power: "started again with its disk as it was",
    network: "the cable is back",
    disk: "what filled it is removed",
  },
} satisfies Record<string, Record<Fault, string>>;

const fail = faultCommand("fail", "cut a machine's power or network, or fill its disk");
const heal = faultCommand("heal", "undo what lab fail did");

function faultCommand(action: "fail" | "heal", description: string): Command {
  return new Command(action)
    .description(description)
    .argument("<machine>", "its name")
    .addArgument(new Argument("<fault>", "what fails").choices(Object.keys(faults)))
    .addOption(stackOption())
    .addHelpText(
      "after",
      examples(
        Object.fromEntries(
          Object.entries(faultExamples[action]).map(([fault, what]) => [
            `./groundwork lab ${action} agent-1 ${fault}`,
            what,
          ]),
        ),
        `0 ${action === "fail" ? "the fault is there" : "it is healed"}, 2 it could not be done`,
      ),
    )
    .action(async (name: string, fault: Fault, { stack }: { stack: string }) => {
      const machine = { name, network: { name: stack } };
      await requireMachine(stack, name);
      const before = await faultsOf(machine);
      await faults[fault][action](machine);
      process.stdout.write(
        `${action === "fail" ? `${name}: ${fault} failed` : healText(name, fault, before)}\n`,
      );
    });
}

/** A machine of the lab that runs. Errors: GW707, GW511. */
async function running(stack: string, name: string): Promise<{ address: string; hostKey: string }> {
  await requireMachine(stack, name);
  const found = await readMachine({ name, network: { name: stack } });
  if (found.state === "running") return found;
  throw new GroundworkError("GW511", { where: name, what: `the machine is ${found.state}` });
}

async function requireMachine(stack: string, name: string): Promise<void> {
  const names = (await listMachines(stack)).map((machine) => machine.name);
  if (names.includes(name)) return;
  const there = names.length === 0 ? "the lab has none" : `there are ${names.join(", ")}`;
  throw new GroundworkError("GW707", {
    where: name,
    what: `there is no such machine of the lab; ${there}`,
    ...(names.length === 0 ? { mend: makingThem(stack) } : {}),
  });
}

export const labCommand = new Command("lab")
  .description("look at the lab's machines, log in, let them fail")
  .addHelpText(
    "after",
    examples({
      "./groundwork lab list": "which machines there are",
      "./groundwork lab ssh server-1": "log in",
      "./groundwork lab fail agent-1 power": "pull the plug",
      "./groundwork lab heal agent-1 power": "and put it back",
    }),
  )
  .addCommand(list)
  .addCommand(ssh)
  .addCommand(fail)
  .addCommand(heal);
