import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cacheFolder } from "../../../foundation/cacheFolder.ts";
import { recipeKey } from "../../../foundation/digest.ts";
import { explainGo, goRecipe, moduleFolder, requireGo } from "../../../tools/go.ts";
import { type BundleDefinition, bundles, type GoModule, programs } from "../../../versions/index.ts";

const all: [string, BundleDefinition][] = Object.entries(bundles);
const target = { system: "linux", architecture: "amd64" } as const;

describe("the table of programs", () => {
  for (const [name, bundle] of all) {
    test(`names for ${name} the version that its go.mod requires`, async () => {
      for (const module of bundle.modules ?? []) {
        const goMod = await readFile(join(moduleFolder(module), "go.mod"), "utf8");
        const version = module.moduleVersion ?? bundle.version;
        assert.ok(
          goMod.split(/\s*\n\s*/).some((line) => line.startsWith(`${module.module} v${version}`)),
          goMod,
        );
        for (const path of Object.values(module.packages)) assert.ok(goMod.includes(`${path}\n`), path);
      }
    });

    test(`has a way to get every program of ${name}, and no program twice`, () => {
      const built = [
        ...(bundle.modules ?? []).flatMap((module) => Object.keys(module.packages)),
        ...(bundle.c ? [bundle.c] : []),
      ];
      assert.deepEqual(built.toSorted(), [...bundle.programs].toSorted());
      for (const downloads of Object.values(bundle.official ?? {})) {
        const downloaded = downloads.flatMap(({ members }) => Object.keys(members));
        assert.deepEqual(downloaded.toSorted(), [...bundle.programs].toSorted());
        for (const { sha256, url } of downloads) {
          assert.match(sha256, /^[0-9a-f]{64}$/);
          assert.ok(url.startsWith("https://") && url.includes(bundle.version), url);
        }
      }
    });
  }

  test("has the engine of the very SDK that programs use", async () => {
    const file = new URL("../../../package.json", import.meta.url);
    const { dependencies } = JSON.parse(await readFile(file, "utf8")) as {
      dependencies: Record<string, string>;
    };
    assert.equal(dependencies["@pulumi/pulumi"], bundles.pulumi.version);
  });

  test("finds every program's bundle", () => {
    const names = all.flatMap(([, bundle]) => bundle.programs);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(Object.keys(programs).toSorted(), names.toSorted());
    assert.deepEqual(programs["containerd-shim-runc-v2"], {
      bundle: "containerd",
      version: bundles.containerd.version,
    });
  });
});

describe("the key of a build", () => {
  const module: GoModule = bundles.runc.modules[0];
  const keyOf = async (
    changed: Partial<GoModule>,
    goVersion = "go1.26.8",
    to: Parameters<typeof goRecipe>[1] = target,
  ) => recipeKey(await goRecipe({ ...module, ...changed }, to, goVersion));

  test("is the same for the same recipe, in whatever order it was written", async () => {
    assert.equal(await keyOf({}), await keyOf({ tags: [...(module.tags ?? [])] }));
    assert.equal(recipeKey({ a: 1, b: { c: 2, d: 3 } }), recipeKey({ b: { d: 3, c: 2 }, a: 1 }));
  });

  test("differs with the flags, the sources, the Go version and the architecture", async () => {
    const keys = await Promise.all([
      keyOf({}),
      keyOf({ tags: ["netgo"] }),
      keyOf({ variables: { "main.version": "2" } }),
      keyOf({ folder: "coredns" }),
      keyOf({}, "go1.27.0"),
      keyOf({}, "go1.26.8", { system: "linux", architecture: "arm64" }),
    ]);
    assert.equal(new Set(keys).size, keys.length);
  });
});

describe("what Go says becomes one sentence", () => {
  const cases = [
    ["open /root/.cache/go-build/x: no space left on device", "GW601"],
    ['go: downloading x v1\nx: Get "https://proxy/x": dial tcp: lookup proxy: no such host', "GW602"],
    ["x@v1: reading https://proxy/x: 403 Forbidden\n\tserver response: not available", "GW602"],
    ["verifying x@v1: checksum mismatch\n\tdownloaded: h1:a\n\tgo.sum: h1:b\n\nSECURITY ERROR", "GW606"],
    ["# x\nx.go:1:1: syntax error", "GW607"],
  ] as const;
  for (const [stderr, code] of cases) {
    test(`${code} for ${JSON.stringify(stderr.slice(0, 40))}`, () => {
      const error = explainGo(stderr, "runc");
      assert.equal(error.code, code);
      assert.ok(!error.what.includes("\n"), error.what);
    });
  }

  test("a missing Go and one that is too old are refused with the version that is needed", () => {
    const goMod = "module x\n\ngo 1.26.0\n";
    assert.throws(
      () => requireGo(undefined, goMod, "runc"),
      /GW603: runc .* needs Go 1\.26\.0; no go is on PATH/,
    );
    const old = { version: "go1.19.8", caches: [] };
    assert.throws(() => requireGo(old, goMod, "runc"), /needs Go 1\.26\.0; go1\.19\.8 is installed/);
    for (const version of ["go1.26.0", "go1.26.8", "go1.27rc1", "go2.0"]) {
      assert.equal(requireGo({ version, caches: [] }, goMod, "runc").version, version);
    }
  });
});

test("the cache lies where the user says, else where the system keeps caches", () => {
  assert.equal(cacheFolder({ GROUNDWORK_CACHE: "/a", XDG_CACHE_HOME: "/b" }), "/a");
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/b" }), "/b/groundwork");
  assert.match(cacheFolder({}), /\/\.cache\/groundwork$/);
});
