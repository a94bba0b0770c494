import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { explainFailure } from "../../../provider/resources/explainFailure.ts";
import type { HostStateSpec } from "../../../provider/resources/hostStateSpec.ts";
import { parseReport } from "../../../provider/session/report.ts";
import { connection, small } from "./smallSpec.ts";

const spec: HostStateSpec = {
  ...small,
  connection,
  stream: "alpha",
  waivers: {},
  secretItems: ["file:/etc/b"],
  secrets: ["hush-hush"],
};
const encoded = (text: string): string => Buffer.from(text).toString("base64");
const explain = (...lines: string[]) => explainFailure(spec, parseReport(lines.join("\n")));

describe("the explanation of a failure on a machine", () => {
  it("names the item by its key and phase, quotes the evidence, and says how the machine is now", () => {
    const error = explain(
      `failed 2 apply ${encoded("No space left on device")}`,
      "restored",
      "recheck",
      "end failed",
    );
    assert.equal(error.code, "GW301");
    assert.equal(
      error.message,
      "GW301 m1 (alpha): file:/etc/it's $(here)/a (apply): No space left on device. The machine was put back as it was. " +
        "Read the evidence, correct the item or the machine, and run again",
    );
  });

  it("says what was seen of the item, and of one with a secret only that it differs", () => {
    const seen = "file mode=0600 owner=root:root sha256=aa";
    assert.match(
      explain(`failed 2 apply ${encoded("exit 1")}`, `differs 2 ${seen}`).message,
      /\(apply\): exit 1; observed: file mode=0600 owner=root:root sha256=aa\./,
    );
    assert.match(
      explain(`failed 3 apply ${encoded("exit 1")}`, `differs 3 ${seen}`).message,
      /file:\/etc\/b \(apply\): exit 1; observed: not as declared\./,
    );
  });

  it("counts items in the order in which they are applied", () => {
    assert.match(
      explain(`failed 6 apply ${encoded("no")}`).message,
      /command:joins the cluster \(apply\): no/,
    );
    assert.match(explain(`failed 1 apply ${encoded("no")}`).message, /sysctl:net\.ipv4\.ip_forward/);
  });

  it("says whose claim is in the way, and how to take over from another stack", () => {
    const urn = (stack: string, project = "groundwork") =>
      `urn:pulumi:${stack}::${project}::groundwork:index:SecurityBaseline$groundwork:index:HostState::alpha-m1`;
    const refused = (...urns: string[]) =>
      explain(
        ...urns.map((by) => `error GW303 ${encoded(`file:/etc/a is claimed with another value by ${by}`)}`),
      );
    const { message } = refused(urn("rack"));
    assert.match(message, /^GW303 m1 \(alpha\): .* by urn:pulumi:rack::\S+ \(alpha-m1 of stack rack\)\. /);
    assert.match(message, /where this stack takes the place of rack: up --adopt rack;/);
    for (const unclear of [refused(urn("rack"), urn("shelf")), refused(urn("rack", "mine"))])
      assert.doesNotMatch(unclear.message, /--adopt/);
  });

  it("tells a time limit, a fact and a failed restore from each other", () => {
    assert.equal(explain(`failed 2 timeout ${encoded("")}`).code, "GW306");
    const fact = explain(`failed identity fact ${encoded("Permission denied")}`);
    assert.equal(fact.code, "GW309");
    assert.match(fact.message, /identity \(fact\): Permission denied/);
    const stuck = explain(
      `failed 2 apply ${encoded("no")}`,
      `unrestored ${encoded("file:/etc/b: read-only file system")}`,
      "unrestored_transaction /var/lib/groundwork/transactions/1",
      "end failed",
    );
    assert.equal(stuck.code, "GW302");
    assert.match(stuck.message, /Putting the machine back failed: file:\/etc\/b: read-only file system/);
  });

  it("names failed checks and guards as the program names them, with both results of a check", () => {
    const guard = explain(`check g1 fail 0 ${encoded("no kernel")}`, "guarded", "end failed");
    assert.equal(guard.code, "GW402");
    assert.match(guard.message, /there is a kernel: no kernel/);
    const check = explain(
      `check c1 fail 5 ${encoded("inactive")}`,
      "restored",
      "recheck",
      `check c1 pass 0 ${encoded("active")}`,
      "end failed",
    );
    assert.equal(check.code, "GW401");
    assert.match(check.message, /hello runs: inactive.*of 1 checks 1 pass on the old state/);
    assert.match(explain(`check c1 skip 0 ${encoded("")}`).message, /hello runs: skipped; no evidence/);
  });

  it("names the holder of the machine and since when", () => {
    const error = explain("held other-host/77/1/ab\t1700000000\t1700000120", "end failed");
    assert.equal(error.code, "GW304");
    assert.match(error.message, /held by other-host\/77\/1\/ab since 2023-11-14T22:13:20\.000Z/);
  });

  it("passes on the codes that the machine gives", () => {
    const error = explain(`error GW303 ${encoded("a is claimed")}`, `error GW303 ${encoded("b is claimed")}`);
    assert.equal(error.code, "GW303");
    assert.match(error.message, /a is claimed; b is claimed/);
  });

  it("says so when nothing says why", () => {
    assert.equal(explain("end failed").code, "GW311");
  });
});
