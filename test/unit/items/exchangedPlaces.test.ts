import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { library } from "../../../provider/engine/program.ts";
import type { Item } from "../../../provider/index.ts";
import { asOrdinaryUser } from "../provider/runShell.ts";
import { itemFunction, stepFunctions } from "./folderMachine.ts";

/** What the owner of a folder does to it between two commands of root. */
const tricks = {
  "puts links to a file of root's in the place of everything": 'exchange "ln -s $victim/name"',
  "puts links to a folder of root's in the place of everything": 'exchange "ln -s $victim"',
  "puts folders with such links in the place of everything": "exchange trap_folder",
  "puts a link to a folder of root's in the place of the folder itself":
    "mv ../way ../away; ln -s $victim ../way",
};
type Trick = keyof typeof tricks;

/** Runs as the owner. Names that do not exist yet can be known beforehand. */
const owner = (trick: string, victim: string): string => `
victim=${victim}
trap_folder() { mkdir "$1" && chmod 777 "$1" && ln -s "$victim/name" "$1/name" && ln -s "$victim" "$1/tree"; }
exchange() {
  for name in * .[!.]* name name.groundwork-owner name.key.groundwork-owner .groundwork-owner; do
    case $name in *.away*) continue ;; esac
    [ ! -e "$name" ] && [ ! -L "$name" ] || mv -T "$name" "$name.away$$"
    $1 "$name"
  done
}
${trick}
`;

const commands = "mv rm cp mkdir rmdir chmod chown ln base64 sync stat find tar timeout sha256sum readlink";

/** A folder of somebody else's, a folder of root's that nobody else is to change, and programs of root between them. */
class Scene {
  readonly top = mkdtempSync(join(tmpdir(), "groundwork-places-"));
  readonly way = join(this.top, "theirs/way");
  readonly victim = join(this.top, "victim");

  constructor() {
    chmodSync(this.top, 0o755);
    for (const folder of ["theirs", "theirs/way"]) {
      mkdirSync(join(this.top, folder));
      chownSync(join(this.top, folder), 65534, 65534);
    }
    for (const folder of ["root/transactions/owner", "root/downloads", "run", "locks", "victim/tree"])
      mkdirSync(join(this.top, folder), { recursive: true, mode: 0o700 });
    chmodSync(this.victim, 0o755);
    writeFileSync(join(this.victim, "name"), "of root\n", { mode: 0o600 });
    writeFileSync(join(this.victim, "tree/name"), "of root\n", { mode: 0o600 });
  }

  close(): void {
    rmSync(this.top, { recursive: true, force: true });
  }

  /** What root's folder holds, with modes, owners and bytes. */
  untouched(): string {
    const look = `find . -printf '%p %y %m %U:%G %l\\n' | sort; find . -type f -exec sha256sum {} + | sort`;
    return execFileSync("sh", ["-c", look], { cwd: this.victim, encoding: "utf8" });
  }

  /** Whether the owner of the folder reads what only root is to read. */
  leaks(): string {
    const [command = "", ...args] = [
      ...asOrdinaryUser,
      "sh",
      "-c",
      "grep -rl 'not for them' . 2>/dev/null || :",
    ];
    return execFileSync(command, args, { cwd: join(this.top, "theirs"), encoding: "utf8" });
  }

