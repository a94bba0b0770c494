import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/** A step that no other kind covers: run only while `unless` fails. Restored by `undo`, else not at all. */
export interface CommandItem extends CommonItem {
  kind: "command";
  /** What it does, in a few words: its key. */
  name: string;
  /**
   * POSIX shell script. A ticket, where one is asked for, lies in the file `$TICKET`. The machine keeps the script,
   * readable by root alone, to run it again where it was undone and that has to be taken back.
   */
  run: string;
  /** POSIX shell script without side effects; exit 0 means that nothing is to do. */
  unless: string;
  /**
   * POSIX shell script that takes `run` back, after which `unless` must fail. Without it the command runs last, and a
   * restore leaves it as it is; `:` says that the restores of other items take it back. After an interruption it may
   * meet a `run` that came half-way, or run once more: it has to bear both.
   */
  undo?: string;
  /** Name of the HostState's ticket that `run` consumes. */
  ticket?: string;
  /**
   * True where `run` or `undo` could lock everybody out: a new login has to confirm it, else the machine takes it back,
   * as far as `undo` does. Default: false, and nothing guards it.
   */
  endangersLogin?: boolean;
}

export const command: ItemKind<CommandItem> = {
  kind: "command",
  schema: z.strictObject({
    kind: z.literal("command"),
    name: field.line.min(1),
    run: field.text.min(1),
    unless: field.text.min(1),
    undo: field.text.min(1).optional(),
    ticket: field.ticket.optional(),
    endangersLogin: z.boolean().optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name"],
  restores: (item) => (item.undo === undefined ? "not" : "equivalent"),
  timeLimit: 300,
  variables: (item) => ({
    name: item.name,
    run: item.run,
    unless: item.unless,
    undo: item.undo ?? "",
    // Without its ticket it cannot be run again.
    again: item.ticket === undefined ? "yes" : "",
  }),
  desired: () => "done=yes",
  endangersLogin: (item) => item.endangersLogin === true,
  secretFields: ["run"],
  ticket: (item) => item.ticket,
};
