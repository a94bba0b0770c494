import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import type { SymlinkItem } from "../../../provider/index.ts";
import { symlink } from "../../../provider/items/symlink.ts";
import { FolderMachine } from "./folderMachine.ts";

const machine = new FolderMachine();
after(() => machine.close());

const link = (name: string, target: string): SymlinkItem => ({
  kind: "symlink",
  path: machine.path(name),
  target,
});

describe("a symbolic link", () => {
  it("leads where it was told, byte for byte, or is refused", async () => {
    const targets = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
      fc.constantFrom(
        "-s",
        "--",
        "a b",
        " ",
        "'",
        '"',
        "$(id)",
        "`id`",
        "\\n",
        "../..",
        "*",
        "é\u{1F30D}",
        "a\nb",
      ),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(targets, async (target) => {
        const item = link("any", target);
        if (!symlink.schema.safeParse(item).success) {
          refused += 1;
          return;
        }
        const said = await machine.run([item], "take 1; bring; see; give_back 1; see");
        assert.equal(said, `${symlink.desired(item)}\nabsent`);
      }),
      { numRuns: 60, examples: [["a\nb"], ["\ud800"], ["\0"], ["x".repeat(4096)]] },
    );
    assert.ok(refused >= 4);
  });

  it("takes the place of a file, which comes back with its time stamp", async () => {
    machine.made("printf old >file; chmod 640 file; touch -d 2001-02-03 file");
    const before = lstatSync(machine.path("file"));
    const item = link("file", "elsewhere");
    await machine.run([item], "take 1; bring");
    assert.equal(readlinkSync(machine.path("file")), "elsewhere");
    await machine.run([item], "give_back 1");
    const now = lstatSync(machine.path("file"));
    assert.deepEqual([now.mtimeMs, now.mode], [before.mtimeMs, before.mode]);
    assert.equal(readFileSync(machine.path("file"), "utf8"), "old");
  });

  it("takes the place of another link, even of one to a folder, and leaves that folder alone", async () => {
    mkdirSync(machine.path("folder"));
    symlinkSync("folder", machine.path("moved"));
    const item = link("moved", "other");
    assert.equal(
      await machine.run([item], "see; take 1; bring; see"),
      "symlink target=folder\nsymlink target=other",
    );
    assert.deepEqual(readdirSync(machine.path("folder")), []);
    assert.equal(await machine.run([item], "give_back 1; see"), "symlink target=folder");
  });

  it("never takes the place of a directory", async () => {
    mkdirSync(machine.path("kept"));
    const item = link("kept", "x");
    assert.equal(
      await machine.run([item], "see; bring"),
      `directory\n${item.path} is a directory\napply failed`,
    );
  });

  it("is made again from whatever an interruption left", async () => {
    const item = link("cut", "x");
    symlinkSync("half", machine.path("cut.groundwork-owner"));
    assert.equal(await machine.run([item], "bring; bring; see"), "symlink target=x");
    assert.ok(!readdirSync(machine.folder).includes("cut.groundwork-owner"));
  });

  it("is seen the same among many as alone, whatever others made", async () => {
    symlinkSync("one\nline more\n", machine.path("lines"));
    symlinkSync("plain", machine.path("plain"));
    const items = [link("lines", "x"), link("plain", "plain"), link("nothing", "x"), link("kept", "x")];
    const said = await machine.run(
      items,
      `symlink_observe_many 1 2 3 4
      for n in 1 2 3 4; do use_item $n; observe; eval "many=\\$gw_observed_$n"; [ "$many" = "$observed" ] || echo "$n: $many"; done
      echo "$gw_observed_1, $gw_observed_2, $gw_observed_3, $gw_observed_4"`,
    );
    assert.equal(said, "symlink to a name with control characters, symlink target=plain, absent, directory");
  });

  it("is refused by name where it leads to itself", () => {
    for (const target of ["/etc/a", "a"]) {
      const { error } = symlink.schema.safeParse({ kind: "symlink", path: "/etc/a", target });
      assert.match(error?.issues[0]?.message ?? "", /must not be the link itself/);
    }
    assert.ok(symlink.schema.safeParse({ kind: "symlink", path: "/etc/a", target: "../a" }).success);
  });

  it("is guarded where logins hang on it", () => {
    const guarded = (path: string) => symlink.endangersLogin?.({ kind: "symlink", path, target: "x" });
    for (const path of [
      "/etc/ssh",
      "/etc/ssh/sshd_config",
      "/bin/bash",
      "/home/a",
      "/home/a/.ssh",
      "/lib64/x",
      "/etc/passwd",
    ])
      assert.equal(guarded(path), true, path);
    for (const path of ["/etc/motd", "/opt/a", "/home/a/b", "/etc/sshx", "/library"])
      assert.equal(guarded(path), false, path);
  });
});
