import { isIP } from "node:net";
import { z } from "zod";

/** 4 or 6 for a network in CIDR form. */
export const familyOf = (cidr: string): number => isIP(cidr.split("/")[0] ?? "");

/** The address as one number. */
function addressNumber(address: string): bigint {
  if (isIP(address) === 4) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [left = "", right] = address.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const groups =
    right === undefined
      ? head
      : [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

/** True when `cidr` is a network's own address with its length: `10.0.0.0/8`, not `10.1.2.3/8`. */
function isNetwork(cidr: string): boolean {
  const [address = "", length = "", rest] = cidr.split("/");
  const bits = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || address.includes("%") || /:.*\./.test(address) || rest !== undefined)
    return false;
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return false;
  return addressNumber(address) % (1n << BigInt(bits - Number(length))) === 0n;
}

/** IPv4 or IPv6 network in CIDR form. */
export const network = z.string().refine(isNetwork, {
  error: "must be a network in CIDR form such as `10.0.0.0/8` or `fd00::/64`, with its own first address",
});

/** The way nft writes it: short IPv6, no length for a single host. */
export function canonicalNetwork(cidr: string): string {
  const [address = "", length = ""] = cidr.split("/");
  if (isIP(address) === 4) return length === "32" ? address : cidr;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return length === "128" ? short : `${short}/${length}`;
}
