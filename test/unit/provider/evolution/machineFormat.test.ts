import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { exclusively } from "../../../../lab/lock.ts";
import { type Action, library, type Wanted } from "../../../../provider/engine/program.ts";
import type { Item } from "../../../../provider/index.ts";
import { parseReport, type Report } from "../../../../provider/session/report.ts";
import { CutMachine } from "../cutMachine.ts";
import {
  fixturesToWrite,
  formatsOf,
  readFixture,
  readTree,
  type Tree,
  writeFixture,
  writeTree,
} from "./fixtures.ts";

/** A machine as a version with this format left it. */
interface Fixture {
  /** What it was left with. */
  wanted: Wanted;
  /** The items' own files before anybody claimed them, and as they are. */
  before: Tree;
  tree: Tree;
  /** What lies in /var/lib/groundwork. */
  root: Tree;
}

/** Keys and definitions name it: it is where the fixtures were made. */
const folder = "/tmp/groundwork-evolution";
const at = (name: string): string => join(folder, "tree", name);
const present = Number(/^gw_format=(\d+)$/m.exec(library())?.[1]);

const file = (name: string, content: string): Item => ({
  kind: "file",
  path: at(name),
  content,
  mode: "0640",
});
const command: Item = {
  kind: "command",
  name: "leaves a mark",
  run: `: >'${at("mark")}'`,
  unless: `[ -e '${at("mark")}' ]`,
  undo: `rm '${at("mark")}'`,
};
const wanted: Wanted = {
  items: [
    file("settings", "wanted\n"),
    file("as it was", "kept\n"),
    file("deep/it's $(here)", "new\n"),
    { kind: "directory", path: at("folder"), mode: "0750" },
    { kind: "symlink", path: at("link"), target: at("settings") },
    { kind: "absent", path: at("away") },
    { kind: "allowedPort", protocol: "tcp", port: 80, from: "any" },
    command,
  ],
};
/** What a later program wants: something goes, something comes, something is another one. */
const next: Wanted = { items: [file("settings", "another\n"), command, file("more", "more\n")] };
const beforeAll: Tree = {
  away: ["file", "644", "no longer wanted", ""],
  "as it was": ["file", "640", "kept", ""],
  firewall: ["folder", "755"],
  "firewall/firewall.d": ["folder", "755"],
  "firewall/firewall.d/tcp_any-22.nft": ["file", "644", "add element inet groundwork tcp_any { 22 }", ""],
  "firewall/firewall.elements.nft": ["file", "644", "add element inet groundwork tcp_any { 22 }", ""],
  link: ["link", "elsewhere"],
  settings: ["file", "600", "as it was", ""],
};

function machineWith(tree: Tree, root?: Tree): CutMachine {
  rmSync(folder, { recursive: true, force: true });
  const machine = new CutMachine(folder);
  writeTree(machine.tree, tree);
  if (root !== undefined) writeTree(machine.root, { ".": ["folder", "700"], ...root });
  return machine;
}

function asked(machine: CutMachine, action: Action, of: Wanted = { items: [] }): Report {
  return parseReport(machine.run(of, action) ?? "cut");
}

function done(machine: CutMachine, action: Action, of?: Wanted): Report {
  const report = asked(machine, action, of);
  assert.ok(report.succeeded, JSON.stringify(report));
  return report;
}

