import { attempt, run } from "./command.ts";
import { networkNames } from "./naming.ts";
import type { LabNetworkSpec } from "./spec.ts";

/**
 * Docker, ufw and others make this host drop what nobody allowed. A table of our own cannot take such a verdict
 * back, so there, and only there, the lab's bridge gets accepting rules in the chains that drop.
 */
interface PassageRule {
  program: "iptables" | "ip6tables";
  chain: "INPUT" | "FORWARD";
  /** The rule as the program takes it. */
  rule: string[];
}

/** All rules that a network may need, marked with its name. */
export function passageRules(spec: LabNetworkSpec): PassageRule[] {
  const { bridge, table } = networkNames(spec.name);
  const accept = ["-m", "comment", "--comment", table, "-j", "ACCEPT"];
  const forward = (program: PassageRule["program"]): PassageRule[] => [
    { program, chain: "FORWARD", rule: ["-i", bridge, ...accept] },
    { program, chain: "FORWARD", rule: ["-o", bridge, ...accept] },
  ];
  const artifacts = ["-i", bridge, "-p", "tcp", "--dport", String(spec.artifactPort), ...accept];
  return [
    ...forward("iptables"),
    ...(spec.subnet6 ? forward("ip6tables") : []),
    { program: "iptables", chain: "INPUT", rule: artifacts },
  ];
}

/** The chains that drop what no rule allows, in the output of `iptables -S`. */
export function droppingChains(listing: string): string[] {
  return [...listing.matchAll(/^-P (\S+) DROP$/gm)].map((match) => match[1] ?? "");
}

async function missingRules(spec: LabNetworkSpec): Promise<PassageRule[]> {
  const dropping = { iptables: await droppingNow("iptables"), ip6tables: await droppingNow("ip6tables") };
  const needed = passageRules(spec).filter(({ program, chain }) => dropping[program].includes(chain));
  const present = await Promise.all(
    needed.map(
      async ({ program, chain, rule }) =>
        (await attempt(program, ["-w", "-C", chain, ...rule])).exitCode === 0,
    ),
  );
  return needed.filter((_, index) => !present[index]);
}

async function droppingNow(program: PassageRule["program"]): Promise<string[]> {
  return droppingChains((await attempt(program, ["-w", "-S"])).stdout);
}

/** What this host's firewall still drops of the network's traffic, in words. */
export async function missingPassage(spec: LabNetworkSpec): Promise<string[]> {
  return (await missingRules(spec)).map(({ program, chain }) => `${program} rule in ${chain}`);
}

export async function ensurePassage(spec: LabNetworkSpec): Promise<void> {
  for (const { program, chain, rule } of await missingRules(spec))
    await run(program, ["-w", "-I", chain, ...rule]);
}

/** The network's rules in this host's chains, as `PROGRAM RULE`. */
export async function passageOf(network: string): Promise<string[]> {
  const mark = `--comment "?${networkNames(network).table.replaceAll(".", "\\.")}"? `;
  const rulesOf = async (program: PassageRule["program"]) =>
    (await attempt(program, ["-w", "-S"])).stdout
      .split("\n")
      .filter((line) => line.startsWith("-A ") && new RegExp(mark).test(line))
      .map((line) => `${program} ${line}`);
  return [...(await rulesOf("iptables")), ...(await rulesOf("ip6tables"))];
}

export async function removePassage(network: string): Promise<void> {
  for (const line of await passageOf(network)) {
    const [program = "", , ...rule] = line.replaceAll('"', "").split(" ");
    await run(program, ["-w", "-D", ...rule]);
  }
}
