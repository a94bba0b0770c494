import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { itemDigest, renderProgram } from "../../../provider/engine/program.ts";
import type { FileItem } from "../../../provider/index.ts";
import { file } from "../../../provider/items/file.ts";
import { diffItems } from "../../../provider/resources/itemDiff.ts";
import { parse } from "../../../provider/resources/validation.ts";
import { sameValue, secret, type Wire } from "../../../provider/wire.ts";
import { operation } from "../provider/smallSpec.ts";
import { FolderMachine } from "./folderMachine.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-assets-"));
const machine = new FolderMachine();
after(() => {
  rmSync(folder, { recursive: true });
  machine.close();
});

const digest = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** As the engine sends it. Source: Pulumi's provider protocol, sdk/go/common/resource/sig. */
const sent = (fields: { [key: string]: Wire }): { [key: string]: Wire } => ({
  "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
  ...fields,
});

function fileOf(bytes: Uint8Array | string, more: { [key: string]: Wire } = {}): FileItem {
  const path = join(folder, "asset");
  writeFileSync(path, bytes);
  return item({ asset: sent({ hash: digest(bytes), path, ...more }) });
}

const item = (fields: { [key: string]: Wire }): FileItem =>
  parse(file.schema, {
    kind: "file",
    path: machine.path("file"),
    owner: "nobody",
    group: "nogroup",
    ...fields,
  });

describe("a file whose content is an asset", () => {
  it("arrives byte for byte, whatever the bytes are", async () => {
    const more = {
      owner: process.getuid?.() === 0 ? "nobody" : (process.env.USER ?? ""),
      group: process.getuid?.() === 0 ? "nogroup" : (process.env.USER ?? ""),
    };
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const said = await machine.run([fileOf(bytes)], 'rm -f "$path"; bring; sha256sum <"$path"', more);
        assert.equal(said, `${digest(bytes)}  -`);
      }),
      { numRuns: 20, examples: [[Uint8Array.of(0, 255, 10, 39, 0)], [Uint8Array.of()]] },
    );
  });

  it("wants the same as one whose content is the same text", () => {
    const [bytes, text] = [fileOf("text\n"), item({ content: "text\n" })];
    assert.equal(itemDigest(bytes), itemDigest(text));
    assert.equal(file.desired(bytes), file.desired(text));
    const inline = item({ asset: sent({ hash: digest("text\n"), text: "text\n" }) });
    assert.equal(String(file.data?.(inline)), "text\n");
  });

  it("is compared by its digest alone, without the bytes, which the state does not keep", () => {
    const kept = item({ asset: sent({ hash: digest("x") }) });
    const read = renderProgram({ items: [kept] }, { ...operation, action: "read", tickets: {} });
    assert.ok(read.includes(`sha256=${digest("x")}`));
    const of = (fields: { [key: string]: Wire }): Wire => [
      { kind: "file", path: "/etc/a", asset: sent(fields) },
    ];
    assert.deepEqual(diffItems(of({ hash: "1" }), of({ hash: "1", path: "/tmp/a" })), []);
    assert.deepEqual(diffItems(of({ hash: "1", path: "/tmp/a" }), of({ hash: "2", path: "/tmp/a" })), [
      { path: "items[0].asset", change: "update" },
    ]);
    assert.ok(!sameValue(sent({ hash: "1" }), { hash: "1" }));
  });

  it("is no file that changed or went since its digest was taken", () => {
    const changed = fileOf("before");
    writeFileSync(join(folder, "asset"), "after");
    assert.throws(() => file.data?.(changed), { code: "GW102", message: /asset \S+\/asset changed since/ });
    const gone = item({ asset: sent({ hash: digest(""), path: join(folder, "gone") }) });
    assert.throws(() => file.data?.(gone), { code: "GW102", message: /gone cannot be read: ENOENT/ });
    const large = fileOf("");
    truncateSync(join(folder, "asset"), 64 * 1024 * 1024 + 1);
    assert.throws(() => file.data?.(large), { code: "GW102", message: /is larger than 64 MiB/ });
  });

  it("may be secret, and is revealed on its way alone", () => {
    const wrapped = item({ asset: secret(sent({ hash: digest("x"), text: "x" })) });
    assert.equal(String(file.data?.(wrapped)), "x");
  });

  it("is refused where it stands beside a text, where there is neither, and where it is no file's", () => {
    const message = (fields: { [key: string]: Wire }): string => {
      const { error } = file.schema.safeParse({ kind: "file", path: "/etc/a", ...fields });
      return error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join() ?? "";
    };
    const asset = sent({ hash: digest("x"), path: "x" });
    assert.equal(message({ asset }), "");
    assert.match(message({ asset, content: "x" }), /^: must have either `content` or `asset`$/);
    assert.match(message({}), /^: must have either `content` or `asset`$/);
    assert.match(
      message({ asset: { hash: digest("x"), path: "/etc/shadow" } }),
      /^asset: must be an asset such as/,
    );
    const remote = sent({ hash: digest("x"), uri: "https://example.org/x" });
    assert.match(message({ asset: remote }), /^asset\.uri: must not be a RemoteAsset/);
  });
});
