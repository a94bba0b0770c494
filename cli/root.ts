import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project: the root program and everything else lies here. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
