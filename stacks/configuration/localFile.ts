import { homedir } from "node:os";
import { z } from "zod";

/** Path of a file on this computer, as a person writes it: absolute, or from the home folder on. */
export const localFile = z.string().regex(/^(\/|~\/)[^\p{Cc}"$\\]+$/u, {
  error: "must be an absolute path or start with ~/, without quotes, dollar signs and backslashes",
});

/** The path that it stands for. */
export const localPath = (text: string): string => text.replace(/^~\//, `${homedir()}/`);
