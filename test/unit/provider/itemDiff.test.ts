import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { diffItems } from "../../../provider/resources/itemDiff.ts";
import { unknown, type Wire } from "../../../provider/wire.ts";

const a = { kind: "file", path: "/etc/a", content: "one" };
const b = { kind: "file", path: "/etc/b", content: "two", mode: "0600" };
const c = { kind: "sysctl", name: "net.ipv4.ip_forward", value: "1" };

const diff = (before: Wire, after: Wire): string[] =>
  diffItems(before, after).map(({ path, change }) => `${change} ${path}`);

describe("the difference between two lists of items", () => {
  it("is nothing for equal lists", () => {
    assert.deepEqual(diff([a, b, c], structuredClone([a, b, c])), []);
  });

  it("names the field that changed, at its place in the new list", () => {
    assert.deepEqual(diff([a, b, c], [a, { ...b, content: "three" }, c]), ["update items[1].content"]);
  });

  it("tells a field that came or went from one that changed", () => {
    const { mode: _, ...without } = b;
    assert.deepEqual(diff([a, b], [{ ...a, mode: "0600" }, without]), [
      "add items[0].mode",
      "delete items[1].mode",
    ]);
  });

  it("knows an item by what it is about, not by its place", () => {
    assert.deepEqual(diff([a, b, c], [c, b, a]), []);
    assert.deepEqual(diff([a, b], [c, a, b]), ["add items[0]"]);
    assert.deepEqual(diff([a, b, c], [b, c]), ["delete items[0]"]);
  });

  it("is one change of the place where one item takes another's", () => {
    assert.deepEqual(diff([a, b], [a, c]), ["update items[1]"]);
  });

  it("names what leaves the middle and what comes to its place as one change of that place", () => {
    const d = { kind: "package", name: "gw" };
    assert.deepEqual(diff([a, b, c], [a, d, c]), ["update items[1]"]);
    assert.deepEqual(diff([a, b, c], [c, d]), ["update items[1]", "delete items[0]"]);
    assert.deepEqual(diff([a, b, c], [a, c, d]), ["add items[2]", "delete items[1]"]);
    assert.deepEqual(diff([a, b, c], [d, c]), ["update items[0]", "delete items[1]"]);
    assert.deepEqual(diff([a, b], [b, d, a]), ["add items[1]"]);
  });

  it("names every item that comes or goes once, and no other, whatever moves", () => {
    const lists = fc.uniqueArray(fc.nat({ max: 9 }), { maxLength: 8 });
    const itemsOf = (names: number[]) => names.map((name) => ({ kind: "package", name: String(name) }));
    fc.assert(
      fc.property(lists, lists, (old, wanted) => {
        const changes = diffItems(itemsOf(old), itemsOf(wanted));
        assert.equal(new Set(changes.map(({ path }) => path)).size, changes.length, "a place is named once");
        const at = (path: string): number => Number(/\d+/.exec(path)?.[0]);
        const gone = changes.filter(({ change }) => change !== "add").map(({ path }) => old[at(path)]);
        const come = changes.filter(({ change }) => change !== "delete").map(({ path }) => wanted[at(path)]);
        assert.deepEqual(gone.sort(), old.filter((name) => !wanted.includes(name)).sort());
        assert.deepEqual(come.sort(), wanted.filter((name) => !old.includes(name)).sort());
      }),
    );
  });

  it("knows unit files from their drop-ins, and openings of one port from different networks", () => {
    const unit = { kind: "unit", name: "a.service", content: "x" };
    assert.deepEqual(diff([unit], [unit, { ...unit, dropIn: "10-b" }]), ["add items[1]"]);
    const port = { kind: "allowedPort", protocol: "tcp", port: 22, from: "any" };
    assert.deepEqual(diff([port], [port, { ...port, from: "10.0.0.0/8" }]), ["add items[1]"]);
  });

  it("knows an item whatever else of it changed, its owner or the authority of a certificate", () => {
    const leaf = { kind: "certificate", folder: "/etc/x", name: "a", commonName: "a", authority: "/etc/ca" };
    assert.deepEqual(diff([leaf], [{ ...leaf, commonName: "b", authority: "/etc/cb" }]), [
      "update items[0].commonName",
      "update items[0].authority",
    ]);
    assert.deepEqual(diff([leaf], [leaf, { ...leaf, name: "b" }]), ["add items[1]"]);
  });

  it("names an item whose kind there is no more", () => {
    const old = { kind: "ancient", what: "a" };
    assert.deepEqual(diff([a, old, { ...old, what: "b" }], [a]), ["delete items[1]", "delete items[2]"]);
  });

  it("shows a value that is not known yet as a change of its field alone", () => {
    assert.deepEqual(diff([a, b], [a, { ...b, content: unknown }]), ["update items[1].content"]);
  });

  it("takes a missing list for an empty one", () => {
    assert.deepEqual(diff(null, [a]), ["add items[0]"]);
    assert.deepEqual(diff([a], null), ["delete items[0]"]);
  });
});
