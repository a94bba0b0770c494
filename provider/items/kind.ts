import type { z } from "zod";

/**
 * What a restore can promise: `exactly` the bytes and flags that were there, an `equivalent` state
 * (a service runs again, a package has its old version), or `not` at all.
 */
export type Restores = "exactly" | "equivalent" | "not";

/** Options that every item has. */
export interface CommonItem {
  /** Seconds that each command of the item may take. Default: the kind's own. */
  timeLimit?: number;
}

/**
 * Keys of items that come before this one, one a line: their change in this run applies it though it is as desired
 * (`restart_on`, `reload_on`), or makes its ticket needed (`request_on`).
 */
export interface Steering {
  restart_on?: string;
  reload_on?: string;
  request_on?: string;
}

/**
 * One kind of item: its decisions in TypeScript, its work in the shell file of the same name.
 *
 * `KIND.sh` defines four functions. Each finds the item's {@link ItemKind.variables} and {@link ItemKind.steering}
 * as shell variables and, where the kind has {@link ItemKind.data}, its bytes on the standard output of `data`:
 * - `KIND_observe` sets `$observed` to the machine's present state in one line;
 * - `KIND_apply` brings about the desired state;
 * - `KIND_capture` saves the present state into the empty folder `$capture`;
 * - `KIND_restore` puts back what `$capture` holds.
 *
 * More are optional: `KIND_observe_many INDEX…` observes many items with few processes ({@link ItemKind.observesMany}),
 * `KIND_pending` succeeds where the item is there and only a restart brings it into effect ({@link ItemKind.pending}),
 * `KIND_request` prints what the issuer of its ticket has to know, `KIND_prepare` makes new files in the transaction's
 * folder (engine/place.sh), `KIND_claimed` looks again once others see the claim, `KIND_has_content` marks a kind whose content is kept aside when somebody else changed it,
 * and `KIND_after_restore` runs once all items are back (a service that must see its old files again).
 */
export interface ItemKind<T extends { kind: string }> {
  readonly kind: T["kind"];
  /** Checks an item whose values are all known. */
  readonly schema: z.ZodType<T>;
  /**
   * Fields that say what the item is about on the machine (a path, a name). Items with the same values are the same
   * item; every other field says how it is wanted.
   */
  readonly subjectFields: readonly (keyof T & string)[];
  /** How these fields read in the key `KIND:SUBJECT`. Default: their values with slashes between them. */
  subject?(item: T): string;
  /**
   * Paths whose content, mode or value it decides alone, in the spelling that all kinds share: items of two kinds, or of
   * two names, at one place would undo each other for ever. Default: its field `path`.
   */
  places?(item: T): readonly string[];
  restores(item: T): Restores;
  /** Default time limit in seconds. */
  readonly timeLimit: number;
  /** What is wanted, as shell variables for the functions; values are data and arrive byte for byte. */
  variables(item: T): Record<string, string>;
  /** Variables that only steer a run: two streams that differ in them want the same. */
  steering?(item: T): Steering;
  /** Bytes too large or too secret for a variable. */
  data?(item: T): Uint8Array | undefined;
  /** SHA-256 of {@link data}, where it is known without the bytes. Default: computed from them. */
  dataDigest?(item: T): string;
  /** What `KIND_observe` sets when the machine is as desired. */
  desired(item: T): string;
  /**
   * A mistake here can lock everybody out: a dead-man timer guards the change. A number says that it can where the login
   * comes in by this TCP port of the machine, which the machine alone knows.
   */
  endangersLogin(item: T): boolean | number;
  /**
   * Applying or restoring such an item changes nothing that the capture of another one saves, be it of this kind or of
   * another independent one. So those beside each other are captured together, before the first of them changes.
   * Default: false.
   */
  readonly independent?: boolean;
  /**
   * Besides being independent, its items beside each other are observed together once they are all applied, since no
   * observation has an effect. Default: false, and each is observed when it was applied.
   */
  readonly provenTogether?: boolean;
  /** It has a function `KIND_observe_many`. Default: false, and each item is observed by itself. */
  readonly observesMany?: boolean;
  /** It has a function `KIND_pending`: an item `reboot` that names one of this kind asks it. Default: false. */
  readonly pending?: boolean;
  /** Fields that hold keys of other items, which must stand in the same HostState. Default: none. */
  readonly waitsFor?: readonly (keyof T & string)[];
  /** Fields whose values never leave the provider's memory in clear. */
  readonly secretFields?: readonly string[];
  /** Name of the ticket that applying the item consumes. */
  ticket?(item: T): string | undefined;
}
