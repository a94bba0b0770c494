import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filesSpecification } from "../../bench/filesSpecification.ts";
import { compared, mendedWords, type Result } from "../../bench/measure.ts";

const { tampered } = filesSpecification;
const result = (name: string, first: number, second: number): Result => ({
  name,
  first,
  second,
  logins: [1, 1],
});

describe("a comparison of two contestants", () => {
  const results = [result("ours", 2, 1), result("Ansible 2.14", 40, 30)];

  it("takes the smaller factor of first and second run, and says whether the goal is held", () => {
    assert.equal(
      compared(results, "ours", "Ansible", 20),
      "ours: 20.0 times faster than Ansible 2.14 (goal 20: held)",
    );
    assert.equal(
      compared(results, "ours", "Ansible", 21),
      "ours: 20.0 times faster than Ansible 2.14 (goal 21: missed)",
    );
  });

  it("says nothing of who did not take part", () => {
    assert.equal(compared(results, "ours", "pyinfra", 4), undefined);
  });
});

describe("what was mended", () => {
  const words = (files: string[], machines: number): string =>
    mendedWords({ seconds: 1, files }, filesSpecification, machines);

  it("is exactly the tampered file, once on each machine", () => {
    assert.equal(words([tampered.path, tampered.path], 2), "exactly it");
  });

  it("is counted where it is more, less or another", () => {
    assert.equal(words([tampered.path], 2), "1 files");
    assert.equal(words([tampered.path, "/opt/other"], 2), "2 files");
    assert.equal(words([tampered.path, tampered.path], 1), "2 files");
  });

  it("is not said where nothing had to be mended", () => {
    assert.equal(mendedWords(undefined, filesSpecification, 1), "");
  });
});
