import type { Check } from "../../provider/index.ts";
import type { Architecture, Machine } from "../machine.ts";
import { script } from "./script.ts";

const body = `
found=$(dpkg --print-architecture) || exit 1
echo "the machine is $found ($(uname -m))"
[ "$found" = "$1" ] || {
  echo "its property architecture says $1: set architecture: $found for $2"
  exit 1
}`;

/** Passes on a machine of the architecture that it is declared to have: by it packages and programs are chosen. */
export function architectureIs({ name, architecture }: Pick<Machine, "name" | "architecture">): Check {
  return { name: "the architecture is the declared one", run: architectureScript(architecture, name) };
}

export const architectureScript = (architecture: Architecture, machine: string): string =>
  script(body, architecture, machine);
