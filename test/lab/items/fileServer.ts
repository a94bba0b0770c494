import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server does with requests for one path. */
export interface Served {
  bytes: Buffer;
  /** What the first answer serves instead. */
  atFirst?: Buffer;
  /** Breaks the connection after so many bytes of the first answers. */
  breakAfter?: number;
  /** How many answers break. Default 1 where `breakAfter` is given. */
  breaks?: number;
  /** Says nothing more after so many bytes of an answer, and does not hang up. */
  silentAfter?: number;
  /** Ignores ranges, as simple servers do. */
  noRanges?: boolean;
}

/** A mirror that can misbehave, and counts. */
export interface FileServer {
  readonly url: string;
  readonly files: Map<string, Served>;
  /** `/path` or `/path bytes=100-`, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Listens on an address that the lab's machines reach. */
export async function openFileServer(address: string): Promise<FileServer> {
  const files = new Map<string, Served>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.url}${request.headers.range === undefined ? "" : ` ${request.headers.range}`}`);
    answer(files.get(request.url ?? ""), request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}`,
    files,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answer(served: Served | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (served === undefined) {
    response.writeHead(404).end();
    return;
  }
  const bytes = served.atFirst ?? served.bytes;
  delete served.atFirst;
  const from = served.noRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (from >= bytes.length && from > 0) {
    response.writeHead(416, { "Content-Range": `bytes */${bytes.length}` }).end();
    return;
  }
  const rest = bytes.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    "Content-Length": rest.length,
    ...(from > 0 ? { "Content-Range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  if (served.silentAfter !== undefined) {
    response.write(rest.subarray(0, served.silentAfter));
    return;
  }
  const breaks = served.breaks ?? 1;
  if (served.breakAfter !== undefined && breaks > 0) {
    served.breaks = breaks - 1;
    response.write(rest.subarray(0, served.breakAfter), () => setTimeout(() => response.destroy(), 50));
    return;
  }
  response.end(rest);
}
