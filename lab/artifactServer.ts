import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";

/** What the server's own process writes once it serves. */
export const listening = "listening\n";

/** Part of a file that a client asked for: first and last byte. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a Range header against a file's size. `whole` when there is none or it is of a kind that may be
 * ignored (RFC 9110, 14.2), `outside` when no byte of the file is asked for.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | "whole" | "outside" {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return "whole";
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "outside" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return "whole";
  return start >= size ? "outside" : { start, end };
}

/** Serves the files below a folder to GET and HEAD, with ranges so that a download can be resumed. No listings. */
export function artifactServer(folder: string): Server {
  return createServer((request, response) => {
    answer(folder, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else finish(response, 500);
    });
  });
}

async function answer(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    finish(response, 405, { Allow: "GET, HEAD" });
    return;
  }
  const file = await fileBelow(folder, request.url ?? "/");
  if (!file) {
    finish(response, 404);
    return;
  }
  const range = parseRange(request.headers.range, file.size);
  if (range === "outside") {
    finish(response, 416, { "Content-Range": `bytes */${file.size}` });
    return;
  }
  const { start, end } = range === "whole" ? { start: 0, end: file.size - 1 } : range;
  response.writeHead(range === "whole" ? 200 : 206, {
    "Accept-Ranges": "bytes",
    "Content-Type": "application/octet-stream",
    "Content-Length": end - start + 1,
    "Last-Modified": file.modified.toUTCString(),
    ...(range === "whole" ? {} : { "Content-Range": `bytes ${start}-${end}/${file.size}` }),
  });
  if (request.method === "HEAD" || end < start) {
    response.end();
    return;
  }
  await pipeline(createReadStream(file.path, { start, end }), response);
}

function finish(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Length": 0, ...headers }).end();
}

/** The regular file that a URL path names, if it lies below the folder after all links are followed. */
async function fileBelow(folder: string, url: string) {
  try {
    const path = decodeURIComponent(url.replace(/[?#].*$/, ""));
    const root = await realpath(folder);
    const real = await realpath(join(root, path));
    if (!real.startsWith(root + sep)) return undefined;
    const found = await stat(real);
    return found.isFile() ? { path: real, size: found.size, modified: found.mtime } : undefined;
  } catch {
    return undefined;
  }
}
