import { interruptedAnywhere } from "./interruptedAnywhere.ts";

interruptedAnywhere("cutmany", "10.95.10", { points: 20, byClock: 5 });
