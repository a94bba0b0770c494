import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * The files of one name below /etc/systemd/network. systemd-networkd itself reads them before they replace the old
 * ones, then reloads, and configures anew only the links that they are about; a device whose `.netdev` changed is made
 * again. Interfaces that netplan configures are refused. A device that stands on a link, such as a VLAN, comes before the `.network` that names it. An address that
 * locks everybody out is taken back by the dead-man timer. Restored exactly, with the addresses and routes of links
 * that nothing of networkd's was about. systemd.network(5), systemd.netdev(5), systemd.link(5)
 */
export interface NetworkItem extends CommonItem {
  kind: "network";
  /** File name without suffix, which also orders it: `10-lan`. */
  name: string;
  /** Text of `NAME.network`: how links are configured. Default: no such file. */
  network?: string;
  /** Text of `NAME.netdev`: a virtual device. Only root and networkd may read it, it may hold a key. Default: no such file. */
  netdev?: string;
  /** Text of `NAME.link`: names and settings that udev gives a device when it appears, so at the next boot. Default: no such file. */
  link?: string;
  /** Bring it about now, which needs a running systemd-networkd; false writes the files for one that starts later. Default true. */
  live?: boolean;
}

const suffixes = ["network", "netdev", "link"] as const;

/** Devices that networkd makes only together with the link that they stand on. systemd.network(5) */
const stacked =
  /^(ipoib|ipvlan|ipvtap|macsec|macvlan|macvtap|vlan|vxlan|gre|gretap|ip6gre|ip6gretap|ip6tnl|ipip|sit|vti|vti6|erspan|xfrm)$/i;

/** Values of a key in a section, comments left out. */
function values(text: string, section: string, key: string): string[] {
  let here = "";
  return text.split("\n").flatMap((line) => {
    const [, head] = /^\s*\[([^\]]+)\]\s*$/.exec(line) ?? [];
    here = head ?? here;
    const [, name, value = ""] = /^\s*([A-Za-z0-9]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return here === section && name === key && head === undefined ? [value] : [];
  });
}

/** Text with a section in which something stands. */
const withSection = (section: string) =>
  field.text.refine((text) => new RegExp(`^\\s*\\[${section}\\]\\s*$`, "m").test(text), {
    error: `must have a section [${section}]`,
  });

const deviceText = withSection("NetDev")
  .refine((text) => values(text, "NetDev", "Kind").length === 1, {
    error: "must have one `Kind=` in its section [NetDev]",
  })
  .refine((text) => /^[A-Za-z0-9_.:-]{1,15}$/.test(deviceOf(text)), {
    error: "must have one `Name=` of 1 to 15 letters, digits and `_.:-` in its section [NetDev]",
  });

const deviceOf = (text: string): string => {
  const names = values(text, "NetDev", "Name");
  return names.length === 1 ? (names[0] ?? "") : "";
};

/** The device that networkd makes by itself. */
const ownDevice = (netdev = ""): string =>
  stacked.test(values(netdev, "NetDev", "Kind")[0] ?? "") ? "" : deviceOf(netdev);

const isLive = (item: NetworkItem): boolean => item.live ?? true;

const digest = (text: string | undefined): string =>
  text === undefined ? "absent" : createHash("sha256").update(text, "utf8").digest("hex");

export const network: ItemKind<NetworkItem> = {
  kind: "network",
  schema: z
    .strictObject({
      kind: z.literal("network"),
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, {
        error: "must be a file name of letters, digits, dashes and underscores, without suffix",
      }),
      network: withSection("Match").optional(),
      netdev: deviceText.optional(),
      link: withSection("Match").optional(),
      live: z.boolean().optional(),
      timeLimit: field.timeLimit,
    })
    .refine((item) => suffixes.some((suffix) => item[suffix] !== undefined), {
      error: "must have at least one of `network`, `netdev` and `link`",
    }),
  subjectFields: ["name"],
  places: ({ name }) => suffixes.map((suffix) => `/etc/systemd/network/${name}.${suffix}`),
  restores: () => "exactly",
  timeLimit: 60,
  variables: (item) => ({
    name: item.name,
    live: isLive(item) ? "yes" : "",
    device: ownDevice(item.netdev),
    sizes: suffixes
      .map((suffix) => (item[suffix] === undefined ? "-" : Buffer.byteLength(item[suffix])))
      .join(" "),
  }),
  data: (item) => Buffer.from(suffixes.map((suffix) => item[suffix] ?? "").join(""), "utf8"),
  desired: (item) =>
    [
      ...suffixes.map((suffix) => `${suffix}=${digest(item[suffix])}`),
      ...(isLive(item) ? ["live=yes"] : []),
    ].join(" "),
  endangersLogin: isLive,
  secretFields: ["network", "netdev", "link"],
};
