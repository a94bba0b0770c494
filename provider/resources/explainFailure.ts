import { type ErrorCode, GroundworkError } from "../../errors/index.ts";
import { judge } from "../checks/check.ts";
import { inOrder } from "../engine/program.ts";
import { keyOf } from "../items/index.ts";
import type { CheckReport, Report } from "../session/report.ts";
import { concealedReport } from "./conceal.ts";
import { type HostStateSpec, notShown } from "./hostStateSpec.ts";

/** The error that a failed program stands for: what failed, with its evidence, and how the machine is now. */
export function explainFailure(spec: HostStateSpec, told: Report): GroundworkError {
  const report = concealedReport(told, spec.secrets);
  const now = stateAfter(report);
  const fail = (code: ErrorCode, what: string, mend?: string): GroundworkError =>
    new GroundworkError(report.outcome === "unrestored" ? "GW302" : code, {
      what: `${what}${now}`,
      where: `${spec.connection.name} (${spec.stream})`,
      mend: report.outcome === "unrestored" ? undefined : mend,
    });
  if (report.held !== undefined) {
    return fail(
      "GW304",
      `held by ${report.held.holder} since ${new Date(report.held.since * 1000).toISOString()}`,
    );
  }
  const coded = report.errors[0];
  if (coded !== undefined)
    return fail(
      coded.code as ErrorCode,
      report.errors.map(({ code, text }) => (code === "GW303" ? withClaimant(text) : text)).join("; "),
      coded.code === "GW303" ? adoption(report.errors.map(({ text }) => text)) : undefined,
    );
  if (report.failed !== undefined)
    return fail(
      report.failed.phase === "timeout" ? "GW306" : report.failed.phase === "fact" ? "GW309" : "GW301",
      failedStep(spec, report.failed, report.differs),
    );
  const checks = failedChecks(spec, report.checks);
  if (checks !== "") return fail(report.guarded ? "GW402" : "GW401", checks);
  return fail("GW311", "the program failed without a reason");
}

/** A HostState's URN at the end of a text. */
const claimant = /urn:pulumi:([^:]+)::([^:]+)::.*::([^:]+)$/;

/** Beside the URN, what people call it. */
function withClaimant(text: string): string {
  const [, stack, , name] = claimant.exec(text) ?? [];
  return stack === undefined ? text : `${text} (${name} of stack ${stack})`;
}

/** How to take over, where all claims are those of one other stack that the command line can name. */
function adoption(texts: string[]): string | undefined {
  const stacks = new Set(
    texts.map((text) => {
      const [, stack, project] = claimant.exec(text) ?? [];
      return project === "groundwork" ? stack : undefined;
    }),
  );
  const [stack] = stacks;
  if (stack === undefined || stacks.size > 1) return undefined;
  return `Make both programs agree, or remove one of them; where this stack takes the place of ${stack}: up --adopt ${stack}; where one is gone for good: docs/recovery.md`;
}

function failedStep(
  spec: HostStateSpec,
  failed: NonNullable<Report["failed"]>,
  differs: Report["differs"],
): string {
  const item = inOrder(spec.items)[Number(failed.index) - 1];
  const subject = item === undefined ? failed.index : keyOf(item);
  const seen = differs.find(({ index }) => index === Number(failed.index));
  const observed = spec.secretItems.includes(subject) ? notShown : seen?.observed;
  return `${subject} (${failed.phase}): ${failed.text}${seen === undefined ? "" : `; observed: ${observed}`}`;
}

/** `g1` is the first guard, `c1` the first check. */
export function checkName(spec: Pick<HostStateSpec, "guards" | "checks">, id: string): string {
  const list = id.startsWith("g") ? spec.guards : spec.checks;
  return list?.[Number(id.slice(1)) - 1]?.name ?? id;
}

function failedChecks(spec: HostStateSpec, checks: CheckReport[]): string {
  return checks
    .flatMap((check) => {
      const name = checkName(spec, check.id);
      const { result, note } = judge(check.result, spec.waivers?.[name]);
      if (result === "pass" || result === "waived") return [];
      return `${name}: ${result === "skip" ? "skipped; " : note}${check.evidence || "no evidence"}`;
    })
    .join("; ");
}

function stateAfter(report: Report): string {
  if (report.outcome === "restored") {
    const passing = report.rechecks.filter((check) => check.result === "pass").length;
    const again =
      report.rechecks.length === 0
        ? ""
        : `; of ${report.rechecks.length} checks ${passing} pass on the old state`;
    return `. The machine was put back as it was${again}`;
  }
  if (report.outcome === "unrestored")
    return `. Putting the machine back failed: ${report.unrestored.join("; ")}`;
  return "";
}
