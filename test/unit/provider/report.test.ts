import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseReport } from "../../../provider/session/report.ts";

const encoded = (text: string): string => Buffer.from(text, "utf8").toString("base64");

const whole = [
  "machine 0123456789abcdef0123456789abcdef",
  "settled 00ff",
  "differs 2 file mode=0640 owner=root:root sha256=aa",
  `check g1 pass 0 ${encoded("Linux\n")}`,
  "changed 2 file mode=0640 owner=root:root sha256=aa",
  "changed 5 absent",
  "released restored file:/etc/old one",
  "kept /var/lib/groundwork/kept/1-a file:/etc/a",
  `check c1 fail 12 ${encoded("it says “no”\n")}`,
  `check c2 skip 0 ${encoded("")}`,
  `fact host ${encoded("m1\n")}`,
  "armed",
  "unconfirmed 0f9e",
  "end ok",
];

describe("a report from a machine", () => {
  it("is read line by line, free text in base64", () => {
    const report = parseReport(`${whole.join("\n")}\n`);
    assert.equal(report.machineId, "0123456789abcdef0123456789abcdef");
    assert.equal(report.settled, true);
    assert.deepEqual(report.differs, [{ index: 2, observed: "file mode=0640 owner=root:root sha256=aa" }]);
    assert.deepEqual(report.changed, [
      { index: 2, before: "file mode=0640 owner=root:root sha256=aa" },
      { index: 5, before: "absent" },
    ]);
    assert.deepEqual(report.checks, [
      { id: "g1", result: "pass", seconds: 0, evidence: "Linux" },
      { id: "c1", result: "fail", seconds: 12, evidence: "it says “no”" },
      { id: "c2", result: "skip", seconds: 0, evidence: "" },
    ]);
    assert.deepEqual(report.facts, { host: "m1\n" }, "a fact keeps its last newline");
    assert.deepEqual(report.released, ["restored file:/etc/old one"]);
    assert.deepEqual(report.kept, ["/var/lib/groundwork/kept/1-a file:/etc/a"]);
    assert.equal(report.armed, true);
    assert.deepEqual([report.outcome, report.operationId], ["unconfirmed", "0f9e"]);
    assert.deepEqual([report.complete, report.succeeded], [true, true]);
  });

  it("says which checks ran again after the machine was put back", () => {
    const lines = [
      `check c1 fail 1 ${encoded("no")}`,
      "restored",
      "recheck",
      `check c1 pass 0 ${encoded("yes")}`,
      "end failed",
    ];
    const report = parseReport(lines.join("\n"));
    assert.deepEqual(
      [report.checks, report.rechecks].map((list) => list.map(({ result }) => result)),
      [["fail"], ["pass"]],
    );
    assert.equal(report.outcome, "restored");
    assert.deepEqual([report.complete, report.succeeded], [true, false]);
  });

  it("carries the failed step, coded errors, what could not be restored, requests for tickets and downloads without a mirror", () => {
    const report = parseReport(
      [
        `failed 3 apply ${encoded("mv: No space left on device\n")}`,
        `error GW303 ${encoded("file:/etc/a is claimed")}`,
        `unrestored ${encoded("file:/etc/a: mv failed")}`,
        "unrestored_transaction /var/lib/groundwork/transactions/00",
        `request 4 join ${encoded("a signing request\n")}`,
        "unreached 2",
        "unreached 7",
        "guarded",
      ].join("\n"),
    );
    assert.deepEqual(report.failed, { index: "3", phase: "apply", text: "mv: No space left on device" });
    assert.deepEqual(report.errors, [{ code: "GW303", text: "file:/etc/a is claimed" }]);
    assert.deepEqual(report.unrestored, ["file:/etc/a: mv failed"]);
    assert.equal(report.outcome, "unrestored");
    assert.deepEqual(report.requests, { join: "a signing request" });
    assert.deepEqual(report.unreached, [2, 7]);
    assert.equal(report.guarded, true);
  });

  it("names the holder of a lease, with the times as numbers", () => {
    const report = parseReport("held some-host/12/345/abcd\t1700000000\t1700000120\n");
    assert.deepEqual(report.held, {
      holder: "some-host/12/345/abcd",
      since: 1700000000,
      until: 1700000120,
    });
  });

  it("passes over lines of a kind that it does not know", () => {
    const lines = [...whole.slice(0, 3), "novelty 1 2 3", "", "Linux says hello", ...whole.slice(3)];
    assert.deepEqual(parseReport(lines.join("\n")), parseReport(whole.join("\n")));
  });

  it("is not complete, and no success, when its last line is missing", () => {
    fc.assert(
      fc.property(fc.nat({ max: whole.join("\n").length - 1 }), (length) => {
        const report = parseReport(whole.join("\n").slice(0, length));
        assert.equal(report.succeeded, false);
      }),
    );
  });

  it("can be anything without doing harm", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        parseReport(text);
      }),
    );
  });
});
