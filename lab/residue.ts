import { existsSync } from "node:fs";
import { cgroupsNamed, processesIn } from "./cgroups.ts";
import { loopDevicesBelow, mountsBelow } from "./disk.ts";
import { interfaceExists, interfacesNamed } from "./interfaces.ts";
import { settingsHolders } from "./kernelSettings.ts";
import { networkNames } from "./naming.ts";
import { natExists } from "./nat.ts";

/** Something of a network that is still on this host. */
export interface Residue {
  kind:
    | "process"
    | "mount"
    | "loop device"
    | "interface"
    | "cgroup"
    | "NAT table"
    | "firewall rule"
    | "kernel settings"
    | "folder";
  /** Its name, path or process id. */
  what: string;
}

/** Everything of a network that is on this host; after `deleteNetwork` it must be empty. */
export async function residue(network: string): Promise<Residue[]> {
  const names = networkNames(network);
  const groups = await cgroupsNamed(names.cgroupPrefix);
  const processes = (await Promise.all(groups.map(processesIn))).flat();
  const interfaces = [
    ...(interfaceExists(names.bridge) ? [names.bridge] : []),
    ...(await interfacesNamed(names.interfacePrefix)),
  ];
  const of = (kind: Residue["kind"], found: (string | number)[]) =>
    found.map((what) => ({ kind, what: String(what) }));
  return [
    ...of("process", processes),
    ...of("mount", await mountsBelow(names.folder)),
    ...of("loop device", await loopDevicesBelow(names.folder)),
    ...of("interface", interfaces),
    ...of("cgroup", groups),
    ...of("NAT table", (await natExists(network)) ? [names.table] : []),
    ...of(
      "kernel settings",
      (await settingsHolders()).filter((holder) => holder === network),
    ),
    ...of("folder", existsSync(names.folder) ? [names.folder] : []),
  ];
}
