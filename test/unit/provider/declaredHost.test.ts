import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredHost } from "../../../provider/resources/declaredHost.ts";
import { secret, unknown } from "../../../provider/wire.ts";
import { hostKeyOf } from "../../support/hostKey.ts";

const connection = { name: "m1", address: "192.0.2.1", hostKey: hostKeyOf("m1") };
const file = (path: string, content: string) => ({ kind: "file", path, content });

describe("a HostState that is declared and not brought about yet", () => {
  it("can be compared in its items whose values are all known, in their order", () => {
    const items = [file("/a", "1"), file("/b", unknown), file("/c", "3")];
    const { spec } = declaredHost("alpha-m1", { connection, stream: "alpha", items });
    assert.deepEqual(spec?.items, [file("/a", "1"), file("/c", "3")]);
  });

  it("can be asked for its guards whose values are all known, and their waivers", () => {
    const guard = (run: string) => ({ name: `guard ${run}`, run });
    const guards = [guard("true"), { name: "the others answer", run: unknown }];
    const waivers = { "guard true": "not here" };
    const host = declaredHost("alpha-m1", { connection, stream: "alpha", items: [], guards, waivers });
    assert.deepEqual([host.spec?.guards, host.spec?.waivers], [[guard("true")], waivers]);
    assert.deepEqual(host.guardsToCome, ["the others answer"]);
  });

  it("names the fields that are not known, within secrets too, and shows no value of them", () => {
    const whole = secret({ kind: "user", name: "admin", uid: unknown } as never);
    const { items } = declaredHost("alpha-m1", { connection, stream: "alpha", items: [whole] });
    assert.deepEqual(items, [{ key: "user:admin", unknown: ["uid"] }]);
  });

  it("names an item as far as it is known", () => {
    const port = { kind: "allowedPort", protocol: "tcp", port: unknown, from: "10.0.0.0/8" };
    const { items } = declaredHost("alpha-m1", { connection, stream: "alpha", items: [port, unknown] });
    assert.deepEqual(items, [
      { key: "allowedPort:tcp/[known after up] from 10.0.0.0/8", unknown: ["port"] },
      { key: "items[1] [known after up]", unknown: [] },
    ]);
    const none = declaredHost("alpha-m1", { connection, stream: "alpha", items: unknown });
    assert.deepEqual(none.items, [{ key: "items [known after up]", unknown: [] }]);
    assert.deepEqual(none.spec?.items, []);
  });

  it("cannot be compared before there is a way to its machine, and still has the machine's name", () => {
    const items = [file("/a", "1")];
    const unpinned = { ...connection, hostKey: unknown };
    const host = declaredHost("alpha-m1", { connection: unpinned, stream: "alpha", items });
    assert.equal(host.spec, undefined);
    assert.equal(host.machine, "m1");
    assert.equal(
      declaredHost("alpha-m1", { connection: unknown, stream: "alpha", items }).machine,
      "alpha-m1",
    );
  });
});
