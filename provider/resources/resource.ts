import type { Wire } from "../wire.ts";

/** A change of one property, for the preview. */
export interface PropertyChange {
  /** Property path: `items[3].content`. */
  path: string;
  change: "add" | "delete" | "update";
  /** Seen on the machine rather than wanted by the program. */
  drifted?: boolean;
}

export interface DiffAnswer {
  changes: PropertyChange[];
  /** Properties whose change makes it another resource. */
  replaces: string[];
}

export type Properties = { [key: string]: Wire };

export interface Failure {
  property: string;
  reason: string;
}

/** Who asks: the resource's URN and whether it is only a preview. */
export interface Call {
  urn: string;
  preview: boolean;
  /** Seconds the user allows; 0 is the resource's own. */
  timeout: number;
}

/**
 * One resource type. Inputs come as the engine holds them (secrets wrapped, unknowns marked); outputs are
 * what the state keeps.
 */
export interface ResourceType {
  check(urn: string, inputs: Properties): Failure[];
  diff(
    call: Call,
    old: { inputs: Properties; outputs: Properties },
    inputs: Properties,
  ): DiffAnswer | Promise<DiffAnswer>;
  create(call: Call, inputs: Properties): Promise<{ id: string; outputs: Properties }>;
  update(
    call: Call,
    id: string,
    old: { inputs: Properties; outputs: Properties },
    inputs: Properties,
  ): Promise<Properties>;
  /** `undefined` when it is gone. */
  read(
    call: Call,
    id: string,
    state: { inputs: Properties; outputs: Properties },
  ): Promise<Properties | undefined>;
  delete(call: Call, id: string, state: { inputs: Properties; outputs: Properties }): Promise<void>;
}
