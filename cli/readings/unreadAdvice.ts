import { type Deployment, labMachineNames } from "../engine/deployment.ts";
import { stackWords } from "../options.ts";
import type { Advice } from "./readingText.ts";

/** What mends a machine of the lab that is not reached. */
export function labAdvice(deployment: Deployment, stack: string): Advice {
  const lab = labMachineNames(deployment);
  const words = stackWords(stack);
  return (machine) =>
    lab.includes(machine)
      ? `It is of the lab: ./groundwork up${words} starts it again, ./groundwork lab heal ${machine} network${words} plugs it in`
      : undefined;
}
