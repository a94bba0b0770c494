import { GroundworkError } from "../errors/index.ts";
import { type Deployment, revealed, stackOutputs, standing } from "./engine/deployment.ts";
import { streamNames } from "./engine/streamGraph.ts";
import { stackWords } from "./options.ts";

/** Whose cluster is asked for. */
export interface Asked {
  stack: string;
  /** Whether the stack's file wants a cluster at all. */
  wanted: boolean;
}

/** The administrator's kubeconfig out of a stack's outputs. Errors: GW705 where no server stands that it is for. */
export function kubeconfigOf(deployment: Deployment, { stack, wanted }: Asked): string {
  const { kubeconfig } = stackOutputs(deployment);
  const known = typeof kubeconfig === "string" && kubeconfig !== "";
  const up = `./groundwork up${stackWords(stack)}`;
  // A rollback leaves the outputs of the stack as they were, and so does an up that was cut off after one.
  if (!serverStands(deployment))
    throw new GroundworkError("GW705", {
      where: stack,
      what: `no cluster stands: ${whyNot(deployment, known)}`,
      mend: wanted ? `${up} makes one` : `Enable streams.delta in Pulumi.${stack}.yaml, then ${up} makes one`,
    });
  if (known) return kubeconfig;
  throw new GroundworkError("GW705", {
    where: stack,
    what: "the stack's cluster is not proven yet: its gate has never opened",
    mend: `${up} goes on with it, and says what is missing`,
  });
}

/** What the state says of it; which operation left it so, it does not say. */
function whyNot(deployment: Deployment, known: boolean): string {
  if (streamNames(deployment).includes("delta")) return "delta is there in part, its server is not";
  return known ? "delta is on no machine any more" : "delta is on no machine";
}

/** Whether a machine stands that told an administrator's kubeconfig. */
function serverStands(deployment: Deployment): boolean {
  return standing(deployment).some(({ outputs }) => {
    const { secretFacts } = revealed(outputs ?? {}) as { secretFacts?: { kubeconfig?: string } | null };
    return Boolean(secretFacts?.kubeconfig);
  });
}
