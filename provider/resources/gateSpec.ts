import { z } from "zod";
import { type Check, checkSchema } from "../checks/check.ts";
import * as field from "../items/fields.ts";

/** All checks of a stream, behind which other streams wait. A Gate never changes a machine. */
export interface GateSpec {
  /** The stream whose gate it is. */
  stream: string;
  /** Generation of each HostState of the stream, by name: a new one runs every check again. */
  generations: Record<string, string>;
  /** Each names its machine in `on`. */
  checks: Check[];
  /** Reasons by check name, for checks that cannot be tried here: they may skip, not fail. */
  waivers?: Record<string, string>;
}

export const gateSchema: z.ZodType<GateSpec> = z.strictObject({
  stream: field.line.min(1),
  generations: z.record(z.string(), z.string()),
  checks: z
    .array(
      checkSchema.refine((check) => check.on !== undefined, {
        path: ["on"],
        error: "must be the connection of the machine that the check runs on",
      }),
    )
    .min(1),
  waivers: z.record(z.string(), field.line.min(1)).optional(),
});

export interface GateOutputs {
  /** Changes whenever the gate's checks ran because something changed. */
  generation: string;
  /** Checks that passed, and all of them: `12 of 12, 1 waived`. */
  summary: string;
  /** SHA-256 of the evidence, which lies in a report file. */
  evidence: string;
  /** Checks that failed when the machines were last read; empty while the gate is open. */
  failing: string[];
}
