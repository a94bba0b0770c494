import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { firewallTable } from "../../../provider/items/firewallTable.ts";

const accepts = (content: string): boolean =>
  firewallTable.schema.safeParse({ kind: "firewallTable", content }).success;

describe("the definition of the firewall's table", () => {
  const table = "table inet groundwork {\n\tset tcp_any { type inet_service; }\n}";

  it("is one table, whatever blank lines and comments stand around its end", () => {
    for (const end of ["", "\n", "\n\n\t\n", "\n# the end }\n", " # {"]) assert.ok(accepts(table + end), end);
  });

  it("is refused with anything behind it", () => {
    for (const rest of [
      "\nflush ruleset",
      "\ntable ip nat { }\n",
      "}",
      "\n# a comment\ndelete table ip nat",
      " table inet groundwork { }",
      "\n{",
    ])
      assert.ok(!accepts(table + rest), rest);
  });

  it("ends where nft sees its end: a comment goes to the end of the line, and no other sign ends it", () => {
    for (const sign of ["\u2028", "\u2029", "\r"])
      assert.ok(!accepts(`table inet groundwork {\n#${sign}{\n}\nflush ruleset\n#${sign}}`));
  });

  it("is refused when it is another table, or never ends", () => {
    for (const content of [
      "",
      "flush ruleset",
      "table inet groundwork",
      "table inet groundwork { # }",
      'table inet groundwork { chain a { log prefix "}" }',
      "table ip groundwork { }",
      " table inet groundwork { }",
    ])
      assert.ok(!accepts(content), content);
  });

  it("may hold braces in comments and in quoted text", () => {
    assert.ok(accepts('table inet groundwork {\n# don\'t } "\nchain a { log prefix "} {"; } # }\n}\n'));
  });

  it("cannot hide a command behind whatever blocks it holds", () => {
    const block = fc.letrec<{ block: string }>((tie) => ({
      block: fc
        .array(
          fc.oneof(
            { maxDepth: 3 },
            fc.constantFrom("counter; ", '"}" ', '"#" ', "# } \n", '# " \n', "\n"),
            tie("block"),
          ),
          { maxLength: 4 },
        )
        .map((parts) => `{ ${parts.join("")} }`),
    })).block;
    fc.assert(
      fc.property(block, (body) => {
        assert.ok(accepts(`table inet groundwork ${body}`));
        assert.ok(!accepts(`table inet groundwork ${body}flush ruleset`));
      }),
    );
  });
});
