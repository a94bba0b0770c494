import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { environmentText } from "../../../cli/commands/env.ts";
import { engineEnvironment, ownsPassphrase, parallelism } from "../../../cli/engine/environment.ts";
import { ensureSecretFile } from "../../../cli/engine/secretFile.ts";
import { privateConfigFile, staysAsItIs, withoutSalt } from "../../../cli/engine/stackConfigFile.ts";

const folders: string[] = [];
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "groundwork-test-"));
  folders.push(folder);
  return folder;
};
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const environmentOf = (environment: NodeJS.ProcessEnv, stack = "dev") =>
  engineEnvironment({ root: "/project", stack, programFolders: ["/tools"], parallel: 12, environment });

describe("the engine's environment", () => {
  it("keeps state, home and the passphrase of dev below the user's state folder", () => {
    const environment = environmentOf({ XDG_STATE_HOME: "/state", PATH: "/bin" });
    assert.equal(environment.PULUMI_BACKEND_URL, "file:///state/groundwork/engine");
    assert.equal(environment.PULUMI_HOME, "/state/groundwork/pulumi");
    assert.equal(environment.PULUMI_CONFIG_PASSPHRASE_FILE, "/state/groundwork/passphrases/dev");
    assert.equal(environment.PATH, "/project/node_modules/.bin:/tools:/bin");
  });

  it("leaves the user's backend and its login alone", () => {
    const environment = environmentOf({ PULUMI_BACKEND_URL: "s3://bucket" });
    assert.equal(environment.PULUMI_BACKEND_URL, undefined);
    assert.equal(environment.PULUMI_HOME, undefined);
  });

  it("leaves the user's passphrase alone, an empty one too", () => {
    for (const own of [{ PULUMI_CONFIG_PASSPHRASE: "" }, { PULUMI_CONFIG_PASSPHRASE_FILE: "/mine" }])
      assert.equal(environmentOf(own).PULUMI_CONFIG_PASSPHRASE_FILE, undefined);
  });

  it("has a passphrase of ours for dev only", () => {
    assert.equal(ownsPassphrase("dev", {}), true);
    assert.equal(ownsPassphrase("production", {}), false);
    assert.equal(environmentOf({}, "production").PULUMI_CONFIG_PASSPHRASE_FILE, undefined);
  });

  it("lets every stream work on every machine at once", () => {
    assert.ok(parallelism(4, 30) >= 120);
  });

  it("is printed so that a shell takes every value as it is", () => {
    const values = { A: 'it\'s $HOME `x` "y"', B: "two\nlines", PATH: "/a b:/c" };
    const script = `${environmentText(values)}\nprintf '%s|%s|%s' "$A" "$B" "$PATH"`;
    const printed = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
    assert.equal(printed, `${values.A}|${values.B}|${values.PATH}`);
  });
});

describe("a file with a secret", () => {
  it("is for its owner only and keeps its first content, also when two runs make it at once", async () => {
    const path = join(await newFolder(), "passphrases", "dev");
    await Promise.all(["one", "two", "three"].map((content) => ensureSecretFile(path, content)));
    const first = await readFile(path, "utf8");
    await ensureSecretFile(path, "four");
    assert.equal(await readFile(path, "utf8"), first);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });
});

describe("the copy of a stack's file for the engine", () => {
  it("is written to instead of the file itself, whichever stack it is and whoever gives the passphrase", async () => {
    const mine = { PULUMI_CONFIG_PASSPHRASE_FILE: "/mine" };
    for (const stack of ["dev", "production"])
      assert.deepEqual([await staysAsItIs(stack, {}), await staysAsItIs(stack, mine)], [true, true]);
  });

  it("is for its owner only, one for each copy of the project", async () => {
    const before = process.env.GROUNDWORK_STATE;
    process.env.GROUNDWORK_STATE = await newFolder();
    try {
      const text = (name: string) => `# mine\nconfig: { groundwork:machines: { ${name}: { a: [ 1 ] } } }\n`;
      const projects = await Promise.all([newFolder(), newFolder()]);
      for (const [index, project] of projects.entries())
        await writeFile(join(project, "Pulumi.rack.yaml"), `${text(`m${index}`)}encryptionsalt: v1:x\n`);
      const copies = await Promise.all(projects.map((project) => privateConfigFile("rack", project)));
      for (const [index, copy] of copies.entries()) {
        assert.equal(await readFile(copy, "utf8"), text(`m${index}`));
        assert.equal((await stat(copy)).mode & 0o777, 0o600);
      }
      assert.deepEqual(await readdir(dirname(copies[0] as string)), ["Pulumi.rack.yaml"]);
    } finally {
      if (before === undefined) delete process.env.GROUNDWORK_STATE;
      else process.env.GROUNDWORK_STATE = before;
    }
  });

  it("lacks the salt of somebody else's passphrase and nothing more", () => {
    const text = "# a comment\nconfig:\n  groundwork:machines: {}\n";
    assert.equal(withoutSalt(`${text}encryptionsalt: v1:abc=:v1:def\n`), text);
    assert.equal(withoutSalt(text), text);
  });

  it("keeps the salt where a value is encrypted with it", () => {
    for (const value of ["a:b:\n    secure: v1:x", "a:b: { secure: v1:x }"]) {
      const text = `config:\n  ${value}\nencryptionsalt: v1:abc\n`;
      assert.equal(withoutSalt(text), text);
    }
  });
});
