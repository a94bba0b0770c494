import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { fetchArtifact, NoMirror } from "../../../provider/resources/fetchArtifact.ts";
import { type FileServer, openFileServer } from "../../lab/items/fileServer.ts";

const bytes = randomBytes(300_000);
const others = randomBytes(300_000);
const digestOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");
const sha256 = digestOf(bytes);

let server: FileServer;
let cache = "";
const { GROUNDWORK_CACHE } = process.env;
before(async () => {
  server = await openFileServer("127.0.0.1");
});
after(() => server.close());
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "groundwork-cache-"));
  process.env.GROUNDWORK_CACHE = cache;
  server.requests.length = 0;
  server.files.clear();
  server.files.set("/good", { bytes });
});
afterEach(async () => {
  await rm(cache, { recursive: true, force: true });
  if (GROUNDWORK_CACHE === undefined) delete process.env.GROUNDWORK_CACHE;
  else process.env.GROUNDWORK_CACHE = GROUNDWORK_CACHE;
});

const limits = { answer: 1, silence: 1, pause: 0.01 };
const never = new AbortController().signal;
const fetched = (paths: string[], cancelled = never): Promise<string> =>
  fetchArtifact({ urls: paths.map((path) => `${server.url}${path}`), sha256 }, cancelled, limits);
const inCache = (): Promise<string[]> => readdir(join(cache, "artifacts"));

describe("a file that this computer fetches for a machine", () => {
  it("lies in the cache under its digest, and is fetched once however many want it at once", async () => {
    const files = await Promise.all([fetched(["/good"]), fetched(["/good"]), fetched(["/good"])]);
    assert.deepEqual(await readFile(files[0] ?? ""), bytes);
    assert.equal(new Set(files).size, 1);
    assert.deepEqual(server.requests, ["/good"]);
    assert.deepEqual(await inCache(), [sha256]);
  });

  it("is fetched again when the one in the cache is another one by now", async () => {
    const file = await fetched(["/good"]);
    await writeFile(file, others);
    assert.deepEqual(await readFile(await fetched(["/good"])), bytes);
  });

  it("is gone on with where a broken connection, or an earlier run, stopped", async () => {
    await mkdir(join(cache, "artifacts"));
    await writeFile(join(cache, "artifacts", `${sha256}.part`), bytes.subarray(0, 50_000));
    server.files.set("/breaking", { bytes, breakAfter: 100_000, breaks: 2 });
    await fetched(["/breaking"]);
    const starts = server.requests.map((request) => Number(/bytes=(\d+)-/.exec(request)?.[1]));
    assert.equal(starts[0], 50_000);
    assert.equal(starts.length, 3);
    assert.ok(starts.every((start, index) => index === 0 || start > (starts[index - 1] ?? 0)));
  });

  it("is begun anew where the server cannot go on, or served other bytes before", async () => {
    server.files.set("/simple", { bytes, breakAfter: 100_000, noRanges: true });
    assert.deepEqual(await readFile(await fetched(["/simple"])), bytes);
    await rm(join(cache, "artifacts"), { recursive: true });
    server.files.set("/changing", { bytes, atFirst: others, breakAfter: 100_000 });
    assert.deepEqual(await readFile(await fetched(["/changing"])), bytes);
    await rm(join(cache, "artifacts", sha256));
    // Longer than the file: there is no rest to ask for.
    await writeFile(join(cache, "artifacts", `${sha256}.part`), Buffer.concat([others, others]));
    assert.deepEqual(await readFile(await fetched(["/good"])), bytes);
  });

  it("comes from the next address when one is missing, closed, or serves other bytes", async () => {
    server.files.set("/other", { bytes: others });
    const urls = [
      `${server.url}/missing`,
      "http://127.0.0.1:1/closed",
      `${server.url}/other`,
      `${server.url}/good`,
    ];
    assert.deepEqual(await readFile(await fetchArtifact({ urls, sha256 }, never, limits)), bytes);
  });

  it("is refused with each host's reason and none of the addresses' secrets, and leaves no file", async () => {
    server.files.set("/other?token=hush", { bytes: others });
    const host = new URL(server.url).host;
    await assert.rejects(fetched(["/missing?token=hush", "/other?token=hush"]), (error: Error) => {
      assert.ok(error instanceof NoMirror);
      assert.equal(
        error.message,
        `${host}: HTTP status 404; ${host}: it serves other bytes, with sha256 ${digestOf(others)}`,
      );
      return true;
    });
    assert.deepEqual(await inCache(), []);
  });

  it("is not waited for when its server falls silent, nor when the work is cancelled", async () => {
    server.files.set("/silent", { bytes, silentAfter: 1000 });
    const since = Date.now();
    await assert.rejects(fetched(["/silent"]), NoMirror);
    assert.ok(Date.now() - since < 10_000);
    await rm(join(cache, "artifacts"), { recursive: true });
    const cancelled = new AbortController();
    setTimeout(() => cancelled.abort(), 100);
    // Waiting for the server would have ended as before.
    await assert.rejects(fetched(["/silent"], cancelled.signal), { name: "AbortError" });
    assert.equal((await stat(join(cache, "artifacts", `${sha256}.part`))).mode & 0o777, 0o600);
  });
});
