import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { test } from "node:test";
import { waitForSsh } from "../../../lab/index.ts";

async function greeting(text: string): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (text === "") return;
    socket.write(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

test("an SSH server is known by its greeting, without a login", async () => {
  const { server, port } = await greeting("SSH-2.0-OpenSSH\r\n");
  assert.equal(await waitForSsh("127.0.0.1", port, 5), true);
  server.close();
});

test("another server, a silent one and a closed port are no SSH server", async () => {
  for (const text of ["HTTP/1.1 400 Bad Request\r\n", ""]) {
    const { server, port } = await greeting(text);
    assert.equal(await waitForSsh("127.0.0.1", port, 0.2), false, text);
    server.close();
    server.unref();
  }
  const { server, port } = await greeting("");
  server.close();
  await once(server, "close");
  assert.equal(await waitForSsh("127.0.0.1", port, 0.2), false);
});

test("waiting ends early when there is nobody to wait for", async () => {
  const start = performance.now();
  assert.equal(await waitForSsh("127.0.0.1", 9, 30, async () => true), false);
  assert.ok(performance.now() - start < 5000);
});
