import { GroundworkError } from "../../../errors/index.ts";
import { addressNumber, addressText, parseSubnet } from "../../../foundation/subnet.ts";

/** Leading bits of one machine's share of the pod network: 254 pods. */
const share = 24;

/**
 * A machine's own network of pods: the /24 of `podSubnet` whose number is the end of the machine's address
 * (10.77.0.11 has 10.244.11.0/24). It follows from the machine alone, so that machines that come and go never
 * move another one's pods, and no machine has to ask the API for it.
 */
export function podSubnetOf(address: string, podSubnet: string): string {
  const all = parseSubnet(podSubnet);
  const number = addressNumber(address);
  if (all === undefined || number === undefined) return "";
  const place = number & ((1n << BigInt(share - all.prefix)) - 1n);
  return `${addressText(4, all.base + (place << BigInt(32 - share)))}/${share}`;
}

/** Refuses two machines with the same share. @throws GW101 */
export function checkPodSubnets(shares: Readonly<Record<string, string>>): void {
  const owners = new Map<string, string>();
  for (const [machine, share] of Object.entries(shares)) {
    const other = owners.get(share);
    if (other !== undefined) {
      throw new GroundworkError("GW101", {
        what: `${other} and ${machine} would both have the pods of ${share}, because their addresses end alike`,
        where: `podSubnets.${machine}`,
        mend: "Give one of them another /24 of the pod network there, or use a larger pod network",
      });
    }
    owners.set(share, machine);
  }
}
