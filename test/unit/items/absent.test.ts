import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import type { AbsentItem } from "../../../provider/index.ts";
import { absent } from "../../../provider/items/absent.ts";
import { FolderMachine } from "./folderMachine.ts";

const machine = new FolderMachine();
after(() => machine.close());

const gone = (name: string, more: Partial<AbsentItem> = {}): AbsentItem => ({
  kind: "absent",
  path: machine.path(name),
  ...more,
});

/** Everything at a path: kind, mode, time stamp, target and digest. */
const picture = (name: string): string =>
  execFileSync(
    "sh",
    [
      "-c",
      `find "$1" -printf '%p %y %m %T@ %l %s\\n' | sort; find "$1" -type f -exec sha256sum {} + | sort`,
      "sh",
      machine.path(name),
    ],
    { encoding: "utf8" },
  );

const made = (script: string): void => machine.made(script);

describe("what must be absent", () => {
  it("goes, a file, a link and a whole directory, and comes back as it was", async () => {
    made(`mkdir -p 'tree/a b/deep' && cd tree && printf 'x\\0y' >'a b/deep/-rf' && chmod 4751 'a b/deep/-rf'
      ln -s nowhere link && ln 'a b/deep/-rf' hard && mkfifo pipe && mkdir -m 2500 locked && touch -d 2001-02-03 'a b' .
      echo one >../file; touch -d 2002-01-01 ../file; ln -s tree ../link`);
    for (const name of ["tree", "file", "link"]) {
      const before = picture(name);
      const item = gone(name);
      assert.equal(await machine.run([item], "take 1; bring; see"), "absent");
      assert.ok(!existsSync(item.path));
      assert.equal(await machine.run([item], "give_back 1"), "");
      assert.equal(picture(name), before);
    }
    assert.equal(lstatSync(machine.path("tree/hard")).nlink, 2);
    assert.deepEqual(
      readdirSync(machine.folder).filter((name) => name.startsWith(".")),
      [],
    );
  });

  it("is nothing to do where nothing is, and what came later goes when that comes back", async () => {
    const item = gone("never");
    assert.equal(await machine.run([item], "see; take 1; see"), "absent\nabsent");
    made("mkdir never; echo x >never/x");
    assert.equal(await machine.run([item], "see; give_back 1; see"), "directory\nabsent");
  });

  it("replaces what came to be there since by what was there before", async () => {
    made("mkdir again; echo old >again/old");
    const item = gone("again");
    await machine.run([item], "take 1; bring");
    made("mkdir again; echo new >again/new");
    await machine.run([item], "give_back 1");
    assert.deepEqual(readdirSync(item.path), ["old"]);
  });

  it("is finished or put back whole, whatever an interruption left", async () => {
    made("mkdir cut; echo 1 >cut/1; echo 2 >cut/2");
    const item = gone("cut");
    await machine.run([item], "take 1");
    made(
      "mv cut .groundwork-gone-hash1; rm .groundwork-gone-hash1/1; mkdir .groundwork-owner .groundwork-replaced-hash1",
    );
    assert.equal(await machine.run([item], "give_back 1; see"), "directory");
    assert.deepEqual(readdirSync(item.path), ["1", "2"]);
    assert.deepEqual(
      readdirSync(machine.folder).filter((name) => name.startsWith(".")),
      [],
    );
    made("mkdir .groundwork-gone-hash1; echo left >.groundwork-gone-hash1/x");
    assert.equal(await machine.run([item], "bring; see"), "absent");
    assert.deepEqual(
      readdirSync(machine.folder).filter((name) => name.startsWith(".")),
      [],
    );
  });

  it("is refused where it is larger than the limit, or than the room there is, before anything is copied", async () => {
    made("mkdir large; head -c 3000000 /dev/urandom >large/data");
    const item = gone("large", { sizeLimit: 1 });
    const message = `${item.path} holds 3 MiB, and at most 1 MiB are captured: raise sizeLimit, or take it away by hand\ncapture failed`;
    assert.equal(await machine.run([item], "take 1"), message);
    assert.deepEqual(readdirSync(machine.path("capture-1")), []);
    const full = "df() { printf '   Avail\\n   67000\\n'; }\n";
    assert.match(
      await machine.run([gone("large")], `${full}take 1`),
      /^\S+ holds 3 MiB, and \S+groundwork has room for 65 MiB only\ncapture failed$/,
    );
  });

  it("is refused where it is a mount point or holds one, by the mount point's name", async () => {
    made("mkdir -p 'mounts/a b/c' mountsnot; ln -s mounts mountlink");
    /** The kernel's own list: it writes a blank, a tab and a backslash in octal, and every other sign as it is. */
    const mounted = (place: string) => {
      const point = machine.path(place).replaceAll("\\", "\\134").replaceAll(" ", "\\040");
      const line = (path: string) => `1 2 0:3 / ${path} rw,relatime shared:1 - tmpfs none rw\n`;
      writeFileSync(machine.path("mountinfo"), ["/", "/proc", point].map(line).join(""));
      return `gw_mountinfo='${machine.path("mountinfo")}'\n`;
    };
    for (const place of ["mounts", "mounts/a b/c", "mounts/\u00e9\u202e\\040 1/c"]) {
      const refusal = `${machine.path(place)} is a mount point: unmount it first\n`;
      assert.equal(
        await machine.run([gone("mounts")], `${mounted(place)}take 1`),
        `${refusal}capture failed`,
      );
      assert.equal(await machine.run([gone("mounts")], `${mounted(place)}bring`), `${refusal}apply failed`);
      assert.equal(
        await machine.run([gone("mounts")], `${mounted(place)}give_back 1`),
        `${refusal}restore failed`,
      );
    }
    assert.ok(existsSync(machine.path("mounts/a b/c")));
    // A link to one, and a name that only begins the same, are none.
    const others = [gone("mountlink"), gone("mountsnot")];
    assert.equal(
      await machine.run(others, `${mounted("mounts")}bring; see; use_item 2; bring; see`),
      "absent\nabsent",
    );
  });

  it("is refused where it holds Groundwork's own folder, whatever way leads there", async () => {
    mkdirSync(machine.path("data"));
    const item = gone("data");
    assert.equal(
      await machine.run([item], `mkdir "$PWD/run/x"; gw_root=${item.path}/lib; take 1`),
      `${item.path} holds ${item.path}/lib\ncapture failed`,
    );
  });

  it("is never what a system cannot do without", () => {
    const accepts = (path: string) => absent.schema.safeParse({ kind: "absent", path }).success;
    const kept = [
      "/etc",
      "/usr",
      "/usr/bin",
      "/bin",
      "/lib",
      "/usr/lib",
      "/usr/lib64",
      "/var",
      "/var/lib",
      "/etc/ssh",
      "/home",
      "/usr/bin/bash",
      "/usr/sbin/sshd",
      "/sbin/init",
      "/etc/passwd",
      "/boot",
      "/root",
      "/tmp",
      "/run",
    ];
    for (const path of kept) assert.ok(!accepts(path), path);
    const free = [
      "/etc/motd",
      "/swapfile",
      "/usr/bin/telnet",
      "/usr/local/bin",
      "/home/old",
      "/var/lib/old",
      "/etc/ssh/moduli",
      "/opt/a",
      "/data",
    ];
    for (const path of free) assert.ok(accepts(path), path);
    const { error } = absent.schema.safeParse({ kind: "absent", path: "/usr" });
    assert.match(error?.issues[0]?.message ?? "", /must not be, or hold, what the system cannot do without/);
  });

  it("is a link itself, not what it leads to", async () => {
    made("mkdir target; echo x >target/x; ln -s target pointer");
    assert.equal(await machine.run([gone("pointer")], "take 1; bring; see"), "absent");
    assert.deepEqual(readdirSync(machine.path("target")), ["x"]);
  });
});
