import { type ErrorCode, GroundworkError } from "../../errors/index.ts";
import { judge } from "../checks/check.ts";
import { inOrder } from "../engine/program.ts";
import type { CheckReport, Report } from "../engine/report.ts";
import { keyOf } from "../items/index.ts";
import { concealedReport } from "./conceal.ts";
import { type HostStateSpec, notShown } from "./hostStateSpec.ts";

/** The error that a failed program stands for: what failed, with its evidence, and how the machine is now. */
export function explainFailure(spec: HostStateSpec, told: Report): GroundworkError {
  const report = concealedReport(told, spec.secrets);
  const now = stateAfter(report);
  const fail = (code: ErrorCode, what: string): GroundworkError =>
    new GroundworkError(report.outcome === "unrestored" ? "GW302" : code, {
      what: `${what}${now}`,
      where: `${spec.connection.name} (${spec.stream})`,
    });
  if (report.held !== undefined) {
    return fail(
      "GW304",
      `held by ${report.held.holder} since ${new Date(report.held.since * 1000).toISOString()}`,
    );
  }
  const coded = report.errors[0];
  if (coded !== undefined)
    return fail(coded.code as ErrorCode, report.errors.map((error) => error.text).join("; "));
  if (report.failed !== undefined)
    return fail(
      report.failed.phase === "timeout" ? "GW306" : report.failed.phase === "fact" ? "GW309" : "GW301",
      failedStep(spec, report.failed, report.differs),
    );
  const checks = failedChecks(spec, report.checks);
  if (checks !== "") return fail(report.guarded ? "GW402" : "GW401", checks);
  return fail("GW311", "the program failed without a reason");
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
