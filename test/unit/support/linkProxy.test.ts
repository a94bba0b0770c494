import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type LinkOptions, type LinkProxy, openLinkProxy } from "../../support/linkProxy.ts";

/** Says everything back; notes when something came, and what. */
let echo: Server;
let heard: { at: number; text: string }[] = [];
let link: LinkProxy;
const clients: Socket[] = [];

before(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      heard.push({ at: performance.now(), text: chunk.toString("latin1") });
      socket.write(chunk);
    });
    socket.on("end", () => socket.end());
  });
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
});
after(() => new Promise((resolve) => echo.close(resolve)));
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await link.close();
  heard = [];
});

async function open(options: Partial<LinkOptions>): Promise<void> {
  const { address, port } = echo.address() as AddressInfo;
  link = await openLinkProxy({ to: { address, port }, delayMilliseconds: 0, ...options });
}

async function client(): Promise<Socket> {
  const socket = connect({ host: link.address, port: link.port, allowHalfOpen: true });
  socket.on("error", () => undefined);
  clients.push(socket);
  await once(socket, "connect");
  return socket;
}

async function answer(socket: Socket, text: string): Promise<string> {
  const answered = once(socket, "data");
  socket.write(text);
  return String((await answered)[0]);
}

describe("a slow link", () => {
  it("lets what is said arrive after half the round trip, and the answer after the other half", async () => {
    await open({ delayMilliseconds: 80 });
    const socket = await client();
    await answer(socket, "open");
    const asked = performance.now();
    assert.equal(await answer(socket, "question"), "question");
    const answered = performance.now();
    const there = heard.at(-1)?.at ?? 0;
    // Timers count whole milliseconds.
    assert.ok(there - asked >= 39, `arrived after ${there - asked} ms`);
    assert.ok(answered - there >= 39, `came back after ${answered - there} ms`);
  });

  it("takes one round trip more for a new connection", async () => {
    await open({ delayMilliseconds: 80 });
    const begun = performance.now();
    await answer(await client(), "first word");
    assert.ok(performance.now() - begun >= 158);
  });

  it("carries every byte in its order, and the end", async () => {
    await open({ delayMilliseconds: 4 });
    const sent = randomBytes(3_000_000);
    const socket = await client();
    socket.end(sent);
    assert.ok(sent.equals(await buffer(socket)));
  });

  it("says nothing of a service that is not there: the connection ends", async () => {
    await open({});
    await link.close();
    link = await openLinkProxy({ to: { address: "127.0.0.1", port: link.port }, delayMilliseconds: 2 });
    await once((await client()).resume(), "end");
  });

  it("breaks what is open when it is closed", async () => {
    await open({});
    const socket = await client();
    await answer(socket, "open");
    const ended = once(socket, "end");
    await link.close();
    await ended;
    await open({});
  });
});

describe("a link that stalls", () => {
  it("falls silent at its byte with both ends open, and the next connection passes", async () => {
    await open({ stallAt: 25 });
    const socket = await client();
    let ended = false;
    socket.on("close", () => {
      ended = true;
    });
    assert.equal(await answer(socket, "0123456789"), "0123456789");
    assert.equal(link.stalled, false);
    socket.write("abcdefghij");
    socket.write("more");
    await sleep(100);
    assert.equal(heard.map(({ text }) => text).join(""), "0123456789abcde");
    assert.equal(link.stalled, true);
    assert.equal(ended, false);
    const long = "a long word that would reach the byte where the first one stalled";
    assert.equal(await answer(await client(), long), long);
  });

  it("does not let the far end know that the near one has gone", async () => {
    await open({ stallAt: 1 });
    const connected = once(echo, "connection");
    const socket = await client();
    const [far] = (await connected) as [Socket];
    socket.write("ab");
    await sleep(50);
    socket.destroy();
    await sleep(50);
    assert.equal(far.destroyed, false);
    assert.equal(far.readableEnded, false);
    assert.equal(heard.map(({ text }) => text).join(""), "a");
  });
});
