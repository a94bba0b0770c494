import { itemDigest } from "../engine/program.ts";
import { type Item, keyOf } from "../items/index.ts";

/** Two resources of one program want the same item. */
export interface Conflict {
  key: string;
  /** URN of the resource that wants it differently. */
  other: string;
}

/** What the resources of one program want of each machine: unequal wants are refused before any is touched. */
export class Claims {
  readonly #machines = new Map<string, Map<string, Map<string, string>>>();

  /** Notes the wants of `urn` on a machine (known by its host key) and says which collide; asked again, it replaces them. */
  claim(machine: string, urn: string, items: Item[]): Conflict[] {
    const keys = this.#machines.get(machine) ?? new Map<string, Map<string, string>>();
    this.#machines.set(machine, keys);
    for (const owners of keys.values()) owners.delete(urn);
    return items.flatMap((item) => this.#claimItem(keys, urn, item));
  }

  #claimItem(keys: Map<string, Map<string, string>>, urn: string, item: Item): Conflict[] {
    const key = keyOf(item);
    const digest = itemDigest(item);
    const owners = keys.get(key) ?? new Map<string, string>();
    keys.set(key, owners);
    const conflicts = [...owners]
      .filter(([, wanted]) => wanted !== digest)
      .map(([other]) => ({ key, other }));
    owners.set(urn, digest);
    return conflicts;
  }
}
