import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { killCgroup } from "../../lab/cgroups.ts";
import * as lab from "../../lab/index.ts";
import { createNetwork, deleteNetwork, residue } from "../../lab/index.ts";
import { machineNames, networkNames } from "../../lab/naming.ts";

const execute = promisify(execFile);
const prefix = "10.78.2";
let folder = "";
let network: lab.LabNetworkSpec;
let publicKey = "";
let first: lab.LabMachineState;
let second: lab.LabMachineState;
/** What this host was like before the first test. */
let hostBefore: Awaited<ReturnType<typeof hostState>>;

function machine(name: string, number: number): lab.LabMachineSpec {
  const address = `${prefix}.${number}`;
  return { network, name, address, diskGiB: 2, release: "bookworm", publicKey, roles: ["test"] };
}

const one = () => machine("one", 11);
const two = () => machine("two-with-a-long-name", 12);

/** Runs a command in a machine as root, over SSH with the pinned host key. */
async function inside(at: lab.LabMachineState, command: string): Promise<string> {
  const pinned = join(folder, "known_hosts");
  await writeFile(pinned, [first, second].map((state) => `${state.address} ${state.hostKey}\n`).join(""));
  const options = [
    `UserKnownHostsFile=${pinned}`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "ConnectTimeout=10",
    "LogLevel=ERROR",
  ].flatMap((option) => ["-o", option]);
  const { stdout } = await execute("ssh", [
    "-i",
    join(folder, "id"),
    ...options,
    `root@${at.address}`,
    command,
  ]);
  return stdout.trim();
}

async function hostState() {
  const { stdout: tables } = await execute("nft", ["list", "tables"]);
  const settings = await Promise.all(
    [
      ...lab.sharedSettings.map(({ key }) => key),
      "net/ipv4/conf/all/accept_redirects",
      "net/ipv6/conf/all/forwarding",
    ].map(async (key) => `${key}=${(await readFile(`/proc/sys/${key}`, "utf8").catch(() => "")).trim()}`),
  );
  return {
    networks: await lab.listNetworks(),
    tables,
    settings,
    interfaces: await readdir("/sys/class/net"),
  };
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lab-test-"));
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "id")]);
  publicKey = await readFile(join(folder, "id.pub"), "utf8");
  await mkdir(join(folder, "artifacts"));
  await writeFile(join(folder, "artifacts/program"), "0123456789".repeat(100_000));
  network = {
    name: "labtest",
    subnet: `${prefix}.0/24`,
    subnet6: "fd78:2::/64",
    artifactFolder: join(folder, "artifacts"),
    artifactPort: 8089,
  };
  hostBefore = await hostState();
  await lab.ensureRootImage({ release: "bookworm" });
});

after(async () => {
  await deleteNetwork(network);
  await rm(folder, { recursive: true });
});

test("a network and two machines come up at once, and a second look finds nothing to do", async (context) => {
  const start = performance.now();
  const state = await createNetwork(network);
  assert.deepEqual(state, {
    bridge: "gw-labtest",
    gateway: `${prefix}.1`,
    gateway6: "fd78:2::1",
    artifactUrl: `http://${prefix}.1:8089`,
  });
  const networkUp = performance.now();
  [first, second] = await Promise.all([lab.createMachine(one()), lab.createMachine(two())]);
  context.diagnostic(
    `network ${Math.round(networkUp - start)} ms, two machines ${Math.round(performance.now() - networkUp)} ms`,
  );
  assert.deepEqual(await lab.readNetwork(network), { state: "up", missing: [] });
  assert.deepEqual(await lab.createNetwork(network), state);
  assert.deepEqual(await lab.createMachine(one()), first);
  assert.deepEqual(await lab.readMachine(one()), { state: "running", ...first });
  assert.deepEqual(await lab.listMachines("labtest"), [
    { name: "one", address: `${prefix}.11`, address6: "fd78:2::b", roles: ["test"], state: "running" },
    {
      name: "two-with-a-long-name",
      address: `${prefix}.12`,
      address6: "fd78:2::c",
      roles: ["test"],
      state: "running",
    },
  ]);
});

test("a machine is a healthy Debian server that is who it was announced to be", async () => {
  const state = await inside(
    second,
    "hostname; cat /etc/machine-id; systemctl is-system-running --wait; . /etc/os-release; echo $VERSION_CODENAME; systemctl --failed --no-legend",
  );
  assert.equal(state, `two-with-a-long-name\n${second.machineId}\nrunning\nbookworm`);
  assert.notEqual(first.machineId, second.machineId);
  assert.notEqual(first.hostKey, second.hostKey);
});

