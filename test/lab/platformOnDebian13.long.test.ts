import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as lab from "../../lab/index.ts";
import { labWaivers, openTestStack } from "../support/testStack.ts";

/** The streams on Debian 13, a server of it with an agent of Debian 12: the commands, one after the other. */
const stack = openTestStack("debian13");
const { succeeds, on, kubectl } = stack;

before(() => {
  stack.configure({
    machines: {
      "server-1": { lab: { roles: ["server", "monitoring"], address: "10.87.0.11", release: "trixie" } },
      "agent-1": { lab: { roles: ["agent"], address: "10.87.0.12" } },
    },
    network: { subnet: "10.87.0.0/24", subnet6: "fd87::/64", artifactPort: 8087 },
    streams: { alpha: { waivers: labWaivers } },
  });
});

after(async () => {
  await lab.deleteNetwork({ name: stack.name });
  stack.close();
});

test("up brings both to one cluster with every gate open", async () => {
  const said = await succeeds("up", "--yes");
  for (const stream of ["alpha", "bravo", "charlie", "delta"])
    assert.match(said, new RegExp(`${stream} +gate +open: \\d+ of \\d+ checks pass`));
  const systems = '{range .items[*]}{.metadata.name} {.status.nodeInfo.osImage}{"\\n"}{end}';
  assert.match(
    await kubectl("get", "nodes", "-o", `jsonpath=${systems}`),
    /^agent-1 Debian GNU\/Linux 12.*\nserver-1 Debian GNU\/Linux 13/,
  );
});

test("a second up reads the machines, changes nothing and says so", async () => {
  assert.match(await succeeds("up", "--yes"), /nothing changed: every machine was read and is as declared/);
  assert.match(await succeeds("drift"), /as declared/);
});

test("rollback with dependents takes everything away again", async () => {
  await succeeds("rollback", "alpha", "--with-dependents", "--yes");
  const places = "/etc/groundwork /etc/kubernetes /etc/containerd /usr/local/bin/kubelet /var/lib/groundwork";
  const left = await on("server-1", `ls -d ${places} 2>/dev/null; nft list tables`);
  assert.doesNotMatch(left.stdout, /^\/|groundwork$|kube-proxy/m);
});

test("destroy leaves nothing on this computer", async () => {
  await succeeds("destroy", "--yes");
  assert.deepEqual(await lab.residue(stack.name), []);
});
