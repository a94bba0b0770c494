import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withLibrary } from "./shellLibrary.ts";

describe("what a machine says about a unit", () => {
  /** Words of service_look, what is wanted of the unit, and how that reads. */
  const readings: [words: string, wanted: string, observed: string][] = [
    ["a.service loaded enabled yes active running simple", "yes yes", "enabled=yes running=yes"],
    ["a.service loaded disabled no inactive dead simple", "no no", "enabled=no running=no"],
    ["a.service loaded enabled-runtime yes active running simple", "yes yes", "enabled=no running=yes"],
    ["a.service loaded linked no active running simple", "yes yes", "enabled=no running=yes"],
    ["a.service loaded enabled yes active exited oneshot", "yes yes", "enabled=yes running=yes"],
    ["a.service loaded enabled yes activating auto-restart simple", "yes yes", "enabled=yes running=no"],
    ["a.service loaded enabled yes activating auto-restart simple", "yes no", "enabled=yes running=yes"],
    ["a.service loaded enabled yes reloading reload notify", "yes yes", "enabled=yes running=yes"],
    ["a.service loaded enabled yes failed failed simple", "yes yes", "enabled=yes running=no"],
    ["a.service loaded static yes active running simple", "yes yes", "enabled=yes running=yes"],
    ["a.service loaded static no active running simple", "yes yes", "enabled=no running=yes"],
    ["a.service loaded static yes inactive dead oneshot", "no no", "enabled=no running=no"],
    ["a.service loaded indirect yes active running simple", "yes yes", "enabled=yes running=yes"],
    ["a.service loaded generated yes active running forking", "no yes", "enabled=yes running=yes"],
    ["tmp.mount loaded - yes active mounted -", "yes yes", "enabled=yes running=yes"],
    ["a.service masked masked no inactive dead -", "yes yes", "enabled=masked running=no"],
    ["a.service masked masked no inactive dead -", "no no", "enabled=no running=no"],
    ["a.service masked masked no inactive dead -", "masked no", "enabled=masked running=no"],
    ["a.service masked masked no active running simple", "masked no", "enabled=masked running=yes"],
    ["a.service masked masked-runtime no inactive dead -", "masked no", "enabled=no running=no"],
    ["a.service masked masked-runtime no inactive dead -", "yes yes", "enabled=masked running=no"],
    ["a.service loaded enabled yes active running simple", "masked no", "enabled=yes running=yes"],
    ["a.service not-found - no inactive dead -", "masked no", "enabled=no running=no"],
    ["a.service not-found - no inactive dead -", "yes yes", "absent"],
    ["a.service not-found - no inactive dead -", "no no", "enabled=no running=no"],
  ];
  for (const [words, wanted, observed] of readings)
    it(`reads "${words}" as ${observed} where ${wanted} is wanted`, () => {
      const [enabled, running] = wanted.split(" ");
      const script = `enabled=${enabled} running=${running}; words='${words}'; service_take words; service_judge; echo "$observed"`;
      assert.equal(withLibrary(script), observed);
    });
});

describe("what dpkg says about a package", () => {
  /** Lines of dpkg-query as package_look asks for them. */
  const lines = [
    "gw\tii \tall\t1.0-1",
    "g++\thi \tamd64\t4:12.2",
    "gone\trc \tamd64\t1.0",
    "never\tun \t\t",
    "half\tiF \tamd64\t1.0",
    "again\tiiR\tamd64\t1.0",
    "triggers\tit \tamd64\t1.0",
    "both\tii \ti386\t1.0",
    "both\tii \tamd64\t2.0",
    "foreign\tii \ti386\t1.0",
  ].join("\n");
  const take = (name: string, native = "amd64", version = "") =>
    withLibrary(`gw_dpkg="$gw_newline"'${lines}'"$gw_newline"; gw_native=${native}; version=${version}
package_take '${name}'; package_judge; echo "$observed"`);

  it("tells a package from one whose name starts or ends the same", () => {
    assert.deepEqual(
      ["gw", "g", "w", "g++", "ever"].map((name) => take(name)),
      ["installed hold=no", "absent", "absent", "installed hold=yes", "absent"],
    );
  });

  it("tells what is removed, half-installed or waits for triggers", () => {
    assert.deepEqual(
      ["gone", "never", "half", "again", "triggers"].map((name) => take(name)),
      ["absent", "absent", "broken", "broken", "installed hold=no"],
    );
  });

  it("means the package of the machine's own architecture", () => {
    assert.equal(take("both", "amd64", "x"), "installed version=2.0 hold=no");
    assert.equal(take("both", "i386", "x"), "installed version=1.0 hold=no");
    assert.equal(take("gw", "", "x"), "installed version=1.0-1 hold=no");
    assert.equal(take("foreign"), "absent");
  });
});
