import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withLibrary } from "./shellLibrary.ts";

/** A user with data in two homes that were made for it; `steps` run below a folder, whose files are told in the end. */
function homes(steps: string): string {
  return withLibrary(`top=$(mktemp -d); trap 'rm -rf "$top"' EXIT
gw_root=$top/root gw_run=$top/run gw_locks=$top/locks gw_owner=o gw_transaction=$top/root/transactions/o gw_hash=h
gw_key=user:u gw_index='' time_limit=5 gw_purge='' name=u group=u
mkdir -p "$gw_transaction" "$gw_run" "$top/baseline" "$top/update" "$top/home/a/b" "$top/home/c"
: >"$gw_transaction/order"
for f in a/one a/b/two c/three; do echo "$f" >"$top/home/$f"; done
limit() { "$@"; }; accounts_change() { :; }; user_idle() { :; }; parents_trusted() { gw_way_at=\${1%/*}; }
give_back() { capture=$top/baseline; user_restore || echo "not given back"; }
take_back() { capture=$top/update; echo "$capture" >>"$gw_transaction/order"; user_restore || echo "not taken back"; }
home=$top/home/c; echo u >"$top/update/passwd"
${steps}
cd "$top/home" && find . -type f | sort | tr '\\n' ' '`);
}

/** Whichever order the homes came in. */
const baselines = [
  `"$top/home/a" "$top/home/a/b" "$top/home/c"`,
  `"$top/home/c" "$top/home/a/b" "$top/home/a"`,
];

describe("a user with several homes", () => {
  for (const order of baselines) {
    const given = `printf '%s\\n' ${order} >"$top/baseline/homes"; give_back`;

    it(`given back, leaves none of them in its place, listed as ${order}`, () =>
      assert.equal(homes(given), ""));

    it(`has all of them back when the operation fails, listed as ${order}`, () =>
      assert.equal(homes(`${given}; take_back`), "./a/b/two ./a/one ./c/three "));
  }

  const given = `printf '%s\\n' ${baselines[0]} >"$top/baseline/homes"; give_back`;

  it("has the older ones back when the last one was not there", () => {
    const first = `rm -r "$top/home/c"; echo "$home" >"$top/update/homes"`;
    assert.equal(homes(`${first}; ${given}; take_back`), "./a/b/two ./a/one ");
  });

  it("has the others back when something new is in the place of one, and that one is named", () => {
    const said = homes(
      `${given}; mkdir -p "$top/home/c"; : >"$top/home/c/new"; take_back | sed "s|$top||g; s|/root.*: |: |"`,
    );
    assert.equal(
      said,
      "what was in /home/c lies in : something new is in its place\nnot taken back\n./a/b/two ./a/one ./c/new ",
    );
  });

  it("has its home back from what an earlier version noted", () => {
    const earlier = `echo "$top/home/c" >"$top/baseline/homes"; give_back
      cut -f 1 "$gw_transaction/aside-h" >"$top/place"; mv "$top/place" "$gw_transaction/aside-h"; take_back`;
    assert.match(homes(earlier), /\.\/c\/three /);
  });
});

describe("a group of the user's own name that an update made", () => {
  /** What is left of the databases when the first definition is given back under a later one. */
  const left = (group: string) =>
    withLibrary(`top=$(mktemp -d); trap 'rm -rf "$top"' EXIT
gw_root=$top/root gw_hash=h accounts_folder=$top/etc gw_transaction=$top/transaction gw_owner=o name=u home=/nonexistent
mkdir -p "$gw_root/baseline/h" "$accounts_folder" "$top/update" "$gw_transaction"; : >"$gw_transaction/order"
echo ops:x:9: >"$accounts_folder/group"; : >"$accounts_folder/passwd"
capture=$gw_root/baseline/h group=ops; user_capture && : >"$capture/item"
echo u:x:5:9::/nonexistent:/bin/sh >"$accounts_folder/passwd"
for group in u ops; do rm -rf "$top/update"; mkdir "$top/update"; capture=$top/update; user_capture
  [ "$group" = ops ] || echo u:x:5: >>"$accounts_folder/group"; done
capture=$gw_root/baseline/h group=${group}
user_group_leaves && echo leaves || echo stays
rm -f "$capture/own-group"; user_group_leaves && echo leaves || echo stays`);

  it("goes with the user, whatever group a later definition names", () =>
    assert.equal(left("ops"), "leaves\nstays"));
});
