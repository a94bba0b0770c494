import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Item, type ItemKindName, itemKinds, keyOf } from "../../../provider/index.ts";

/** Keys stand in the registries of machines: each reads as it always did. */
const keys: { readonly [K in ItemKindName]: [item: Extract<Item, { kind: K }>, key: string] } = {
  absent: [{ kind: "absent", path: "/opt/a", sizeLimit: 3 }, "absent:/opt/a"],
  allowedForward: [
    { kind: "allowedForward", from: "10.0.0.0/8", to: "10.1.0.0/16" },
    "allowedForward:10.0.0.0/8 to 10.1.0.0/16",
  ],
  allowedPort: [
    { kind: "allowedPort", protocol: "tcp", port: 22, from: "any" },
    "allowedPort:tcp/22 from any",
  ],
  aptSource: [{ kind: "aptSource", name: "a", uris: ["https://a/"], suites: ["./"] }, "aptSource:a"],
  authorizedKey: [
    { kind: "authorizedKey", user: "a", key: "ssh-ed25519 AAAA", comment: "b" },
    "authorizedKey:a ssh-ed25519 AAAA",
  ],
  certificate: [
    {
      kind: "certificate",
      folder: "/etc/x",
      name: "a",
      commonName: "a",
      subjectAltNames: ["DNS:a"],
      authority: "/etc/ca.crt",
      ticket: "t",
    },
    "certificate:/etc/x/a",
  ],
  command: [{ kind: "command", name: "make it", run: ":", unless: ":", undo: ":" }, "command:make it"],
  directory: [{ kind: "directory", path: "/srv/a", mode: "0750" }, "directory:/srv/a"],
  download: [{ kind: "download", path: "/opt/a", urls: ["http://a/"], sha256: "0" }, "download:/opt/a"],
  file: [{ kind: "file", path: "/etc/a", content: "one" }, "file:/etc/a"],
  firewallTable: [{ kind: "firewallTable", content: "table" }, "firewallTable:inet groundwork"],
  group: [{ kind: "group", name: "a", gid: 5 }, "group:a"],
  hostname: [{ kind: "hostname", name: "a" }, "hostname:static"],
  hostsEntry: [{ kind: "hostsEntry", address: "10.0.0.1", names: ["a.b", "a"] }, "hostsEntry:10.0.0.1 a.b a"],
  kernelModule: [{ kind: "kernelModule", name: "zram" }, "kernelModule:zram"],
  kernelParameter: [{ kind: "kernelParameter", name: "quiet", value: "1" }, "kernelParameter:quiet"],
  mount: [{ kind: "mount", what: "/dev/vdb", where: "/srv/a", type: "ext4" }, "mount:/srv/a"],
  network: [{ kind: "network", name: "10-a", network: "[Match]" }, "network:10-a"],
  nftablesTable: [{ kind: "nftablesTable", family: "ip", name: "a", content: "" }, "nftablesTable:ip/a"],
  package: [{ kind: "package", name: "gw", version: "1" }, "package:gw"],
  reboot: [{ kind: "reboot", name: "a new kernel", whenRequired: true }, "reboot:a new kernel"],
  service: [{ kind: "service", unit: "a.service", restartOn: ["file:/etc/a"] }, "service:a.service"],
  stateDirectory: [{ kind: "stateDirectory", path: "/srv/a" }, "stateDirectory:/srv/a"],
  swap: [{ kind: "swap", state: "off" }, "swap:all"],
  symlink: [{ kind: "symlink", path: "/opt/a", target: "b" }, "symlink:/opt/a"],
  sudoRule: [{ kind: "sudoRule", name: "a", content: "b" }, "sudoRule:a"],
  sysctl: [{ kind: "sysctl", name: "net.ipv4.ip_forward", value: "1" }, "sysctl:net.ipv4.ip_forward"],
  timezone: [{ kind: "timezone", zone: "Etc/UTC" }, "timezone:system"],
  trustedCertificate: [{ kind: "trustedCertificate", name: "a", certificate: "" }, "trustedCertificate:a"],
  unit: [{ kind: "unit", name: "a.service", dropIn: "10-b", content: "" }, "unit:a.service/10-b"],
  user: [{ kind: "user", name: "a", uid: 5 }, "user:a"],
};

describe("the key of an item", () => {
  for (const [item, key] of Object.values(keys)) {
    const fields: readonly string[] = itemKinds[item.kind].subjectFields;
    it(`is ${key}, and tells ${fields.join(", ") || "nothing"}`, () => {
      assert.equal(keyOf(item), key);
      const telling = Object.entries(item)
        .filter(([field, value]) => field !== "kind" && keyOf(changed(item, field, value)) !== key)
        .map(([field]) => field);
      assert.deepEqual(telling.sort(), [...fields].sort());
    });
  }

  it("of a unit file is its name alone", () => {
    assert.equal(keyOf({ kind: "unit", name: "a.service", content: "" }), "unit:a.service");
  });
});

const changed = (item: Item, field: string, value: unknown): Item =>
  ({ ...item, [field]: typeof value === "number" ? value + 1 : `${value}x` }) as Item;
