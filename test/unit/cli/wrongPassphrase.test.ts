import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { EngineFailure } from "../../../cli/engine/command.ts";
import { withPassphraseNamed } from "../../../cli/engine/wrongPassphrase.ts";
import { GroundworkError } from "../../../errors/index.ts";

const failure = (stderr: string): EngineFailure => new EngineFailure({ stdout: "", stderr, code: 255 });

describe("another passphrase than the stack's", () => {
  it("is told with the file, the cause and the way out", () => {
    const said = "error: could not create secrets manager for new stack: incorrect passphrase";
    const error = withPassphraseNamed("mine2", failure(said));
    assert.ok(error instanceof GroundworkError);
    assert.match(
      error.message,
      /^GW709 Pulumi\.mine2\.yaml: .*another passphrase\. .*copied.*encryptionsalt/,
    );
  });

  it("is taken out of the shell where Groundwork keeps the stack's own", () => {
    const said = failure("error: incorrect passphrase");
    const state = mkdtempSync(join(tmpdir(), "groundwork-test-"));
    after(() => rmSync(state, { recursive: true }));
    const mine = { GROUNDWORK_STATE: state, PULUMI_CONFIG_PASSPHRASE_FILE: "/mine" };
    const mend = (stack: string) => String(withPassphraseNamed(stack, said, mine));
    assert.match(mend("dev"), /Give the one/);
    mkdirSync(join(state, "passphrases"));
    writeFileSync(join(state, "passphrases", "dev"), "x");
    assert.match(mend("dev"), /unset PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE/);
    assert.match(mend("production"), /Give the one/);
  });

  it("is not seen in other errors of the engine", () => {
    for (const error of [failure("error: no stack named 'mine2' found"), new Error("incorrect passphrase")])
      assert.equal(withPassphraseNamed("mine2", error), error);
  });
});
