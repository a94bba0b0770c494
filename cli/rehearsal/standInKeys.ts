import { createHash } from "node:crypto";
import { unknown } from "../../provider/examine.ts";

/** Host keys for machines that nobody has made yet: they tell one machine from another, and are no guess at its key. */
export class StandInKeys {
  readonly #given: string[] = [];

  /** A key that nobody holds, another one for each machine. */
  keyOf(machine: string): string {
    const key = madeUp(machine);
    this.#given.push(key);
    return key;
  }

  /** A value in which each text that holds a made-up key is not known yet. */
  withoutMadeUp<T>(value: T): T {
    const replaced = (inner: unknown): unknown => {
      if (typeof inner === "string") return this.#given.some((key) => inner.includes(key)) ? unknown : inner;
      if (Array.isArray(inner)) return inner.map(replaced);
      if (typeof inner !== "object" || inner === null) return inner;
      return Object.fromEntries(Object.entries(inner).map(([name, part]) => [name, replaced(part)]));
    };
    return replaced(value) as T;
  }
}

function madeUp(machine: string): string {
  const type = "ssh-ed25519";
  const point = createHash("sha256").update(machine).digest();
  const fields = [Buffer.from(type), point].flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]);
  return `${type} ${Buffer.concat(fields).toString("base64")}`;
}
