import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import {
  inOrder,
  itemDigest,
  library,
  libraryFiles,
  renderProgram,
} from "../../../provider/engine/program.ts";
import { quote } from "../../../provider/engine/shell.ts";
import { type FileItem, type Item, itemKinds, kindOf } from "../../../provider/index.ts";
import { runShell } from "./runShell.ts";
import { operation, small } from "./smallSpec.ts";

const program = renderProgram(small, operation);
// The library names the line too; only the last one begins the data.
const dataOf = (text: string): string => text.slice(text.lastIndexOf("# --- data ---"));
const goldenFile = new URL("golden/smallProgram.sh", import.meta.url);

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "groundwork-program-"));
  await chmod(folder, 0o777);
});
after(() => rm(folder, { recursive: true, force: true }));

describe("the program of an operation", () => {
  it("is the library and, for a small specification, exactly this data", () => {
    if (process.env.GROUNDWORK_WRITE_GOLDEN === "1") writeFileSync(goldenFile, dataOf(program));
    assert.ok(program.startsWith(library()));
    assert.equal(dataOf(program), readFileSync(goldenFile, "utf8"));
  });

  it("is the same for the same input, however often it is asked for", () => {
    const again = renderProgram(structuredClone(small), structuredClone(operation));
    assert.equal(again, program);
  });

  it("passes shellcheck as a whole", () => {
    // 2016: expressions in data are not to be expanded here. 2034: kinds that a program does not use leave variables.
    shellcheck(["--exclude=SC2016,SC2034", "-"], program);
  });

  it("is made of parts that each pass shellcheck", () => {
    const parts = libraryFiles().map((file) => file.pathname);
    shellcheck(parts);
    assert.ok(parts.length >= Object.keys(itemKinds).length, "every kind has its shell file");
  });

  it("has the functions of every kind", () => {
    for (const kind of Object.keys(itemKinds))
      for (const part of ["observe", "apply", "capture", "restore"])
        assert.match(library(), new RegExp(`^${kind}_${part}\\(\\)`, "m"), `${kind}_${part}`);
  });

  it("sends no content of a file where the machine is only read", () => {
    const read = renderProgram({ items: [secretFile] }, { ...operation, action: "read", tickets: {} });
    assert.doesNotMatch(read, /data_1/);
    const content = quote(secretFile.content);
    assert.ok(!read.includes(content));
    assert.ok(renderProgram({ items: [secretFile] }, operation).includes(content));
  });

  it("gets to work when it arrived whole", async () => {
    // The user nobody is refused by name, which shows that the program began.
    const { report, code } = await runShell(program, folder);
    assert.match(report, /^error GW205 /);
    assert.equal(code, 1);
  });

  it("does nothing when it was cut short, wherever that was", async () => {
    const bytes = Buffer.from(program, "utf8");
    const end = bytes.length - "\n".length;
    const places = fc.oneof(
      fc.integer({ min: 0, max: end - 1 }),
      fc.integer({ min: bytes.indexOf("# --- data ---"), max: end - 1 }),
    );
    await fc.assert(
      fc.asyncProperty(places, (place) => doesNothing(bytes.subarray(0, place))),
      { numRuns: 80 },
    );
    for (let place = end - 60; place < end; place++) await doesNothing(bytes.subarray(0, place));
  });
});

async function doesNothing(part: Buffer): Promise<void> {
  const { report } = await runShell(part, folder);
  assert.equal(report, "", `cut after ${part.length} bytes: …${part.subarray(-40).toString()}`);
  assert.deepEqual(await readdir(folder), []);
}

const secretFile = {
  kind: "file",
  path: "/etc/secret",
  content: "correct horse battery staple",
} satisfies FileItem;

function shellcheck(args: string[], input = ""): void {
  try {
    execFileSync("shellcheck", ["--shell=sh", ...args], { input, encoding: "utf8" });
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string };
    assert.fail(stdout || `shellcheck could not be run: ${message}`);
  }
}

/** Items whose kinds restore in different ways; the name tells them apart. */
const anyItem = fc
  .nat({ max: 1000 })
  .chain(
    (number): fc.Arbitrary<Item> =>
      fc.constantFrom<Item>(
        { kind: "file", path: `/etc/f${number}`, content: "" },
        { kind: "sysctl", name: `net.x${number}`, value: "1" },
        { kind: "package", name: `package${number}` },
        { kind: "command", name: `undone ${number}`, run: ":", unless: ":", undo: ":" },
        { kind: "command", name: `for good ${number}`, run: ":", unless: ":" },
      ),
  );

describe("the order of items", () => {
  it("puts what cannot be restored last and leaves everything else as it was written", () => {
    fc.assert(
      fc.property(fc.array(anyItem, { maxLength: 30 }), (items) => {
        const ordered = inOrder(items);
        const last = (item: Item): boolean => kindOf(item).restores(item) === "not";
        const border = ordered.findIndex(last);
        assert.ok(border < 0 || ordered.slice(border).every(last));
        assert.deepEqual(
          ordered.filter((item) => !last(item)),
          items.filter((item) => !last(item)),
        );
        assert.deepEqual(ordered.filter(last), items.filter(last));
      }),
    );
  });

  it("does not change what it is given", () => {
    const items = Object.freeze([...small.items]) as Item[];
    assert.equal(inOrder(items)[items.length - 1]?.kind, "command");
    assert.equal(items[0]?.kind, "command");
  });
});

describe("the digest of a want", () => {
  const file: FileItem = { kind: "file", path: "/etc/a", content: "one" };

  it("is the same for a default and for the same value given", () => {
    assert.equal(itemDigest(file), itemDigest({ ...file, mode: "0644", owner: "root", group: "root" }));
  });

  it("does not count what only limits or orders the work", () => {
    assert.equal(itemDigest(file), itemDigest({ ...file, timeLimit: 3 }));
    const service: Item = { kind: "service", unit: "ssh.service" };
    assert.equal(itemDigest(service), itemDigest({ ...service, reloadOn: ["file:/etc/a"] }));
    assert.notEqual(itemDigest(service), itemDigest({ ...service, running: false }));
  });

  it("differs with content, mode and kind", () => {
    const digests = [
      file,
      { ...file, content: "two" },
      { ...file, mode: "0600" },
      { ...file, path: "/etc/b" },
      { kind: "command" as const, name: "a", run: "x", unless: "y" },
      { kind: "command" as const, name: "a", run: "y", unless: "y" },
    ].map(itemDigest);
    assert.equal(new Set(digests).size, digests.length);
  });
});
