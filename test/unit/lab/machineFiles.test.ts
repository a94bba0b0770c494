import assert from "node:assert/strict";
import { test } from "node:test";
import type { LabMachineSpec } from "../../../lab/index.ts";
import { machineFiles, reachableResolvers } from "../../../lab/machineFiles.ts";

const spec: LabMachineSpec = {
  network: {
    name: "dev",
    subnet: "10.77.0.0/24",
    subnet6: "fd77::/64",
    artifactFolder: "/srv",
    artifactPort: 8081,
  },
  name: "server-1",
  address: "10.77.0.11",
  diskGiB: 8,
  release: "bookworm",
  publicKey: "ssh-ed25519 AAAA me\n",
  roles: [],
};
const host = { apt: { sources: "Types: deb\n", settings: "" }, resolvConf: "nameserver 192.0.2.53\n" };

function fileOf(machine: LabMachineSpec, path: string) {
  const found = machineFiles(machine, "0123456789abcdef0123456789abcdef", host).find(
    (file) => file.path === path,
  );
  assert.ok(found, path);
  return found;
}

test("a machine gets its addresses and gateways on both families", () => {
  assert.equal(
    fileOf(spec, "etc/systemd/network/10-lab.network").content,
    `[Match]
Name=host0

[Network]
Address=10.77.0.11/24
Gateway=10.77.0.1
IPv6AcceptRA=no

[Address]
Address=fd77::b/64
DuplicateAddressDetection=none

[Route]
Gateway=fd77::1
`,
  );
});

test("without an IPv6 subnet a machine gets IPv4 alone", () => {
  const { content } = fileOf(
    { ...spec, network: { ...spec.network, subnet6: undefined } },
    "etc/systemd/network/10-lab.network",
  );
  assert.doesNotMatch(content, /fd77|\[Route\]/);
});

test("the login is root's alone to read", () => {
  const login = fileOf(spec, "root/.ssh/authorized_keys");
  assert.equal(login.mode, 0o600);
  assert.equal(login.content, "ssh-ed25519 AAAA me\n");
});

test("a resolver on this host's loopback is passed over for the one behind it", () => {
  const behind = "nameserver 192.0.2.53\n";
  assert.equal(reachableResolvers(["nameserver 127.0.0.53\n", behind]), behind);
  assert.equal(reachableResolvers([behind, ""]), behind);
  assert.equal(reachableResolvers(["nameserver 127.0.0.1\n", ""]), "nameserver 127.0.0.1\n");
});
