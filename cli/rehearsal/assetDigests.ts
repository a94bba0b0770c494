import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Properties, unknown } from "../../provider/examine.ts";

const signature = "4dabf18193072939515e22adb298388d";
const assetMark = "c44067f5952c0a294b673a41bacd8c17";

/** Inputs with the digest of each asset, which the engine adds: a program hands over paths and texts alone. */
export function withAssetDigests(inputs: Properties, folder: string): Properties {
  const filled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(filled);
    if (typeof value !== "object" || value === null) return value;
    const fields = value as Record<string, unknown>;
    if (fields[signature] === assetMark) return { ...fields, hash: digestOf(fields, folder) };
    return Object.fromEntries(Object.entries(fields).map(([name, part]) => [name, filled(part)]));
  };
  return filled(inputs) as Properties;
}

/** Not known of what cannot be read here: the engine names it, if nothing makes it before. */
function digestOf({ text, path }: Record<string, unknown>, folder: string): string {
  if (typeof text === "string") return sha256(text);
  if (typeof path !== "string") return unknown;
  try {
    return sha256(readFileSync(resolve(folder, path)));
  } catch {
    return unknown;
  }
}

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
