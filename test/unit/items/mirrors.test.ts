import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { quote } from "../../../provider/engine/shell.ts";
import { withLibrary } from "./shellLibrary.ts";

/** A network in which addresses answer as they are called; what was asked goes to a file. */
const network = `
curl() {
  gw_last=$(sed 's/^url = "\\(.*\\)"$/\\1/')
  echo "$gw_last" >>"$gw_log"
  case $gw_last in
    *silent*) printf 000; return 28 ;;
    *missing*) printf 404; return 22 ;;
    *ignores-ranges*) printf 200; return 63 ;;
    *) printf 206 ;;
  esac
}`;

/** For each list of addresses whether one of them gives its file, and which were asked. */
function ask(...lists: string[][]): { given: string; asked: string[] } {
  const calls = lists.map((urls) => `mirror_among '${urls.join("\n")}' && printf y || printf n`);
  const [given = "", ...asked] = withLibrary(`${network}
gw_log=$(mktemp) gw_answering=$gw_newline gw_silent=$gw_newline
${calls.join("\n")}
echo; cat "$gw_log"; rm -f "$gw_log"`).split("\n");
  return { given, asked };
}

describe("the mirrors of a machine", () => {
  it("are asked until one gives the file", () => {
    assert.deepEqual(ask(["http://silent/a", "http://b/missing", "http://c/a", "http://d/a"]), {
      given: "y",
      asked: ["http://silent/a", "http://b/missing", "http://c/a"],
    });
    assert.equal(ask(["http://silent/a", "http://b/missing"]).given, "n");
    assert.equal(ask(["http://ignores-ranges/a"]).given, "y");
  });

  it("are asked no more once they gave a file, or were silent", () => {
    assert.deepEqual(
      ask(["http://a:1/x"], ["http://a:1/y?z"], ["http://silent/x"], ["http://silent/y"], ["https://a:1/x"]),
      { given: "yynny", asked: ["http://a:1/x", "http://silent/x", "https://a:1/x"] },
    );
  });

  it("may give one file and not another", () => {
    assert.equal(ask(["http://a/missing"], ["http://a/missing/b"], ["http://a/b"]).given, "nny");
  });

  it("are not one host because their names begin alike, nor by what looks like a pattern", () => {
    const { given, asked } = ask(
      ["http://silent.example/a"],
      ["http://silent/a"],
      ["http://*/a"],
      ["http://b/a"],
    );
    assert.equal(given, "nnyy");
    assert.equal(asked.length, 4);
  });
});

describe("a download", () => {
  it("names no more of an address that serves other bytes than its scheme and host", () => {
    const asked = (address: string): string =>
      withLibrary(`gw_run=$(mktemp -d) && trap 'rm -rf "$gw_run"' EXIT
gw_cached=$gw_run/bytes sha256=0 time_limit=9
limit() { cat >/dev/null; echo other >"$gw_cached.partial"; printf 200; }
download_from ${quote(address)} || :`);
    const digest = createHash("sha256").update("other\n").digest("hex");
    for (const [address, named] of [
      ["https://ann:hu@sh@example.org:8443/hush/f@x?token=hush#hush", "https://example.org:8443"],
      ["http://[fd00::1]?token=hush@x", "http://[fd00::1]"],
      ["http://example.org", "http://example.org"],
    ] as const)
      assert.equal(asked(address), `${named} serves other bytes, with sha256 ${digest}`);
  });

  it("takes the very member of an archive that is named, whatever tar could take its name for", () => {
    const names = ["a\\tb", "c\\\\d", "*", "[e]", "-x", "f g", "é\\n", "$(id)"];
    const said = withLibrary(`folder=$(mktemp -d) && cd "$folder" || exit 1
gw_cached=$folder/archive time_limit=9
for name in ${names.map(quote).join(" ")}; do printf '%s' "of $name" >"./$name"; done
printf x >e; printf x >zz
tar -cf archive --sort=name .
for name in ${names.map(quote).join(" ")}; do download_member "./$name" && echo; done
rm -rf "$folder"`);
    assert.deepEqual(
      said.split("\n"),
      names.map((name) => `of ${name}`),
    );
  });

  const needs = (observed: string, member = "", script = ""): string =>
    withLibrary(`gw_root=$(mktemp -d) sha256=abc member='${member}' observed='${observed}'
${script}
download_needs_bytes && echo needs || echo has
rm -r "$gw_root"`);

  it("needs no bytes when they are in place, whatever their mode, or wait for it", () => {
    assert.equal(needs("source=abc mode=0600 intact=yes"), "has");
    assert.equal(needs("source=abc#bin/x mode=0755 intact=yes", "bin/x"), "has");
    assert.equal(
      needs("absent", "", 'mkdir "$gw_root/downloads"; : >"$gw_root/downloads/sent-abc-$gw_owner"'),
      "has",
    );
  });

  it("needs them when there is nothing, something else, or what somebody changed", () => {
    for (const observed of [
      "absent",
      "symlink",
      "source=def mode=0755 intact=yes",
      "source=abc mode=0755 intact=no",
    ])
      assert.equal(needs(observed), "needs", observed);
    assert.equal(needs("source=abc#bin/x mode=0755 intact=yes"), "needs");
    assert.equal(
      needs("absent", "", 'mkdir "$gw_root/downloads"; : >"$gw_root/downloads/abc.part"'),
      "needs",
    );
  });
});
