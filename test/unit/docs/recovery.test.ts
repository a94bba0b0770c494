import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { keyHash, ownerOf, type Wanted } from "../../../provider/engine/program.ts";
import { itemKinds } from "../../../provider/items/index.ts";
import { CutMachine } from "../provider/cutMachine.ts";
import { operation } from "../provider/smallSpec.ts";
import { blocksOf, readDocuments } from "./documents.ts";

const page = readDocuments().find(({ path }) => path === "docs/recovery.md");
const commands = page === undefined ? [] : blocksOf(page).filter(({ language }) => language === "sh");

const machine = new CutMachine();
after(() => machine.close());
const owner = ownerOf(operation.urn);
const file = join(machine.tree, "settings");
const done = join(machine.tree, "done");
const hash = keyHash(`file:${file}`);

/** A file, and a command whose undo fails: where the check fails after a change, not all goes back. */
const wanted = (content: string, check: string): Wanted => ({
  items: [
    { kind: "file", path: file, content, mode: "0640", owner: machine.owner, group: machine.group },
    {
      kind: "command",
      name: "never back",
      run: `: >'${done}'`,
      unless: `[ -e '${done}' ]`,
      undo: "exit 1",
    },
  ],
  checks: [{ name: "it works", run: check }],
});

/** What the page's block with these words prints, one after the other in one shell, on the machine of this test. */
function shown(...words: string[]): string {
  const script = words.map((word) => {
    const [block, ...others] = commands.filter(({ content }) => content.includes(word));
    assert.ok(block !== undefined && others.length === 0, word);
    return block.content;
  });
  const here = script
    .join("")
    .replaceAll("/var/lib/groundwork", machine.root)
    .replaceAll("OWNER", owner)
    .replaceAll("HASH", hash);
  return spawnSync("sh", ["-c", here], { encoding: "utf8" }).stdout;
}

describe("the commands for a recovery", () => {
  it("show what an operation that could not be put back had captured, last change first", () => {
    assert.match(machine.run(wanted("old\n", "exit 0"), "apply") ?? "", /\nend ok\n$/);
    rmSync(done);
    assert.match(machine.run(wanted("new\n", "exit 1"), "apply") ?? "", /^unrestored_transaction /m);
    assert.deepEqual(
      shown("tac order")
        .trimEnd()
        .split("\n")
        .map((line) => line.replace(/^.*gw_key=/, "")),
      ["'command:never back'", `'file:${file}'`],
    );
  });

  it("show how a file was and put it back with its mode", () => {
    writeFileSync(file, "spoilt\n");
    chmodSync(file, 0o600);
    assert.equal(shown("diff "), "1c1\n< old\n---\n> spoilt\n");
    shown("diff ", "cp -a");
    assert.equal(machine.look()["/settings"], "file 640 old\n");
  });

  it("are needed less where up is run again: it goes on, and keeps aside what does not go back", () => {
    assert.match(machine.run(wanted("new\n", "exit 0"), "apply") ?? "", /\nend ok\n$/);
    assert.equal(readFileSync(file, "utf8"), "new\n");
    assert.ok(!existsSync(join(machine.root, "transactions", owner)));
    const kept = readdirSync(join(machine.root, "kept"));
    assert.equal(kept.length, 1);
    assert.ok(kept[0]?.endsWith(keyHash("command:never back")));
  });

  it("name the holder of a lease and clear it", () => {
    assert.match(shown("date +%s"), /^host\/1\/2\/3\t\d{10}\t\d{10}\n\d{10}\n$/);
    shown("rm /var/lib/groundwork/lease");
    assert.ok(!existsSync(join(machine.root, "lease")));
  });

  it("name what a claim holds, with its baselines, and take it away", () => {
    const text = shown("cut -f 2,4");
    assert.match(text, new RegExp(`^${hash}\tfile:${file}$`, "m"));
    assert.match(text, new RegExp(`baseline/${hash}/item:gw_key='file:${file}'`));
    shown("rm /var/lib/groundwork/claims");
    assert.deepEqual(readdirSync(join(machine.root, "claims")), []);
  });
});

describe("the table of captures", () => {
  /** What it says of each kind. */
  const told = new Map(
    [...(page?.text ?? "").matchAll(/^\| (`.+`) \| (.+) \|$/gm)].flatMap(([, kinds = "", text = ""]) =>
      [...kinds.matchAll(/`(\w+)`/g)].map(([, kind = ""]) => [kind, text] as const),
    ),
  );

  it("has every kind of item", () => {
    assert.deepEqual(
      Object.keys(itemKinds).filter((kind) => !told.has(kind)),
      [],
    );
  });

  it("names what a kind captures", () => {
    for (const kind of Object.keys(itemKinds)) {
      const shell = readFileSync(new URL(`../../../provider/items/${kind}.sh`, import.meta.url), "utf8");
      const captured = [...shell.matchAll(/"\$capture\/([a-z0-9-]+)"|dropIn_capture \S+ ([a-z]+)/g)];
      for (const [, name, dropIn] of captured) {
        const file = name ?? dropIn ?? "";
        assert.ok(told.get(kind)?.includes(`\`${file}`), `${kind}: ${file}`);
      }
    }
  });
});
