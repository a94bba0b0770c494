import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { conceal } from "../../../provider/resources/conceal.ts";
import { secret, secretTexts, type Wire } from "../../../provider/wire.ts";

describe("a text that repeats a secret", () => {
  it("shows neither its value, nor a line, nor a word of it", () => {
    const script = "login --token=s3cr3t-t0ken\necho 'two  words'; false\n";
    assert.equal(conceal("sh: 1: s3cr3t-t0ken: not found", [script]), "sh: 1: [secret]: not found");
    assert.equal(conceal("> echo 'two  words'; false <", [script]), "> [secret] <");
    assert.equal(conceal(`said:${script}`, [script]), "said:[secret]\n");
  });

  it("keeps everything else", () => {
    assert.equal(conceal("No space left on device\nexit 1", ["s3cr3t"]), "No space left on device\nexit 1");
    assert.equal(conceal("a b c", ["a b", ""]), "a b c");
  });

  it("does not hold it, whatever both are", () => {
    const value = fc.string({ minLength: 4, unit: "grapheme" }).filter((text) => text.trim().length >= 4);
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (hidden, left, right) => {
        const shown = conceal(left + hidden + right, [hidden]);
        assert.ok(!shown.replaceAll("[secret]", "\0").includes(hidden.trim()));
      }),
    );
  });
});

describe("the secrets of inputs", () => {
  it("are all texts that are marked, and those below what is marked", () => {
    const inputs: Wire = {
      stream: "alpha",
      items: [{ path: "/etc/a", content: secret("one") }, secret({ run: "two", names: ["three"] })],
    };
    assert.deepEqual(secretTexts(inputs), ["one", "two", "three"]);
  });
});
