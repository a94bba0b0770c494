import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";

/** Whether this host has a network interface of this name. */
export function interfaceExists(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}

/** This host's network interfaces whose names begin with `prefix`. */
export async function interfacesNamed(prefix: string): Promise<string[]> {
  return (await readdir("/sys/class/net")).filter((name) => name.startsWith(prefix)).sort();
}
