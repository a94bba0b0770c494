import type { Report } from "../engine/report.ts";

/** What is shorter is in every text, and no secret. */
const shortest = 4;

const mark = "\0";

/**
 * A text of a machine without what it repeats of secrets: their whole values, their lines, and every word that stands
 * in one of them.
 */
export function conceal(text: string, secrets: readonly string[]): string {
  const wholes = secrets
    .flatMap((secret) => [secret.trim(), ...secret.split("\n").map((line) => line.trim())])
    .filter((whole) => whole.length >= shortest)
    .sort((a, b) => b.length - a.length);
  return wholes
    .reduce((rest, whole) => rest.replaceAll(whole, mark), text)
    .replace(words, (word) => (secrets.some((secret) => secret.includes(word)) ? mark : word))
    .replaceAll(mark, "[secret]");
}

const words = new RegExp(`[^\\s"'\`=:;,|&<>(){}\\[\\]\\\\@#${mark}]{${shortest},}`, "gu");

/** What programs of a machine said of themselves, without secrets; the engine's own words hold none. */
export function concealedReport(report: Report, secrets: readonly string[]): Report {
  const hidden = (text: string): string => conceal(text, secrets);
  const evidence = (check: Report["checks"][number]) => ({ ...check, evidence: hidden(check.evidence) });
  return {
    ...report,
    failed: report.failed && { ...report.failed, text: hidden(report.failed.text) },
    checks: report.checks.map(evidence),
    rechecks: report.rechecks.map(evidence),
    unrestored: report.unrestored.map(hidden),
  };
}
