import { GroundworkError } from "../../errors/index.ts";
import type { AskedHost } from "./hostKey.ts";
import { fingerprint } from "./pins.ts";

/** The host key that a host offers, and the one that is pinned for it until now. */
export interface HostKeyOffer {
  /** The host in a person's words: a machine's name, or that of whose bastion it is. */
  name: string;
  host: AskedHost;
  offered: string;
  pinned?: string;
}

/** Whether a pin would go: a reinstalled machine looks just like somebody in between. */
export const isOther = ({ offered, pinned }: HostKeyOffer): boolean =>
  pinned !== undefined && wordsOf(pinned) !== wordsOf(offered);

/** Whether just this key is pinned. */
export const isPinned = ({ offered, pinned }: HostKeyOffer): boolean =>
  pinned !== undefined && wordsOf(pinned) === wordsOf(offered);

/** What is offered, and what was before, for people. */
export function offerText(offer: HostKeyOffer): string {
  const { host, offered, pinned = "" } = offer;
  const place = `${host.address} port ${host.port ?? 22}`;
  if (isPinned(offer)) return `${place} offers ${keyText(offered)}, which is pinned already`;
  return isOther(offer)
    ? `pinned until now: ${keyText(pinned)}\n${place} offers another one now: ${keyText(offered)}`
    : `${place} offers ${keyText(offered)}`;
}

/** What a person is asked before the offered key is pinned. */
export function pinQuestion(offer: HostKeyOffer): string {
  const console = `that ${offer.name} shows on its own console (${consoleCommand(offer.offered)})`;
  return isOther(offer)
    ? `Another key was pinned. Is the new fingerprint the one ${console}?`
    : `Is this the fingerprint ${console}?`;
}

/**
 * Refuses an offer that is not the expected one, and one that would replace a pin where nobody was asked and none is
 * expected: `--yes` alone would let anybody in between. Errors: GW706.
 */
export function requireExpected(
  offer: HostKeyOffer,
  { expected, yes }: { expected: string | undefined; yes: boolean },
): void {
  const found = fingerprint(offer.offered);
  if (expected !== undefined && expected !== found)
    throw new GroundworkError("GW706", {
      where: offer.name,
      what: `${expected} was expected, and it offers ${found}`,
    });
  if (expected === undefined && yes && isOther(offer))
    throw new GroundworkError("GW706", {
      where: offer.name,
      what: `${fingerprint(offer.pinned ?? "")} is pinned, it offers ${found} now, and --yes replaces no pin`,
      mend: `Read the fingerprint on its own console (${consoleCommand(offer.offered)}) and give it with --fingerprint, or leave --yes out`,
    });
}

const wordsOf = (hostKey: string): string => hostKey.split(" ").slice(0, 2).join(" ");

const keyText = (hostKey: string): string => `${hostKey.split(" ")[0]} ${fingerprint(hostKey)}`;

/** How a machine shows the fingerprint of its own key of this type. */
function consoleCommand(hostKey: string): string {
  const type = hostKey.replace(/^ssh-/, "").split(/[- ]/)[0];
  return `ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub`;
}
