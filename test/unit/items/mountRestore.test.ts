import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withLibrary } from "./shellLibrary.ts";

const noSuid = "tmpfs rw,nosuid,relatime,size=1024k tmpfs";
const noExec = "tmpfs rw,noexec,relatime,size=1024k tmpfs";

/** A restore of a mount below a folder: what it runs on the machine, and what is left of links and unit file. */
interface Restore {
  /** Type, options and source of what was mounted, as findmnt prints them; nothing was where it is empty. */
  readonly before: string;
  readonly now: string;
  /** Exit of umount. */
  readonly umount?: number;
  /** The item's options. */
  readonly options?: string;
  /** Run between capture and restore. */
  readonly change?: string;
  /** Run before the capture. */
  readonly first?: string;
}

function restored({ before, now, umount = 0, options = "", change = ":", first = ":" }: Restore): string[] {
  return withLibrary(`top=$(mktemp -d); trap 'rm -rf "$top"' EXIT
gw_root=$top/root gw_run=$top gw_locks=$top/locks gw_owner=o gw_transaction=$top/transaction gw_hash=h
gw_unit_files=$top/units capture=$top/capture time_limit=5
mkdir -p "$capture" "$gw_transaction" "$gw_unit_files/local-fs.target.wants"; : >"$gw_transaction/order"
where=/srv/x unit=srv-x.mount path=$gw_unit_files/srv-x.mount target=local-fs.target type=tmpfs options='${options}'
echo old >"$path"; ln -s "$path" "$gw_unit_files/local-fs.target.wants/$unit"
live='${before}'
limit() { "$@"; }
findmnt() { case $* in *FSTYPE*) printf '%s\\n' "$live" ;; *) printf '%s\\n' "\${live##* }" ;; esac; }
umount() { echo "umount $*"; return ${umount}; }
mount() { echo "mount $*"; }
systemctl() { case $1 in show) echo loaded ;; *) echo "systemctl $*" ;; esac; }
locked() { case $* in *daemon-reload*) echo reload ;; *) shift && "$@" ;; esac; }
made_again() { mkdir -p "\${1%/*}"; }; made_note() { :; }; made_tidy() { :; }
${first}
mount_capture || echo "no capture"
live='${now}'
echo new >"$path"
${change}
mount_restore && echo "restored" || echo "failed $?"
echo "unit: $(cat "$path")"
cd "$gw_unit_files" && find ./*.wants -type l`).split("\n");
}

const link = "./local-fs.target.wants/srv-x.mount";

describe("the restore of a mount", () => {
  it("changes options back in place, without those that came later, and unmounts nothing", () =>
    assert.deepEqual(restored({ before: noSuid, now: noExec, umount: 32 }), [
      "reload",
      `mount -t tmpfs -o remount,suid,dev,exec,async,diratime,rw,nosuid,relatime,size=1024k -- tmpfs /srv/x`,
      "restored",
      "unit: old",
      link,
    ]));

  it("gives times of access back as they were, where no option names them", () => {
    const [, mounted] = restored({ before: "ext4 rw /dev/vdb", now: "ext4 rw,noatime /dev/vdb" });
    assert.match(mounted ?? "", /diratime,strictatime,rw -- \/dev\/vdb \/srv\/x$/);
  });

  it("changes of what is bound its own options alone", () => {
    const bound = { before: "ext4 rw,relatime /dev/sda1[/opt]", now: "ext4 ro,relatime /dev/sda1[/opt]" };
    assert.match(restored(bound)[1] ?? "", / -o remount,bind,suid/);
    const whole = {
      before: "ext4 rw,relatime /dev/sdb",
      now: "ext4 ro,relatime /dev/sdb",
      options: "bind,ro",
    };
    assert.match(restored(whole)[1] ?? "", / -o remount,bind,suid/);
  });

  it("puts unit file and link back when what took its place is in use, and says that", () =>
    assert.deepEqual(
      restored({
        before: noSuid,
        now: "ext4 rw /dev/vdb",
        umount: 32,
        change: 'rm "$gw_unit_files"/*.wants/*',
      }),
      ["umount -- /srv/x", "reload", "failed 32", "unit: old", link],
    ));

  it("mounts again by its unit what another one took the place of", () =>
    assert.deepEqual(restored({ before: noSuid, now: "ext4 rw /dev/vdb" }), [
      "umount -- /srv/x",
      "reload",
      "systemctl start -- srv-x.mount",
      "restored",
      "unit: old",
      link,
    ]));

  it("leaves what is as it was alone, and unmounts what was not there", () => {
    assert.deepEqual(restored({ before: noSuid, now: noSuid }), ["reload", "restored", "unit: old", link]);
    assert.deepEqual(restored({ before: "", now: noSuid }), [
      "umount -- /srv/x",
      "reload",
      "restored",
      "unit: old",
      link,
    ]);
  });
});

const toRemote =
  'target=remote-fs.target; data() { echo new; }; file_apply() { data >"$path"; }; mount_apply';

describe("a mount that comes to belong to the network", () => {
  it("is wanted by the one target alone, and by the former one alone when it is given back", () => {
    const said = restored({
      before: noSuid,
      now: noSuid,
      options: "nosuid",
      change: `${toRemote}; (cd "$gw_unit_files" && find ./*.wants -type l)`,
    });
    assert.deepEqual(
      said.filter((line) => /wants/.test(line)),
      [link.replace("local", "remote"), link],
    );
  });

  it("leaves no link when it had none, whichever definition gives it back", () => {
    const first = 'rm "$gw_unit_files"/*.wants/*';
    const change = `mkdir -p "$gw_unit_files/remote-fs.target.wants"
      for t in local remote; do ln -s "$path" "$gw_unit_files/$t-fs.target.wants/$unit"; done; target=remote-fs.target`;
    assert.deepEqual(
      restored({ before: noSuid, now: noSuid, first, change }).filter((line) => /wants/.test(line)),
      [],
    );
  });

  it("is not as desired while the other target wants it, too", () => {
    const seen = (target: string) =>
      withLibrary(`top=$(mktemp -d); trap 'rm -rf "$top"' EXIT
gw_unit_files=$top unit=srv-x.mount target=${target} path=$top/none; mkdir "$top/local-fs.target.wants"
ln -s "$path" "$top/local-fs.target.wants/$unit"
mount_live() { return 1; }
mount_observe; echo "$observed"`);
    assert.equal(seen("local-fs.target"), "mounted=unknown boot=yes absent");
    assert.equal(seen("remote-fs.target"), "mounted=unknown boot=local-fs.target absent");
  });

  it("is given back from a capture of an earlier version, which knows its own link", () => {
    const change =
      'mv "$capture/links/local-fs.target" "$capture/link" && rm -r "$capture/links" "$gw_unit_files"/*.wants/*';
    assert.equal(restored({ before: noSuid, now: noSuid, change }).at(-1), link);
  });
});
