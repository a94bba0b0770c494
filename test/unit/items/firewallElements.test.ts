import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { allowedForward } from "../../../provider/items/allowedForward.ts";
import { allowedPort } from "../../../provider/items/allowedPort.ts";
import { withLibrary } from "./shellLibrary.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-elements-"));
after(() => rmSync(folder, { recursive: true }));

/** A network as the range of its addresses. */
interface Range {
  from: bigint;
  to: bigint;
}
type Box = [Range, Range];

const widthOf = (family: 4 | 6): bigint => (family === 4 ? 32n : 128n);

/** Addresses are drawn from a small part of the space, so that networks often lie in each other. */
function networkOf(family: 4 | 6, length: number, bits: number): { text: string; range: Range } {
  const width = widthOf(family);
  const size = 1n << (width - BigInt(length));
  const base = (BigInt(bits) << (width - 4n)) / size;
  const from = base * size;
  return { text: `${addressText(family, from)}/${length}`, range: { from, to: from + size - 1n } };
}

function addressText(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  return [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n]
    .map((shift) => ((value >> shift) & 65535n).toString(16))
    .join(":");
}

function rangeOf(text: string): Range {
  const [address = "", length] = text.split("/");
  const parts = address.split(address.includes(":") ? ":" : ".");
  const base = address.includes(":") ? 16 : 10;
  const step = address.includes(":") ? 16n : 8n;
  const from = parts.reduce((sum, part) => (sum << step) + BigInt(Number.parseInt(part, base)), 0n);
  const width = BigInt(parts.length) * step;
  return { from, to: from + (1n << (width - BigInt(length ?? width))) - 1n };
}

const holds = (box: Box, point: [bigint, bigint]): boolean =>
  box.every((range, side) => range.from <= (point[side] ?? -1n) && (point[side] ?? -1n) <= range.to);
const overlap = (a: Box, b: Box): boolean =>
  a.every((range, side) => range.from <= (b[side]?.to ?? -1n) && (b[side]?.from ?? 0n) <= range.to);

/** What the elements file holds for lines as the items write them. */
function apart(set: string, elements: string[]): Box[] {
  const wanted = join(folder, "wanted.nft");
  writeFileSync(
    wanted,
    elements.map((element) => `add element inet groundwork ${set} { ${element} }\n`).join(""),
  );
  const line = withLibrary(`firewall_awk source=wanted '${wanted}'`);
  const [, body = ""] = /^add element inet groundwork \S+ \{ (.*) \}$/.exec(line) ?? [];
  return body.split(", ").map((element) => {
    const [first = "", second = ""] = element.split(" . ");
    return [
      rangeOf(first),
      second.match(/[.:]/) ? rangeOf(second) : { from: BigInt(second), to: BigInt(second) },
    ];
  });
}

/** Points at which something can change: the ends of every range and their neighbours. */
const ends = (boxes: Box[], side: 0 | 1): bigint[] => [
  ...new Set(boxes.flatMap((box) => [box[side].from - 1n, box[side].from, box[side].to, box[side].to + 1n])),
];

function checkSame(wanted: Box[], loaded: Box[]): void {
  loaded.forEach((box, index) => {
    for (const other of loaded.slice(index + 1)) assert.ok(!overlap(box, other), "two elements overlap");
  });
  for (const first of ends(wanted, 0))
    for (const second of ends(wanted, 1)) {
      const open = wanted.some((box) => holds(box, [first, second]));
      const loadedOpen = loaded.some((box) => holds(box, [first, second]));
      assert.equal(loadedOpen, open, `${first} ${second}`);
    }
}

describe("the elements that are loaded", () => {
  for (const family of [4, 6] as const) {
    const network = fc
      .tuple(fc.integer({ min: 0, max: Number(widthOf(family)) }), fc.integer({ min: 0, max: 15 }))
      .filter(([length]) => length <= 6 || length === Number(widthOf(family)))
      .map(([length, bits]) => networkOf(family, length, bits));

    it(`let through what the items of forward_ip${family} want, and nothing else, without overlaps`, () => {
      const pairs = fc.array(fc.tuple(network, network), { minLength: 1, maxLength: 6 });
      fc.assert(
        fc.property(pairs, (wanted) => {
          const loaded = apart(
            `forward_ip${family}`,
            wanted.map(([from, to]) => `${from.text} . ${to.text}`),
          );
          checkSame(
            wanted.map(([from, to]) => [from.range, to.range]),
            loaded,
          );
        }),
        { numRuns: 40 },
      );
    });

    it(`let through what the items of tcp_ip${family} want, and nothing else, without overlaps`, () => {
      const port = fc.constantFrom(22, 80, 81, 65535);
      const pairs = fc.array(fc.tuple(network, port), { minLength: 1, maxLength: 6 });
      fc.assert(
        fc.property(pairs, (wanted) => {
          const loaded = apart(
            `tcp_ip${family}`,
            wanted.map(([from, number]) => `${from.text} . ${number}`),
          );
          checkSame(
            wanted.map(([from, number]) => [from.range, { from: BigInt(number), to: BigInt(number) }]),
            loaded,
          );
        }),
        { numRuns: 40 },
      );
    });
  }

  it("answer for an element that only several others cover together", () => {
    const listing = `table inet groundwork {
\tset tcp_ip4 {
\t\ttype ipv4_addr . inet_service
\t\telements = { 10.0.0.0/9 . 22 counter packets 0 bytes 0,
\t\t\t     10.128.0.0/9 . 22, 192.0.2.1 . 80 }
\t}
\tset tcp_any {
\t\telements = { 80-82 }
\t}
}`;
    writeFileSync(join(folder, "live"), listing);
    writeFileSync(
      join(folder, "asked"),
      "tcp_ip4 10.0.0.0/8 . 22\ntcp_ip4 10.0.0.0/7 . 22\ntcp_ip4 192.0.2.1 . 80\ntcp_any 81\ntcp_any 83\n",
    );
    const answers = withLibrary(
      `cd '${folder}' && firewall_awk source=boot /dev/null source=live live source=asked asked`,
    );
    assert.deepEqual(
      answers.split("\n").map((answer) => answer.replace("boot=no live=", "")),
      ["yes", "no", "yes", "yes", "no"],
    );
  });

  it("are named by the items in nft's own writing, whatever writing the program used", () => {
    const port = allowedPort.variables({
      kind: "allowedPort",
      protocol: "tcp",
      port: 22,
      from: "FD00:0:0:0:0:0:0:0/8",
    });
    assert.deepEqual(port, { set: "tcp_ip6", element: "fd00::/8 . 22", file: "tcp_ip6-fd00++_8-22.nft" });
    const forward = allowedForward.variables({
      kind: "allowedForward",
      from: "10.0.0.0/8",
      to: "192.0.2.1/32",
    });
    assert.equal(forward.element, "10.0.0.0/8 . 192.0.2.1");
  });
});
