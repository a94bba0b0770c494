import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { GroundworkError } from "../../errors/index.ts";
import { replaceFile } from "../replaceFile.ts";
import { configurationOf, readText } from "../stack/stackFile.ts";
import { type PinPath, withPin } from "./pins.ts";

/**
 * Writes a pin into a stack's file as the file is now: what was edited since it was read, `asked`, stays.
 * Errors: GW101, GW710 where just the login that the pin is for was edited.
 */
export async function writePin(path: string, asked: string, place: PinPath, hostKey: string): Promise<void> {
  const text = await readText(path);
  const login = (read: string): unknown =>
    place.reduce<unknown>(
      (settings, name) => (settings as Record<string, unknown> | undefined)?.[name],
      configurationOf(read, path).machines,
    );
  if (!isDeepStrictEqual(login(text), login(asked)))
    throw new GroundworkError("GW710", {
      where: `${basename(path)}: ${place.join(".")}`,
      what: "its settings are others now than those that were asked with; nothing was written",
    });
  await replaceFile(path, withPin(text, place, hostKey));
}
