import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { renderProgram } from "../../../provider/engine/program.ts";
import { withLibrary } from "../items/shellLibrary.ts";
import { operation } from "./smallSpec.ts";

describe("a machine with another machine-id than the known one", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "groundwork-identity-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const isAccepted = (givesBack: string): boolean =>
    withLibrary(`gw_root='${root}' gw_owner=mine gw_former=before gw_machine_expected=another gw_gives_back=${givesBack}
      machine_identity && echo yes || :`) === "yes";
  const holds = (path: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), "");
  };

  it("gives back what it holds, by its name of before or in an open transaction too", () => {
    for (const place of ["claims/mine", "claims/before", "transactions/mine", "transactions/before"]) {
      holds(place);
      assert.ok(isAccepted("yes"), place);
      rmSync(join(root, place));
    }
  });

  it("is refused where it holds only what others claim, or nothing", () => {
    assert.ok(!isAccepted("yes"));
    holds("claims/other");
    assert.ok(!isAccepted("yes"));
  });

  it("is refused by whatever else is asked of it", () => {
    holds("claims/mine");
    assert.ok(!isAccepted(""));
    const says = (action: "delete" | "apply") =>
      renderProgram({ items: [] }, { ...operation, action }).includes("\ngw_gives_back=yes\n");
    assert.deepEqual([says("delete"), says("apply")], [true, false]);
  });
});
