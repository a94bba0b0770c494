import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { artifactServer, parseRange } from "../../../lab/artifactServer.ts";

let parent = "";
let port = 0;
let server: Server;
const content = "0123456789";

/** Asks for a path exactly as written: `fetch` would tidy it first. */
async function ask(path: string, method = "GET", headers: Record<string, string> = {}) {
  const sent = request({ host: "127.0.0.1", port, path, method, headers });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body = (await response.toArray()).join("");
  return { status: response.statusCode, headers: response.headers, body };
}

before(async () => {
  parent = await mkdtemp(join(tmpdir(), "artifacts-"));
  await mkdir(join(parent, "served/folder"), { recursive: true });
  await writeFile(join(parent, "served/folder/a file"), content);
  await writeFile(join(parent, "served/empty"), "");
  await writeFile(join(parent, "secret"), "secret");
  await symlink("../secret", join(parent, "served/way-out"));
  server = artifactServer(join(parent, "served"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

after(async () => {
  server.close();
  await rm(parent, { recursive: true });
});

test("a file is served whole, and asked about with HEAD", async () => {
  const whole = await ask("/folder/a%20file?x=1");
  assert.deepEqual([whole.status, whole.body, whole.headers["content-length"]], [200, content, "10"]);
  const head = await ask("/folder/a%20file", "HEAD");
  assert.deepEqual([head.status, head.body, head.headers["content-length"]], [200, "", "10"]);
  assert.equal((await ask("/empty")).status, 200);
});

test("a download is resumed where it ended", async () => {
  const rest = await ask("/folder/a%20file", "GET", { Range: "bytes=7-" });
  assert.deepEqual([rest.status, rest.body, rest.headers["content-range"]], [206, "789", "bytes 7-9/10"]);
  const done = await ask("/folder/a%20file", "GET", { Range: "bytes=10-" });
  assert.deepEqual([done.status, done.headers["content-range"]], [416, "bytes */10"]);
});

test("nothing outside the folder, no folder and no listing is served", async () => {
  for (const path of [
    "/",
    "/folder",
    "/folder/",
    "/../secret",
    "/folder/../../secret",
    "/%2e%2e/secret",
    "/..%2fsecret",
    "/way-out",
    "/missing",
    "/%00",
    "/%zz",
  ]) {
    const { status, body } = await ask(path);
    assert.deepEqual([status, body], [404, ""], path);
  }
});

test("other methods are refused", async () => {
  for (const method of ["POST", "PUT", "DELETE"]) assert.equal((await ask("/empty", method)).status, 405);
});

test("ranges are read as RFC 9110 says", () => {
  assert.deepEqual(parseRange("bytes=0-3", 10), { start: 0, end: 3 });
  assert.deepEqual(parseRange("bytes=5-99", 10), { start: 5, end: 9 });
  assert.deepEqual(parseRange("bytes=-3", 10), { start: 7, end: 9 });
  assert.deepEqual(parseRange("bytes=-99", 10), { start: 0, end: 9 });
  assert.equal(parseRange("bytes=-0", 10), "outside");
  assert.equal(parseRange("bytes=0-", 0), "outside");
  for (const header of [undefined, "bytes=-", "bytes=3-1", "bytes=0-1,3-4", "lines=1-2"]) {
    assert.equal(parseRange(header, 10), "whole", header);
  }
});
