import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { root } from "../../../docs/source/documents.ts";

/** Files of packages that a fresh process has loaded after importing a module of the project. */
function loadedBy(module: string): string[] {
  const script = `
    await import(${JSON.stringify(join(root, module))});
    const { createRequire } = await import("node:module");
    process.stdout.write(JSON.stringify(Object.keys(createRequire(${JSON.stringify(join(root, module))}).cache)));`;
  const text = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(text) as string[];
}

/** Parts of Pulumi's SDK that a program has no use for, and that cost most of its start. */
const heavy = ["/typescript/lib/", "/@npmcli/arborist/", "/@pulumi/pulumi/automation/"];

const heavyOnes = (module: string): string[] =>
  heavy.filter((part) => loadedBy(module).some((file) => file.includes(part)));

describe("the start of a program", () => {
  it("loads of Pulumi's SDK what it uses, and no compiler", () => {
    assert.deepEqual(heavyOnes("components/index.ts"), []);
  });

  it("gets nothing but types from the SDK's index", () => {
    const files = ["index.ts", ...globSync("{components,stacks,provider/sdk}/**/*.ts", { cwd: root })];
    const direct = files.filter((path) =>
      /^(import|export) (?!type )[^;]*from "@pulumi\/pulumi/m.test(readFileSync(join(root, path), "utf8")),
    );
    assert.deepEqual(direct, []);
  });
});

describe("the SDK's index", () => {
  it("does load them: where it no longer does, pulumi.ts can go", () => {
    const module = "node_modules/@pulumi/pulumi/index.js";
    assert.deepEqual(heavyOnes(module), heavy);
  });
});
