import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../../errors/index.ts";
import {
  checkMachineSpec,
  checkNetworkSpec,
  type LabMachineSpec,
  type LabNetworkSpec,
} from "../../../lab/index.ts";

const network: LabNetworkSpec = {
  name: "dev",
  subnet: "10.77.0.0/24",
  subnet6: "fd77::/64",
  artifactFolder: "/srv",
  artifactPort: 8081,
};
const machine: LabMachineSpec = {
  network,
  name: "server-1",
  address: "10.77.0.11",
  diskGiB: 8,
  release: "bookworm",
  publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== someone@somewhere",
  roles: [],
};

function refused(change: () => void, code: ErrorCode, where: string): void {
  assert.throws(change, (error: Error & { code?: string; where?: string }) => {
    assert.equal(error.code, code);
    assert.equal(error.where, where);
    return true;
  });
}

test("a network and a machine as documented are accepted", () => {
  checkNetworkSpec(network);
  checkMachineSpec(machine);
  checkMachineSpec({ ...machine, address6: "fd77::77" });
});

test("a network that cannot work is refused with the property's path", () => {
  const broken: [Partial<LabNetworkSpec>, ErrorCode, string][] = [
    [{ name: "" }, "GW101", "network.name"],
    [{ name: "Dev" }, "GW101", "network.name"],
    [{ name: "../x" }, "GW101", "network.name"],
    [{ name: "a-name-too-long" }, "GW504", "network.name"],
    [{ subnet: "10.77.0.0" }, "GW101", "network.subnet"],
    [{ subnet: "10.77.0.0/31" }, "GW101", "network.subnet"],
    [{ subnet: "fd77::/64" }, "GW101", "network.subnet"],
    [{ subnet6: "10.77.0.0/24" }, "GW101", "network.subnet6"],
    [{ artifactPort: 0 }, "GW101", "network.artifactPort"],
    [{ artifactPort: 80.5 }, "GW101", "network.artifactPort"],
  ];
  for (const [change, code, where] of broken)
    refused(() => checkNetworkSpec({ ...network, ...change }), code, where);
});

test("a machine that cannot work is refused with the property's path", () => {
  const broken: [Partial<LabMachineSpec>, string][] = [
    [{ name: "a".repeat(64) }, `machines.${"a".repeat(64)}`],
    [{ name: "a b" }, "machines.a b"],
    [{ address: "10.77.1.11" }, "machines.server-1.address"],
    [{ address: "10.77.0.1" }, "machines.server-1.address"],
    [{ address: "somewhere" }, "machines.server-1.address"],
    [{ address6: "fd78::1" }, "machines.server-1.address6"],
    [{ address6: "fd77::b", network: { ...network, subnet6: undefined } }, "machines.server-1.address6"],
    [{ diskGiB: 0 }, "machines.server-1.diskGiB"],
    [{ diskGiB: Number.NaN }, "machines.server-1.diskGiB"],
    [{ publicKey: "ssh-ed25519 AAAA\nssh-ed25519 BBBB" }, "machines.server-1.publicKey"],
    [{ publicKey: "-----BEGIN OPENSSH PRIVATE KEY-----" }, "machines.server-1.publicKey"],
  ];
  for (const [change, where] of broken)
    refused(() => checkMachineSpec({ ...machine, ...change }), "GW101", where);
});
