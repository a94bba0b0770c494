import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { RouteUnavailable } from "../../../tools/cacheEntry.ts";
import { downloadOfficial, isRefused } from "../../../tools/officialDownload.ts";
import { inTemporaryFolder } from "./temporary.ts";

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

async function withPublisher(answer: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/release`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const gives =
  (content: Buffer): RequestListener =>
  (_request, response) =>
    response.end(content);

async function archiveOf(files: Record<string, string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  return gzipSync(await buffer(archive as unknown as NodeJS.ReadableStream));
}

describe("an official download", () => {
  test("that is the program itself becomes an executable file", () =>
    inTemporaryFolder((into) => {
      const content = Buffer.from("a program");
      return withPublisher(gives(content), async (url) => {
        await downloadOfficial({ url, sha256: sha256(content), members: { runc: "" } }, into, new Set());
        assert.equal(await readFile(join(into, "runc"), "utf8"), "a program");
        assert.equal((await stat(join(into, "runc"))).mode & 0o777, 0o755);
        assert.deepEqual(await readdir(into), ["runc"]);
      });
    }));

  test("that is an archive gives the programs that the table names and no others", () =>
    inTemporaryFolder(async (into) => {
      const content = await archiveOf({ "etcd-v1/README.md": "read", "./etcd-v1/etcd": "the server" });
      await withPublisher(gives(content), async (url) => {
        await downloadOfficial(
          { url, sha256: sha256(content), members: { etcd: "etcd-v1/etcd" } },
          into,
          new Set(),
        );
        assert.deepEqual(await readdir(into), ["etcd"]);
        assert.equal(await readFile(join(into, "etcd"), "utf8"), "the server");
      });
    }));

  test("whose digest differs is thrown away, and the message names both digests", () =>
    inTemporaryFolder((into) =>
      withPublisher(gives(Buffer.from("<html>Please log in</html>")), async (url) => {
        const download = { url, sha256: sha256(Buffer.from("a program")), members: { runc: "" } };
        await assert.rejects(downloadOfficial(download, into, new Set()), (error: Error) => {
          assert.ok(error instanceof RouteUnavailable);
          assert.match(error.message, new RegExp(`instead of ${download.sha256}; it was thrown away`));
          return true;
        });
        assert.ok(!(await readdir(into)).includes("runc"));
      }),
    ));

  test("whose archive lacks a program that the table names is a defect of the table", () =>
    inTemporaryFolder(async (into) => {
      const content = await archiveOf({ other: "x" });
      await withPublisher(gives(content), async (url) => {
        const download = { url, sha256: sha256(content), members: { etcd: "etcd" } };
        await assert.rejects(downloadOfficial(download, into, new Set()), { code: "GW607" });
      });
    }));

  for (const [how, answer] of [
    ["does not answer", () => undefined],
    ["refuses", (_request, response) => response.writeHead(403).end()],
    ["falls silent half-way", (_request, response) => response.writeHead(200).write("half")],
  ] as [string, RequestListener][]) {
    test(`from a host that ${how} ends in time, and the host is remembered`, () =>
      inTemporaryFolder((into) =>
        withPublisher(answer, async (url) => {
          const refused = new Set<string>();
          const download = { url, sha256: "0".repeat(64), members: { runc: "" } };
          const limits = { answer: 100, silence: 100 };
          await assert.rejects(downloadOfficial(download, into, refused, limits), RouteUnavailable);
          assert.ok(isRefused(download, refused));
        }),
      ));
  }
});
