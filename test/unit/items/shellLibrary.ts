import { execFileSync } from "node:child_process";
import { library } from "../../../provider/engine/program.ts";

/** Runs a script in dash after the functions of the engine and of every kind; what it printed, without the last newline. */
export function withLibrary(script: string): string {
  const text = `${library()}\nexec 3>/dev/null\n${script}\n`;
  return execFileSync("dash", ["-s"], { input: text, encoding: "utf8" }).replace(/\n$/, "");
}