  /** Runs a script with an item; before command number `at` the owner plays the trick. */
  run(item: Item, script: string, trick: Trick, at: number): string {
    writeFileSync(join(this.top, "owner"), owner(tricks[trick], this.victim), { mode: 0o644 });
    const program = [
      library(),
      `gw_root=${this.top}/root gw_run=${this.top}/run gw_locks=${this.top}/locks gw_owner=owner TICKET=${this.top}/ticket`,
      "gw_transaction=$gw_root/transactions/owner count=0 gw_key=it gw_index=1",
      "exec 3>/dev/null",
      itemFunction(item, 1, {}),
      stepFunctions,
      `trick() {
        count=$((count + 1))
        [ $count -ne ${at} ] || (cd ${this.way} && ${asOrdinaryUser.join(" ")} sh ${this.top}/owner >/dev/null 2>&1)
      }`,
      ...commands.split(" ").map((name) => `${name}() { trick; command ${name} "$@"; }`),
      `cd ${this.top} && use_item 1`,
      script,
      "echo $count",
      "",
    ].join("\n");
    return execFileSync("dash", ["-s"], {
      input: program,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
  }
}

interface Case {
  item: (way: string) => Item;
  /** What is there before, by a script in the folder. */
  before?: string;
  /** Runs before the item's own steps. */
  first?: string;
}

const secret = "not for them\n";
const sha256 = createHash("sha256").update(secret).digest("hex");
const archive = (folder: string): Buffer => {
  execFileSync(
    "sh",
    ["-c", "mkdir -p t/bin && printf 'not for them\\n' >t/name && chmod 600 t/name && tar cf t.tar -C t ."],
    {
      cwd: folder,
    },
  );
  return readFileSync(join(folder, "t.tar"));
};
const far = "new_hidden() { false; }";
const file = (way: string): Item => ({ kind: "file", path: `${way}/name`, content: secret, mode: "0600" });

const cases: Record<string, Case> = {
  "a file": { item: file, first: "file_prepare" },
  "a file on another file system": { item: file, before: "echo old >name", first: far },
  "a file that is validated, of somebody else's": {
    item: (way) => ({ ...file(way), validate: "true", owner: "daemon", mode: "4700" }) as Item,
    before: "echo old >name",
  },
  "a new directory": {
    item: (way) => ({ kind: "directory", path: `${way}/name`, mode: "4777", owner: "nobody" }),
  },
  "a directory that is there": {
    item: (way) => ({ kind: "stateDirectory", path: `${way}/name`, mode: "4777", owner: "nobody" }),
    before: "mkdir -m 700 name; echo >name/x",
  },
  "a symbolic link": {
    item: (way) => ({ kind: "symlink", path: `${way}/name`, target: "/x" }),
    before: "echo old >name; chmod 666 name",
    first: far,
  },
  "a download": {
    item: (way) => ({ kind: "download", path: `${way}/name`, urls: ["http://a/"], sha256, mode: "0700" }),
    before: "echo old >name",
  },
  "a key whose owner is another one": {
    item: (folder) => ({
      kind: "certificate",
      folder,
      name: "name",
      commonName: "m",
      subjectAltNames: ["DNS:m"],
      authority: "/none",
      ticket: "signed",
      owner: "nobody",
      days: 1,
    }),
    before: "echo key >name.key; echo certificate >name.crt",
    first: "certificate_observe() { observed=owner; }",
  },
  "what must be absent": {
    item: (way) => ({ kind: "absent", path: `${way}/name` }),
    before:
      "mkdir -p name/tree; echo x >name/tree/name; chmod 666 name/tree/name; ln -s ../../../victim name/out",
  },
  "a tree": {
    item: (way) => ({
      kind: "download",
      path: `${way}/tree`,
      urls: ["http://a/"],
      sha256,
      extract: true,
      mode: "0700",
    }),
    before: "mkdir tree",
  },
};

/** Brings an item about and takes it back while the trick is played; true when root's folder stayed as it was. */
function played({ item, before = "", first = "" }: Case, trick: Trick, at: number): string {
  const scene = new Scene();
  try {
    const was = scene.untouched();
    writeFileSync(join(scene.top, "root/downloads", sha256), secret);
    const [command = "", ...args] = [...asOrdinaryUser, "sh", "-c", before];
    execFileSync(command, args, { cwd: scene.way });
    const wanted = item(scene.way);
    if ("extract" in wanted) writeFileSync(join(scene.top, "root/downloads", sha256), archive(scene.top));
    const said = scene.run(wanted, `${first}\ntake 1\nbring\nsee\ngive_back 1`, trick, at);
    assert.equal(scene.untouched(), was, `${trick} before command ${at}:\n${said}`);
    assert.equal(scene.leaks(), "", `${trick} before command ${at}:\n${said}`);
    return said;
  } finally {
    scene.close();
  }
}

/** GROUNDWORK_EVERY_CUT=1 tries every command, which takes minutes. */
const everywhere = process.env.GROUNDWORK_EVERY_CUT === "1";
const names = Object.keys(tricks) as Trick[];

describe("in a folder that its owner changes at any moment, root harms nothing elsewhere and tells nothing", () => {
  for (const [name, what] of Object.entries(cases)) {
    it(`by ${name}`, { skip: process.getuid?.() !== 0 }, () => {
      const [trick = names[0]] = names;
      const said = played(what, trick as Trick, 0)
        .trim()
        .split("\n");
      assert.doesNotMatch(said.join("\n"), /failed/);
      const count = Number(said.at(-1));
      if (everywhere) {
        for (const each of names) for (let at = 1; at <= count; at++) played(what, each, at);
        return;
      }
      const where = fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: count }));
      fc.assert(
        fc.property(where, ([each, at]) => void played(what, each, at)),
        { numRuns: 8, endOnFailure: true },
      );
    });
  }
});
