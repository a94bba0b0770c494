import assert from "node:assert/strict";
import { describe, it } from "node:test";
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

  it("is not seen in other errors of the engine", () => {
    for (const error of [failure("error: no stack named 'mine2' found"), new Error("incorrect passphrase")])
      assert.equal(withPassphraseNamed("mine2", error), error);
  });
});
