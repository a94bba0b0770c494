import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { type NetworkItem, network } from "../../../provider/items/network.ts";
import { withLibrary } from "./shellLibrary.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-network-"));
after(() => rmSync(folder, { recursive: true }));

const item = (more: Partial<NetworkItem>): NetworkItem => ({ kind: "network", name: "10-a", ...more });
const lan = "[Match]\nName=lan0\n\n[Network]\nAddress=10.0.0.1/24\n";
const device = (name: string, kind = "bridge") => `[NetDev]\nName=${name}\nKind=${kind}\n`;
const refusals = (more: object): string[] =>
  (network.schema.safeParse(item(more)).error?.issues ?? []).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
const deviceOf = (netdev: string) => network.variables(item({ netdev })).device;

describe("files of networkd", () => {
  it("are at least one, under a name that is one", () => {
    assert.deepEqual(refusals({}), [": must have at least one of `network`, `netdev` and `link`"]);
    assert.deepEqual(refusals({ network: lan }), []);
    for (const name of ["", "../a", "-a", "a b", "a.network", "a/b"])
      assert.match(refusals({ name, network: lan }).join(), /^name: must be a file name/, name);
  });

  it("have the section without which networkd passes them over", () => {
    assert.deepEqual(refusals({ network: "[Network]\nDHCP=yes\n" }), [
      "network: must have a section [Match]",
    ]);
    assert.deepEqual(refusals({ link: "# [Match]\n" }), ["link: must have a section [Match]"]);
    assert.match(
      refusals({ netdev: "Name=a\nKind=bridge\n" }).join(),
      /^netdev: must have a section \[NetDev\]/,
    );
    assert.match(refusals({ netdev: "[NetDev]\nName=a\n" }).join(), /^netdev: must have one `Kind=`/);
    for (const name of ["", "a b", "sixteen-letters-", "a\nName=b"])
      assert.match(refusals({ netdev: device(name) }).join(), /netdev: must have one `Name=`/, name);
  });

  it("are all of their name: what is not given is to be absent", () => {
    const digest = "[0-9a-f]{64}";
    assert.match(
      network.desired(item({ network: lan })),
      new RegExp(`^network=${digest} netdev=absent link=absent live=yes$`),
    );
    assert.match(
      network.desired(item({ link: lan, live: false })),
      new RegExp(`^network=absent netdev=absent link=${digest}$`),
    );
  });

  it("endanger the login unless they are for later", () => {
    assert.equal(network.endangersLogin?.(item({ network: lan })), true);
    assert.equal(network.endangersLogin?.(item({ network: lan, live: false })), false);
  });

  it("name a device that has to be there, unless it stands on another one", () => {
    assert.equal(deviceOf(device("br0")), "br0");
    assert.equal(deviceOf("[NetDev]\n Name = wg0 \n Kind = wireguard\n[WireGuard]\nName=no\n"), "wg0");
    assert.equal(deviceOf(device("v0", "vlan")), "");
    assert.equal(network.variables(item({ network: lan })).device, "");
  });

  it("arrive byte for byte, each in its file", () => {
    const anyText = fc.option(
      fc.string({ unit: "binary", maxLength: 40 }).filter((text) => !text.includes("\0")),
      { nil: undefined },
    );
    fc.assert(
      fc.property(anyText, anyText, anyText, (first, second, third) => {
        const files = { network: first, netdev: second, link: third };
        const given = Object.fromEntries(Object.entries(files).filter(([, text]) => text !== undefined));
        writeFileSync(join(folder, "data"), network.data?.(item(given)) ?? "");
        withLibrary(`name=10-a gw_draft='${folder}/new' sizes='${network.variables(item(given)).sizes}'
rm -rf "$gw_draft"; chown() { :; }; data() { cat '${folder}/data'; }; network_unpack`);
        for (const [suffix, text] of Object.entries(files)) {
          const read = () => readFileSync(join(folder, "new/all", `10-a.${suffix}`), "utf8");
          if (text === undefined) assert.throws(read, /ENOENT/);
          else assert.equal(read(), text);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("an interface that netplan configures", () => {
  /** What is said of a `.network` for these names where netplan has a file of its own. */
  const said = (names: string, file: string, match: string): string => {
    writeFileSync(join(folder, "data"), `[Match]\nName=${names}\n\n[Network]\nDHCP=yes\n`);
    return withLibrary(`cd '${folder}' && rm -rf new generated interfaces && mkdir -p new/all generated interfaces/eth0 interfaces/lan0
cp data new/all/10-a.network && printf '[Match]\\n${match}\\n[Network]\\nName=lan0\\n' >'generated/${file}'
gw_draft=new gw_generated=generated gw_interfaces=interfaces name=10-a
network_free || echo refused`);
  };
  const refusal = (file: string) =>
    `netplan configures eth0, by generated/${file}: change it there, or take it out of netplan's own files first\nrefused`;

  it("is refused, whichever file names it, and how", () => {
    for (const [names, file, match] of [
      ["eth0", "10-netplan-eth0.network", "Name=eth0"],
      ["lan0 e*", "10-netplan-all-en.network", " Name = en* eth*"],
      ["!lan0", "10-netplan-eth0.network", "PermanentMACAddress=00:00:5e:00:53:01"],
    ] as const)
      assert.equal(said(names, file, match), refusal(file), names);
  });

  it("leaves others free, and files that are not of netplan", () => {
    assert.equal(said("lan0", "10-netplan-eth0.network", "Name=eth0"), "");
    assert.equal(said("!eth0", "10-netplan-eth0.network", "Name=eth0"), "");
    assert.equal(said("eth0", "10-lan.network", "Name=eth0"), "");
  });
});

describe("the device of a file that is there", () => {
  const found = (text: string): string => {
    writeFileSync(join(folder, "a.netdev"), text);
    return withLibrary(`network_device '${folder}/a.netdev'`);
  };

  it("is the name in its section, whatever blanks stand around it", () => {
    assert.equal(found(device("br0")), "br0");
    assert.equal(
      found("# Name=x\n[Match]\nName=y\n [NetDev] \r\n  Kind=bond\n Name = bond0 \r\nName=z\n"),
      "bond0",
    );
    assert.equal(found("[Match]\nName=y\n"), "");
  });
});

describe("addresses that were set by hand", () => {
  it("come back without those that the kernel makes by itself", () => {
    writeFileSync(
      join(folder, "addresses"),
      [
        "2: lan0    inet 10.0.0.5/24 brd 10.0.0.255 scope global lan0\\       valid_lft forever preferred_lft forever",
        "2: lan0    inet 10.0.1.5/24 metric 100 brd 10.0.1.255 scope global dynamic lan0\\       valid_lft 5sec preferred_lft 5sec",
        "2: lan0    inet 10.0.2.5 peer 10.0.2.6/32 scope global lan0\\       valid_lft forever preferred_lft forever",
        "2: lan0    inet6 fd00::5/64 scope global \\       valid_lft forever preferred_lft forever",
        "2: lan0    inet6 fd01::5/64 scope global dynamic mngtmpaddr \\       valid_lft 5sec preferred_lft 5sec",
        "2: lan0    inet6 fe80::5/64 scope link \\       valid_lft forever preferred_lft forever",
        "3: lan00    inet 10.9.0.5/24 brd 10.9.0.255 scope global lan00\\       valid_lft forever preferred_lft forever",
        "",
      ].join("\n"),
    );
    writeFileSync(
      join(folder, "routes4"),
      "default via 10.0.0.1 dev lan0 onlink \n10.0.0.0/24 dev lan0 proto kernel scope link src 10.0.0.5 \n10.8.0.0/16 via 10.0.0.2 dev lan0 metric 7 linkdown \n10.9.0.0/24 dev lan00 scope link \n",
    );
    writeFileSync(
      join(folder, "routes6"),
      "fd00::/64 dev lan0 proto kernel metric 256 pref medium\nfd08::/16 via fd00::1 dev lan0 metric 1024 pref medium\ndefault via fe80::1 dev lan0 proto ra metric 1024 expires 1700sec pref medium\n",
    );
    const said = withLibrary(
      `capture='${folder}' gw_run='${folder}'; ip() { echo "$*"; }; limit() { "$@"; }; network_by_hand lan0`,
    );
    assert.deepEqual(said.split("\n"), [
      "link set dev lan0 up",
      "address replace 10.0.0.5/24 brd 10.0.0.255 dev lan0",
      "address replace 10.0.1.5/24 brd 10.0.1.255 dev lan0",
      "address replace 10.0.2.5 peer 10.0.2.6/32 dev lan0",
      "address replace fd00::5/64 dev lan0",
      "-4 route replace default via 10.0.0.1 dev lan0 onlink",
      "-4 route replace 10.8.0.0/16 via 10.0.0.2 dev lan0 metric 7",
      "-6 route replace fd08::/16 via fd00::1 dev lan0 metric 1024",
    ]);
  });
});
