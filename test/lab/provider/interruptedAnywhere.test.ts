import { interruptedAnywhere } from "./interruptedAnywhere.ts";

interruptedAnywhere("cutsome", "10.95.9", { points: 2, byClock: 0 });
