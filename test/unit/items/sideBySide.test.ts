import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quote } from "../../../provider/engine/shell.ts";
import { withLibrary } from "./shellLibrary.ts";

/**
 * What a script prints that has a folder `$top` for a machine, with programs of its own in `$top/bin`. Two streams are
 * two of its shells: what the first one does is slowed down, the second one comes in between.
 */
const said = (script: string): string =>
  withLibrary(`top=$(mktemp -d) && trap 'command rm -rf "$top"' EXIT && cd "$top"
gw_root=$top/root gw_run=$top/run gw_locks=$top/locks gw_owner=o gw_transaction=$top/transaction gw_hash=h gw_key=k
time_limit=20 capture=$top/capture PATH=$top/bin:$PATH
mkdir -p "$gw_root" "$gw_run" "$gw_locks" "$gw_transaction" "$capture" "$top/bin"
program() { printf '#!/bin/sh\\n%s\\n' "$2" >"$top/bin/$1"; chmod +x "$top/bin/$1"; hash -r; }
${script}`);

describe("forwarding and the redirects that an interface accepts", () => {
  // A kernel that sets every accept_redirects anew as soon as forwarding is written.
  const forwarding = `gw_sysctls=$top/sys && mkdir -p "$gw_sysctls/net/ipv4/conf/eth0" run2
    gw_redirects=$gw_sysctls/net/ipv4/conf/eth0/accept_redirects; echo 1 >"$gw_redirects"
    printf() { command printf "$@"; [ "$2" != yes ] || { echo 9 >"$gw_redirects"; sleep 0.8; }; }
    { sysctl_paths net.ipv4.ip_forward; sysctl_write yes; } &
    sleep 0.3; gw_run=$top/run2 gw_dropins=$top name=net.ipv4.conf.eth0.accept_redirects; sysctl_paths "$name"`;

  it("change one after the other: none is put back over what came in between", () => {
    assert.equal(said(`${forwarding}; sysctl_write 0; wait; cat "$gw_redirects"`), "0");
  });

  it("are not looked at while the kernel has its own value there", () => {
    const alone = "sysctl_observe; echo $observed";
    const many = `item_1() { :; }; remember() { echo "$2"; }; sysctl_observe_many 1`;
    assert.equal(said(`${forwarding}; ${alone}; wait`), "value=1 boot=none");
    assert.equal(said(`${forwarding}; ${many}; wait`), "value=1 boot=none");
  });
});

describe("two keys of one user", () => {
  it("are both there when they are brought about at once", () => {
    const keys = said(`program setpriv 'shift 3; exec "$@"'
      printf '%s\\n' 'package Slow; use IO::Handle; no warnings; my $sync = \\&IO::Handle::sync;' \\
        '*IO::Handle::sync = sub { select undef, undef, undef, 0.8; $sync->(@_) }; 1;' >Slow.pm
      export PERL5OPT="-I$top -MSlow"; mkdir -m 700 home home/.ssh; observed=absent
      authorizedKey_home() { gw_uid=$(id -u) gw_gid=$(id -g) gw_home=$top/home gw_file=$top/home/.ssh/authorized_keys; }
      { gw_owner=a key='ssh-rsa AAAA' line='ssh-rsa AAAA a'; authorizedKey_apply; } &
      sleep 0.3; key='ssh-rsa BBBB' line='ssh-rsa BBBB b'; authorizedKey_apply; wait; cat home/.ssh/authorized_keys`);
    assert.equal(keys, "ssh-rsa AAAA a\nssh-rsa BBBB b");
  });
});

describe("a group that is given back", () => {
  it("stays where a user took it as its own while its turn was waited for", () => {
    const left = said(`accounts_folder=$top name=team; : >capture/group; : >capture/gshadow
      printf '%s\\n' 'root:x:0:' 'team:x:500:' >group; : >gshadow; : >passwd; : >shadow
      accounts_lock() { echo 'dave:x:500:500::/:/bin/sh' >>passwd; }
      group_restore; cat group`);
    assert.equal(left, "root:x:0:\nteam:x:500:");
  });
});

