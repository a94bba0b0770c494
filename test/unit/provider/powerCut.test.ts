import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Wanted } from "../../../provider/engine/program.ts";
import type { Item } from "../../../provider/index.ts";
import { type Cut, CutMachine, drawCuts } from "./cutMachine.ts";

type Look = Record<string, string>;

/** A machine with files of its own, and items that keep, replace and add some. */
class Case {
  readonly machine = new CutMachine();
  readonly wanted: Wanted;
  /** Another tree in the place of the wanted one, and a check that fails. */
  readonly other: Wanted;
  readonly before: Look;

  constructor() {
    const at = (name: string): string => join(this.machine.tree, name);
    mkdirSync(at("old"));
    writeFileSync(at("old/a"), "as it was\n");
    writeFileSync(at("old/kept"), "wanted\n");
    chmodSync(at("old/a"), 0o600);
    chmodSync(at("old/kept"), 0o644);
    symlinkSync("a", at("old/link"));
    mkdirSync(at("firewall/firewall.d"), { recursive: true });
    for (const name of ["firewall.d/tcp_any-22.nft", "firewall.elements.nft"])
      writeFileSync(at(`firewall/${name}`), "add element inet groundwork tcp_any { 22 }\n");
    this.before = this.machine.look();
    const { owner, group } = this.machine;
    const file = (name: string, content: string): Item => {
      return { kind: "file", path: at(name), content, owner, group };
    };
    this.wanted = {
      items: [
        file("old/kept", "wanted\n"),
        { kind: "directory", path: at("new"), mode: "0750", owner, group },
        file("old/a", "one\n"),
        file(`new/it's a "name" -n`, "two\n"),
        file("deep/down/b", "three\n"),
        file("old/link", "four\n"),
        { kind: "allowedPort", protocol: "tcp", port: 80, from: "any" },
        this.#tree({ one: "1\n", two: "2\n" }),
      ],
    };
    this.other = { items: [this.#tree({ three: "3\n" })], checks: failing.checks };
    this.machine.sync();
  }

  #tree(files: Record<string, string>): Item {
    const sha256 = this.machine.serve(files);
    return {
      kind: "download",
      path: join(this.machine.tree, "tree"),
      urls: ["http://a/"],
      sha256,
      extract: true,
    };
  }

  brings(): void {
    finished(this.machine.run(this.wanted, "apply"));
    assert.deepEqual(this.machine.look(), wantedLook);
  }

  givesBack(): void {
    finished(this.machine.run({ items: [] }, "delete"));
    assert.deepEqual(this.machine.look(), this.before);
    assert.ok(!existsSync(this.machine.root), "nothing is left of the registry");
  }

  /** Each file that was there or is wanted has one of the two contents. */
  isWhole(): void {
    for (const [path, state] of Object.entries(this.machine.look())) {
      const known = [this.before[path], wantedLook[path]].filter((text) => text?.startsWith("file"));
      const content = (text = ""): string => text.replace(/^file \d+ /, "");
      if (!state.startsWith("file") || known.length === 0) continue;
      assert.ok(known.map(content).includes(content(state)), `${path}: ${state}`);
    }
  }
}

const failing = { checks: [{ name: "it fails", run: "false" }] };

const finished = (report = "cut"): void => assert.match(report, /\nend ok\n$/);

let wantedLook: Look = {};
const first = new Case();
finished(first.machine.run(first.wanted, "apply"));
wantedLook = first.machine.look();
after(() => first.machine.close());

/**
 * Cuts `run` at some of its commands, each on a machine of its own. GROUNDWORK_EVERY_CUT=1 tries every command, which
 * takes minutes.
 */
function cutAnywhere(
  before: (it: Case) => void,
  run: (it: Case, cut?: Cut) => string | undefined,
  then: (it: Case) => void,
): void {
  const once = (cut?: Cut): number => {
    const it = new Case();
    try {
      before(it);
      const report = run(it, cut);
      if (cut !== undefined) assert.equal(report, undefined, "it was cut");
      const { commands } = it.machine;
      it.isWhole();
      then(it);
      return commands;
    } finally {
      it.machine.close();
    }
  };
  drawCuts(once(), 6, (cut) => void once(cut));
}

describe("an operation that is cut anywhere", () => {
  it("leaves whole files; the next one brings what is wanted, and a delete gives everything back", () => {
    cutAnywhere(
      () => undefined,
      (it, cut) => it.machine.run(it.wanted, "apply", cut),
      (it) => {
        it.brings();
        it.givesBack();
      },
    );
  });

  it("is taken back by a delete, also when it was never finished", () => {
    cutAnywhere(
      () => undefined,
      (it, cut) => it.machine.run(it.wanted, "apply", cut),
      (it) => it.givesBack(),
    );
  });

  it("gives everything back in a second delete when the first one was cut", () => {
    cutAnywhere(
      (it) => it.brings(),
      (it, cut) => it.machine.run({ items: [] }, "delete", cut),
      (it) => it.givesBack(),
    );
  });

  it("puts everything back after a failed check, whatever cuts that short", () => {
    cutAnywhere(
      () => undefined,
      (it, cut) => it.machine.run({ ...it.wanted, ...failing }, "apply", cut),
      (it) => it.givesBack(),
    );
  });

  it("puts a tree back whole that it had replaced, and gives everything back", () => {
    cutAnywhere(
      (it) => it.brings(),
      (it, cut) => it.machine.run(it.other, "apply", cut),
      (it) => it.givesBack(),
    );
  });
});
