import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { runChecks } from "../../../provider/checks/runChecks.ts";
import type { Deployment } from "../../../provider/deployment/deployment.ts";
import { explainFailure } from "../../../provider/resources/explainFailure.ts";
import { type CheckReport, parseReport } from "../../../provider/session/report.ts";
import { CutMachine } from "./cutMachine.ts";
import { connection } from "./smallSpec.ts";

interface Row {
  check: string;
  /** Exit code of its script. */
  exit: number;
  waived: boolean;
  result: "pass" | "skip" | "fail";
  /** Whether what waits for it goes on. */
  opens: boolean;
}

const rows: Row[] = [
  { check: "it passes", exit: 0, waived: false, result: "pass", opens: true },
  { check: "it passes", exit: 0, waived: true, result: "pass", opens: true },
  { check: "it skips", exit: 77, waived: false, result: "skip", opens: false },
  { check: "it skips", exit: 77, waived: true, result: "skip", opens: true },
  { check: "it fails", exit: 1, waived: false, result: "fail", opens: false },
  { check: "it fails", exit: 1, waived: true, result: "fail", opens: false },
];

const machine = new CutMachine();
after(() => machine.close());

/** What becomes of a check whose machine reports `result`, for whoever asks: a gate, `verify`, a check from elsewhere. */
async function judged({ check, exit, waived, result }: Row): Promise<string | undefined> {
  const reported: CheckReport = { id: "c1", result, seconds: 0, evidence: "as seen" };
  const deployment = { session: () => ({ read: async () => ({ checks: [reported] }) }) };
  const [first] = await runChecks(
    deployment as unknown as Deployment,
    [{ name: check, run: `exit ${exit}`, on: connection }],
    waivers(check, waived),
  );
  return first?.result;
}

const waivers = (check: string, waived: boolean): Record<string, string> =>
  waived ? { [check]: "not here" } : {};

describe("a check", () => {
  for (const row of rows) {
    const { check, exit, waived, result, opens } = row;
    const end = opens ? "lets what waits for it go on" : "holds up what waits for it";
    it(`of which ${check} ${waived ? "with" : "without"} a waiver ${end}, on its machine and in a gate`, async () => {
      assert.equal(["pass", "waived"].includes((await judged(row)) ?? ""), opens);
      for (const list of ["guards", "checks"]) {
        const wanted = { items: [], [list]: [{ name: check, run: `exit ${exit}` }] };
        const told = machine.run({ ...wanted, waivers: waivers(check, waived) }, "apply");
        const report = parseReport(told ?? "");
        assert.deepEqual(
          report.checks.map((seen) => seen.result),
          [result],
        );
        assert.equal(report.succeeded, opens, list);
      }
    });
  }
});

describe("the explanation of a failure", () => {
  it("names no check that is excused among its causes, and says of a waived one that failed why it is not", () => {
    const names = ["excused", "failed", "waived and failed"];
    const spec = {
      connection,
      stream: "alpha",
      items: [],
      secretItems: [],
      secrets: [],
      checks: names.map((name) => ({ name, run: "true" })),
      waivers: { excused: "not here", "waived and failed": "not here" },
    };
    const told = ["check c1 skip 0 ", "check c2 fail 0 ", "check c3 fail 0 ", "restored", "end failed"];
    assert.match(
      explainFailure(spec, parseReport(told.join("\n"))).message,
      /^GW401 m1 \(alpha\): failed: no evidence; waived and failed: a waiver excuses a skip alone; no evidence\. /,
    );
  });
});
