import assert from "node:assert/strict";
import { test } from "node:test";
import { machineNames, networkNames, networkState } from "../../../lab/naming.ts";

test("every interface name of a lab fits the kernel's fifteen characters", () => {
  const longest = "a".repeat(12);
  for (const network of ["a", "dev", longest]) {
    assert.ok(networkNames(network).bridge.length <= 15);
    for (const machine of ["a", "server-1", "a-machine-with-a-very-long-name"]) {
      assert.ok(machineNames(network, machine).interface.length <= 15, machine);
    }
  }
});

test("machines have interfaces of their own, in one network and across two", () => {
  const names = [
    machineNames("dev", "server-1"),
    machineNames("test", "server-1"),
    machineNames("dev", "long-machine-name-1"),
    machineNames("dev", "long-machine-name-2"),
    machineNames("a-b", "c"),
    machineNames("a", "b-c"),
  ];
  for (const part of ["interface", "cgroup", "folder"] as const) {
    assert.equal(new Set(names.map((name) => name[part])).size, names.length, part);
  }
});

test("a network's control groups are not mistaken for those of a network whose name begins alike", () => {
  assert.ok(machineNames("dev", "a").cgroup.startsWith(networkNames("dev").cgroupPrefix));
  assert.ok(!machineNames("dev-2", "a").cgroup.startsWith(networkNames("dev").cgroupPrefix));
});

test("the state of a network follows from its specification", () => {
  const spec = { name: "dev", subnet: "10.77.0.0/24", artifactFolder: "/x", artifactPort: 8081 };
  assert.deepEqual(networkState({ ...spec, subnet6: "fd77::/64" }), {
    bridge: "gw-dev",
    gateway: "10.77.0.1",
    gateway6: "fd77::1",
    artifactUrl: "http://10.77.0.1:8081",
  });
  assert.equal(networkState(spec).gateway6, "");
});
