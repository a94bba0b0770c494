import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ensureEntry, type Recipe, RouteUnavailable, readEntry } from "../../../tools/cacheEntry.ts";
import { inTemporaryFolder } from "./temporary.ts";

function fakeRecipe(folder: string, made: string[] = [], content = "a program"): Recipe {
  return {
    route: "fake",
    folder,
    async make(into) {
      made.push(folder);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await writeFile(join(into, "program"), content);
    },
  };
}

describe("an entry of the cache", () => {
  test("is made once and found after that", () =>
    inTemporaryFolder(async (cache) => {
      const made: string[] = [];
      const recipe = fakeRecipe(join(cache, "fake-1"), made);
      const first = await ensureEntry("fake", [recipe]);
      const second = await ensureEntry("fake", [recipe]);
      assert.equal(made.length, 1);
      assert.deepEqual(second, first);
      assert.equal(first.manifest.files.program?.sha256.length, 64);
      assert.deepEqual((await readdir(cache)).sort(), ["fake-1"]);
    }));

  test("is made once by two that ask at the same time, and the second is told that it waits", () =>
    inTemporaryFolder(async (cache) => {
      const made: string[] = [];
      let waits = 0;
      const onWait = <T>(work: () => Promise<T>) => {
        waits++;
        return work();
      };
      const ask = () => ensureEntry("fake", [fakeRecipe(join(cache, "fake-1"), made)], { onWait });
      const [first, second] = await Promise.all([ask(), ask()]);
      assert.equal(made.length, 1);
      assert.deepEqual(first, second);
      assert.equal(waits, 1);
    }));

  test("does not appear when its maker is killed half-way, and the next run makes it and clears up", () =>
    inTemporaryFolder(async (cache) => {
      const place = join(cache, "fake-1");
      const script = join(import.meta.dirname, "slowBuild.ts");
      const killed = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, place]);
      await once(killed.stdout, "data");
      assert.equal(await readEntry(place), undefined);
      killed.kill("SIGKILL");
      await once(killed, "exit");
      const entry = await ensureEntry("fake", [fakeRecipe(place)], { staleAfter: 2000 });
      assert.equal(await readFile(join(entry.folder, "program"), "utf8"), "a program");
      assert.deepEqual(await readdir(cache), ["fake-1"]);
    }));

  test("leaves nothing behind when making it fails, and is made at the next try", () =>
    inTemporaryFolder(async (cache) => {
      const place = join(cache, "fake-1");
      const failing: Recipe = {
        route: "fake",
        folder: place,
        make: () => Promise.reject(new Error("no luck")),
      };
      await assert.rejects(ensureEntry("fake", [failing]), /no luck/);
      assert.deepEqual(await readdir(cache), []);
      await ensureEntry("fake", [fakeRecipe(place)]);
      assert.deepEqual(await readdir(cache), ["fake-1"]);
    }));

  test("is refused with GW606 when a file was changed since, even to the same size", () =>
    inTemporaryFolder(async (cache) => {
      const recipe = fakeRecipe(join(cache, "fake-1"));
      await ensureEntry("fake", [recipe]);
      await writeFile(join(recipe.folder, "program"), "b program");
      await assert.rejects(ensureEntry("fake", [recipe]), {
        code: "GW606",
        where: join(recipe.folder, "program"),
      });
      await writeFile(join(recipe.folder, "program"), "longer than before");
      await assert.rejects(ensureEntry("fake", [recipe]), { code: "GW606" });
    }));

  test("is accepted when only the time of a file differs, as in a copied cache", () =>
    inTemporaryFolder(async (cache) => {
      const recipe = fakeRecipe(join(cache, "fake-1"));
      const { manifest } = await ensureEntry("fake", [recipe]);
      const file = join(recipe.folder, "program");
      await utimes(file, 1, 1);
      assert.ok(await readEntry(recipe.folder));
      assert.equal(Math.round((await stat(file)).mtimeMs), manifest.files.program?.modified);
    }));

  test("is made anew when a file of it is gone", () =>
    inTemporaryFolder(async (cache) => {
      const made: string[] = [];
      const recipe = fakeRecipe(join(cache, "fake-1"), made);
      await ensureEntry("fake", [recipe]);
      await rm(join(recipe.folder, "program"));
      await ensureEntry("fake", [recipe]);
      assert.equal(made.length, 2);
    }));

  test("is made by the next recipe when the first is not open on this machine", () =>
    inTemporaryFolder(async (cache) => {
      const closed: Recipe = {
        route: "official",
        folder: join(cache, "fake-official"),
        make: () => Promise.reject(new RouteUnavailable("no answer")),
      };
      const entry = await ensureEntry("fake", [closed, fakeRecipe(join(cache, "fake-module"))]);
      assert.equal(entry.manifest.route, "fake");
      assert.deepEqual(await readdir(cache), ["fake-module"]);
    }));

  test("with an empty file is refused instead of kept", () =>
    inTemporaryFolder(async (cache) => {
      await assert.rejects(ensureEntry("fake", [fakeRecipe(join(cache, "fake-1"), [], "")]), {
        code: "GW607",
      });
    }));
});
