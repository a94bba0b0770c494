import { z } from "zod";
import { type Connection, connectionSchema } from "../connection.ts";
import * as field from "../items/fields.ts";

/**
 * One verification with evidence, as it travels to the provider.
 * `run` is a POSIX shell script: exit 0 passes, 77 skips, anything else fails; what it prints is the evidence.
 */
export interface Check {
  /** What holds when it passes, as a sentence: `a password login is refused`. Unique within its stream. */
  name: string;
  /** POSIX shell script, as above. */
  run: string;
  /** Where it runs. In a HostState the default is its own machine; a Gate's checks name theirs. */
  on?: Connection;
  /** Seconds it may be tried again until it passes. Default 0: once. */
  within?: number;
  /** Seconds one try may take. Default 30. */
  timeLimit?: number;
  /** It creates something to test with (a pod): left out when the machine is only read. Default false. */
  createsObjects?: boolean;
}

export const checkSchema: z.ZodType<Check> = z.strictObject({
  // Waivers are looked up by it.
  name: field.line
    .min(1)
    .refine((name) => !(name in {}), { error: "must be a sentence, not a name that every object has" }),
  run: field.text.min(1),
  on: connectionSchema.optional(),
  within: z.number().int().min(0).max(3600).optional(),
  timeLimit: z.number().int().min(1).max(3600).optional(),
  createsObjects: z.boolean().optional(),
});

/** What became of a check. */
export interface CheckResult {
  name: string;
  /** Machine it ran on. */
  machine: string;
  result: "pass" | "fail" | "skip" | "waived";
  seconds: number;
  /** What was seen, at most 4 KiB. */
  evidence: string;
  /** Why its machine was not reached: the check did not run, and counts as failed. */
  unreached?: string;
}

/**
 * What a check counts as, and what goes before its evidence. A waiver excuses what could not be tried, never what was
 * tried and failed: the machine itself goes by the same rule (check.sh).
 */
export function judge(
  result: "pass" | "fail" | "skip",
  waiver: string | undefined,
): Pick<CheckResult, "result"> & { note: string } {
  if (waiver === undefined || result === "pass") return { result, note: "" };
  return result === "skip"
    ? { result: "waived", note: `waived: ${waiver}; ` }
    : { result, note: "a waiver excuses a skip alone; " };
}
