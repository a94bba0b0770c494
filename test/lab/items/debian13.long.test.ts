import { itemTests } from "./items.ts";

itemTests({ name: "items13", prefix: "10.93.1", release: "trixie" });
