import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { describe, it } from "node:test";
import { itemExamples } from "../../../docs/source/itemExamples.ts";
import { type Item, type ItemKindName, itemKinds, kindOf } from "../../../provider/index.ts";
import { FolderMachine } from "./folderMachine.ts";
import { type HangRow, hangRows, type StepName } from "./hangRows.ts";
import { waiting } from "./waiting.ts";

/** Programs that only touch files and texts. The machine has these and those of `waiting`: a kind that runs another one has to say which it is. */
const plain =
  `sh awk base64 cat chmod chown cmp cp cut date dd df du find flock grep head id ln ls mkdir mkfifo mktemp mv od
  paste readlink realpath rm rmdir sed sha1sum sha256sum sleep sort stat sync tac tail tee timeout touch tr uname wc`
    .split(/\s+/)
    .map((name) => execFileSync("which", [name], { encoding: "utf8" }).trim());

/** What a step came to: its exit, whether it said why, and the programs that it asked in vain. */
interface Outcome {
  code: number;
  isTold: boolean;
  asked: string;
}

const steps: StepName[] = ["capture", "apply", "observe", "restore"];

/** Runs a step, and tells what it came to. */
const stepFunction = `
step() { # NAME COMMAND
  : >asked
  "$2" >said 2>&1
  gw_step_code=$?
  ! grep 'not found' said
  gw_told=silent
  ! grep -q 'gave no answer within 1 s' said || gw_told=told
  printf '%s %s %s %s\\n' "$1" "$gw_step_code" "$gw_told" "$(sort -u asked | tr '\\n' ' ')"
}`;

const script = ({ before = "", seen }: HangRow): string => `
  PATH=$PWD/bin
  gw_items=1 gw_changed='' gw_firewall=$PWD/firewall accounts_folder=$PWD/etc
  eval "gw_items_$gw_kind=1"
  mkdir -p etc && for gw_file in passwd group shadow gshadow; do : >"etc/$gw_file"; done
  ${before}
  ${stepFunction}
  observe >said 2>&1
  ${seen === undefined ? "" : `observed='${seen}'`}
  capture=$PWD/capture gw_capture=$PWD/capture
  mkdir capture
  step capture "\${gw_kind}_capture"
  step apply "\${gw_kind}_apply"
  step observe observe
  gw_last=$observed
  step restore "\${gw_kind}_restore"
  printf '%s\\n' "$gw_last"`;

/** Every step of an item on a machine where each program that can hang does, and what was observed after its apply. */
async function withoutAnswers(
  item: Item,
  row: HangRow,
): Promise<{ outcomes: Map<string, Outcome>; observed: string }> {
  const machine = new FolderMachine();
  try {
    for (const program of plain) symlinkSync(program, machine.path(`bin/${program.replace(/.*\//, "")}`));
    for (const name of waiting)
      machine.standIn(name, `echo ${name} >>'${machine.path("asked")}'\nexec /usr/bin/sleep 600`);
    const places = Object.entries(row.places ?? {}).map(([name, place]) => [name, machine.path(place)]);
    const variables: Record<string, string> = { ...Object.fromEntries(places), time_limit: "1" };
    const lines = (await machine.run([item], script(row), variables)).split("\n");
    assert.equal(lines.length, steps.length + 1, lines.join("\n"));
    const outcomes = lines.slice(0, -1).map((line): [string, Outcome] => {
      const [step = "", code, told, ...asked] = line.trim().split(" ");
      return [step, { code: Number(code), isTold: told === "told", asked: asked.join(" ") }];
    });
    return { outcomes: new Map(outcomes), observed: lines.at(-1) ?? "" };
  } finally {
    machine.close();
  }
}

describe("a program that does not answer", { concurrency: 4 }, () => {
  for (const kind of Object.keys(itemKinds) as ItemKindName[]) {
    const row = hangRows[kind];
    const item = { ...itemExamples[kind], ...row.item } as Item;
    it(`is ended at the time limit, and its silence is no answer: ${kind}`, {
      timeout: 120_000,
    }, async () => {
      const { outcomes, observed } = await withoutAnswers(item, row);
      const codeOf = (step: StepName): number => outcomes.get(step)?.code ?? 0;
      for (const step of steps) assert.equal(outcomes.get(step)?.asked, row.waits[step] ?? "", step);
      // What the engine takes for the end of an item's time.
      if (row.waits.apply !== undefined)
        assert.ok([124, 137].includes(codeOf("apply")), `${codeOf("apply")}`);
      if (row.waits.observe !== undefined) assert.notEqual(observed, kindOf(item).desired(item));
      if (row.waits.capture !== undefined) {
        assert.notEqual(codeOf("capture"), 0);
        assert.ok(outcomes.get("capture")?.isTold);
      }
      if (row.waits.restore !== undefined) assert.notEqual(codeOf("restore"), 0);
    });
  }
});
