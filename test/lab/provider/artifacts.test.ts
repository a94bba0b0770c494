import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, open, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import type { Connection, Item } from "../../../provider/index.ts";
import { HostStateResource } from "../../../provider/resources/hostState.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { eventually } from "../../support/eventually.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";
import { mastersOf } from "../../support/theWay.ts";
import { type FileServer, openFileServer } from "../items/fileServer.ts";

/** A real machine that reaches no mirror gets its files from the computer that runs the deployment. */
let lab: TestLab;
let machine: TestMachine;
let server: FileServer;
let deployment: Deployment;
let cache = "";
const said: string[] = [];
const bytes = randomBytes(3_400_000);
const digestOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");
const { GROUNDWORK_CACHE } = process.env;

before(async () => {
  lab = await openTestLab({ name: "provart", prefix: "10.95.21", machines: ["m1"] });
  machine = lab.machine("m1");
  server = await openFileServer(lab.gateway);
  cache = await mkdtemp(join(tmpdir(), "groundwork-cache-"));
  process.env.GROUNDWORK_CACHE = cache;
  // The server is silent for the machine, and for nobody else: as far as it can tell, there is no way to it.
  await machine.inside(`nft add table inet cut
    nft add chain inet cut output '{ type filter hook output priority 0; }'
    nft add rule inet cut output tcp dport ${new URL(server.url).port} drop`);
});

beforeEach(() => {
  said.length = 0;
  server.requests.length = 0;
  server.files.set("/tool", { bytes });
  const note = (text: string): void => void said.push(text);
  deployment = new Deployment({ info: note, warning: note, status: () => undefined });
});

afterEach(() => deployment.close());

after(async () => {
  if (GROUNDWORK_CACHE === undefined) delete process.env.GROUNDWORK_CACHE;
  else process.env.GROUNDWORK_CACHE = GROUNDWORK_CACHE;
  await server?.close();
  await lab?.close();
  await rm(cache, { recursive: true, force: true });
});

const download = (name: string, sha256: string, path = "/tool"): Item => ({
  kind: "download",
  path: `/opt/carried/${name}`,
  urls: [`${server.url}${path}`],
  sha256,
});

async function create(items: Item[], connection: Connection = machine.connection) {
  const call = { urn: "urn:pulumi:dev::test::groundwork:index:HostState::it", preview: false, timeout: 0 };
  const inputs = { stream: "it", connection, items } as unknown as Properties;
  const host = new HostStateResource(deployment);
  const { id, outputs } = await host.create(call, inputs);
  return {
    again: () => host.update(call, id, { inputs, outputs }, inputs),
    destroy: () => host.delete(call, id, { inputs, outputs }),
  };
}

const digestThere = (name: string): Promise<string> =>
  machine.inside(`sha256sum <'/opt/carried/${name}' | cut -c 1-64`);
const traces = (): Promise<string> =>
  machine.inside("find /opt/carried /var/lib/groundwork 2>/dev/null || :");

test("a machine that reaches no mirror gets a file through its own connection, with one login", async () => {
  const logins = await machine.logins();
  const host = await create([download("tool", digestOf(bytes))]);
  assert.equal(await digestThere("tool"), digestOf(bytes));
  assert.deepEqual(said, ["sending tool 3 MB to m1", "changed download:/opt/carried/tool"]);
  assert.deepEqual(server.requests, ["/tool"]);
  assert.equal((await machine.logins()) - logins, 1);
  assert.doesNotMatch(await machine.inside("ls /var/lib/groundwork/downloads"), /^[0-9a-f]{64}/m);

  said.length = 0;
  await host.again();
  assert.deepEqual([said, server.requests], [[], ["/tool"]], "nothing is sent twice");
  await host.destroy();
  await deployment.close();
  assert.equal(await traces(), "");
});

test("a large file is gone on with where a broken connection stopped, and is never held in memory", async () => {
  const { sha256, size } = await largeFile();
  const memory = process.resourceUsage().maxRSS;
  const creating = create([download("large", sha256, "/nowhere")]);
  const there = (): Promise<string> =>
    machine.inside(`stat -c %s /var/lib/groundwork/downloads/sent-${sha256}-*.part 2>/dev/null || echo 0`);
  await eventually("a part of it", async () => Number(await there()) > 1_000_000);
  const masters = await mastersOf(process.pid);
  for (const master of masters) process.kill(master, "SIGKILL");
  assert.equal(masters.length, 1);
  const host = await creating;
  assert.equal(await digestThere("large"), sha256);
  assert.match(said[0] ?? "", /^sending large \d+ MB to m1$/);
  const [, from] = /going on from (\d+) MB/.exec(said[1] ?? "") ?? [];
  assert.ok(Number(from) > 0 && Number(from) < size / 1e6, said.join("; "));
  assert.ok(process.resourceUsage().maxRSS - memory < 150 * 1024, "in KiB, less than all of it");
  await host.destroy();
});

/** 200 MB in the cache, as if they had been fetched before. */
async function largeFile(): Promise<{ sha256: string; size: number }> {
  await mkdir(join(cache, "artifacts"), { recursive: true });
  const draft = join(cache, "draft");
  const file = await open(draft, "w");
  const block = randomBytes(4_000_000);
  for (let count = 0; count < 50; count++) await file.write(block);
  await file.close();
  const hash = createHash("sha256");
  await pipeline(createReadStream(draft), hash);
  const sha256 = hash.digest("hex");
  await rename(draft, join(cache, "artifacts", sha256));
  return { sha256, size: 200_000_000 };
}

test("a user with sudo is sent what root is sent", async () => {
  await machine.inside(`useradd -m -s /bin/sh deploy
    install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
    install -m 600 -o deploy -g deploy /root/.ssh/authorized_keys /home/deploy/.ssh/authorized_keys
    echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy`);
  const host = await create([download("tool", digestOf(bytes))], { ...machine.connection, user: "deploy" });
  assert.equal(await digestThere("tool"), digestOf(bytes));
  assert.equal(await machine.inside("stat -c '%U %a' /opt/carried/tool"), "root 755");
  await host.destroy();
});

test("a file that this computer does not get either leaves the machine as it was, and both reasons are named", async () => {
  // A refusal is quicker than silence.
  await machine.inside(
    `nft insert rule inet cut output tcp dport ${new URL(server.url).port} reject with tcp reset`,
  );
  await assert.rejects(create([download("none", "0".repeat(64), "/missing")]), (error: Error) => {
    assert.match(error.message, /^GW301 m1 \(it\): download:\/opt\/carried\/none \(apply\): .*curl: \(7\)/s);
    return true;
  });
  assert.match(
    said[0] ?? "",
    /m1 reaches no mirror of none, and this computer neither \(.*HTTP status 404\)/,
  );
  await deployment.close();
  assert.equal(await traces(), "");
});
