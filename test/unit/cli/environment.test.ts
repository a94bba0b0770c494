import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { environmentText } from "../../../cli/commands/env.ts";
import { engineEnvironment, ownsPassphrase, parallelism } from "../../../cli/engine/environment.ts";
import { requireGivenPassphrase } from "../../../cli/engine/givenPassphrase.ts";
import { ensureSecretFile } from "../../../cli/engine/secretFile.ts";
import {
  staysAsItIs,
  withCheckedFile,
  withoutSalt,
  withPrivateCopy,
} from "../../../cli/engine/stackConfigFile.ts";
import { coded } from "./coded.ts";

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

describe("a passphrase file that the user names", () => {
  it("is refused by its name where the engine could not read it, before the engine is started", async () => {
    const folder = await newFolder();
    const named = (file: string) => requireGivenPassphrase({ PULUMI_CONFIG_PASSPHRASE_FILE: file });
    const gone = join(folder, "gone");
    await assert.rejects(named(gone), {
      message: `GW709 PULUMI_CONFIG_PASSPHRASE_FILE ${gone}: there is no such file. Name the file with the stack's passphrase, which only you can read`,
    });
    await assert.rejects(named(folder), coded("GW709", /it is a folder/));
    await writeFile(gone, "hush");
    await named(gone);
  });

  it("is not asked for where a passphrase is given beside it, or none is named", async () => {
    await requireGivenPassphrase({
      PULUMI_CONFIG_PASSPHRASE: "hush",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/not/there",
    });
    await requireGivenPassphrase({ PULUMI_CONFIG_PASSPHRASE_FILE: "" });
    await requireGivenPassphrase({});
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
  const text = "# mine\nconfig: { groundwork:machines: { m1: { a: [ 1 ] } } }\n";
  const rack = { stack: "rack", text: `${text}encryptionsalt: v1:x\n` };

  it("is written to instead of the file itself, whichever stack it is and whoever gives the passphrase", () => {
    const mine = { PULUMI_CONFIG_PASSPHRASE_FILE: "/mine" };
    for (const stack of ["dev", "production"])
      assert.deepEqual([staysAsItIs({ stack, text }, {}), staysAsItIs({ stack, text }, mine)], [true, true]);
  });

  it("says what was checked, is for its owner only and of one run only, and goes with it", async () => {
    const copies = await withPrivateCopy(rack, (first) =>
      withPrivateCopy({ ...rack, text: "config: {}\n" }, async (second) => {
        assert.equal(await readFile(first, "utf8"), text);
        assert.equal(await readFile(second, "utf8"), "config: {}\n");
        assert.equal((await stat(first)).mode & 0o777, 0o600);
        assert.equal((await stat(dirname(first))).mode & 0o777, 0o700);
        return [first, second];
      }),
    );
    assert.deepEqual(copies.map(existsSync), [false, false]);
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

describe("the file that the engine is run on", () => {
  const provider = "secretsprovider: awskms://alias/x\n";
  const checked = { stack: "rack", text: `config:\n  groundwork:machines: { m1: {} }\n${provider}` };
  const runOn = async (now: string, file = checked): Promise<string | undefined> => {
    const project = await newFolder();
    await writeFile(join(project, "Pulumi.rack.yaml"), now);
    return withCheckedFile(
      file,
      async (path) => (path === undefined ? "the file" : readFile(path, "utf8")),
      project,
    );
  };

  it("is a copy of what was checked, whatever the file says by then", async () => {
    const text = "config: { groundwork:machines: { m1: {} } }\n";
    assert.equal(await runOn("config: {}\n", { stack: "rack", text }), text);
  });

  it("is the file itself with a secrets provider, which the engine itself may have written to", async () => {
    assert.equal(await runOn(checked.text), "the file");
    const written = `${provider}encryptedkey: abc\nconfig:\n  groundwork:machines:\n    m1: {}\n`;
    assert.equal(await runOn(written), "the file");
  });

  it("is refused where the file's settings are no longer those that were checked", async () => {
    for (const now of ["", checked.text.replace("m1", "m2"), "config: ["])
      await assert.rejects(runOn(now), { code: "GW710" }, now);
  });
});
