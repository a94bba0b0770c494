import { itemDigest } from "../engine/program.ts";
import { type Item, keyOf, kindOf, placesOf } from "../items/index.ts";

/** Two resources of one program want the same item, or two items at one place, differently. */
export interface Conflict {
  /** Of the item, with the other's where that is another one. */
  key: string;
  /** URN of the resource that wants it differently. */
  other: string;
}

/** What a resource wants under one name: an item's key, or a place. */
interface Want {
  key: string;
  digest: string;
  desired: string;
}

/** What the resources of one program want of each machine: unequal wants are refused before any is touched. */
export class Claims {
  readonly #machines = new Map<string, Map<string, Map<string, Want>>>();

  /** Notes the wants of `urn` on a machine (known by its host key) and says which collide; asked again, it replaces them. */
  claim(machine: string, urn: string, items: Item[]): Conflict[] {
    const names = this.#machines.get(machine) ?? new Map<string, Map<string, Want>>();
    this.#machines.set(machine, names);
    for (const owners of names.values()) owners.delete(urn);
    return items.flatMap((item) => this.#claimItem(names, urn, item));
  }

  #claimItem(names: Map<string, Map<string, Want>>, urn: string, item: Item): Conflict[] {
    const key = keyOf(item);
    const want = { key, digest: itemDigest(item), desired: kindOf(item).desired(item) };
    return [key, ...placesOf(item)].flatMap((name) => {
      const owners = names.get(name) ?? new Map<string, Want>();
      names.set(name, owners);
      const conflicts = [...owners]
        .filter(([, other]) => (name === key ? other.digest !== want.digest : atOdds(other, want)))
        .map(([urnOfOther, other]) => ({
          key: other.key === key ? key : `${key}, of one place with ${other.key},`,
          other: urnOfOther,
        }));
      owners.set(urn, want);
      return conflicts;
    });
  }
}

/** Two items at one place that cannot both be as desired; one item of both has been compared by its key. */
const atOdds = (one: Want, other: Want): boolean => one.key !== other.key && one.desired !== other.desired;
