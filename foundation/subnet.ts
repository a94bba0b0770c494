import { isIP } from "node:net";

/** An address range: the number of its first address and how many leading bits all members share. */
export interface Subnet {
  family: 4 | 6;
  base: bigint;
  prefix: number;
}

const bits = { 4: 32, 6: 128 } as const;

/** Number of an IPv4 or IPv6 address, or undefined when the text is neither. */
export function addressNumber(address: string): bigint | undefined {
  const family = isIP(address);
  if (family === 4) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  if (family !== 6 || address.includes("%")) return undefined;
  return groupsOf(address).reduce((sum, group) => sum * 65536n + BigInt(group), 0n);
}

/** The eight groups of an IPv6 address, `::` filled in and a trailing IPv4 part taken apart. */
function groupsOf(address: string): number[] {
  const dotted = address.lastIndexOf(":") < address.indexOf(".");
  const text = dotted ? withoutDottedPart(address) : address;
  const [head = "", tail] = text.split("::");
  const parse = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const left = parse(head);
  if (tail === undefined) return left;
  const right = parse(tail);
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function withoutDottedPart(address: string): string {
  const at = address.lastIndexOf(":") + 1;
  const number = addressNumber(address.slice(at)) ?? 0n;
  return `${address.slice(0, at)}${(number >> 16n).toString(16)}:${(number & 0xffffn).toString(16)}`;
}

/** The shortest text of an address number (RFC 5952 for IPv6). */
export function addressText(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  const gap = longestZeroRun(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (gap.length < 2) return hex(groups);
  return `${hex(groups.slice(0, gap.start))}::${hex(groups.slice(gap.start + gap.length))}`;
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** Parses CIDR notation; undefined unless it is exactly an address, a slash and a prefix length. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const value = match?.[1] === undefined ? undefined : addressNumber(match[1]);
  if (!match || value === undefined) return undefined;
  const family = isIP(match[1] ?? "") as 4 | 6;
  const prefix = Number(match[2]);
  if (prefix > bits[family]) return undefined;
  const hostBits = BigInt(bits[family] - prefix);
  return { family, prefix, base: (value >> hostBits) << hostBits };
}

/** The first address after the subnet's own: the bridge's. */
export function firstAddress(subnet: Subnet): string {
  return addressText(subnet.family, subnet.base + 1n);
}

export function contains(subnet: Subnet, address: string): boolean {
  const value = addressNumber(address);
  if (value === undefined || isIP(address) !== subnet.family) return false;
  const hostBits = BigInt(bits[subnet.family] - subnet.prefix);
  return value >> hostBits === subnet.base >> hostBits;
}

/** Whether two ranges share an address; ranges of different families never do. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  if (a.family !== b.family) return false;
  const hostBits = BigInt(bits[a.family] - Math.min(a.prefix, b.prefix));
  return a.base >> hostBits === b.base >> hostBits;
}

/** The address in `to` that has the same place within its subnet as `address` has in `from`. */
export function samePlace(from: Subnet, address: string, to: Subnet): string {
  return addressText(to.family, to.base + ((addressNumber(address) ?? from.base) - from.base));
}
