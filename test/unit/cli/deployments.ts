import type { Deployment, Resource } from "../../../cli/engine/deployment.ts";
import { hostKeyOf } from "../../support/hostKey.ts";

const start = "urn:pulumi:dev::groundwork::";
const token = (name: string): string => `groundwork:index:${name}`;
const stackUrn = `${start}pulumi:pulumi:Stack::groundwork-dev`;

/** How a secret stands in an export with secrets shown. */
export const secret = (value: unknown): unknown => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});

interface StreamParts {
  machines: string[];
  /** Streams whose gate it stands behind. */
  after: string[];
  checks?: unknown[];
}

const componentUrn = (stream: string): string => `${start}${token("Stream")}::${stream}`;
const gateUrn = (stream: string): string => `${start}${token("Stream")}$${token("Gate")}::${stream}`;
export const hostUrn = (stream: string, machine: string): string =>
  `${start}${token("Stream")}$${token("HostState")}::${stream}-${machine}`;

function stream(name: string, { machines, after, checks = [] }: StreamParts): Resource[] {
  const component = componentUrn(name);
  const hosts = machines.map(
    (machine): Resource => ({
      urn: hostUrn(name, machine),
      type: token("HostState"),
      custom: true,
      parent: component,
      dependencies: after.map(gateUrn),
      inputs: {
        stream: name,
        connection: { name: machine, address: "192.0.2.1", hostKey: hostKeyOf(machine) },
        items: [{ kind: "file", path: `/etc/${name}.conf`, content: secret("hidden") }],
        checks: [{ name: `${name} works`, run: "true" }],
        waivers: { "the moon is full": "nobody waits for it" },
      },
      outputs: { secretFacts: secret(name === "delta" ? { kubeconfig: "config" } : {}) },
    }),
  );
  const gate: Resource = {
    urn: gateUrn(name),
    type: token("Gate"),
    custom: true,
    parent: component,
    dependencies: hosts.map(({ urn }) => urn),
    propertyDependencies: { generations: hosts.map(({ urn }) => urn), stream: null },
    inputs: {
      stream: name,
      generations: {},
      checks,
      waivers: { "the moon is full": "nobody waits for it" },
    },
  };
  return [{ urn: component, type: token("Stream"), custom: false, parent: stackUrn }, ...hosts, gate];
}

const labMachine = (name: string): Resource => ({
  urn: `${start}${token("LabNetwork")}$${token("LabMachine")}::${name}`,
  type: token("LabMachine"),
  custom: true,
  parent: `${start}${token("LabNetwork")}::lab`,
});

/** Alpha, Bravo and Charlie behind it, Delta behind both, on `machines`; those of `lab` are of the lab. */
export function deploymentOf(machines: string[], lab: string[] = [], checks: unknown[] = []): Deployment {
  const resources: Resource[] = [
    { urn: stackUrn, type: "pulumi:pulumi:Stack", custom: false, outputs: { kubeconfig: secret("config") } },
    { urn: `${start}${token("LabNetwork")}::lab`, type: token("LabNetwork"), custom: true, parent: stackUrn },
    ...lab.map(labMachine),
    ...stream("alpha", { machines, after: [], checks }),
    ...stream("bravo", { machines, after: ["alpha"] }),
    ...stream("charlie", { machines, after: ["alpha"] }),
    ...stream("delta", { machines, after: ["bravo", "charlie"] }),
  ];
  return { version: 3, deployment: { resources } };
}
