import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Claims } from "../../../provider/deployment/claims.ts";
import { type Item, keyOf } from "../../../provider/index.ts";

const one: Item = { kind: "file", path: "/etc/a", content: "one" };
const two: Item = { ...one, content: "two" };

describe("claims of the resources of one program", () => {
  it("collide where one item is wanted with two values, and name the other resource", () => {
    const claims = new Claims();
    assert.deepEqual(claims.claim("m1", "alpha", [one]), []);
    assert.deepEqual(claims.claim("m1", "bravo", [two]), [{ key: "file:/etc/a", other: "alpha" }]);
  });

  it("share an item that both want alike, defaults or not", () => {
    const claims = new Claims();
    claims.claim("m1", "alpha", [one]);
    assert.deepEqual(claims.claim("m1", "bravo", [{ ...one, mode: "0644", timeLimit: 5 }]), []);
  });

  it("collide where two items at one place are wanted differently, and name both", () => {
    const pairs: [Item, Item][] = [
      [one, { kind: "symlink", path: "/etc/a", target: "b" }],
      [
        { kind: "sysctl", name: "net.ipv4.ip_forward", value: "1" },
        { kind: "sysctl", name: "net.ipv4.conf.all.forwarding", value: "0" },
      ],
    ];
    for (const [first, second] of pairs) {
      const claims = new Claims();
      claims.claim("m1", "alpha", [first]);
      const key = `${keyOf(second)}, of one place with ${keyOf(first)},`;
      assert.deepEqual(claims.claim("m1", "bravo", [second]), [{ key, other: "alpha" }]);
    }
  });

  it("share a place that two items want alike", () => {
    const pairs: [Item, Item][] = [
      [
        { kind: "sysctl", name: "net.ipv4.ip_forward", value: "1" },
        { kind: "sysctl", name: "net.ipv4.conf.all.forwarding", value: "1" },
      ],
      [
        { kind: "directory", path: "/srv/a", mode: "0700" },
        { kind: "stateDirectory", path: "/srv/a" },
      ],
    ];
    for (const [first, second] of pairs) {
      const claims = new Claims();
      claims.claim("m1", "alpha", [first]);
      assert.deepEqual(claims.claim("m1", "bravo", [second]), []);
    }
  });

  it("are of one machine only", () => {
    const claims = new Claims();
    claims.claim("m1", "alpha", [one]);
    assert.deepEqual(claims.claim("m2", "bravo", [two]), []);
  });

  it("are replaced when a resource is asked again, so a preview does not hold up the update", () => {
    const claims = new Claims();
    claims.claim("m1", "alpha", [one]);
    assert.deepEqual(claims.claim("m1", "alpha", [two]), []);
    assert.deepEqual(claims.claim("m1", "bravo", [two]), []);
    claims.claim("m1", "alpha", []);
    claims.claim("m1", "bravo", []);
    assert.deepEqual(claims.claim("m1", "charlie", [one]), []);
  });

  it("name every other resource that differs", () => {
    const claims = new Claims();
    claims.claim("m1", "alpha", [one]);
    claims.claim("m1", "bravo", [one]);
    assert.deepEqual(
      claims.claim("m1", "charlie", [two]).map(({ other }) => other),
      ["alpha", "bravo"],
    );
  });
});
