import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withLibrary } from "./shellLibrary.ts";

/** Runs steps of an item's kind with a baseline of its own; `step` captures for an update. */
function run(script: string): string {
  return withLibrary(`top=$(mktemp -d); trap 'rm -rf "$top"' EXIT
gw_root=$top/root gw_run=$top gw_locks=$top/locks gw_owner=o gw_transaction=$top/transaction gw_hash=h gw_key=k
gw_looked=$gw_newline time_limit=20 gw_index=1
baseline=$gw_root/baseline/h update=$gw_transaction/items/h
mkdir -p "$baseline" "$update"; : >"$gw_transaction/order"
limit() { "$@"; }
# Captures for the first time, and for an update.
first() { capture=$baseline; "$1" && : >"$baseline/item"; }
again() { capture=$update; "$1"; }
back() { capture=$baseline; "$1"; }
${script}`);
}

describe("a baseline that a later definition gives back", () => {
  /** Three parameters of a module, of which the first definition sets `a` and the second one `b`. */
  const module = (then: string) =>
    run(`kernelModule_paths() { gw_module=$top/module gw_load=$top/load gw_options=$top/options; }
kernelModule_loaded() { :; }
name=m; mkdir -p "$top/module/parameters"; for p in a b c; do echo 0 >"$top/module/parameters/$p"; done
parameters=a=1; first kernelModule_capture; kernelModule_set "$parameters"
parameters=b=2; again kernelModule_capture; kernelModule_set "$parameters"
echo 7 >"$top/module/parameters/c"
${then}
cd "$top/module/parameters" && cat a b c | tr '\\n' ' '`);

  it("has the values of all parameters of a module that were ever set, and of no others", () =>
    assert.equal(module("back kernelModule_restore"), "0 0 7 "));

  it("keeps the first value of a parameter that is set once more", () =>
    assert.equal(
      module("parameters=b=3; again kernelModule_capture; kernelModule_set b=3; back kernelModule_restore"),
      "0 0 7 ",
    ));

  /** A package at version 1; `steps` are runs with a wanted version each; what apt is asked for in the end. */
  const package_ = (...versions: string[]) =>
    run(`name=p hold=no state=1
package_look() { :; }
package_take() { gw_state=installed gw_version=$state gw_held=no; }
package_tool() { [ "$*" = "apt-mark auto -- p" ] && echo automatic; }
package_apt() { shift 3; printf '%s\\n' "$*" | sed "s|$top||g"; }
limit() { case "$*" in *showauto*) echo p ;; *download*) : >"p_\${*##*=}_all.deb" ;; *) "$@" ;; esac; }
change() {
  eval "gw_package_first_1='installed $state no'"
  version=$2; "$1" package_capture; state=\${2:-$state}
}
change first '${versions[0]}'
for v in ${versions
      .slice(1)
      .map((version) => `'${version}'`)
      .join(" ")}; do rm -rf "$update"; mkdir "$update"; change again "$v"; done
rm -rf "$update"
package_settle() { :; }; back package_restore`).split("\n");

  it("has the archive of a package whose version only an update came to name", () =>
    assert.deepEqual(package_("", "2"), ["-- /root/baseline/h/p_1_all.deb", "automatic"]));

  it("brings the old version of a package back though an update named none any more", () =>
    assert.deepEqual(package_("2", ""), ["-- /root/baseline/h/p_1_all.deb", "automatic"]));

  it("leaves the version of a package alone that no definition named", () =>
    assert.deepEqual(package_("", ""), [""]));

  /** What a later definition, which is a tree or a file, leaves at the path of a download. */
  const download = (kind: string, member: string, there: string) =>
    run(`path=$top/program sha256=s
parents_trusted() { gw_way_at=\${1%/*}; }
${kind === "tree" ? 'mkdir "$path"; echo old >"$path/file"; member=/0' : "echo old >\"$path\"; member=''"}
first download_capture
rm -rf "$path"; ${there}
member='${member}'; back download_restore || echo failed
find "$path" -type f -printf '%P ' -exec cat {} +`);

  it("puts a file back where a tree came in its place, and a tree where a file came", () => {
    assert.equal(download("file", "/1", 'mkdir "$path"; echo new >"$path/other"'), " old");
    assert.equal(download("tree", "", 'echo new >"$path"'), "file old");
  });

  it("deletes the device of a network item that left devices alone in the end", () => {
    const said = run(`gw_networks=$top/networks name=n device=''
mkdir "$gw_networks"; ip() { :; }; made_note() { :; }; made_tidy() { :; }
network_running() { false; }; network_links() { gw_links=''; }; network_obsolete() { echo "live=$live"; }
live=yes; first network_capture; live=''; again network_capture
back network_restore; live=''; rm "$baseline/live"; back network_restore`);
    assert.equal(said, "live=yes\nlive=");
  });
});

describe("a source of packages that apt says nothing about", () => {
  it("has its old file back all the same", () => {
    const said = run(`name=x; package_lists_old() { false; }; gw_lists=$top/lists
aptSource_own_lists() { return 124; }
file_restore() { echo "restored $path"; }
capture=$baseline
aptSource_restore; echo "exit $?"`);
    assert.equal(said, "restored /etc/apt/sources.list.d/x.sources\nexit 124");
  });
});
