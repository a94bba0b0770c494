import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aptOptions, ensureDebianPackages, type PackageSystem } from "../../../tools/debianPackages.ts";

interface Call {
  readonly program: string;
  readonly args: readonly string[];
}

/** A machine that has these packages, on which apt-get answers as told. */
function machine(installed: readonly string[], more: Partial<PackageSystem> & { apt?: string } = {}) {
  const calls: Call[] = [];
  const lines: string[] = [];
  const system: PackageSystem = {
    async run(program, args) {
      calls.push({ program, args });
      if (program === "dpkg-query") {
        const known = installed.map((name) => `${name} installed\n`).join("");
        return { exitCode: 1, output: `${known}removed-one config-files\ndpkg-query: no packages found\n` };
      }
      return { exitCode: more.apt ? 100 : 0, output: more.apt ?? "" };
    },
    isRoot: () => true,
    write: (line) => lines.push(line),
    ...more,
  };
  return { system, calls, lines };
}

describe("missing Debian packages", () => {
  test("are named before they are installed, and those that are there are left alone", async () => {
    const { system, calls, lines } = machine(["gcc"]);
    await ensureDebianPackages(["gcc", "libseccomp-dev", "removed-one"], "to build runc", system);
    assert.deepEqual(lines, [
      "installing the Debian packages libseccomp-dev removed-one (needed to build runc)",
    ]);
    const apt = calls
      .filter(({ program }) => program === "apt-get")
      .map(({ args }) => args.slice(aptOptions.length));
    assert.deepEqual(apt, [
      ["update"],
      ["install", "--yes", "--no-install-recommends", "libseccomp-dev", "removed-one"],
    ]);
  });

  test("cost one question when there are none", async () => {
    const { system, calls, lines } = machine(["gcc"]);
    await ensureDebianPackages(["gcc"], "to build runc", system);
    assert.equal(calls.length, 1);
    assert.deepEqual(lines, []);
  });

  test("are refused with GW604 without root, with the command that helps", async () => {
    const { system } = machine([], { isRoot: () => false });
    await assert.rejects(ensureDebianPackages(["gcc"], "to build runc", system), {
      code: "GW604",
      mend: "Run this as root, or have root run: apt-get install gcc",
    });
  });

  test("are refused with GW605 on a system without Debian's tools", async () => {
    const { system } = machine([], { run: async () => undefined });
    await assert.rejects(ensureDebianPackages(["gcc"], "to build runc", system), { code: "GW605" });
  });

  test("that no source gives are told with apt-get's own words", async () => {
    const { system } = machine([], { apt: "Reading lists\nE: Unable to locate package gcc\n" });
    await assert.rejects(ensureDebianPackages(["gcc"], "to build runc", system), {
      code: "GW608",
      what: "apt-get update failed for gcc (E: Unable to locate package gcc)",
    });
  });

  test("whose source does not answer are told as such", async () => {
    const { system } = machine([], { apt: "W: Failed to fetch http://x/  Could not resolve 'x'\n" });
    await assert.rejects(ensureDebianPackages(["gcc"], "to build runc", system), { code: "GW602" });
  });
});
