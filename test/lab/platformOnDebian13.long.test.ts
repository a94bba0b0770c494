import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as lab from "../../lab/index.ts";
import { labWaivers, openTestStack } from "../support/testStack.ts";

/** The platform on Debian 13, with an agent of Debian 12 beside it: the commands, one after the other. */
const stack = openTestStack("debian13");
const { succeeds, on, kubectl } = stack;

before(() => {
  stack.configure({
    machines: {
      "server-1": { lab: { roles: ["server", "monitoring"], address: "10.87.0.11", release: "trixie" } },
      "agent-1": { lab: { roles: ["agent"], address: "10.87.0.12" } },
      "agent-2": { lab: { roles: ["agent"], address: "10.87.0.13", release: "trixie" } },
    },
    network: { subnet: "10.87.0.0/24", subnet6: "fd87::/64", artifactPort: 8087 },
    streams: { alpha: { waivers: labWaivers } },
  });
});

after(async () => {
  await lab.deleteNetwork({ name: stack.name });
  stack.close();
});

test("up brings all about with every gate open", async () => {
  const said = await succeeds("up", "--yes");
  for (const stream of ["alpha", "bravo", "charlie", "delta"])
    assert.match(said, new RegExp(`${stream} +gate +open: \\d+ of \\d+ checks pass`));
  assert.equal((await on("server-1", ". /etc/os-release; echo $VERSION_ID")).stdout.trim(), "13");
});

test("a second up reads the machines, changes nothing and says so", async () => {
  assert.match(await succeeds("up", "--yes"), /nothing changed: every machine was read and is as declared/);
  await succeeds("drift");
});

test("each machine is a node of its own release, whose two nfts read what the other made", async () => {
  const systems = await kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.osImage}");
  const [bookworm, trixie] = ["Debian GNU/Linux 12 (bookworm)", "Debian GNU/Linux 13 (trixie)"];
  assert.equal(systems, `${bookworm} ${trixie} ${trixie}`);
  const versions = { "agent-1": "1.0.6", "agent-2": "1.1.3", "server-1": "1.1.3" };
  for (const [machine, version] of Object.entries(versions)) {
    const listed = await on(machine, "nft --version; nft list ruleset | grep -E '^table'");
    assert.match(listed.stdout, new RegExp(`v${version.replaceAll(".", "\\.")}[^]*table ip kube-proxy`));
    const pod = `--field-selector=spec.nodeName=${machine}`;
    const [name = ""] = (
      await kubectl("-n", "kube-system", "get", "pods", "-l", "k8s-app=kube-proxy", pod, "-o", "name")
    ).split("\n");
    const nft = ["nft", "list", "ruleset"];
    assert.match(await kubectl("-n", "kube-system", "exec", name, "--", ...nft), /^table inet groundwork/m);
    assert.ok((await kubectl("-n", "kube-system", "exec", name, "--", "nft", "--version")).includes(version));
  }
});

test("rollback with dependents takes everything away again", async () => {
  await succeeds("rollback", "alpha", "--with-dependents", "--yes");
  const places =
    "/etc/groundwork /etc/containerd /etc/kubernetes /usr/local/bin/containerd /usr/local/bin/kubelet";
  // What services made there is kept aside.
  const registry = "ls /var/lib/groundwork | grep -vx kept";
  const left = await on("server-1", `ls -d ${places} 2>/dev/null; ${registry}; nft list tables`);
  assert.equal(left.stdout, "");
});

test("destroy leaves nothing on this computer", async () => {
  await succeeds("destroy", "--yes");
  assert.deepEqual(await lab.residue(stack.name), []);
});
