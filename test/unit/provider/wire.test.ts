import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  hasSecret,
  hasUnknown,
  isSecretAt,
  reveal,
  sameValue,
  secret,
  unknown,
  type Wire,
} from "../../../provider/wire.ts";

const output = (fields: { [key: string]: Wire }): Wire => ({
  "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4",
  ...fields,
});

/** Property values as a program has them, without Pulumi's own marks. */
const { plain } = fc.letrec<{ plain: Wire }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.string(),
    fc.array(tie("plain"), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie("plain"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe("property values on the wire", () => {
  it("come out of their wrapping as they went in, at every depth", () => {
    fc.assert(
      fc.property(plain, (value) => {
        assert.deepEqual(reveal({ outer: [secret(value), secret(secret(value))] }), {
          outer: [value, value],
        });
      }),
    );
  });

  it("are known to be secret wherever the secret sits", () => {
    assert.equal(hasSecret({ items: [{ content: secret("x") }] }), true);
    assert.equal(hasSecret(output({ value: "x", secret: true })), true);
    assert.equal(hasSecret(output({ value: "x", secret: false })), false);
    assert.equal(hasSecret({ items: [{ content: "x" }] }), false);
  });

  it("are secret at a path that leads to a secret, into one, or above one, and nowhere else", () => {
    const value: Wire = { items: [{ path: "/a", content: secret({ inner: "x" }) }, { path: "/b" }] };
    const at = (...path: (string | number)[]): boolean => isSecretAt(value, path);
    assert.equal(at("items", 0, "content"), true);
    assert.equal(at("items", 0, "content", "inner"), true);
    assert.equal(at("items", 0), true);
    assert.equal(at("items", 0, "path"), false);
    assert.equal(at("items", 1), false);
    assert.equal(at("items", 7, "nothing"), false);
  });

  it("are unknown when any part is", () => {
    assert.equal(hasUnknown({ a: [1, { b: unknown }] }), true);
    assert.equal(hasUnknown(output({})), true);
    assert.equal(hasUnknown(secret(unknown)), true);
    assert.equal(hasUnknown(output({ value: 1 })), false);
    assert.equal(reveal(output({})), unknown);
  });

  it("are the same as themselves, and as a copy with the fields in another order", () => {
    fc.assert(
      fc.property(plain, (value) => {
        assert.equal(sameValue(value, turned(value)), true);
      }),
    );
  });

  it("count a missing field as null, and a list by its order", () => {
    assert.equal(sameValue({ a: 1 }, { a: 1, b: null }), true);
    assert.equal(sameValue({ a: 1 }, { a: 1, b: false }), false);
    assert.equal(sameValue([1, 2], [2, 1]), false);
    assert.equal(sameValue([], {}), false);
    assert.equal(sameValue("1", 1), false);
  });
});

function turned(value: Wire): Wire {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, turned(inner)]),
  );
}
