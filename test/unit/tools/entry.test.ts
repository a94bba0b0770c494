import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { inTemporaryFolder } from "./temporary.ts";

const standardPrograms =
  "cat cmp cp cut dirname grep head ln mkdir mv ps readlink rm rmdir sh sleep tail uname".split(" ");

/** An npm whose registry fails as the file `registry` says, and which else notes its call and does what `behaviour` says. */
const fakeNpm = `#!/bin/sh
if [ "$1" = view ]; then
  [ ! -f "$TEST_FOLDER/registry" ] || { cat "$TEST_FOLDER/registry" >&2; exit 1; }
  exit 0
fi
echo "$*" >>"$TEST_FOLDER/calls"
. "$TEST_FOLDER/behaviour"
`;

const installs = `sleep 0.2
mkdir -p node_modules/.bin
ln -s "$TEST_NODE" node_modules/.bin/node`;

const mainProgram = `console.log(JSON.stringify({ args: process.argv.slice(2), cache: process.env.NODE_COMPILE_CACHE }));`;

/** A checkout of the entry script alone, on a machine with only the standard programs and the npm above. */
interface Checkout {
  readonly folder: string;
  start(
    args: readonly string[],
    script?: string,
  ): Promise<{ code: number | null; output: string; errors: string }>;
  calls(): Promise<number>;
}

async function inCheckout(behaviour: string, work: (checkout: Checkout) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const root = join(folder, "checkout");
    const bin = join(folder, "bin");
    await mkdir(join(root, "cli"), { recursive: true });
    await mkdir(bin);
    await copyFile(join(import.meta.dirname, "../../../groundwork"), join(root, "groundwork"));
    await writeFile(join(root, "cli/main.ts"), mainProgram);
    await writeFile(join(root, "package.json"), "{}");
    await writeFile(join(root, "package-lock.json"), '{"one": 1}');
    await writeFile(join(folder, "behaviour"), behaviour);
    await writeFile(join(bin, "npm"), fakeNpm);
    await chmod(join(bin, "npm"), 0o755);
    await symlink(process.execPath, join(bin, "node"));
    for (const program of standardPrograms) await symlink(await findProgram(program), join(bin, program));
    const env = { PATH: bin, HOME: folder, TEST_FOLDER: folder, TEST_NODE: process.execPath };
    await work({
      folder,
      async start(args, script = join(root, "groundwork")) {
        const child = spawn(script, args, { env, cwd: folder });
        const [output, errors] = [buffer(child.stdout), buffer(child.stderr)];
        const [code] = await once(child, "close");
        return { code, output: String(await output), errors: String(await errors) };
      },
      calls: async () =>
        (await readFile(join(folder, "calls"), "utf8").catch(() => "")).split("\n").length - 1,
    });
  });
}

async function findProgram(name: string): Promise<string> {
  for (const folder of (process.env.PATH ?? "").split(":")) {
    const names: string[] = await readdir(folder).catch(() => []);
    if (names.includes(name)) return join(folder, name);
  }
  throw new Error(`${name} is not on PATH`);
}