function write(): void {
  const machine = machineWith(beforeAll);
  done(machine, "apply", wanted);
  const fixture = (): Fixture => {
    return { wanted, before: beforeAll, tree: readTree(machine.tree), root: readTree(machine.root) };
  };
  const whole = fixture();
  writeFixture("machine", present, whole);
  // An update that was killed as soon as something of it was to be seen, and something was not.
  done(machine, "apply", next);
  const { commands } = machine;
  const later = readTree(machine.tree);
  for (let cut = 1; cut < commands; cut++) {
    machineWith(whole.tree, whole.root).run(next, "apply", { at: cut, power: false });
    const now = readTree(machine.tree);
    const open = Object.keys(readTree(machine.root)).some((path) => /^transactions\/\w+\/items\//.test(path));
    if (open && JSON.stringify(now.settings) === JSON.stringify(later.settings) && now.more === undefined) {
      writeFixture("interrupted", present, fixture());
      return;
    }
  }
  assert.fail("no cut left an open transaction");
}

const isRoot = process.getuid?.() === 0;

describe("a machine's data", { skip: isRoot ? false : "the files of its fixtures belong to root" }, () => {
  let release: () => void = () => undefined;
  let end: Promise<void> = Promise.resolve();
  before(async () => {
    await new Promise<void>((begin, refuse) => {
      const held = new Promise<void>((free) => {
        release = free;
      });
      end = exclusively("test-evolution", () => {
        begin();
        return held;
      });
      end.catch(refuse);
    });
    if (fixturesToWrite) write();
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    release();
    await end;
  });

  it("is kept of every format up to the present one", () => {
    const every = Array.from({ length: present }, (_, index) => index + 1);
    assert.deepEqual(formatsOf("machine"), every);
    assert.deepEqual(formatsOf("interrupted"), every);
  });

  for (const format of formatsOf("machine")) {
    const fixture = readFixture<Fixture>("machine", format);
    const left = (): CutMachine => machineWith(fixture.tree, fixture.root);

    it(`of format ${format} is as it is wanted: nothing differs, and nothing is applied`, () => {
      const machine = left();
      assert.deepEqual(done(machine, "read", fixture.wanted).differs, []);
      const { changed, settled, kept } = done(machine, "apply", fixture.wanted);
      assert.deepEqual([changed, settled, kept], [[], false, []]);
      assert.deepEqual(readTree(machine.tree), fixture.tree);
    });

    it(`of format ${format} is updated as its own is, and gives everything back`, () => {
      const own = machineWith(fixture.before);
      done(own, "apply", fixture.wanted);
      done(own, "apply", next);
      const expected = readTree(own.tree);
      const machine = left();
      done(machine, "apply", next);
      assert.deepEqual(readTree(machine.tree), expected);
      done(machine, "delete");
      assert.deepEqual(readTree(machine.tree), fixture.before);
      assert.ok(!existsSync(machine.root));
    });

    it(`of format ${format} tells how to restore everything when it is deleted`, () => {
      const machine = left();
      done(machine, "delete");
      assert.deepEqual(readTree(machine.tree), fixture.before);
      assert.ok(!existsSync(machine.root));
    });
  }

  for (const format of formatsOf("interrupted")) {
    const fixture = readFixture<Fixture>("interrupted", format);

    it(`of format ${format} with an operation that was cut off is settled, and goes on or is given back`, () => {
      for (const goesOn of [true, false]) {
        const machine = machineWith(fixture.tree, fixture.root);
        if (goesOn) {
          const report = done(machine, "apply", fixture.wanted);
          assert.deepEqual([report.settled, report.changed], [true, []]);
          assert.deepEqual(done(machine, "read", fixture.wanted).differs, []);
        }
        done(machine, "delete");
        assert.deepEqual(readTree(machine.tree), fixture.before);
        assert.ok(!existsSync(machine.root));
      }
    });
  }

  it("of a newer format is refused with GW305, and left as it is, whatever was asked", () => {
    const { tree, root } = readFixture<Fixture>("machine", present);
    for (const format of [`${present + 1}`, `${present}.1`, "of another kind"]) {
      for (const action of actions) {
        const machine = machineWith(tree, root);
        writeFileSync(join(machine.root, "format"), `${format}\n`);
        const left = readTree(machine.root);
        const { succeeded, errors } = asked(machine, action, next);
        assert.deepEqual([succeeded, errors.map(({ code }) => code)], [false, ["GW305"]], action);
        assert.deepEqual(readTree(machine.root), left, action);
        assert.deepEqual(readTree(machine.tree), tree, action);
      }
    }
  });

  it("of a newer format is not taken away by a deployment that leaves, where it is laid out in another way", () => {
    const machine = machineWith(
      {},
      { format: ["file", "644", `${present + 1}`, ""], wants: ["folder", "700"] },
    );
    asked(machine, "leave");
    assert.deepEqual(Object.keys(readTree(machine.root)), ["format", "wants"]);
  });
});

const actions: Action[] = [
  "read",
  "request",
  "mirrors",
  "verify",
  "apply",
  "delete",
  "confirm",
  "restore",
  "renew",
  "leave",
];
