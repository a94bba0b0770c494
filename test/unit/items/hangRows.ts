import type { ItemKindName } from "../../../provider/index.ts";

/** The steps of an item, as they are tried. */
export type StepName = "observe" | "capture" | "apply" | "restore";

/** How a kind is tried on a machine where nothing answers, and what it waits for there. */
export interface HangRow {
  /** Programs that a step asks before it gives up, in their alphabetical order. A step without any asks nobody. */
  waits: Partial<Record<StepName, string>>;
  /** Variables that are places of the machine, by their names there. */
  places?: Record<string, string>;
  /** Fields in the place of the example's. */
  item?: object;
  /** What was observed while all still answered. Default: what is observed now. */
  seen?: string;
  /** Shell that makes the machine ready. */
  before?: string;
}

const path = { path: "place" };
const nobody = { waits: {}, places: path };
const element = { waits: { observe: "nft", apply: "nft", restore: "nft" } };

/** Every kind: a new one has to say whom it waits for. */
export const hangRows: { readonly [K in ItemKindName]: HangRow } = {
  absent: nobody,
  allowedForward: element,
  allowedPort: element,
  aptSource: { waits: { apply: "apt-get", restore: "apt-get" } },
  authorizedKey: { waits: { observe: "perl", capture: "getent", apply: "getent", restore: "getent" } },
  certificate: {
    waits: { observe: "openssl", apply: "openssl" },
    places: path,
    before: `touch place.key place.crt ticket; TICKET=$PWD/ticket
      mkdir groundwork/pending; touch "groundwork/pending/$gw_hash.key"`,
  },
  command: {
    waits: { observe: "curl", apply: "curl", restore: "curl" },
    item: { unless: "curl", run: "curl", undo: "curl" },
    seen: "done=no",
  },
  directory: nobody,
  download: { waits: { apply: "curl" }, places: path },
  file: { waits: { apply: "curl" }, places: path, item: { validate: "curl" } },
  firewallTable: { waits: { observe: "nft", apply: "nft", restore: "nft" } },
  group: { waits: { apply: "perl" } },
  hostname: { waits: { apply: "hostname", restore: "hostname" }, places: path },
  hostsEntry: nobody,
  kernelModule: {
    waits: { apply: "modinfo modprobe" },
    before: "kernelModule_paths() { gw_module=$PWD/module gw_load=$PWD/load gw_options=$PWD/options; }",
  },
  kernelParameter: {
    waits: { apply: "grub-mkconfig", restore: "grub-mkconfig" },
    before: `gw_grub=$PWD/boot/grub.cfg; mkdir boot; touch "$gw_grub"
      kernelParameter_dropin() { gw_dropin=$PWD/dropin gw_text=text; }`,
  },
  mount: {
    waits: { observe: "findmnt", capture: "findmnt", apply: "systemctl", restore: "findmnt systemctl" },
    places: path,
    before: "gw_unit_files=$PWD/units",
  },
  network: {
    waits: { observe: "systemctl", capture: "ip", apply: "systemctl", restore: "systemctl" },
    before: "gw_networks=$PWD/networks",
  },
  nftablesTable: { waits: { observe: "nft", capture: "nft", apply: "nft", restore: "nft" } },
  package: {
    waits: {
      observe: "dpkg-query",
      capture: "dpkg-query",
      apply: "dpkg-query",
      restore: "dpkg-query",
    },
  },
  // The provider waits for its machine (engine/nextBoot.ts).
  reboot: { waits: {} },
  service: {
    waits: { observe: "systemctl", capture: "systemctl", apply: "systemctl", restore: "systemctl" },
  },
  stateDirectory: nobody,
  swap: {
    waits: { observe: "systemctl", apply: "systemctl systemd-detect-virt", restore: "systemctl" },
    places: path,
    before: "touch place; gw_unit_files=$PWD/units; mkdir units",
  },
  symlink: nobody,
  sudoRule: { waits: { apply: "visudo" }, places: path },
  sysctl: { waits: {}, before: "gw_sysctls=$PWD/sys gw_dropins=$PWD/sysctl.d" },
  timezone: { waits: {}, places: { path: "place", text: "text" } },
  trustedCertificate: {
    waits: { apply: "update-ca-certificates" },
    places: path,
    before: "gw_trusted=$PWD/trusted; mkdir trusted",
  },
  // One reading of units serves several: the look after the change waits for it.
  unit: { waits: { observe: "systemctl" }, places: path },
  user: { waits: { apply: "perl", restore: "perl" }, places: { home: "home" } },
};
