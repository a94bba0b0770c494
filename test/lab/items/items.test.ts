import { itemTests } from "./items.ts";

itemTests({ name: "items", prefix: "10.93.0", release: "bookworm" });
