import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as lab from "../../lab/index.ts";
import { labWaivers, openTestStack } from "../support/testStack.ts";

/**
 * Streams on Debian 13 beside a machine of Debian 12: the commands, one after the other. Delta is left out: the image
 * of kube-proxy that is built here has nft 1.0.6, which dies of any set that the nft 1.1.3 of Debian 13 made.
 */
const stack = openTestStack("debian13");
const { succeeds, on } = stack;

before(() => {
  stack.configure({
    machines: {
      "server-1": { lab: { roles: ["server", "monitoring"], address: "10.87.0.11", release: "trixie" } },
      "agent-1": { lab: { roles: ["agent"], address: "10.87.0.12" } },
    },
    network: { subnet: "10.87.0.0/24", subnet6: "fd87::/64", artifactPort: 8087 },
    streams: { alpha: { waivers: labWaivers }, delta: { enabled: false } },
  });
});

after(async () => {
  await lab.deleteNetwork({ name: stack.name });
  stack.close();
});

test("up brings both about with every gate open", async () => {
  const said = await succeeds("up", "--yes");
  for (const stream of ["alpha", "bravo", "charlie"])
    assert.match(said, new RegExp(`${stream} +gate +open: \\d+ of \\d+ checks pass`));
  assert.equal((await on("server-1", ". /etc/os-release; echo $VERSION_ID")).stdout.trim(), "13");
});

test("a second up reads the machines, changes nothing and says so", async () => {
  assert.match(await succeeds("up", "--yes"), /nothing changed: every machine was read and is as declared/);
  await succeeds("drift");
});

test("rollback with dependents takes everything away again", async () => {
  await succeeds("rollback", "alpha", "--with-dependents", "--yes");
  const places = "/etc/groundwork /etc/containerd /usr/local/bin/containerd";
  // What services made there is kept aside.
  const registry = "ls /var/lib/groundwork | grep -vx kept";
  const left = await on("server-1", `ls -d ${places} 2>/dev/null; ${registry}; nft list tables`);
  assert.equal(left.stdout, "");
});

test("destroy leaves nothing on this computer", async () => {
  await succeeds("destroy", "--yes");
  assert.deepEqual(await lab.residue(stack.name), []);
});
