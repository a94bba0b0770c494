import type { Report } from "../session/report.ts";
import { readingsOf } from "./encodedRuns.ts";

/** What is shorter is in every text, and no secret. */
const shortest = 4;

const mark = "\0";

/**
 * A text of a machine without what it repeats of secrets: their whole values, their lines, every word that stands in
 * one of them, and what says so in base64, in hexadecimal digits or in the percent signs of a URL.
 */
export function conceal(text: string, secrets: readonly string[]): string {
  const wholes = wholesOf(secrets);
  const bare = wholes.reduce((rest, whole) => rest.replaceAll(whole, mark), text);
  return withoutEncoded(bare, secrets, wholes)
    .replace(words, (word) => (secrets.some((secret) => secret.includes(word)) ? mark : word))
    .replaceAll(mark, "[secret]");
}

/** Values and their lines, the longest first. */
function wholesOf(secrets: readonly string[]): string[] {
  const wholes = secrets.flatMap((secret) => [
    secret.trim(),
    ...secret.split("\n").map((line) => line.trim()),
  ]);
  return [...new Set(wholes)].filter((whole) => whole.length >= shortest).sort((a, b) => b.length - a.length);
}

const words = new RegExp(`[^\\s"'\`=:;,|&<>(){}\\[\\]\\\\@#${mark}]{${shortest},}`, "gu");

/** Words of what was encoded: short ones come about by chance. */
const longWords = /[^\s"'`=:;,|&<>(){}[\]\\@#\0]{8,}/g;

/** Bytes as a text of one sign each, in which what was decoded is compared. */
const bytesOf = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** All readings are searched once for each secret: there may be many of both. */
function withoutEncoded(text: string, secrets: readonly string[], wholes: readonly string[]): string {
  const runs = readingsOf(text);
  const read = runs.flatMap(({ readings }) => readings).join(mark);
  const repeated = wholes.map(bytesOf).filter((whole) => read.includes(whole));
  const haystack = bytesOf(secrets.join(mark));
  const tells = (reading: string): boolean =>
    repeated.some((whole) => reading.includes(whole)) ||
    (reading.match(longWords) ?? []).some((word) => haystack.includes(word));
  return (
    runs
      .filter(({ readings }) => readings.some(tells))
      // One may be the beginning of another, which would not be found any more.
      .sort((a, b) => b.run.length - a.run.length)
      .reduce((rest, { run }) => rest.replaceAll(run, mark), text)
  );
}

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
