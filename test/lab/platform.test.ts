import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deleteNetwork, residue } from "../../lab/index.ts";
import { labWaivers, openTestStack } from "../support/testStack.ts";

/**
 * The whole platform as its user meets it: the commands, on machines of a lab of its own. The tests follow each
 * other on the same machines, because making a cluster is what takes the time.
 */
const stack = openTestStack("platform");
const { run: groundwork, succeeds, lab, on, kubectl } = stack;

function configure(machines: Record<string, unknown>): void {
  const network = { subnet: "10.88.0.0/24", subnet6: "fd88::/64", artifactPort: 8088 };
  stack.configure({ machines, network, streams: { alpha: { waivers: labWaivers } } });
}

const twoMachines = {
  "server-1": { lab: { roles: ["server", "monitoring"], address: "10.88.0.11" } },
  "agent-1": { lab: { roles: ["agent"], address: "10.88.0.12" } },
};

interface DriftList {
  drift: { item: string; machine: string }[];
}

before(() => configure(twoMachines));

after(async () => {
  await deleteNetwork({ name: stack.name });
  stack.close();
});

test("up brings bare machines to a cluster with every gate open", async (context) => {
  const started = Date.now();
  const said = await succeeds("up", "--yes");
  context.diagnostic(`up from nothing: ${Math.round((Date.now() - started) / 1000)} s`);
  for (const stream of ["alpha", "bravo", "charlie", "delta"])
    assert.match(said, new RegExp(`${stream} +gate +open: \\d+ of \\d+ checks pass`));
});

test("a second up reads the machines, changes nothing and says so", async (context) => {
  const started = Date.now();
  const said = await succeeds("up", "--yes");
  context.diagnostic(`up without a change: ${Math.round((Date.now() - started) / 1000)} s`);
  assert.match(said, /nothing changed: every machine was read and is as declared/);
});

test("verify shows every check of every stream with its evidence", async () => {
  const reading = JSON.parse(await succeeds("verify", "--json")) as {
    streams: {
      stream: string;
      items: { asDeclared: boolean }[];
      checks: { name: string; result: string; evidence: string }[];
    }[];
  };
  assert.deepEqual(reading.streams.map(({ stream }) => stream).sort(), [
    "alpha",
    "bravo",
    "charlie",
    "delta",
  ]);
  const checks = reading.streams.flatMap((stream) => stream.checks);
  assert.deepEqual(
    checks.filter(({ result }) => result !== "pass" && result !== "waived"),
    [],
  );
  assert.ok(checks.length > 40, `${checks.length} checks`);
  assert.ok(reading.streams.every(({ items }) => items.length > 0 && items.every((item) => item.asDeclared)));
});

test("both machines are nodes that are Ready by their own condition", async () => {
  const nodes = JSON.parse(await kubectl("get", "nodes", "-o", "json")) as {
    items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[];
  };
  assert.deepEqual(nodes.items.map((node) => node.metadata.name).sort(), ["agent-1", "server-1"]);
  for (const node of nodes.items)
    assert.equal(node.status.conditions.find(({ type }) => type === "Ready")?.status, "True");
});

test("drift names exactly the file, the kernel setting and the unit that were tampered with, and up mends exactly these", async () => {
  await on(
    "agent-1",
    "echo tampered >/etc/systemd/journald.conf.d/00-groundwork.conf; ls /etc/systemd/journald.conf.d",
  );
  const before = await on(
    "agent-1",
    "ls /etc/systemd/journald.conf.d /etc/sysctl.d; sysctl -n net.ipv4.conf.all.accept_redirects",
  );
  await on(
    "agent-1",
    "sysctl -qw net.ipv4.conf.all.accept_redirects=1; systemctl -q disable --now prometheus-node-exporter.service",
  );
  const found = await groundwork("drift", "--json");
  assert.equal(found.code, 1, found.stderr + before.stdout);
  const { drift } = JSON.parse(found.stdout) as DriftList;
  const named = drift.map(({ machine, item }) => `${machine} ${item}`).sort();
  const expected = [
    "agent-1 file:/etc/systemd/journald.conf.d/00-groundwork.conf",
    "agent-1 service:prometheus-node-exporter.service",
    "agent-1 sysctl:net.ipv4.conf.all.accept_redirects",
  ];
  assert.deepEqual(named, expected);
  const said = await succeeds("up", "--yes");
  assert.match(said, /alpha +agent-1 +changed .*accept_redirects/);
  assert.doesNotMatch(said, /server-1 +changed/);
  assert.equal((await groundwork("drift")).code, 0);
});

