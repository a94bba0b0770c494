import { itemDigest, keyHash } from "../engine/program.ts";
import { assign } from "../engine/shell.ts";
import { type Item, keyOf } from "../items/index.ts";
import type { Check } from "./check.ts";

/** Whose claims are no obstacle: those of the own stack are settled among its resources. */
export interface Claimant {
  project: string;
  stack: string;
}

/**
 * Passes when no other program claims one of the items with another value; else an operation would be refused with
 * GW303. It reads the machine's registry, as provider/engine/registry.sh writes it, and changes nothing.
 */
export function noOtherClaims(items: Item[], { project, stack }: Claimant): Check {
  const wanted = items.map((item) => `${keyHash(keyOf(item))}=${itemDigest(item)}`).join("\n");
  return {
    name: "no other program claims an item with another value",
    run: `${assign("wanted", wanted)}\n${assign("own", `${project}/${stack}`)}\n${readClaims}`,
  };
}

const readClaims = `
set -- /var/lib/groundwork/claims/*
[ -f "$1" ] || exit 0
export wanted own
awk -F '\\t' '
  BEGIN {
    count = split(ENVIRON["wanted"], pairs, "\\n")
    for (i = 1; i <= count; i++) { split(pairs[i], pair, "="); digest[pair[1]] = pair[2] }
  }
  $1 == "urn" { parts = split($2, part, "::"); name = part[parts] }
  $1 == "project" { project = $2 }
  $1 == "stack" { stack = $2 }
  $1 == "item" && ($2 in digest) && digest[$2] != $3 && project "/" stack != ENVIRON["own"] {
    if (++found <= 5) print $4 " is claimed with another value by " name " of stack " stack
  }
  END {
    if (found > 5) print "and " found - 5 " more"
    if (found) print "make both programs agree, or remove one of them; up --adopt takes over from a stack whose place this one takes"
    exit found > 0
  }' "$@"`;