test("machines reach each other over IPv4 and IPv6, and packages outside", async () => {
  await inside(
    first,
    `ping -q -c1 -w3 ${second.address} && ping -q -c1 -w3 ${second.address6} && ping -q -c1 -w3 fd78:2::1`,
  );
  await inside(
    first,
    "apt-get -qq -o APT::Update::Error-Mode=any update && apt-get -qq install jq > /dev/null",
  );
  assert.equal(await inside(first, "jq -n 1+1"), "2");
});

test("artifacts are served on the bridge, and a broken download is resumed", async () => {
  const url = `http://${prefix}.1:8089/program`;
  const sums = await inside(
    second,
    `curl -sSf ${url} | head -c 12345 > part; curl -sSf -C - -o part ${url}; curl -sSf ${url} | cmp - part && wc -c < part`,
  );
  assert.equal(sums, "1000000");
  await assert.rejects(fetch("http://127.0.0.1:8089/program"));
});

test("a neighbour of this host reaches neither the machines nor their artifacts", async () => {
  const neighbour = "labtest-out";
  const ip = (...args: string[]) => execute("ip", args);
  await ip("netns", "add", neighbour);
  try {
    await ip("link", "add", "labtest-in", "type", "veth", "peer", "name", "out", "netns", neighbour);
    await ip("address", "add", "10.78.3.1/30", "dev", "labtest-in");
    await ip("link", "set", "labtest-in", "up");
    await ip("-n", neighbour, "address", "add", "10.78.3.2/30", "dev", "out");
    await ip("-n", neighbour, "link", "set", "out", "up");
    await ip("-n", neighbour, "route", "add", "default", "via", "10.78.3.1");
    const program = `const socket = net.connect({ host: process.argv[1], port: +process.argv[2] });
      socket.on("connect", () => { console.log("open"); process.exit(); });
      socket.on("error", (error) => { console.log(error.code); process.exit(); });
      setTimeout(() => { console.log("silence"); process.exit(); }, 1000);`;
    const knock = async (address: string, port: number) => {
      const node = [process.execPath, "-e", program, address, String(port)];
      return (await ip("netns", "exec", neighbour, ...node)).stdout.trim();
    };
    assert.equal(await knock("10.78.3.1", 9), "ECONNREFUSED");
    assert.equal(await knock(first.address, 22), "silence");
    assert.equal(await knock(`${prefix}.1`, network.artifactPort), "silence");
  } finally {
    await ip("netns", "delete", neighbour);
  }
});

test("a machine manages its own control groups and network settings, and nothing of the host", async () => {
  const groups =
    "for tree in $(awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts); do mkdir $tree/try && rmdir $tree/try || exit 1; done";
  await inside(first, groups);
  assert.equal(await inside(first, "findmnt -no PROPAGATION /"), "shared");
  assert.equal(
    await inside(
      first,
      "cat /proc/sys/net/ipv4/ip_forward; sysctl -qw net.ipv4.ip_forward=1; cat /proc/sys/net/ipv4/ip_forward",
    ),
    "0\n1",
  );
  assert.equal(await inside(second, "cat /proc/sys/net/ipv4/ip_forward"), "0");
  for (const command of [
    "date -s 2001-01-01",
    "sysctl -w kernel.panic=0",
    "sysctl -w vm.overcommit_memory=2",
  ]) {
    await assert.rejects(inside(first, command), command);
  }
});

test("after a power cut a machine is seen as stopped and comes back with its disk and identity", async () => {
  await inside(first, "echo kept > /root/kept; mkdir /var/lib/containerd/kept");
  await lab.powerCut(one());
  const { pid: _, ...known } = first;
  assert.deepEqual(await lab.readMachine(one()), { state: "stopped", ...known });
  await assert.rejects(inside(first, "true"));
  const again = await lab.startMachine(one());
  assert.deepEqual({ ...again, pid: 0 }, { ...first, pid: 0 });
  assert.notEqual(again.pid, first.pid);
  assert.equal(
    await inside(first, "cat /root/kept; ls /var/lib/containerd; cat /etc/machine-id; jq -n 1+1"),
    `kept\nkept\n${first.machineId}\n2`,
  );
  first = again;
});

test("a machine can be rebooted from inside", async () => {
  const boot = await inside(second, "cat /proc/1/stat | cut -d' ' -f22");
  await inside(second, "systemctl reboot").catch(() => {});
  assert.equal(await changed(() => inside(second, "cat /proc/1/stat | cut -d' ' -f22"), boot), true);
  assert.equal(await inside(second, "systemctl is-system-running --wait"), "running");
  assert.equal((await lab.readMachine(two())).state, "running");
});