test("a service that is broken by hand closes its gate, and nothing behind it is run; mended, it passes", async () => {
  // A table of somebody else's that no item describes: only the gate can see what it does.
  await on(
    "agent-1",
    "nft 'add table inet foreign; add chain inet foreign input { type filter hook input priority -10; }; add rule inet foreign input tcp dport 9100 drop'",
  );
  const broken = await groundwork("up", "--yes");
  assert.notEqual(broken.code, 0);
  assert.match(broken.stdout + broken.stderr, /GW401 gate of charlie/);
  assert.doesNotMatch(broken.stdout, /delta +(server-1|agent-1) +(changing|bringing about)/);
  await on("agent-1", "nft delete table inet foreign");
  assert.match(await succeeds("up", "--yes"), /^charlie .*gate: (\d+) of \1 checks pass/m);
});

test("a machine that lost its power is found and started again with its disk as it was", async () => {
  await on("agent-1", "echo kept >/root/kept; sync; touch /run/of-this-boot");
  await lab("fail", "agent-1", "power");
  await succeeds("up", "--yes");
  assert.equal((await on("agent-1", "test -e /run/of-this-boot")).code, 1);
  assert.equal((await on("agent-1", "cat /root/kept")).stdout.trim(), "kept");
});

test("an agent that is added later joins, with no token left from the first day", async () => {
  await on(
    "server-1",
    "for token in $(KUBECONFIG=/etc/kubernetes/admin.conf kubeadm token list -o jsonpath='{.token}{\"\\n\"}'); do KUBECONFIG=/etc/kubernetes/admin.conf kubeadm token delete $token; done",
  );
  configure({ ...twoMachines, "agent-2": { lab: { roles: ["agent"], address: "10.88.0.13" } } });
  await succeeds("up", "--yes");
  assert.match(await kubectl("get", "nodes", "-o", "name"), /node\/agent-2/);
});

test("rollback of alpha is refused while later streams stand on it", async () => {
  const refused = await groundwork("rollback", "alpha", "--yes");
  assert.equal(refused.code, 2);
  for (const stream of ["bravo", "charlie", "delta"]) assert.match(refused.stderr, new RegExp(stream));
});

test("rollback with dependents takes everything away again", async () => {
  await succeeds("rollback", "alpha", "--with-dependents", "--yes");
  const left = await on(
    "agent-1",
    "nft list tables; ls -d /etc/groundwork /etc/kubernetes /etc/containerd /usr/local/bin/kubelet /etc/ssh/sshd_config.d/00-groundwork.conf 2>/dev/null; ls /var/lib/groundwork; systemctl is-active kubelet containerd prometheus-node-exporter",
  );
  assert.doesNotMatch(left.stdout, /groundwork\n|kube-proxy|\/etc\/|\/usr\/local|^active$/m);
});

test("after a rollback up brings it all about again", async () => {
  await succeeds("up", "--yes");
});

test("destroy leaves nothing on this computer", async (context) => {
  const started = Date.now();
  await succeeds("destroy", "--yes");
  context.diagnostic(`destroy: ${Math.round((Date.now() - started) / 1000)} s`);
  assert.deepEqual(await residue(stack.name), []);
});
