import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { type FileServer, openFileServer } from "./fileServer.ts";
import { cycle, picture, Stream, type Subject } from "./subject.ts";

const digestOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const bytes = randomBytes(300_000);
const others = randomBytes(300_000);

/** An archive in which one of the members has a name that starts with what an option starts with. */
async function makeArchive(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "groundwork-archive-"));
  await mkdir(join(folder, "tree/bin"), { recursive: true });
  await writeFile(join(folder, "tree/bin/one tool"), "#!/bin/sh\necho one\n");
  await writeFile(join(folder, "tree/bin/two"), "#!/bin/sh\necho two\n");
  for (const name of ["one tool", "two"]) await chmod(join(folder, "tree/bin", name), 0o755);
  execFileSync("tar", ["-C", join(folder, "tree"), "-czf", join(folder, "archive"), "."]);
  const archive = await readFile(join(folder, "archive"));
  await rm(folder, { recursive: true });
  return archive;
}

/** Kind download, from mirrors that misbehave. */
export function downloadTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const seen = () => picture(subject(), "/opt");
  let server: FileServer;
  let archive: Buffer;
  const item = (paths: string[], more: object = {}): Item => ({
    kind: "download",
    path: "/opt/got it/file",
    urls: paths.map((path) => `${server.url}${path}`),
    sha256: digestOf(bytes),
    ...more,
  });
  const member = (name: string, path: string): Item =>
    item(["/archive"], { sha256: digestOf(archive), member: name, path });

  before(async () => {
    server = await openFileServer(subject().lab.gateway);
    archive = await makeArchive();
  });
  after(() => server.close());
  beforeEach(() => {
    server.requests.length = 0;
    server.files.clear();
    server.files.set("/good", { bytes });
    server.files.set("/archive", { bytes: archive });
  });

  it("fetches a file once and takes it away with the folders it made", async () => {
    await cycle(subject(), [item(["/good"])], seen);
    assert.deepEqual(server.requests, ["/good"]);
  });

  it("puts the file back that was there before", async () => {
    await inside("mkdir -m 700 '/opt/got it'; echo old >'/opt/got it/file'; chmod 604 '/opt/got it/file'");
    await cycle(subject(), [item(["/good"], { mode: "0644" })], seen);
    await inside("rm -r '/opt/got it'");
  });

  it("takes several members from an archive that it fetches once, and leaves no archive behind", async () => {
    const items = [member("bin/one tool", "/opt/one"), member("./bin/two", "/opt/two")];
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring(items);
    assert.equal(await inside("/opt/one; /opt/two"), "one\ntwo");
    assert.deepEqual(server.requests, ["/archive"]);
    assert.doesNotMatch(await inside("ls /var/lib/groundwork/downloads"), /^[0-9a-f]{64}/m);
    await inside("echo tampered >>/opt/two");
    assert.match((await stream.read(items)).differs[0]?.observed ?? "", /#\.\/bin\/two mode=0755 intact=no$/);
    await stream.bring(items);
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("fetches nothing to mend a mode", async () => {
    const stream = new Stream(subject());
    await stream.bring([item(["/good"])]);
    await inside("chmod 600 '/opt/got it/file'");
    assert.equal((await stream.bring([item(["/good"])])).changed.length, 1);
    assert.deepEqual(server.requests, ["/good"]);
    await stream.giveBack();
  });

  it("goes on where a broken connection stopped", async () => {
    server.files.set("/breaking", { bytes, breakAfter: 100_000, breaks: 2 });
    const stream = new Stream(subject());
    await stream.bring([item(["/breaking"])]);
    assert.deepEqual(server.requests, ["/breaking", "/breaking bytes=100000-", "/breaking bytes=200000-"]);
    await stream.giveBack();
  });

  it("starts anew where the server cannot go on, or served other bytes at first", async () => {
    const stream = new Stream(subject());
    server.files.set("/simple", { bytes, breakAfter: 100_000, noRanges: true });
    await stream.bring([item(["/simple"])]);
    await stream.giveBack();
    server.files.set("/changing", { bytes, atFirst: others, breakAfter: 100_000 });
    server.requests.length = 0;
    await stream.bring([item(["/changing"])]);
    assert.deepEqual(server.requests, ["/changing", "/changing bytes=100000-", "/changing"]);
    await stream.giveBack();
  });

  it("goes to the next address when one is missing, silent or serves other bytes", async () => {
    server.files.set("/other", { bytes: others });
    const stream = new Stream(subject());
    await stream.bring([
      item(["/missing", "/other", "/good"], {
        urls: [`${server.url}/missing`, `${server.url}/other`, `${server.url}/good`],
      }),
    ]);
    assert.deepEqual(server.requests, ["/missing", "/other", "/good"]);
    await stream.giveBack();
  });

  it("installs nothing that has another digest, and names the server", async () => {
    server.files.set("/other", { bytes: others });
    const before = await seen();
    const report = await new Stream(subject()).apply([item(["/other"])]);
    assert.equal(report.outcome, "restored");
    assert.match(
      report.failed?.text ?? "",
      new RegExp(`${server.url} serves other bytes, with sha256 ${digestOf(others)}`),
    );
    assert.equal(await seen(), before);
  });

  it("takes an address as it is written", async () => {
    server.files.set("/good[1-3]{a,b}?x=$(id)&y='", { bytes });
    const stream = new Stream(subject());
    await stream.bring([item(["/good[1-3]{a,b}?x=$(id)&y='"])]);
    await stream.giveBack();
  });

  it("makes a directory of a whole archive, sees what somebody does to it, and takes it away", async () => {
    const tree = (more: object = {}): Item =>
      item(["/archive"], { sha256: digestOf(archive), path: "/opt/a tree/here", extract: true, ...more });
    await cycle(subject(), [tree()], seen);
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring([tree({ strip: 1 })]);
    assert.equal(
      await inside("cd '/opt/a tree/here' && bin/two; bin/one\\ tool; stat -c '%U %a' bin/two"),
      "two\none\nroot 755",
    );
    server.requests.length = 0;
    for (const change of [
      "echo x >>bin/two",
      "chmod 777 bin",
      "touch bin/new",
      "rm bin/two",
      "ln -sf x bin/two",
    ]) {
      await inside(`cd '/opt/a tree/here' && ${change}`);
      assert.match(
        (await stream.read([tree({ strip: 1 })])).differs[0]?.observed ?? "",
        /#\/1 mode=0755 intact=no$/,
        change,
      );
      await stream.bring([tree({ strip: 1 })]);
    }
    // What somebody put in was moved aside.
    assert.match(await inside("ls /var/lib/groundwork/kept/*/bin"), /^new$/m);
    await stream.bring([tree({ strip: 2 })]);
    assert.equal(await inside("'/opt/a tree/here/two'; ls '/opt/a tree/here'"), "two\none tool\ntwo");
    await stream.giveBack();
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
    assert.equal(await seen(), before);
  });

  it("leaves a directory alone that holds anything else, and puts an empty one back as it was", async () => {
    const tree = item(["/archive"], { sha256: digestOf(archive), path: "/opt/taken", extract: true });
    await inside("mkdir -m 750 /opt/taken; chown daemon /opt/taken");
    await cycle(subject(), [tree], seen);
    await inside("touch /opt/taken/theirs");
    const before = await seen();
    const report = await new Stream(subject()).apply([tree]);
    assert.equal(report.outcome, "restored");
    assert.match(report.failed?.text ?? "", /a tree needs a directory of its own/);
    assert.equal(await seen(), before);
    await inside("rm -r /opt/taken");
  });

  it("refuses a member that is a folder or is not there", async () => {
    for (const [name, words] of [
      ["bin", /is not a file/],
      ["bin/none", /Not found in archive/],
    ] as const)
      assert.match((await new Stream(subject()).apply([member(name, "/opt/x")])).failed?.text ?? "", words);
  });
}
