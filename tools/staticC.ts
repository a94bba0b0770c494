import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { GroundworkError } from "../errors/index.ts";
import { fullDisk } from "../foundation/diskSpace.ts";

const flags = ["-Os", "-s", "-static", "-Wall", "-Werror", "-Wl,--build-id=none"];

/** Everything of ours that decides what the build of a C program gives. */
export async function cRecipe(program: string): Promise<unknown> {
  return { source: await readFile(sourceFile(program), "utf8"), flags };
}

/** Builds `tools/PROGRAM/PROGRAM.c` into a folder, linked statically. */
export async function buildC(program: string, into: string): Promise<void> {
  const run = await execa("gcc", [...flags, "-o", join(into, program), sourceFile(program)], {
    reject: false,
  });
  if (run.exitCode === 0) return;
  const report = run.stderr || run.shortMessage || "gcc did not run";
  throw (
    fullDisk(report, program) ?? new GroundworkError("GW607", { what: report.slice(-1000), where: program })
  );
}

function sourceFile(program: string): string {
  return join(import.meta.dirname, program, `${program}.c`);
}
