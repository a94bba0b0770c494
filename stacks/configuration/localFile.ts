import { homedir } from "node:os";
import { z } from "zod";
import { privateKeyFile } from "../../provider/index.ts";

/** The path that one from the home folder on, `~/…`, stands for. */
export const localPath = (text: string): string => text.replace(/^~\//, `${homedir()}/`);

/** Path of a file on this computer, as a person writes it. */
export const localFile = z.string().refine((text) => privateKeyFile.safeParse(localPath(text)).success, {
  error: "must be an absolute path or start with ~/, without quotes, dollar signs and backslashes",
});