describe("the firewall's table beside openings that come and go", () => {
  const element = (port: number) => `add element inet groundwork tcp_any { ${port} }`;
  const listing = (ports: string) =>
    `table inet groundwork {\n\tset tcp_any {\n\t\ttype inet_service\n\t\telements = { ${ports} }\n\t}\n}\n`;

  it("is as it was loaded while one goes", () => {
    const seen = said(`gw_firewall=$top; printf %s ${quote(listing("22, 4444"))} >live
      printf '%s\\n' '${element(22)}' '${element(4444)}' >firewall.elements.nft
      firewall_nft() { case $* in *--terse*) echo table ;; *) cat live; sleep 0.8 ;; esac; }
      firewallTable_listing >"$gw_root/firewall.listing"
      closes() { echo '${element(22)}' >firewall.elements.nft; }
      { sleep 0.3; firewall_locked closes; } &
      firewallTable_observe; echo "$observed"; wait`);
    assert.equal(seen, "sha256=none live=as-loaded");
  });

  it("is put back with those of today, and with what somebody had opened by hand", () => {
    const loaded = said(`gw_firewall=$top; mkdir firewall.d; printf '%s\\n' '${element(22)}' >firewall.d/a.nft
      printf '%s\\n' '${element(4444)}' >firewall.d/b.nft; firewall_elements; gw_listed=${quote(listing("22, 23, 4444"))}
      made_again() { :; }; copy_in_place() { cp "$1" "$2"; }
      echo old >firewall.nft; echo old >firewall.table.nft; observed='live=changed'
      firewall_nft() { case $* in -f*) cat "$2" ;; *) printf %s "$gw_listed" ;; esac; }
      command() { case $* in '-v nft') ;; *) "$@" ;; esac; }
      firewallTable_capture; rm firewall.d/b.nft; printf '%s\\n' '${element(5555)}' >firewall.d/c.nft
      firewallTable_restore`);
    assert.match(loaded, /flush set inet groundwork tcp_any\n[^\n]*$/);
    const ports = /\{ (.*) \}$/.exec(loaded)?.[1]?.split(", ").map(Number);
    assert.deepEqual(
      ports?.toSorted((a, b) => a - b),
      [22, 23, 5555],
    );
  });
});

describe("trusted certificates", () => {
  it("do not go while the list of them is being read", () => {
    const errors = said(`mkdir local certs; gw_trusted=$top/certs; touch local/one local/two
      program update-ca-certificates "ls $top/local >$top/list; sleep 0.8; for each in \\$(cat $top/list); do cat $top/local/\\$each; done 2>&1"
      file_apply() { :; }; file_restore() { rm -f "$path"; }
      { path=$top/local/one name=one; trustedCertificate_apply; } &
      sleep 0.3; path=$top/local/two; trustedCertificate_restore; wait; ls local`);
    assert.equal(errors, "one");
  });
});

describe("two folders of one name that are set aside at the same time", () => {
  it("are each found again", () => {
    const found = said(`mkdir -p a/data b/data; echo a >a/data/file; echo b >b/data/file; gw_purge=''
      date() { echo now; }; in_folder() { (cd "\${1%/*}" && shift && "$@"); }; sync() { sleep 0.8; }
      { path=$top/a/data gw_hash=one; stateDirectory_set_aside; } &
      sleep 0.3; path=$top/b/data gw_hash=two; stateDirectory_set_aside; wait
      for each in one two; do cat "$(cut -f 1 "$gw_transaction/aside-$each")/file"; done`);
    assert.equal(found, "a\nb");
  });
});

describe("a certificate that took its place", () => {
  it("leaves the folder where another one's key is about to be put", () => {
    assert.equal(
      said(`mkdir "$gw_root/pending"; gw_pending=$gw_root/pending/h.key; certificate_settled; ls "$gw_root"`),
      "pending",
    );
  });
});

describe("sources of packages", () => {
  it("are fetched and put into their places with no other run of apt in between", () => {
    const order = said(`package_lists_old() { return 1; }; gw_lists=$top/lists; mkdir run2
      brings() { package_tool echo fetched; sleep 0.8; echo placed; }
      { aptSource_beside brings; } &
      sleep 0.3; gw_run=$top/run2; package_tool echo swept; wait`);
    assert.equal(order, "fetched\nplaced\nswept");
  });

  it("keep their lists when another stream fetches those that it knows", () => {
    assert.match(
      said(`package_tool() { echo "$*"; }; package_update`),
      / update -o APT::Get::List-Cleanup=0$/,
    );
  });
});

describe("a unit that a target is to want", () => {
  it("is linked though the last other link of the target goes at this moment", () => {
    const link = said(`gw_unit_files=$top/units unit=b.mount path=/b
      mount_link() { gw_link=$top/units/a.target.wants/b.mount; }
      program mkdir '/bin/mkdir "$@"; case $* in *wants*) sleep 0.8 ;; esac'
      file_apply() { :; }; systemd_reload() { return 1; }
      { sleep 0.3; locked systemd rmdir units/a.target.wants 2>/dev/null; } &
      mount_apply; wait; readlink units/a.target.wants/b.mount`);
    assert.equal(link, "/b");
  });
});

describe("networkd", () => {
  it("is not asked while another stream starts it anew", () => {
    const seen = said(`gw_networks=$top name=n live=yes device=''; mkdir run2
      network_running() { [ ! -e down ]; }
      network_reload() { : >down; sleep 0.8; rm down; }
      for each in obsolete again settled unmanaged links; do eval "network_$each() { gw_links=''; }"; done
      { network_restore; } &
      sleep 0.3; gw_run=$top/run2; network_observe; echo "$observed"; wait`);
    assert.match(seen, /live=yes$/);
  });
});

describe("the configuration of GRUB", () => {
  it("is made although another stream, whose own one failed, clears up", () => {
    const made = said(`mkdir grub; gw_grub=$top/grub/grub.cfg
      program grub-mkconfig '[ -z "$FAILS" ] || exit 1; echo made >"$2"; sleep 1'
      { rm() { sleep 0.8; command rm "$@"; }; export FAILS=yes; kernelParameter_generate; } &
      sleep 0.3; kernelParameter_generate; wait; cat grub/grub.cfg`);
    assert.equal(made, "made");
  });
});
