import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Action, Wanted } from "../../../provider/engine/program.ts";
import type { Item } from "../../../provider/index.ts";
import { parseReport, type Report } from "../../../provider/session/report.ts";
import { CutMachine } from "./cutMachine.ts";

let machine: CutMachine;
before(() => {
  machine = new CutMachine();
});
after(() => machine.close());

function run(action: Action, wanted: Partial<Wanted>): Report {
  const report = parseReport(machine.run({ items: [], ...wanted }, action) ?? "");
  assert.ok(report.complete);
  return report;
}

/** Prints what is open besides the three that every program has. */
const openDescriptors = 'for fd in 3 7 8; do [ ! -e "/proc/$$/fd/$fd" ] || echo "$fd is open"; done';

describe("the script of a check or a fact", () => {
  it("cannot write the report", () => {
    const lie = "echo committed >&3; echo end ok >&3; exit 1";
    const verified = run("verify", { checks: [{ name: "it lies", run: lie }] });
    assert.deepEqual([verified.outcome, verified.succeeded], ["untouched", false]);
    const applied = run("apply", { facts: { lie: { run: lie } } });
    assert.deepEqual([applied.outcome, applied.succeeded], ["restored", false]);
  });

  it("keeps neither the session nor a lock of the engine open with what it leaves running", () => {
    const check = { name: "nothing is open", run: openDescriptors };
    const report = run("apply", { checks: [check], facts: { open: { run: openDescriptors } } });
    assert.deepEqual(
      report.checks.map(({ result, evidence }) => [result, evidence]),
      [["pass", ""]],
    );
    assert.equal(report.facts.open, "");
  });
});

describe("what a program sends back", () => {
  const fact = (bytes: number) =>
    run("apply", { facts: { a: { run: `head -c ${bytes} /dev/zero | tr '\\0' a` } } });

  it("is whole for a fact of up to 64 KiB, and an error beyond", () => {
    assert.equal(fact(65536).facts.a?.length, 65536);
    const { failed, succeeded } = fact(65537);
    assert.deepEqual([failed?.phase, failed?.text, succeeded], ["fact", "longer than 64 KiB", false]);
  });

  it("is whole for a signing request with many names, and an error where they are too many", () => {
    const certificate = (names: number): Item => ({
      kind: "certificate",
      folder: machine.tree,
      name: "many",
      commonName: "many",
      subjectAltNames: Array.from(
        { length: names },
        (_, index) => `DNS:machine-${index}.a-long-name.example.org`,
      ),
      authority: join(machine.tree, "authority.crt"),
      ticket: "sign",
    });
    const request = run("request", { items: [certificate(200)] }).requests.sign ?? "";
    assert.ok(request.length > 8192);
    assert.match(request, /^-----BEGIN CERTIFICATE REQUEST-----\n[^-]*-----END CERTIFICATE REQUEST-----$/);
    const { failed, succeeded } = run("request", { items: [certificate(2000)] });
    assert.deepEqual([failed?.phase, failed?.text, succeeded], ["request", "longer than 64 KiB", false]);
  });

  it("has what was seen of an item that could not be brought about apart from what was said", () => {
    const items: Item[] = [{ kind: "command", name: "it fails", run: "echo why; exit 3", unless: "false" }];
    const { failed, differs } = run("apply", { items });
    assert.deepEqual([failed?.phase, failed?.text], ["apply", "why\n\nexit 3"]);
    assert.deepEqual(differs, [{ index: 1, observed: "done=no" }]);
  });

  it("is the end of what a failing check says", () => {
    const script = "head -c 9000 /dev/zero | tr '\\0' a; echo why; exit 1";
    const evidence =
      run("verify", { checks: [{ name: "it says much", run: script }] }).checks[0]?.evidence ?? "";
    assert.deepEqual([evidence.length < 4097, evidence.endsWith("awhy")], [true, true]);
  });
});
