import { packageSchema } from "./packageSchema.ts";

/** The text of provider/schema.json. */
export function renderSchema(): string {
  return `${JSON.stringify(packageSchema(), undefined, 2)}\n`;
}
