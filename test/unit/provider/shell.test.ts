import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { library } from "../../../provider/engine/program.ts";
import { assign, printer, quote } from "../../../provider/engine/shell.ts";
import { runShell } from "./runShell.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "groundwork-shell-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Any text that is well formed and holds no NUL, with the characters that shells know more often. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("'", "\\", "$(id)", "`id`", "\n", '"', "!", "*", "-n", "END_OF_DATA\n", "\u{1F600}"),
    ),
  )
  .map((parts) => parts.join("").replaceAll("\0", ""));
const texts = fc.array(text, { minLength: 1, maxLength: 20 });

async function printed(program: string): Promise<string[]> {
  const result = await runShell(program, folder);
  assert.equal(result.stderr, "");
  return result.stdout.toString("utf8").split("\0").slice(0, -1);
}

describe("text on its way into a shell", () => {
  it("arrives byte for byte as a quoted word, whatever it holds", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (values) => {
        const words = values.map(quote).join(" ");
        assert.deepEqual(await printed(`printf '%s\\0' ${words}\n`), values);
      }),
      { numRuns: 60 },
    );
  });

  it("arrives byte for byte as the value of a variable", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (values) => {
        const lines = values.map(
          (value, index) => `${assign(`v${index}`, value)}\nprintf '%s\\0' "$v${index}"`,
        );
        assert.deepEqual(await printed(`${lines.join("\n")}\n`), values);
      }),
      { numRuns: 60 },
    );
  });

  it("arrives byte for byte as the data of an item, bytes that are no text too", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        const result = await runShell(`${printer("data_1", bytes)}\ndata_1\n`, folder);
        assert.deepEqual([...result.stdout], [...bytes]);
      }),
      { numRuns: 40 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 9 })), texts, async (parts, [text = ""]) => {
        const bytes = Buffer.concat([...parts, Buffer.from(text), Buffer.from("\n\n")]);
        const result = await runShell(`${printer("data_1", bytes)}\ndata_1\n`, folder);
        assert.deepEqual(result.stdout, bytes);
      }),
      { numRuns: 40 },
    );
  });

  it("survives being written into a capture by the machine and read again", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (values) => {
        const lines = values.map(
          (value) => `${assign("v", value)}\nquoted "$v"\neval "w=$gw_quoted"\nprintf '%s\\0' "$w"`,
        );
        assert.deepEqual(await printed(`${library()}\n${lines.join("\n")}\n`), values);
      }),
      { numRuns: 20 },
    );
  });
});
