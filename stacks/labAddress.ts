import { createHash } from "node:crypto";
import { addressText, parseSubnet } from "../foundation/subnet.ts";

/** Places at the start of a lab network that are never given to a machine by itself (bridge, fixed addresses). */
const reserved = 32n;

/**
 * The IPv4 address of a lab machine that names none itself. It follows from the machine's name and the network alone:
 * adding or removing machines never moves another one. Two names may meet at one place; then the configuration is
 * refused and one of them has to name its address.
 */
export function labAddress(name: string, subnetText: string): string {
  const subnet = parseSubnet(subnetText);
  if (subnet === undefined || subnet.family !== 4) return "";
  const size = 1n << BigInt(32 - subnet.prefix);
  // Small networks have no room to reserve more than the network's own and the bridge's address.
  const first = size > 2n * reserved ? reserved : 2n;
  const places = size - first - 1n;
  if (places < 1n) return "";
  const digest = createHash("sha256").update(name).digest().readBigUInt64BE();
  return addressText(4, subnet.base + first + (digest % places));
}
