import { Command } from "commander";
import { GroundworkError } from "../../errors/index.ts";
import type { BastionSettings } from "../../stacks/configuration.ts";
import { agreed } from "../ask.ts";
import { stackFile } from "../engine/stackConfigFile.ts";
import { examples, stackOption, yesOption } from "../options.ts";
import { root } from "../root.ts";
import { configurationOf, readText } from "../stack/stackFile.ts";
import { type Hop, offeredHostKey } from "../trust/hostKey.ts";
import {
  type HostKeyOffer,
  isPinned,
  offerText,
  pinQuestion,
  requireExpected,
} from "../trust/hostKeyOffer.ts";
import type { PinPath } from "../trust/pins.ts";
import { writePin } from "../trust/writePin.ts";

interface TrustOptions {
  stack: string;
  yes: boolean;
  fingerprint?: string;
  bastion: boolean;
}

export const trustCommand = new Command("trust")
  .description("show a machine's host key and pin it in the stack's file")
  .argument("<machine>", "its name in the stack's file")
  .addOption(stackOption())
  .addOption(yesOption("pin without asking, unless another key is pinned"))
  .option("--fingerprint <SHA256:…>", "pin without a question, and only if this is the machine's fingerprint")
  .option("--bastion", "the machine's bastion instead of the machine itself", false)
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork trust web-1 --stack production": "show the fingerprint and ask",
        "./groundwork trust web-1 --fingerprint SHA256:…": "compare it with the one that you know",
      },
      "0 pinned, 1 not agreed to, 2 another fingerprint than expected, or no answer",
    ),
  )
  .action(async (machine: string, options: TrustOptions) => {
    process.exitCode = await trust(machine, options);
  });

async function trust(name: string, options: TrustOptions): Promise<number> {
  const path = stackFile(root, options.stack);
  const text = await readText(path);
  const machine = existingMachine(configurationOf(text, path), name);
  const place: PinPath = options.bastion ? [name, "existing", "bastion"] : [name, "existing"];
  const host = options.bastion ? machine.bastion : machine;
  if (host === undefined)
    throw new GroundworkError("GW707", {
      where: name,
      what: "it has no bastion",
      mend: "Leave --bastion out",
    });
  const hostKey = await offeredHostKey(host, options.bastion ? undefined : hopOf(name, machine.bastion));
  const offer: HostKeyOffer = {
    name: options.bastion ? `the bastion of ${name}` : name,
    host,
    offered: hostKey,
    // Nobody has checked the file yet.
    pinned: typeof host.hostKey === "string" ? host.hostKey : undefined,
  };
  process.stdout.write(`${offerText(offer)}\n`);
  requireExpected(offer, { expected: options.fingerprint, yes: options.yes });
  if (isPinned(offer)) return 0;
  if (!(await agreed(pinQuestion(offer), options.yes || options.fingerprint !== undefined))) return 1;
  await writePin(path, text, place, hostKey);
  process.stdout.write(`pinned in ${path}\n`);
  return 0;
}

/** The part of a machine's settings that says where it is. They may lack a pin, that is why we are here. */
type Place = Pick<BastionSettings, "address"> & Partial<BastionSettings>;

export function existingMachine(
  configuration: Record<string, unknown>,
  name: string,
): Place & { bastion?: Place } {
  const machines = (configuration.machines ?? {}) as Record<string, { existing?: Place }>;
  const found = machines[name]?.existing;
  if (typeof found?.address === "string") return found;
  const names = Object.keys(machines).filter((other) => machines[other]?.existing !== undefined);
  throw new GroundworkError("GW707", {
    where: name,
    what: `no existing machine of that name has an address; there are ${names.join(", ") || "none"}`,
    ...(names.length === 0
      ? { mend: "Give it an `existing` with its address in the stack's file first" }
      : {}),
  });
}

/** The bastion, which has to be pinned before it is asked for another machine's key. Errors: GW203. */
function hopOf(name: string, bastion: Place | undefined): Hop | undefined {
  if (bastion === undefined) return undefined;
  const { hostKey } = bastion;
  if (hostKey !== undefined) return { ...bastion, hostKey };
  throw new GroundworkError("GW203", {
    where: `machines.${name}.existing.bastion.hostKey`,
    what: "the bastion has to be pinned first",
    mend: `Run ./groundwork trust ${name} --bastion`,
  });
}
