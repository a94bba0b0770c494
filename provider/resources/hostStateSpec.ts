import { z } from "zod";
import { type Check, checkSchema } from "../checks/check.ts";
import { type Connection, connectionSchema } from "../connection.ts";
import * as field from "../items/fields.ts";
import { type Item, type ItemKindName, itemKinds, keyOf } from "../items/index.ts";
import { isSecretAt, secretTexts, type Wire } from "../wire.ts";
import type { Properties } from "./resource.ts";
import { parse } from "./validation.ts";

/** A typed value that is read after the checks and becomes an output. At most 64 KiB. */
export interface Fact {
  /** File to read; either this or `run`. */
  file?: string;
  /** POSIX shell script whose output is the value. */
  run?: string;
  /** Encrypted in the state. Default false. */
  secret?: boolean;
}

/**
 * Where a short-lived value comes from. `issue` is a POSIX shell script for the issuer; it finds the consumer's
 * request (a certificate's signing request, else nothing) on its standard input and prints the ticket.
 * The value passes through the provider's memory only.
 */
export interface Ticket {
  /** Machines that can issue it, tried in order: any healthy one serves. */
  from: Connection[];
  /** POSIX shell script, as above. */
  issue: string;
  /** Seconds. Default 60. */
  timeLimit?: number;
}

/** The desired state of one stream on one machine, as a program asks for it. */
export interface HostStateInputs {
  /** How to log in to the machine. */
  connection: Connection;
  /** The stream it belongs to, for messages and reports. */
  stream: string;
  /** In the order in which they are brought about. */
  items: Item[];
  /** Must hold before anything is changed. */
  guards?: Check[];
  /** Must hold after; a failure puts the pre-image back. */
  checks?: Check[];
  /** Values to read after the checks, by name. */
  facts?: Record<string, Fact>;
  /** Short-lived values that items consume, by name. */
  tickets?: Record<string, Ticket>;
  /** Reasons by check name, for checks that cannot be tried here: they may skip, not fail. */
  waivers?: Record<string, string>;
}

/** The desired state of one stream on one machine, in clear, and what of it is secret. */
export interface HostStateSpec extends HostStateInputs {
  /** Keys of the items with a secret in them: what a machine says of these, be it a digest, is not shown. */
  secretItems: string[];
  /** Secret values: programs of a machine may repeat them, errors and messages do not. */
  secrets: string[];
}

/** Stands for what was seen of an item with a secret: even a digest could be guessed at. */
export const notShown = "not as declared";

/** Inputs in clear with what the secrets of `wrapped` mark, of which they were revealed. */
export function withSecretItems(inputs: HostStateInputs, wrapped: unknown): HostStateSpec {
  const secret = inputs.items.filter((_, index) => isSecretAt(wrapped as Wire, ["items", index]));
  return { ...inputs, secretItems: secret.map(keyOf), secrets: secretTexts(wrapped as Wire) };
}

/** Errors: GW102. */
export function hostStateOf(inputs: Properties): HostStateSpec {
  return withSecretItems(parse(hostStateSchema, inputs), inputs);
}

const itemSchema = z.discriminatedUnion(
  "kind",
  Object.values(itemKinds).map((kind) => kind.schema) as unknown as [z.core.$ZodTypeDiscriminable],
) as unknown as z.ZodType<Item>;

export const hostStateSchema: z.ZodType<HostStateInputs> = z.strictObject({
  connection: connectionSchema,
  stream: field.line.min(1),
  items: z.array(itemSchema),
  guards: z.array(checkSchema).optional(),
  checks: z.array(checkSchema).optional(),
  facts: z
    .record(
      z.string().regex(/^[a-zA-Z][a-zA-Z0-9]*$/),
      z
        .strictObject({
          file: field.path.optional(),
          run: field.text.optional(),
          secret: z.boolean().optional(),
        })
        .refine((fact) => (fact.file === undefined) !== (fact.run === undefined), {
          error: "must have either `file` or `run`",
        }),
    )
    .optional(),
  tickets: z
    .record(
      z.string().regex(/^[a-zA-Z][a-zA-Z0-9]*$/),
      z.strictObject({
        from: z.array(connectionSchema).min(1),
        issue: field.text,
        timeLimit: field.timeLimit,
      }),
    )
    .optional(),
  waivers: z.record(z.string(), field.line.min(1)).optional(),
});

/** One item that is not as desired. */
export interface Drift {
  /** Its key. */
  item: string;
  /** What was seen; contents as digests. */
  observed: string;
  /** What should have been seen. */
  desired: string;
}

/** What the provider keeps of a HostState beside its inputs: no content, no secret in clear. */
export interface HostStateOutputs {
  /** The machine's /etc/machine-id when it was last changed. */
  machineId: string;
  /** Changes with every operation that touched the machine or its checks. */
  generation: string;
  /** Values of the facts by name. */
  facts: Record<string, string>;
  /** As `facts`, for the ones marked secret. */
  secretFacts: Record<string, string>;
  /** What the last read found different; empty after an operation. */
  drift: Drift[];
  /** Present when the last read did not reach the machine: why. */
  unreachable?: string;
  /** Present when an operation was begun and its end never seen: the next one brings everything about again. */
  unfinished?: boolean;
  /** Present when the last read found another machine at the address: its /etc/machine-id. */
  foundMachineId?: string;
}

export type { ItemKindName };
