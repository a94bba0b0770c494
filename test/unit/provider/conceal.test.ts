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

describe("a text that repeats a secret in another encoding", () => {
  /** What programs print of bytes. */
  const encodings: Record<string, (bytes: Buffer) => string> = {
    base64: (bytes) => bytes.toString("base64"),
    "base64 without padding": (bytes) => bytes.toString("base64").replace(/=+$/, ""),
    "base64 for URLs": (bytes) => bytes.toString("base64url"),
    "base64 in lines": (bytes) => bytes.toString("base64").replace(/.{76}(?=.)/g, "$&\n"),
    "hexadecimal digits": (bytes) => bytes.toString("hex"),
    "capital hexadecimal digits": (bytes) => bytes.toString("hex").toUpperCase(),
    "pairs of hexadecimal digits": (bytes) => bytes.toString("hex").replace(/..(?=.)/g, "$&:"),
    "percent signs": (bytes) => bytes.toString("hex").replace(/../g, "%$&"),
  };
  const value = fc
    .string({ minLength: 4, maxLength: 120, unit: "grapheme" })
    .filter((text) => text.trim().length >= 4);
  const around = fc.string({ maxLength: 100, unit: "grapheme" });

  for (const [name, encoded] of Object.entries(encodings))
    it(`shows none of it: ${name}, alone and as a part of a longer text`, () => {
      fc.assert(
        fc.property(value, around, around, (hidden, left, right) => {
          for (const told of [hidden, left + hidden + right]) {
            const shown = conceal(`exit 1: < ${encoded(Buffer.from(told))} >`, [hidden]);
            assert.match(shown, /^exit 1: < (\[secret\][=:]*)+ >$/);
          }
        }),
        { numRuns: 60 },
      );
    });

  it("shows none of it in a URL, however much of it was encoded, nor in a header", () => {
    const secret = "p@ss wörd/it's";
    for (const part of [
      encodeURIComponent(secret),
      encodeURI(secret),
      new URLSearchParams({ a: secret }).toString(),
    ])
      assert.equal(conceal(`GET ${part}: 404`, [secret]), "GET [secret] 404", part);
    const basic = Buffer.from(`user:${secret}`).toString("base64");
    assert.equal(conceal(`Authorization: Basic ${basic}`, [secret]), "Authorization: Basic [secret]");
  });

  it("shows none of the end of one that was cut", () => {
    const key = `-----BEGIN KEY-----\n${"abcdefghij0123456789".repeat(3)}\n-----END KEY-----\n`;
    const cut = Buffer.from(key).toString("base64").slice(31);
    assert.equal(conceal(`…${cut}`, [key]), "…[secret]");
    const long = Buffer.from("x9".repeat(50)).toString("base64").slice(17);
    assert.equal(conceal(long, ["x9".repeat(50)]), "[secret]");
  });

  it("shows nothing of a longer one that begins as a shorter one does", () => {
    const [user, password] = ["admin-of-db1", "s3cretPassw0rd"];
    for (const encoding of ["base64", "hex"] as const) {
      const encoded = (text: string): string => Buffer.from(text).toString(encoding);
      const text = `user ${encoded(user)} auth ${encoded(`${user}:${password}`)}`;
      assert.equal(conceal(text, [user, password]), "user [secret] auth [secret]");
    }
  });

  it("keeps digests, names and words that only look like it", () => {
    const plain =
      "certificate_request: /var/lib/groundwork/a+b 100%25 of 20261121 deadbeefcafe\n" +
      "177df879d50c913eb205e898d5c1c05a18f574053c0ce5524c471208eaf06f6f  kubernetes-node-token-file\n";
    assert.equal(conceal(plain, ["correct horse battery staple", "hush", "-----BEGIN KEY-----\nabc"]), plain);
  });

  it("is looked through in a moment, though there are many secrets and much is said", () => {
    const secrets = Array.from({ length: 300 }, (_, number) => `secret ${number} of\nmany lines ${number}\n`);
    const text = "words+of/base64 0123456789abcdef %41%42 ".repeat(1000);
    const begun = process.cpuUsage();
    assert.equal(conceal(text, secrets), text);
    assert.ok(process.cpuUsage(begun).user < 3_000_000);
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
