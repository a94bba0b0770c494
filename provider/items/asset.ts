import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { GroundworkError } from "../../errors/index.ts";
import { isAsset } from "../wire.ts";
import * as field from "./fields.ts";

/**
 * Bytes beside the program, as the engine hands them over: their digest always, and the way to them where they are
 * needed. The state keeps the digest and the path, never the bytes of a file.
 */
export interface Asset {
  /** SHA-256 of the bytes. */
  hash: string;
  /** File on the computer that runs the program; relative to the program's folder. */
  path?: string;
  /** Text instead of a file. */
  text?: string;
}

/** Bytes of an asset that a program may carry to a machine. */
const largest = 64 * 1024 * 1024;

export const assetSchema: z.ZodType<Asset> = z
  .looseObject({
    hash: field.sha256,
    path: field.text.optional(),
    text: z
      .string()
      .refine((value) => value.isWellFormed(), { error: "must not hold a lone surrogate" })
      .optional(),
    uri: z
      .undefined({ error: "must not be a RemoteAsset: what a URL serves is an item of kind `download`" })
      .optional(),
  })
  .refine((value) => isAsset(value as never), {
    error: 'must be an asset such as `new pulumi.asset.FileAsset("logo.png")`',
  });

/** The bytes, which are those of the digest. Errors: GW102. */
export function assetBytes(asset: Asset): Uint8Array {
  const bytes = asset.text === undefined ? fileBytes(asset.path ?? "") : Buffer.from(asset.text, "utf8");
  if (createHash("sha256").update(bytes).digest("hex") !== asset.hash)
    throw refusal(asset, "changed since the deployment began: run it again");
  return bytes;
}

function fileBytes(path: string): Uint8Array {
  try {
    if (statSync(path).size > largest)
      throw refusal(
        { path },
        `is larger than ${largest / 1024 / 1024} MiB: use an item of kind \`download\``,
      );
    return readFileSync(path);
  } catch (error) {
    if (error instanceof GroundworkError) throw error;
    throw refusal({ path }, `cannot be read: ${(error as Error).message}`);
  }
}

const refusal = ({ path }: Partial<Asset>, what: string): GroundworkError =>
  new GroundworkError("GW102", { what: `the asset ${path ?? "of text"} ${what}` });
