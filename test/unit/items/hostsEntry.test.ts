import assert from "node:assert/strict";
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import type { HostsEntryItem } from "../../../provider/index.ts";
import { hostsEntry } from "../../../provider/items/hostsEntry.ts";
import { FolderMachine } from "./folderMachine.ts";

const machine = new FolderMachine();
after(() => machine.close());

const item: HostsEntryItem = { kind: "hostsEntry", address: "10.0.0.1", names: ["a.example.org", "a"] };
const other: HostsEntryItem = { kind: "hostsEntry", address: "fd00::1", names: ["b"] };
const at = { path: machine.path("hosts") };
const run = (script: string) => machine.run([item, other], script, at);
const hosts = (): Buffer => readFileSync(at.path);
const has = (content: string | Buffer): void =>
  machine.made(`rm -f hosts; printf %s '${Buffer.from(content).toString("base64")}' | base64 -d >hosts`);

describe("a line of /etc/hosts", () => {
  it("is added at the end, every other byte as it was, and goes again to the last byte and the time stamp", async () => {
    const anyLine = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          "127.0.0.1 localhost\n",
          "\n",
          "# 10.0.0.1 a.example.org a\n",
          "10.0.0.1 a\r\n",
          "10.0.0.2\ta",
          "*\n",
          "\0",
        )
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine, { maxLength: 6 }), async (lines) => {
        const content = Buffer.concat(lines);
        has(content);
        machine.made("touch -d 2001-02-03 hosts; chmod 640 hosts");
        const before = lstatSync(at.path);
        assert.equal(await run("see; take 1; bring; see; bring"), "absent\npresent");
        const end = content.length === 0 || content.at(-1) === 10 ? "" : "\n";
        assert.deepEqual(hosts(), Buffer.concat([content, Buffer.from(`${end}10.0.0.1\ta.example.org a\n`)]));
        await run("give_back 1; give_back 1");
        assert.deepEqual(hosts(), content);
        const now = lstatSync(at.path);
        assert.deepEqual([now.mtimeMs, now.mode], [before.mtimeMs, before.mode]);
      }),
      { numRuns: 40 },
    );
    assert.deepEqual(
      readdirSync(machine.folder).filter((name) => name.includes("groundwork-")),
      [],
    );
  });

  it("is there already whatever blanks and comment it has, and stays as it is written", async () => {
    const content = "  10.0.0.1 \t a.example.org   a # by hand\n";
    has(content);
    assert.equal(await run("see; take 1; bring; give_back 1; see"), "present\npresent");
    assert.equal(hosts().toString(), content);
  });

  it("is another one where a name is missing, is one more, or stands elsewhere", async () => {
    for (const line of [
      "10.0.0.1 a.example.org",
      "10.0.0.1 a.example.org a b",
      "10.0.0.1 a a.example.org",
      "10.0.0.10 a.example.org a",
      "10x0.0.1 a.example.org a",
      "#10.0.0.1 a.example.org a",
    ]) {
      has(`${line}\n`);
      assert.equal(await run("see"), "absent", line);
    }
  });

  it("goes without what others wrote since, which stays", async () => {
    has("127.0.0.1 localhost");
    await run("take 1; bring; use_item 2; take 2; bring");
    machine.made("printf '10.9.9.9 theirs\\n10.0.0.1 a.example.org a\\n' >>hosts");
    await run("give_back 1");
    assert.equal(hosts().toString(), "127.0.0.1 localhost\nfd00::1\tb\n10.9.9.9 theirs\n");
    await run("use_item 2; give_back 2");
    assert.equal(hosts().toString(), "127.0.0.1 localhost\n10.9.9.9 theirs\n");
  });

  it("comes back where it was there before and somebody took it away", async () => {
    has("10.0.0.1 a.example.org a\n");
    await run("take 1");
    has("127.0.0.1 localhost\n");
    assert.equal(await run("give_back 1; see"), "present");
  });

  it("makes the file where there is none, and takes it away with the last line", async () => {
    machine.made("rm -f hosts");
    await run("take 1; bring; use_item 2; take 2; bring");
    assert.equal(hosts().toString(), "10.0.0.1\ta.example.org a\nfd00::1\tb\n");
    assert.equal(lstatSync(at.path).mode & 0o777, 0o644);
    await run("use_item 2; give_back 2; use_item 1; give_back 1");
    assert.ok(!existsSync(at.path));
  });

  it("is seen the same among many as alone", async () => {
    has("fd00::1 b\n10.0.0.1 a\n");
    const said = await run(
      'hostsEntry_observe_many 1 2; echo "$gw_observed_1 $gw_observed_2"; use_item 1; see; use_item 2; see',
    );
    assert.equal(said, "absent present\nabsent\npresent");
    machine.made("rm hosts");
    assert.equal(
      await run('hostsEntry_observe_many 1 2; echo "$gw_observed_1 $gw_observed_2"'),
      "absent absent",
    );
  });

  it("is refused where it is no address, or no host name", () => {
    const accepts = (more: object) => hostsEntry.schema.safeParse({ ...item, ...more }).success;
    for (const address of ["10.0.0", "fe80::1%eth0", "a", "", "10.0.0.1\n", "10.0.0.1 b"])
      assert.ok(!accepts({ address }), address);
    for (const name of ["", "-a", "a b", "a#", "a\n", ".", "é"]) assert.ok(!accepts({ names: [name] }), name);
    assert.ok(!accepts({ names: [] }));
    assert.ok(accepts({ address: "::1", names: ["A_b.c-d"] }));
  });

  it("leaves the file alone where it cannot be written", async () => {
    has("127.0.0.1 localhost\n");
    await run("take 1");
    chmodSync(machine.folder, 0o555);
    const said = await run("bring 2>/dev/null");
    chmodSync(machine.folder, 0o777);
    assert.match(said, /apply failed/);
    assert.equal(hosts().toString(), "127.0.0.1 localhost\n");
  });
});
