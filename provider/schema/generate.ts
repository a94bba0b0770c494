import { writeFileSync } from "node:fs";
import { renderSchema } from "./renderSchema.ts";

/** Writes provider/schema.json from the contracts in the code: `node provider/schema/generate.ts`. */
writeFileSync(new URL("../schema.json", import.meta.url), renderSchema());
