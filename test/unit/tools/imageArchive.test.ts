import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { extract } from "tar-stream";
import { fileSha256 } from "../../../foundation/digest.ts";
import { libraryPaths } from "../../../tools/debianPrograms.ts";
import { type Image, type ImageEntry, withFolders, writeImageArchive } from "../../../tools/imageArchive.ts";
import { inTemporaryFolder } from "./temporary.ts";

function imageOf(entries: readonly ImageEntry[]): Image {
  return { reference: "example.test/thing:1", architecture: "amd64", entries, entrypoint: ["/bin/thing"] };
}

async function readTar(file: string): Promise<Map<string, { content: Buffer; mode: number; time: number }>> {
  const found = new Map<string, { content: Buffer; mode: number; time: number }>();
  for await (const entry of createReadStream(file).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, mode, mtime } = entry.header;
    found.set(name, { content: Buffer.concat(chunks), mode, time: mtime.getTime() });
  }
  return found;
}

describe("an image archive", () => {
  test("is the same byte for byte from the same content, whatever the order and the files' times", () =>
    inTemporaryFolder(async (folder) => {
      const source = join(folder, "thing");
      await writeFile(source, "#!/bin/sh\n");
      const entries: ImageEntry[] = [
        { kind: "file", path: "/bin/thing", source },
        { kind: "link", path: "/bin/other", target: "thing" },
        { kind: "folder", path: "/tmp", mode: 0o1777 },
      ];
      await writeImageArchive(join(folder, "1.tar"), imageOf(entries));
      await utimes(source, 12345, 12345);
      await writeImageArchive(join(folder, "2.tar"), imageOf(entries.toReversed()));
      assert.equal(await fileSha256(join(folder, "1.tar")), await fileSha256(join(folder, "2.tar")));
      assert.deepEqual((await readdir(folder)).sort(), ["1.tar", "2.tar", "thing"]);
    }));

  test("names its configuration and its layer by their digests", () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "1.tar");
      await writeImageArchive(
        file,
        imageOf([{ kind: "text", path: "/etc/motd", text: "hi\n", mode: 0o644 }]),
      );
      const parts = await readTar(file);
      const [manifest] = JSON.parse(String(parts.get("manifest.json")?.content));
      assert.deepEqual(manifest.RepoTags, ["example.test/thing:1"]);
      const config = parts.get(manifest.Config)?.content ?? Buffer.alloc(0);
      assert.equal(manifest.Config, `${createHash("sha256").update(config).digest("hex")}.json`);
      const layer = parts.get("layer.tar")?.content ?? Buffer.alloc(0);
      const parsed = JSON.parse(String(config));
      assert.deepEqual(parsed.rootfs.diff_ids, [
        `sha256:${createHash("sha256").update(layer).digest("hex")}`,
      ]);
      assert.deepEqual(parsed.config.Entrypoint, ["/bin/thing"]);
    }));

  test("holds the folders on the way, once, with fixed modes and times", () => {
    const listed = withFolders([
      { kind: "folder", path: "/usr", mode: 0o700 },
      { kind: "text", path: "/usr/share/b", text: "", mode: 0o644 },
      { kind: "text", path: "/usr/share/a", text: "", mode: 0o644 },
    ]);
    assert.deepEqual(
      listed.map((entry) => entry.path),
      ["/usr", "/usr/share", "/usr/share/a", "/usr/share/b"],
    );
    assert.deepEqual(listed[0], { kind: "folder", path: "/usr", mode: 0o700 });
  });

  test("fails when a file that belongs in it is missing, and does not hang", () =>
    inTemporaryFolder(async (folder) => {
      const entries: ImageEntry[] = [{ kind: "file", path: "/bin/thing", source: join(folder, "missing") }];
      await assert.rejects(writeImageArchive(join(folder, "1.tar"), imageOf(entries)), { code: "ENOENT" });
    }));
});

test("the libraries of a program are the absolute paths that ldd prints, each once", () => {
  const printed = [
    "/usr/sbin/nft:",
    "\tlinux-vdso.so.1 (0x00007f5d9f574000)",
    "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f5d9f26c000)",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f5d9f576000)",
    "/usr/sbin/conntrack:",
    "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007faeb678a000)",
    "\tstatically linked",
  ].join("\n");
  assert.deepEqual(libraryPaths(printed), ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"]);
});
