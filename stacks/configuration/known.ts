import type { z } from "zod";
import { type SshSettings, sshSettings } from "../../components/settings.ts";
import {
  type BastionSettings,
  bastion,
  type ExistingMachineSettings,
  existingMachine,
  type LabMachineSettings,
  labMachine,
} from "./machines.ts";
import { type NetworkSettings, network } from "./network.ts";
import { type StreamName, streamSchemas } from "./streams.ts";

/** What is known of an object that may be wrong in places. */
export interface Known<T> {
  /** Fields that are right, with defaults. */
  right: Partial<T>;
  /** Whether a field is given, or required, and not right: nothing is known of it. */
  isWrong(field: keyof T): boolean;
}

/** What is known of one machine. */
export type KnownMachine = { name: string /** Such as `machines.web-1.lab`. */; path: string } & (
  | { kind: "lab"; settings: Known<LabMachineSettings> }
  | { kind: "existing"; settings: Known<ExistingMachineSettings>; bastion?: Known<BastionSettings> }
);

/** What is known of a configuration, however much of it is wrong: the rest is looked at all the same. */
export interface KnownConfiguration {
  machines: KnownMachine[];
  /** Whether these are all machines that are listed. */
  allMachines: boolean;
  network: Known<NetworkSettings>;
  /** Whether a stream is part of the stack; undefined where that is wrong. */
  enabled(stream: StreamName): boolean | undefined;
  ssh: Known<SshSettings>;
}

/** Takes a configuration apart, as a person wrote it. */
export function knownParts(input: unknown): KnownConfiguration {
  const machines = Object.entries(fieldsOf(fieldOf(input, "machines")));
  const known = machines.flatMap(([name, entry]) => knownMachine(name, entry));
  const stream = (name: StreamName): unknown => fieldOf(fieldOf(input, "streams"), name);
  return {
    machines: known,
    allMachines: machines.length > 0 && known.length === machines.length,
    network: knownFields(network, fieldOf(input, "network")),
    enabled: (name) => knownFields(streamSchemas[name], stream(name)).right.enabled,
    ssh: knownFields(sshSettings, fieldOf(stream("alpha"), "ssh")),
  };
}

function knownMachine(name: string, entry: unknown): KnownMachine[] {
  const { lab, existing } = fieldsOf(entry);
  if ((lab === undefined) === (existing === undefined)) return [];
  if (lab !== undefined)
    return [{ name, path: `machines.${name}.lab`, kind: "lab", settings: knownFields(labMachine, lab) }];
  const settings = knownFields(existingMachine, existing);
  const hop = fieldsOf(existing).bastion;
  const through = hop === undefined ? {} : { bastion: knownFields(bastion, hop) };
  return [{ name, path: `machines.${name}.existing`, kind: "existing", settings, ...through }];
}

type ObjectSchema<T> = z.ZodType<T> & { shape: Record<string, z.ZodType> };

/** Reads each field for itself. An absent object is an empty one; of what is no object, nothing is known. */
function knownFields<T>(schema: ObjectSchema<T>, value: unknown): Known<T> {
  const given = fieldsOf(value);
  const readable = value === undefined || isObject(value);
  const right = Object.entries(schema.shape).flatMap(([field, rule]) => {
    const read = rule.safeParse(given[field]);
    return readable && read.success ? [[field, read.data] as const] : [];
  });
  const names = new Set<PropertyKey>(right.map(([field]) => field));
  return {
    right: Object.fromEntries(right) as Partial<T>,
    isWrong: (field) => !names.has(field),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fieldsOf = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});

/** A field's value: undefined where nobody gives it, null where the object itself cannot be read. */
const fieldOf = (value: unknown, field: string): unknown =>
  value === undefined ? undefined : isObject(value) ? value[field] : null;
