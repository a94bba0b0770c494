import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SysctlItem } from "../../../provider/index.ts";
import { FolderMachine } from "./folderMachine.ts";
import { withLibrary } from "./shellLibrary.ts";

describe("the places of a kernel setting", () => {
  const places = (name: string): string[] =>
    withLibrary(`sysctl_paths '${name}'; printf '%s\\n' "$gw_proc" "$gw_dropin"`).split("\n");

  it("are its file below /proc/sys and its drop-in", () => {
    assert.deepEqual(places("net.ipv4.ip_forward"), [
      "/proc/sys/net/ipv4/ip_forward",
      "/etc/sysctl.d/99-zz-groundwork-net.ipv4.ip_forward.conf",
    ]);
  });

  it("have a dot for each slash of an interface's name", () => {
    assert.deepEqual(places("net.ipv4.conf.eth0/100/200.forwarding"), [
      "/proc/sys/net/ipv4/conf/eth0.100.200/forwarding",
      "/etc/sysctl.d/99-zz-groundwork-net.ipv4.conf.eth0_100_200.forwarding.conf",
    ]);
  });
});

describe("a setting that this kernel does not have", () => {
  it("is refused by its name, and nothing is written for the next boot", async () => {
    const machine = new FolderMachine();
    try {
      const item: SysctlItem = { kind: "sysctl", name: "net.ipv4.no_such_setting", value: "1" };
      const written = 'put_in_place() { echo "written $*"; }\nmv() { echo "moved $*"; }\n';
      assert.equal(
        await machine.run([item], `see; ${written}bring`),
        "unknown\nthis kernel has no setting net.ipv4.no_such_setting: see its name, and that its module is loaded\napply failed",
      );
    } finally {
      machine.close();
    }
  });
});

describe("forwarding, which the kernel has under two names", () => {
  for (const name of ["net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"])
    it(`leaves every accept_redirects as it is when it is set by ${name}`, () => {
      // A kernel that sets them anew as soon as forwarding is written.
      const said = withLibrary(`gw_run=$(mktemp -d) && gw_sysctls=$gw_run/sys && trap 'rm -rf "$gw_run"' EXIT
        mkdir -p "$gw_sysctls/net/ipv4/conf/all" "$gw_sysctls/net/ipv4/conf/eth0"
        echo 1 >"$gw_sysctls/net/ipv4/conf/all/accept_redirects"
        echo 0 >"$gw_sysctls/net/ipv4/conf/eth0/accept_redirects"
        name=${name} && sysctl_paths "$name"
        printf() {
          command printf "$@"
          [ "$2" != yes ] || for each in all eth0; do
            echo 9 >"$gw_sysctls/net/ipv4/conf/$each/accept_redirects"
          done
        }
        sysctl_write yes
        cat "$gw_proc" "$gw_sysctls/net/ipv4/conf/all/accept_redirects" "$gw_sysctls/net/ipv4/conf/eth0/accept_redirects"`);
      assert.equal(said, "yes\n1\n0");
    });
});
