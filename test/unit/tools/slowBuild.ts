// A run that begins an entry, says so, and never ends by itself: the test kills it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureEntry } from "../../../tools/cacheEntry.ts";

const place = process.argv[2] ?? "";
await ensureEntry(
  "fake",
  [
    {
      route: "fake",
      folder: place,
      async make(folder) {
        await writeFile(join(folder, "program"), "half of it");
        process.stdout.write("half-way\n");
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      },
    },
  ],
  { staleAfter: 2000 },
);
