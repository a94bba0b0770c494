import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FolderMachine } from "./folderMachine.ts";

describe("an item that waits for others", () => {
  it("takes their keys as they are, whatever names a pattern in them would match", async () => {
    const machine = new FolderMachine();
    try {
      machine.made("mkdir -p file:/srv && touch file:/srv/ab 'file:/srv/a b'");
      const script = `gw_changed="$gw_newline"'file:/srv/a*'"$gw_newline"'file:/srv/[ab]b'
        for gw_each in 'file:/srv/a*' 'file:/srv/[ab]b' 'file:/srv/ab' 'file:/srv/*' 'file:/srv/a'; do
          ! triggered "file:/other$gw_newline$gw_each" || printf '%s\\n' "$gw_each"
        done
        printf '%s\\n' file:/srv/a[b]`;
      const said = await machine.run([{ kind: "swap", state: "off" }], script);
      // The last line: patterns mean something again afterwards.
      assert.deepEqual(said.split("\n"), ["file:/srv/a*", "file:/srv/[ab]b", "file:/srv/ab"]);
    } finally {
      machine.close();
    }
  });
});
