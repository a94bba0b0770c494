import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { inOrder, library } from "../../../provider/engine/program.ts";
import { type Item, type ItemKindName, itemKinds, kindOf } from "../../../provider/index.ts";
import { runShell } from "../provider/runShell.ts";
import { FolderMachine } from "./folderMachine.ts";
import { casesOf, itemOf, programFor } from "./hostileCases.ts";
import { hostileRows } from "./hostileRows.ts";
import { marked, markOf } from "./hostileTexts.ts";

const machine = new FolderMachine();
after(() => machine.close());

/** Where programs run here. One name is what the patterns among the values match; nothing else may come to be there. */
const here = machine.path("here");
const decoys = ["gwHdecoygwT"];
const record = machine.path("record");

/** Every program that the functions of kinds run. What else they come to run is not found. */
const commands = `
  apt-cache apt-get apt-mark awk base64 cat chmod chown cmp cp curl cut date df dpkg dpkg-query du find findfs findmnt
  flock getent grep grub-mkconfig head hostname ip journalctl ln mkdir mkfifo modinfo modprobe mountpoint mount mv
  networkctl nft nscd od openssl paste perl readlink realpath rm rmdir sed setpriv sh sha256sum sha1sum sleep sort stat
  swapoff swapon sync systemctl systemd-detect-virt tac tail tar tee timeout touch tr udevadm umount uname
  update-ca-certificates visudo wc xargs chgrp id mktemp true
`
  .trim()
  .split(/\s+/);

for (const name of ["here", "there", "captures"]) {
  mkdirSync(machine.path(name));
  chmodSync(machine.path(name), 0o777);
}
writeFileSync(`${here}/gwHdecoygwT`, "");
writeFileSync(machine.path("there/gwHdecoygwT"), "");
writeFileSync(record, "");
chmodSync(record, 0o666);
for (const name of commands.filter((each) => each.includes("-")))
  machine.standIn(name, `printf '%s\\0' $(($# + 1)) ${name} "$@" >>'${record}'`);

/** Programs are noted with their words instead of being run. New files are made where they do no harm. */
const stage = `
PATH='${machine.path("bin")}'
${commands
  .filter((name) => !name.includes("-"))
  .map((name) => `${name}() { note ${name} "$@"; }`)
  .join("\n")}
note() { command printf '%s\\0' $# "$@" >>'${record}'; }
printf() { note printf "$@" && command printf "$@"; }
gw_root='${machine.path("groundwork")}' gw_run='${machine.path("run")}' gw_locks='${machine.path("locks")}'
gw_owner=owner gw_transaction='${machine.path("groundwork/transactions/owner")}' gw_changed='' TICKET=/nowhere/ticket
place_new() {
  gw_place=$1 gw_new='${machine.path("run")}'/new-$gw_index
  : >|"$gw_new"
  set +C
  shift
  "$@"
}
act() { # ITEM FUNCTION
  use_item "$1"
  capture='${machine.path("captures")}'
  "\${gw_kind}_observe"
  observed=absent
  "$2"
}
exec 3>/dev/null </dev/null
for gw_each in $gw_items; do
  for gw_part in $parts; do (act "$gw_each" "$gw_part") >/dev/null; done
done
for gw_kind in $gw_kinds_many; do
  (eval "\\"\${gw_kind}_observe_many\\" \\$gw_items_$gw_kind") >/dev/null
done`;

/** The marked texts in every field that takes them, below a folder of this computer where they are paths. */
function itemsOf(kind: ItemKindName): Item[] {
  const items = casesOf(kind, marked)
    .filter(({ field }) => field !== "asset.path")
    .map(itemOf)
    .map((item) => JSON.parse(JSON.stringify(item).replaceAll("/srv/", `${machine.path("there")}/`)) as Item)
    .filter((item) => itemKinds[kind].schema.safeParse(item).success);
  return inOrder([...new Map(items.map((item) => [JSON.stringify(item), item])).values()]);
}

/** Every function of a kind but those that expect words, which a comment on their first line names. */
function partsOf(kind: ItemKindName): string[] {
  const own = kind === "download" ? "download|tree" : kind;
  const heads = library().matchAll(new RegExp(`^((?:${own})_\\w+)\\(\\) \\{(?!.* # [^a-z]).*$`, "gm"));
  return [...heads].map(([, name = ""]) => name);
}

/** How a text may stand in the words of a command: as the item's variables and its data have it. */
function formsOf(items: Item[]): string[] {
  const forms = items.flatMap((item) => {
    const kind = kindOf(item);
    const data = Buffer.from(kind.data?.(item) ?? []).toString("utf8");
    return Object.values({ ...kind.variables(item), ...kind.steering?.(item), data }).flatMap((text) =>
      [text, ...text.split("\n")].map(markOf),
    );
  });
  return [...new Set(forms)].filter((form) => form !== "").sort((a, b) => b.length - a.length);
}

/** The commands that were noted, each with its words. */
function noted(): string[][] {
  const words = readFileSync(record, "utf8").split("\0");
  const found: string[][] = [];
  for (let at = 0; at < words.length - 1; ) {
    const count = Number(words[at]);
    found.push(words.slice(at + 1, at + 1 + count));
    at += 1 + count;
  }
  return found;
}

/** True of a text that stands where its program would look for options, or printf for its format. */
function isTakenFor(words: string[], index: number): boolean {
  const word = words[index] ?? "";
  if (words[0] === "printf") return index === 1 && word.includes("gwH");
  return word.startsWith("-gwH") && !words.slice(0, index).includes("--");
}

describe("the functions of a kind hand a hostile text to other programs as one word or as a part of one", () => {
  const takesAnyText = (kind: ItemKindName): boolean =>
    Object.values(hostileRows[kind]).some(({ isOpen }) => isOpen);
  const kinds = (Object.keys(itemKinds) as ItemKindName[]).filter(takesAnyText);
  for (const kind of kinds)
    it(kind, async () => {
      writeFileSync(record, "");
      const items = itemsOf(kind);
      const forms = formsOf(items);
      assert.notEqual(items.length, 0);
      for (const step of ["nothing is there", "a file is there"]) {
        const program = programFor(items, `parts='${partsOf(kind).join(" ")}'\n${stage}`);
        const { stderr } = await runShell(program, here);
        assert.doesNotMatch(stderr, /: not found/, step);
        for (const { path = "" } of items as { path?: string }[])
          if (path.startsWith(machine.path("there"))) writeFileSync(path, "");
      }
      assert.deepEqual(readdirSync(here), decoys);
      for (const words of noted())
        for (const [index, word] of words.entries()) {
          const rest = forms.reduce((text, form) => text.replaceAll(form, ""), word);
          assert.doesNotMatch(rest, /gwH|gwT/, JSON.stringify(words));
          assert.ok(!isTakenFor(words, index), `an option or a format: ${JSON.stringify(words)}`);
        }
    });
});