/** Waits until an answer comes that is not the old one. */
async function changed(ask: () => Promise<string>, old: string): Promise<boolean> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const answer = await ask().catch(() => old);
    if (answer !== old) return true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}

test("a cut network is healed without a restart", async () => {
  const pid = first.pid;
  assert.deepEqual(await lab.faultsOf(one()), []);
  await lab.networkCut(one());
  assert.deepEqual(await lab.faultsOf(one()), ["network"]);
  assert.equal(await lab.waitForSsh(first.address, 22, 1), false);
  assert.equal((await lab.readMachine(one())).state, "running");
  await lab.networkHeal(one());
  assert.equal(await lab.waitForSsh(first.address, 22, 10), true);
  assert.deepEqual(await lab.readMachine(one()), { state: "running", ...first, pid });
});

test("a full disk is the machine's own, and the space comes back", async () => {
  const free = async () => {
    const { bfree, bsize } = await statfs("/var/lib/groundwork-lab");
    return bfree * bsize;
  };
  const before = await free();
  await lab.diskFill(one());
  assert.deepEqual(await lab.faultsOf(one()), ["disk"]);
  await assert.rejects(inside(first, "head -c 100000 /dev/zero > /root/more"), /No space left/);
  await inside(second, "head -c 100000 /dev/zero > /root/more");
  assert.ok(before - (await free()) < 512 * 1024 ** 2, "the fault took this host's own disk space");
  await lab.diskHeal(one());
  await inside(first, "head -c 100000 /dev/zero > /root/more");
});

test("what a reboot of this host takes away is named and brought back", async () => {
  const names = networkNames("labtest");
  await killCgroup(names.artifactCgroup);
  await killCgroup(machineNames("labtest", "two-with-a-long-name").cgroup);
  await execute("nft", ["delete", "table", "inet", names.table]);
  await execute("ip", ["link", "delete", names.bridge]);
  const found = await lab.readNetwork(network);
  assert.deepEqual(found, {
    state: "degraded",
    missing: ["bridge gw-labtest", "NAT table groundwork-lab.labtest", "artifact server"],
  });
  await assert.rejects(lab.startMachine(two()), /GW511/);
  await lab.repairNetwork(network);
  assert.equal((await lab.readNetwork(network)).state, "up");
  second = await lab.startMachine(two());
  await inside(
    first,
    `ping -q -c1 -w3 ${second.address6} && curl -sSf -o /dev/null http://${prefix}.1:8089/program`,
  );
});

test("a network in the way of a route and a machine with another disk are refused by name", async () => {
  const inTheWay = { ...network, name: "labtest-2", subnet: "10.78.0.0/16", subnet6: undefined };
  await assert.rejects(lab.createNetwork(inTheWay), /GW506 network\.subnet: 10\.78\.0\.0\/16 overlaps/);
  assert.deepEqual(await residue("labtest-2"), []);
  await assert.rejects(
    lab.createMachine({ ...one(), diskGiB: 3 }),
    /GW509 machine one: it was made with diskGiB 2/,
  );
});

test("a half-made machine is made anew", async () => {
  const names = machineNames("labtest", "two-with-a-long-name");
  const before = second.machineId;
  await rm(names.identity);
  assert.equal((await lab.readMachine(two())).state, "absent");
  second = await lab.createMachine(two());
  assert.notEqual(second.machineId, before);
  assert.equal(await inside(second, "cat /etc/machine-id"), second.machineId);
});

test("a deleted machine leaves nothing, and deleting it again is no error", async (context) => {
  const start = performance.now();
  await lab.deleteMachine(two());
  context.diagnostic(`deleted in ${Math.round(performance.now() - start)} ms`);
  await lab.deleteMachine(two());
  assert.equal((await lab.readMachine(two())).state, "absent");
  const names = machineNames("labtest", "two-with-a-long-name");
  const left = await residue("labtest");
  assert.deepEqual(
    left.filter(({ what }) => [names.cgroup, names.interface, names.folder].includes(what)),
    [],
  );
  assert.equal(left.filter(({ kind }) => kind === "loop device").length, 1);
});

test("a deleted network leaves this host as it was", async (context) => {
  await deleteNetwork(network);
  assert.deepEqual(await residue("labtest"), []);
  assert.deepEqual(await lab.readNetwork(network), { state: "absent", missing: [] });
  const hostAfter = await hostState();
  // Other labs of this host bring tables, bridges and a need for settings; then only what is ours can be told.
  const others = [...hostBefore.networks, ...hostAfter.networks];
  if (others.length > 0)
    context.diagnostic(`not compared with the host as it was, other labs: ${others.join(" ")}`);
  else assert.deepEqual(hostAfter, hostBefore);
  await deleteNetwork(network);
});
