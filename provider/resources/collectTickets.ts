import { GroundworkError } from "../../errors/index.ts";
import type { Deployment } from "../deployment/deployment.ts";
import type { Operation } from "../engine/program.ts";
import { conceal } from "./conceal.ts";
import { explainFailure } from "./explainFailure.ts";
import type { HostStateSpec, Ticket } from "./hostStateSpec.ts";
import { readBefore } from "./leasedChange.ts";

/** Seconds that an issuer may take unless the ticket says otherwise. */
const issueSeconds = 60;

/**
 * Fetches the tickets that the items which are about to be applied consume, and no others.
 * The consumer says what it asks for, once its guards hold; any healthy issuer answers. Errors: GW102, GW308, GW402.
 */
export async function collectTickets(
  deployment: Deployment,
  spec: HostStateSpec,
  operation: Operation,
): Promise<Record<string, string>> {
  const tickets = spec.tickets ?? {};
  if (Object.keys(tickets).length === 0) return {};
  const { items, guards, waivers } = spec;
  const report = await readBefore(deployment, spec.connection, { items, guards, waivers }, operation);
  if (!report.succeeded) throw explainFailure(spec, report);
  const pairs = await Promise.all(
    Object.entries(report.requests).map(async ([name, request]) => {
      const ticket = tickets[name];
      if (ticket === undefined)
        throw new GroundworkError("GW102", {
          what: `an item asks for the ticket ${name}, which is not declared`,
          where: `${spec.stream}: tickets.${name}`,
        });
      return [name, await issue(deployment, name, ticket, request, spec.secrets)] as const;
    }),
  );
  return Object.fromEntries(pairs);
}

async function issue(
  deployment: Deployment,
  name: string,
  ticket: Ticket,
  request: string,
  secrets: string[],
): Promise<string> {
  const refusals: string[] = [];
  for (const issuer of ticket.from) {
    try {
      const result = await deployment
        .session(issuer)
        .script(ticket.issue, request, ticket.timeLimit ?? issueSeconds);
      if (result.code === 0 && result.stdout !== "") return result.stdout;
      const said = conceal(result.stderr.trim(), secrets).slice(-500);
      refusals.push(`${issuer.name}: exit ${result.code}: ${said}`);
    } catch (error) {
      refusals.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new GroundworkError("GW308", { what: refusals.join("; "), where: `ticket ${name}` });
}
