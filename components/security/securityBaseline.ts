import { GroundworkError } from "../../errors/index.ts";
import type { HostState } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import { checkedArgs } from "../checkedArgs.ts";
import type { Machine } from "../machine.ts";
import { Stream } from "../stream.ts";
import { baselineSpec, certificatesSpec } from "./baseline.ts";
import { authorityFacts, authorityItems, type CertificateAuthority } from "./certificates.ts";
import { authorityCheck, insideChecks, outsideChecks } from "./securityChecks.ts";
import { type SecurityBaselineArgs, type SecuritySettings, securitySettings } from "./securitySettings.ts";

export type { SecurityBaselineArgs } from "./securitySettings.ts";

/**
 * Alpha: who may log in, what may be reached, whom to trust. sshd, the firewall, a certificate authority with a
 * certificate for every machine, kernel settings, security updates, the clock and the journal.
 */
export class SecurityBaseline extends Stream {
  /** What other streams need to have certificates made; resolves behind the Gate. */
  readonly authority: CertificateAuthority;
  /** The authority's certificate and key, for a time when its machine is lost; the key is a secret. */
  readonly authorityBackup: { certificate: pulumi.Output<string>; key: pulumi.Output<string> };

  constructor(name: string, args: SecurityBaselineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:SecurityBaseline", name, args, opts);
    const settings = checkedArgs(name, securitySettings, args);
    const { machines } = args;
    const keeper = authorityMachine(name, args);

    const hosts = new Map(
      machines.map((machine) => [machine, this.#secure(machine, keeper, args, settings)]),
    );
    const keeperHost = hosts.get(keeper) as HostState;
    const issuing = {
      certificate: keeperHost.fact("authorityCertificate"),
      issuer: pulumi.output(keeper.connection),
    };
    for (const [machine, host] of hosts) {
      this.host(machine, certificatesSpec(machine, issuing), "certificates", [keeperHost, host]);
    }

    for (const machine of machines) {
      for (const check of insideChecks(machine, settings)) this.check(machine, check);
      for (const check of outsideChecks(machine, machines, settings)) this.check(machine, check);
    }
    this.check(keeper, authorityCheck);
    this.gate = this.closeGate();

    this.authority = {
      certificate: this.behindGate(issuing.certificate),
      issuer: this.behindGate(issuing.issuer),
    };
    this.authorityBackup = {
      certificate: this.authority.certificate,
      key: this.behindGate(keeperHost.secretFact("authorityKey")),
    };
    this.registerOutputs({ authorityCertificate: this.authority.certificate });
  }

  #secure(
    machine: Machine,
    keeper: Machine,
    { authorityBackup }: SecurityBaselineArgs,
    settings: SecuritySettings,
  ): HostState {
    const spec = baselineSpec(machine, settings);
    if (machine !== keeper) return this.host(machine, spec);
    return this.host(machine, {
      ...spec,
      items: [...spec.items, ...authorityItems(authorityBackup)],
      facts: authorityFacts,
    });
  }
}

function authorityMachine(name: string, args: SecurityBaselineArgs): Machine {
  const wanted = args.authorityMachine;
  const found =
    wanted === undefined ? args.machines[0] : args.machines.find((machine) => machine.name === wanted);
  if (found !== undefined) return found;
  throw new GroundworkError("GW101", {
    what: `no machine is named ${wanted}; there are ${args.machines.map((machine) => machine.name).join(", ")}`,
    where: `${name}.authorityMachine`,
  });
}