describe("the entry script", () => {
  test("gets the npm packages once, hands the arguments over unchanged, and needs no npm after that", () =>
    inCheckout(installs, async ({ start, calls, folder }) => {
      const args = ["up", "two words", "$(x) 'y'", ""];
      const first = await start(args);
      assert.equal(first.errors, "groundwork: getting the npm packages, usually 15 to 60 s\n");
      assert.deepEqual(JSON.parse(first.output), { args, cache: join(folder, ".cache/groundwork/node") });
      const second = await start(args);
      assert.deepEqual({ ...second, code: second.code }, { code: 0, output: first.output, errors: "" });
      assert.equal(await calls(), 1);
      assert.deepEqual(
        (await readdir(join(folder, "checkout"))).filter((name) => name.startsWith(".")),
        [],
      );
    }));

  test("gets the packages again when package-lock.json has changed", () =>
    inCheckout(installs, async ({ start, calls, folder }) => {
      await start([]);
      await writeFile(join(folder, "checkout/package-lock.json"), '{"two": 2}');
      assert.equal((await start([])).code, 0);
      assert.equal(await calls(), 2);
    }));

  test("calls npm once when it is started twice at the same time", () =>
    inCheckout(installs, async ({ start, calls }) => {
      const [first, second] = await Promise.all([start(["1"]), start(["2"])]);
      assert.deepEqual([first.code, second.code], [0, 0]);
      assert.equal(await calls(), 1);
      assert.match(first.errors + second.errors, /another start \(process \d+\) is getting the npm packages/);
    }));

  test("finds its folder through symbolic links", () =>
    inCheckout(installs, async ({ start, folder }) => {
      await symlink("checkout/groundwork", join(folder, "one"));
      await symlink(join(folder, "one"), join(folder, "two"));
      assert.equal((await start(["x"], join(folder, "two"))).code, 0);
    }));

  test("starts over after a start that was killed half-way", () =>
    inCheckout('kill -9 "$PPID"; sleep 0.1; exit 1', async ({ start, calls, folder }) => {
      const killed = await start([]);
      assert.notEqual(killed.code, 0);
      await writeFile(join(folder, "behaviour"), installs);
      assert.equal((await start([])).code, 0);
      assert.equal(await calls(), 2);
      assert.deepEqual(
        (await readdir(join(folder, "checkout"))).filter((name) => name.startsWith(".")),
        [],
      );
    }));

  test("keeps the packages that are there when getting new ones fails", () =>
    inCheckout(installs, async ({ start, folder }) => {
      await start([]);
      await writeFile(join(folder, "checkout/package-lock.json"), '{"two": 2}');
      await writeFile(join(folder, "behaviour"), "rm -rf node_modules; exit 1");
      assert.equal((await start([])).code, 2);
      assert.ok((await readdir(join(folder, "checkout/node_modules/.bin"))).includes("node"));
    }));

  test("takes the packages from npm's own cache when the registry does not answer", () =>
    inCheckout(`case $* in *--offline*) ;; *) exit 1 ;; esac\n${installs}`, async ({ start, folder }) => {
      await writeFile(join(folder, "registry"), "npm error code ENOTFOUND\n");
      assert.equal((await start([])).code, 0);
    }));

  test("tells about the registry, not about the cache, when neither gives the packages", () =>
    inCheckout("echo npm error code ENOTCACHED; exit 1", async ({ start, folder }) => {
      await writeFile(
        join(folder, "registry"),
        "npm error code ETIMEDOUT\nnpm error network timeout at https://x\n",
      );
      const run = await start([]);
      assert.equal(run.code, 2);
      assert.match(run.errors, /registry does not answer as it should \(npm error network timeout at/);
    }));

  const failures = [
    [
      "npm error code ENOTFOUND\nnpm error network request to https://x failed",
      /the npm registry does not answer as it should \(npm error network request/,
    ],
    [
      "npm error code E403\nnpm error 403 Forbidden - GET https://x",
      /registry does not answer as it should \(npm error 403 Forbidden/,
    ],
    [
      "npm error code ENOSPC\nnpm error nospc no space left on device",
      /no disk space left for the npm packages/,
    ],
    [
      "npm error code EINTEGRITY\nnpm error sha512-a integrity checksum failed",
      /differs from the digest in package-lock\.json/,
    ],
  ] as const;
  for (const [said, sentence] of failures) {
    test(`says one sentence and ends with 2 when npm says ${said.split("\n")[0]}`, () =>
      inCheckout(`printf '%s\\n' '${said}' >&2; exit 1`, async ({ start }) => {
        const run = await start(["drift"]);
        assert.equal(run.code, 2);
        assert.match(run.errors, sentence);
        assert.equal(run.errors.trim().split("\n").length, 2, run.errors);
      }));
  }

  for (const program of ["node", "npm"]) {
    test(`says that ${program} is missing`, () =>
      inCheckout(installs, async ({ start, folder }) => {
        await rm(join(folder, "bin", program));
        const run = await start([]);
        assert.equal(run.code, 2);
        assert.match(run.errors, /^groundwork: (Node\.js|npm) is missing\. Install/);
      }));
  }
});
