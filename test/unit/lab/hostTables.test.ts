import assert from "node:assert/strict";
import { test } from "node:test";
import { cgroupTreesIn } from "../../../lab/cgroups.ts";
import { mountPointsIn } from "../../../lab/disk.ts";
import { satisfies } from "../../../lab/kernelSettings.ts";
import { natRules } from "../../../lab/nat.ts";
import { overlappingRoute, refuseOverlap } from "../../../lab/network.ts";
import { droppingChains } from "../../../lab/passage.ts";

const hybrid = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
cgroup2 /run/elsewhere cgroup2 rw 0 0
`;

test("a hybrid host has a control group tree per controller and the unified one", () => {
  assert.deepEqual(cgroupTreesIn(hybrid), [
    "/sys/fs/cgroup/cpu,cpuacct",
    "/sys/fs/cgroup/systemd",
    "/sys/fs/cgroup/unified",
  ]);
});

test("a cgroup v2 host has one control group tree", () => {
  assert.deepEqual(cgroupTreesIn("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n"), ["/sys/fs/cgroup"]);
});

test("mount points with blanks are read as they are", () => {
  const table =
    "36 35 98:0 / /mnt/with\\040blank rw - ext4 /dev/root rw\n37 36 0:5 / /proc rw - proc proc rw\n";
  assert.deepEqual(mountPointsIn(table), ["/mnt/with blank", "/proc"]);
});

test("a route into the subnet is found unless it is the default or our own bridge", () => {
  const routes = [
    { dst: "default", dev: "eth0" },
    { dst: "10.77.0.0/24", dev: "gw-dev" },
    { dst: "192.0.2.0/24", dev: "eth0" },
  ];
  assert.equal(overlappingRoute("10.77.0.0/24", "gw-dev", routes), undefined);
  assert.equal(overlappingRoute("10.77.0.0/24", "gw-test", routes)?.dev, "gw-dev");
  assert.equal(overlappingRoute("192.0.0.0/16", "gw-test", routes)?.dev, "eth0");
  assert.equal(overlappingRoute("10.1.0.0/24", "gw-test", [{ dst: "10.1.0.7", dev: "tun0" }])?.dev, "tun0");
});

test("a limit that is already higher is left alone, a switch is not", () => {
  assert.equal(satisfies("9000", { value: "8192", atLeast: true }), true);
  assert.equal(satisfies("128", { value: "8192", atLeast: true }), false);
  assert.equal(satisfies("2", { value: "1" }), false);
});

test("the rules touch only what leaves or enters the lab, in a table of our own", () => {
  const spec = {
    name: "dev",
    subnet: "10.77.0.0/24",
    subnet6: "fd77::/64",
    artifactFolder: "/srv",
    artifactPort: 1,
  };
  assert.equal(
    natRules(spec),
    `table inet groundwork-lab.dev
delete table inet groundwork-lab.dev
table inet groundwork-lab.dev {
  chain outbound {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.77.0.0/24 oifname != "gw-dev" masquerade
    ip6 saddr fd77::/64 oifname != "gw-dev" masquerade
  }
  chain forwarded {
    type filter hook forward priority mangle; policy accept;
    iifname != "gw-dev" oifname "gw-dev" ct state new drop
    iifname "gw-dev" tcp flags syn tcp option maxseg size set rt mtu
    oifname "gw-dev" tcp flags syn tcp option maxseg size set rt mtu
  }
  chain inbound {
    type filter hook input priority filter; policy accept;
    iifname != { "gw-dev", "lo" } ip daddr 10.77.0.1 drop
  }
}
`,
  );
});

test("the chains of a firewall that drop by default are known", () => {
  assert.deepEqual(droppingChains("-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N DOCKER\n"), [
    "FORWARD",
  ]);
  assert.deepEqual(droppingChains(""), []);
});

test("a subnet that this host reaches some other way is refused by its property, before anything is made", async () => {
  const routes = async (family: "-4" | "-6") => [
    family === "-4" ? { dst: "192.0.2.0/24", dev: "eth0" } : { dst: "fd09::/64", dev: "gw-dev" },
  ];
  const network = { name: "dev", subnet: "10.77.0.0/24", subnet6: "fd09::/64" };
  await refuseOverlap(network, routes);
  await assert.rejects(refuseOverlap({ ...network, subnet: "192.0.2.0/25" }, routes), {
    message: /^GW506 network\.subnet: 192\.0\.2\.0\/25 overlaps the route 192\.0\.2\.0\/24 of eth0/,
  });
  await assert.rejects(refuseOverlap({ ...network, name: "night" }, routes), {
    message: /^GW506 network\.subnet6: /,
  });
});
