import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

/** Whether this host has a network interface of this name. */
export function interfaceExists(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}

/** This host's network interfaces whose names begin with `prefix`. */
export async function interfacesNamed(prefix: string): Promise<string[]> {
  return (await readdir("/sys/class/net")).filter((name) => name.startsWith(prefix)).sort();
}

/** Whether an interface is there and switched off. */
export async function interfaceIsDown(name: string): Promise<boolean> {
  const flags = await readFile(`/sys/class/net/${name}/flags`, "utf8").catch(() => undefined);
  return flags !== undefined && (Number(flags) & switchedOn) === 0;
}

/** IFF_UP of netdevice(7). */
const switchedOn = 1;
