import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { requireLoginKeys } from "../../../cli/stack/usableKeys.ts";
import { parseConfiguration } from "../../../stacks/configuration.ts";
import { hostKeyOf } from "../../support/hostKey.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));
const key = join(folder, "id");

/** Looks at the keys of web-1 and of the bastion before it. */
function look(privateKeyFile?: string, bastionKey?: string): Promise<void> {
  const bastion = { address: "192.0.2.2", hostKey: hostKeyOf("bastion"), privateKeyFile: bastionKey };
  const existing = {
    address: "192.0.2.1",
    roles: ["agent"],
    hostKey: hostKeyOf("web-1"),
    privateKeyFile,
    bastion,
  };
  const off = { enabled: false };
  const configuration = parseConfiguration({
    machines: { "web-1": { existing } },
    streams: { alpha: { ssh: { sources: ["198.51.100.0/24"] } }, bravo: off, charlie: off, delta: off },
  });
  return requireLoginKeys(configuration);
}

describe("a private key that the configuration names", () => {
  before(() => writeFileSync(key, "key"));
  after(() => rmSync(folder, { recursive: true }));

  it("passes where it is there, and where none is named", async () => {
    await look(key, key);
    await look();
  });

  it("is refused by its property where it is missing, before anybody logs in, and all are told at once", async () => {
    await assert.rejects(look("/nowhere/id", key), {
      code: "GW101",
      message:
        /^GW101 machines\.web-1\.existing\.privateKeyFile: \/nowhere\/id is not there\. Name a private key/,
    });
    await assert.rejects(look("/nowhere/id", "/nowhere/else"), ({ message }: Error) => {
      assert.match(message, /- machines\.web-1\.existing\.privateKeyFile: \/nowhere\/id/);
      assert.match(message, /- machines\.web-1\.existing\.bastion\.privateKeyFile: \/nowhere\/else/);
      return true;
    });
  });

  it("is looked for in the home folder where it begins there", async () => {
    const name = `groundwork-no-such-key-${process.pid}`;
    await assert.rejects(look(`~/${name}`), new RegExp(`~/${name} is not there`));
    const file = join(homedir(), name);
    writeFileSync(file, "key");
    try {
      await look(`~/${name}`);
    } finally {
      rmSync(file);
    }
  });

  it("is refused where it is a folder", async () => {
    mkdirSync(join(folder, "folder"), { recursive: true });
    await assert.rejects(look(join(folder, "folder")), /folder is a folder/);
  });

  it("passes where only its public half is there: an agent holds the other one", async () => {
    writeFileSync(join(folder, "held.pub"), "key");
    await look(join(folder, "held"));
  });
});
