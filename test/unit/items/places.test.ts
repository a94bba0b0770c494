import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { itemExamples } from "../../../docs/source/itemExamples.ts";
import { type Item, keyOf } from "../../../provider/index.ts";
import { itemFailures } from "../../../provider/resources/itemFailures.ts";
import { unknown } from "../../../provider/wire.ts";

const reasons = (...items: Item[]): string[] =>
  itemFailures({ items, tickets: { serverCertificate: {} } } as never).map(
    ({ property, reason }) => `${property}: ${reason}`,
  );

const file = (path: string): Item => ({ kind: "file", path, content: "x\n" });
const sysctl = (name: string): Item => ({ kind: "sysctl", name, value: "1" });

/** Two items and the one place that both are about. */
const pairs: [Item, Item, string][] = [
  [file("/etc/a"), { kind: "symlink", path: "/etc/a", target: "b" }, "/etc/a"],
  [{ kind: "absent", path: "/srv/a" }, { kind: "directory", path: "/srv/a" }, "/srv/a"],
  [{ kind: "directory", path: "/srv/a" }, { kind: "stateDirectory", path: "/srv/a" }, "/srv/a"],
  [file("/usr/bin/a"), { ...itemExamples.download, path: "/bin/a" }, "/bin/a"],
  [
    { kind: "unit", name: "a.service", content: "" },
    file("/etc/systemd/system/a.service"),
    "/etc/systemd/system/a.service",
  ],
  [
    itemExamples.unit,
    file("/etc/systemd/system/containerd.service.d/10-limits.conf"),
    "/etc/systemd/system/containerd.service.d/10-limits.conf",
  ],
  [
    itemExamples.mount,
    { kind: "unit", name: "srv-media.mount", content: "" },
    "/etc/systemd/system/srv-media.mount",
  ],
  [itemExamples.sudoRule, file("/etc/sudoers.d/deploy"), "/etc/sudoers.d/deploy"],
  [itemExamples.certificate, file("/etc/node-exporter/server.key"), "/etc/node-exporter/server.key"],
  [
    itemExamples.network,
    file("/etc/systemd/network/20-storage.link"),
    "/etc/systemd/network/20-storage.link",
  ],
  [
    itemExamples.aptSource,
    file("/etc/apt/sources.list.d/backports.sources"),
    "/etc/apt/sources.list.d/backports.sources",
  ],
  [
    itemExamples.trustedCertificate,
    file("/usr/local/share/ca-certificates/example-ca.crt"),
    "/usr/local/share/ca-certificates/example-ca.crt",
  ],
  [itemExamples.hostname, file("/etc/hostname"), "/etc/hostname"],
  [itemExamples.timezone, { kind: "symlink", path: "/etc/localtime", target: "x" }, "/etc/localtime"],
  [sysctl("net.ipv4.ip_forward"), sysctl("net.ipv4.conf.all.forwarding"), "/proc/sys/net/ipv4/ip_forward"],
];

describe("two items of one HostState", () => {
  for (const [first, second, place] of pairs)
    it(`are refused at one place, ${first.kind} and ${second.kind}: ${place}`, () => {
      const said = (one: Item, other: Item) => [
        `items[1]: ${keyOf(other)} is about ${place}, and so is ${keyOf(one)} at items[0]: keep one of them`,
      ];
      assert.deepEqual(reasons(first, second), said(first, second));
      assert.deepEqual(reasons(second, first), said(second, first));
    });

  it("stand side by side where they are about different things", () => {
    const { unit, mount, download } = itemExamples;
    assert.deepEqual(reasons(unit, { kind: "service", unit: "containerd.service" }), []);
    assert.deepEqual(reasons(unit, { ...unit, dropIn: "20-more" }), []);
    assert.deepEqual(reasons(mount, { kind: "directory", path: mount.where }), []);
    assert.deepEqual(
      reasons(
        { kind: "directory", path: "/opt/a" },
        { ...download, path: "/opt/a/b", extract: true },
        file("/opt/a/c"),
      ),
      [],
    );
    assert.deepEqual(
      reasons(sysctl("net.ipv4.conf.all.rp_filter"), sysctl("net.ipv4.conf.default.rp_filter")),
      [],
    );
    assert.deepEqual(
      reasons(sysctl("net.ipv4.conf.eth0/1.rp_filter"), sysctl("net.ipv4.conf.eth0.1.rp_filter")),
      [],
    );
  });

  it("are not judged before their places are known", () => {
    const mount = (what: string): Item => ({ ...itemExamples.mount, what, where: unknown });
    assert.deepEqual(
      reasons(file(unknown), { kind: "directory", path: unknown }, mount("/dev/a"), mount("/dev/b")),
      [],
    );
  });
});
