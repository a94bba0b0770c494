import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import { readBefore } from "../../../provider/resources/leasedChange.ts";
import { type FakeSsh, openFakeSsh, runHere } from "../../support/fakeSsh.ts";
import { connection, operation } from "./smallSpec.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-guards-"));
const silent = { info: () => undefined, warning: () => undefined, status: () => undefined };
let ssh: FakeSsh;
let deployment: Deployment;
before(async () => {
  ssh = await openFakeSsh();
});
after(async () => {
  await ssh.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  deployment = new Deployment(silent);
});
afterEach(() => deployment.close());

const onThisComputer: FakeSsh["answer"] = (command) =>
  runHere({ ...command, command: command.command.replaceAll("/run/groundwork", folder) }, folder);

describe("what goes before a change and waits for its guards", () => {
  it("is told of an interrupt where its program looks for one, and leaves nothing behind", async () => {
    let cancel = "";
    ssh.answer = async (command) => {
      if (!command.command.includes("exec 3>&1")) return onThisComputer(command);
      const program = await text(command.input);
      cancel = (/^gw_cancel='?([^'\n]+)'?$/m.exec(program)?.[1] ?? "").replace("/run/groundwork", folder);
      const waits = `for try in $(seq 200); do [ ! -e '${cancel}' ] || break; sleep 0.05; done`;
      const says = `[ ! -e '${cancel}' ] || printf 'machine m1\\nerror GW310 Y2FuY2VsbGVk\\nend failed\\n' >&3`;
      const answer = onThisComputer({ ...command, input: Readable.from(`${waits}\n${says}\n`) });
      void deployment.cancel();
      return answer;
    };
    const report = await readBefore(
      deployment,
      connection,
      { items: [] },
      { ...operation, action: "mirrors" },
    );
    assert.deepEqual(
      report.errors.map(({ code }) => code),
      ["GW310"],
    );
    assert.equal(existsSync(join(cancel, "..")), false);
  });

  it("does not begin after an interrupt", async () => {
    await deployment.cancel();
    const read = readBefore(deployment, connection, { items: [] }, { ...operation, action: "request" });
    await assert.rejects(read, { code: "GW310" });
  });
});
