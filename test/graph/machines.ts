import type { Machine } from "../../components/machine.ts";
import { hostKeyOf } from "../support/hostKey.ts";

/** A machine that a graph test can do without reaching. */
export function machine(name: string, last: number, more: Partial<Machine> = {}): Machine {
  return {
    name,
    roles: [],
    architecture: "amd64",
    address: `192.0.2.${last}`,
    address6: `2001:db8::${last}`,
    connection: { name, address: `192.0.2.${last}`, hostKey: hostKeyOf(String(last)) },
    ...more,
  };
}
