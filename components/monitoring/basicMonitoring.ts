import type * as pulumi from "@pulumi/pulumi";
import { checkedArgs } from "../checkedArgs.ts";
import type { Machine } from "../machine.ts";
import { Stream } from "../stream.ts";
import { exporterChecks, prometheusChecks } from "./monitoringChecks.ts";
import { type BasicMonitoringArgs, monitoringSettings } from "./monitoringSettings.ts";
import { monitoringSpec } from "./monitoringSpec.ts";

export type { BasicMonitoringArgs } from "./monitoringSettings.ts";

/**
 * Charlie: a node exporter on every machine and Prometheus on those of a role, over TLS with certificates on both
 * sides. The exporters let only Prometheus's machines in; Prometheus's API listens on loopback.
 */
export class BasicMonitoring extends Stream {
  constructor(name: string, args: BasicMonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:BasicMonitoring", name, args, opts);
    const settings = checkedArgs(name, monitoringSettings, args);
    const { machines, authority } = args;
    const watched = { machines, monitors: monitorsOf(machines, settings.role) };

    for (const machine of machines) {
      this.host(machine, monitoringSpec(machine, watched, authority, settings));
      for (const check of exporterChecks(machine, watched, settings)) this.check(machine, check);
    }
    for (const monitor of watched.monitors) {
      for (const check of prometheusChecks(watched, settings)) this.check(monitor, check);
    }
    this.gate = this.closeGate();
    this.registerOutputs({});
  }
}

/** Machines that carry the role, else the first one. */
function monitorsOf(machines: Machine[], role: string): Machine[] {
  const monitors = machines.filter((machine) => machine.roles.includes(role));
  return monitors.length > 0 ? monitors : machines.slice(0, 1);
}
