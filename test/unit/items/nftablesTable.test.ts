import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type NftablesTableItem, nftablesTable } from "../../../provider/items/nftablesTable.ts";
import { withLibrary } from "./shellLibrary.ts";

const table = (content: string, more: Partial<NftablesTableItem> = {}): NftablesTableItem => ({
  kind: "nftablesTable",
  family: "inet",
  name: "mine",
  content,
  ...more,
});
const refusals = (item: NftablesTableItem): string[] =>
  (nftablesTable.schema.safeParse(item).error?.issues ?? []).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );

describe("a table of the user's own", () => {
  it("stays one table: its text cannot leave it", () => {
    const braces = ["content: must have as many closing braces as opening ones, each after its own"];
    assert.deepEqual(refusals(table("} flush ruleset\ntable inet theirs {")), braces);
    assert.deepEqual(refusals(table("chain a {")), braces);
    assert.deepEqual(refusals(table('chain a { ip saddr 10.0.0.1 comment "} }" }')), []);
    assert.deepEqual(refusals(table("# } a comment\nchain a { }")), []);
    assert.deepEqual(refusals(table('chain a { comment "# }" }')), []);
    // The comment ends with its line, whatever else a terminal would take for a line's end.
    assert.deepEqual(refusals(table("# \r } \u2028 }\nchain a { }")), []);
  });

  it("stands in one file", () => {
    assert.deepEqual(refusals(table('include "/etc/nftables.conf"')), [
      "content: must not include other files",
    ]);
    assert.deepEqual(refusals(table("set include-me { type ipv4_addr; }")), []);
    assert.deepEqual(refusals(table('chain a { comment "x }')), [
      "content: must end every text that a double quote begins",
    ]);
  });

  it("has a name that nft and systemd take for one, and is not Groundwork's firewall", () => {
    for (const name of ["", "-f", "a b", "a;flush", "a/b", "x".repeat(65)])
      assert.match(refusals(table("", { name })).join(), /^name: must be a letter and at most 63/, name);
    assert.deepEqual(refusals(table("", { name: "groundwork" })), [
      "name: `inet groundwork` is the table of kind firewallTable",
    ]);
    assert.deepEqual(refusals(table("", { family: "ip", name: "groundwork" })), []);
  });

  it("endangers the login when what comes in or goes out passes through it", () => {
    const endangers = (content: string) => nftablesTable.endangersLogin?.(table(content));
    const chain = (hook: string) => `chain c { type filter hook ${hook} priority 0; }`;
    for (const hook of ["input", "prerouting", "output", "ingress", "\n\tinput", "\\\n input"])
      assert.equal(endangers(chain(hook)), true, hook);
    for (const hook of ["forward", "postrouting"]) assert.equal(endangers(chain(hook)), false, hook);
    assert.equal(endangers('chain c { comment "hook input" } # hook input'), false);
  });
});

describe("what counts of a table's listing", () => {
  const folder = mkdtempSync(join(tmpdir(), "groundwork-listing-"));
  after(() => rmSync(folder, { recursive: true }));
  const listing = (parts: { fixed?: string; filled?: string; seen?: string; rule?: string }) => {
    const elements = (list?: string) => (list === undefined ? "" : `\n\t\telements = { ${list} }`);
    writeFileSync(
      join(folder, "listing"),
      `table inet mine {
\tset fixed {
\t\ttype ipv4_addr${elements(parts.fixed)}
\t}

\tset filled {
\t\ttype ipv4_addr${elements(parts.filled)}
\t}

\tmap seen {
\t\ttype ipv4_addr : mark
\t\tflags dynamic,timeout${elements(parts.seen)}
\t}

\tchain c {
\t\t${parts.rule ?? "accept"}
\t}
}
`,
    );
  };
  const setsOf = () => withLibrary(`nftablesTable_awk task=sets /dev/null '${folder}/listing'`);
  const printed = (sets: string) => {
    writeFileSync(join(folder, "sets"), `${"0".repeat(64)}\n${sets}\n`);
    return withLibrary(`nftablesTable_awk task=print '${folder}/sets' '${folder}/listing'`);
  };

  it("are the rules, and the elements that were loaded with them", () => {
    listing({ fixed: "10.0.0.1,\n\t\t\t     10.0.0.2" });
    const sets = setsOf();
    assert.equal(sets, "fixed");
    const loaded = printed(sets);
    listing({
      fixed: "10.0.0.1,\n\t\t\t     10.0.0.2",
      filled: "1.1.1.1",
      seen: "1.1.1.1 : 0x1,\n 2.2.2.2 : 0x2",
    });
    assert.equal(printed(sets), loaded);
    listing({ fixed: "10.0.0.1" });
    assert.notEqual(printed(sets), loaded);
    listing({ fixed: "10.0.0.1,\n\t\t\t     10.0.0.2", rule: "drop" });
    assert.notEqual(printed(sets), loaded);
  });

  it("are never the elements of a set that fills itself", () => {
    listing({ seen: "1.1.1.1 : 0x1" });
    assert.equal(setsOf(), "");
  });
});
