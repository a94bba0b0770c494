import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withLibrary } from "./shellLibrary.ts";

/** Gives back a directory that was absent before and holds a file; `then` happens before the end of the operation. */
function givenBack(then: string): string {
  return withLibrary(`top=$(mktemp -d); trap 'rm -rf "$top"' EXIT
exec 3>"$top/report"
gw_root=$top/registry capture=$top/capture path=$top/outer/inner gw_key=directory:inner
mkdir -p "$capture" "$path"; : >"$capture/absent"; : >"$path/key"
directory_restore
${then}
directory_after_restore
sed "s|$top||" "$top/report"`);
}

describe("a directory that still holds something when it is given back", () => {
  it("is left where it is, and named", () => {
    assert.equal(givenBack(":"), "kept /outer/inner directory:inner");
  });

  it("is not named by itself when the folder around it was moved aside, or deleted", () => {
    assert.equal(givenBack('mv "$top/outer" "$top/aside"'), "");
    assert.equal(givenBack('rm -r "$top/outer"'), "");
  });
});
