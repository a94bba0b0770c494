import type { Problem } from "../../../foundation/problem.ts";
import type { Known, KnownConfiguration, KnownMachine } from "../known.ts";
import { type BastionSettings, machineName } from "../machines.ts";
import { doubles } from "./problem.ts";

/** Hosts without a pin, and pins that two machines have. */
export function hostKeyProblems({ machines }: KnownConfiguration, stack: string): Problem[] {
  const where = stack === "dev" ? "" : ` --stack ${stack}`;
  const pins = machines.flatMap((machine) =>
    machine.kind === "lab"
      ? []
      : [{ path: `${machine.path}.hostKey`, value: machine.settings.right.hostKey }],
  );
  return [
    ...doubles(pins, (key, earlier) => `${key} is already ${earlier}; every machine needs its own`),
    ...machines.flatMap((machine) => missingPins(machine, where)),
  ];
}

function missingPins(machine: KnownMachine, where: string): Problem[] {
  if (machine.kind === "lab") return [];
  const isNamed = machineName.test(machine.name);
  const hops: [path: string, hop: Known<BastionSettings> | undefined, words: string][] = [
    [`${machine.path}.hostKey`, machine.settings, machine.name],
    [`${machine.path}.bastion.hostKey`, machine.bastion, `${machine.name} --bastion`],
  ];
  return hops.flatMap(([path, hop, words]): Problem[] =>
    hop === undefined || hop.isWrong("hostKey") || hop.right.hostKey !== undefined
      ? []
      : [
          {
            code: "GW203",
            path,
            what: `there is no pinned host key${hop.right.address === undefined ? "" : ` of ${hop.right.address}`}`,
            mend:
              isNamed && hop.right.address !== undefined
                ? `Run ./groundwork trust ${words}${where} and compare the fingerprint`
                : "Correct name and address first, then ./groundwork trust pins it",
          },
        ],
  );
}
