import assert from "node:assert/strict";
import { homedir } from "node:os";
import { describe, it } from "node:test";
import { reportFolder } from "../../../provider/resources/reportFile.ts";

describe("the folder of the gates' evidence", () => {
  it("is the one that is named, else lies with everything else that must not be lost", () => {
    assert.equal(reportFolder({ GROUNDWORK_REPORTS: "/r", GROUNDWORK_STATE: "/s" }), "/r");
    assert.equal(reportFolder({ GROUNDWORK_REPORTS: "", GROUNDWORK_STATE: "/s" }), "/s/reports");
    assert.equal(reportFolder({ XDG_STATE_HOME: "/x" }), "/x/groundwork/reports");
    assert.equal(reportFolder({}), `${homedir()}/.local/state/groundwork/reports`);
  });
});
