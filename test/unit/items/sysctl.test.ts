import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
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
      "/etc/sysctl.d/99-zz-groundwork-net.ipv4.conf.eth0:100:200.forwarding.conf",
    ]);
  });

  it("are another drop-in for every name", () => {
    const names = ["eth0/1", "eth0_1", "eth0-1", "eth0_/1", "eth0/_1", "eth0//1", "eth0__1"];
    const dropIns = names.map((name) => places(`net.ipv4.conf.${name}.forwarding`)[1]);
    assert.equal(new Set(dropIns).size, names.length);
  });
});

describe("the drop-in of a name with slashes", () => {
  const item: SysctlItem = { kind: "sysctl", name: "net.ipv4.conf.eth0/1.forwarding", value: "1" };
  const present = "99-zz-groundwork-net.ipv4.conf.eth0:1.forwarding.conf";
  const former = "99-zz-groundwork-net.ipv4.conf.eth0_1.forwarding.conf";
  const ours = `${item.name} = 1\n`;

  /** What lies in the folder of drop-ins after a script, on a machine that had `before` at the former place. */
  const after = async (before: string, script: string): Promise<Record<string, string>> => {
    const machine = new FolderMachine();
    try {
      const folder = machine.path("sysctl.d");
      machine.made(`mkdir sysctl.d sys && mkdir -p sys/net/ipv4/conf/eth0.1`);
      machine.made(`echo 0 >sys/net/ipv4/conf/eth0.1/forwarding`);
      if (before !== "") machine.made(`printf '%s' '${before}' >sysctl.d/${former}`);
      const said = await machine.run([item], `gw_sysctls=$PWD/sys gw_dropins=$PWD/sysctl.d; ${script}`);
      assert.equal(said, "");
      return Object.fromEntries(
        readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, "utf8")]),
      );
    } finally {
      machine.close();
    }
  };

  it("moves to its present place at the next change, and back when that is taken back", async () => {
    assert.deepEqual(await after(ours, "take 1; bring"), { [present]: ours });
    assert.deepEqual(await after(ours, "take 1; bring; give_back 1"), { [former]: ours });
  });

  it("is as wanted at its former place", async () => {
    const see = 'echo 1 >"$gw_sysctls/net/ipv4/conf/eth0.1/forwarding"; [ "$(see)" = "$gw_desired" ] || see';
    assert.deepEqual(await after(ours, see), { [former]: ours });
  });

  it("goes from its former place with the item, whose baseline an earlier version captured", async () => {
    const captured = "mkdir capture-1 && echo 0 >capture-1/value";
    assert.deepEqual(await after(ours, `${captured}; give_back 1`), {});
  });

  it("never touches the file of the name that its former place belongs to", async () => {
    const other = "net.ipv4.conf.eth0_1.forwarding = 1\n";
    assert.deepEqual(await after(other, "take 1; bring"), { [former]: other, [present]: ours });
    assert.deepEqual(await after(other, "take 1; bring; give_back 1"), { [former]: other });
  });
});

describe("a setting that cannot be written", () => {
  const item: SysctlItem = { kind: "sysctl", name: "net.ipv4.tcp_rmem", value: "4096 1 2" };

  /** What is said and seen where the kernel shows `live` for good. */
  const said = async (live: string, script: string): Promise<string> => {
    const machine = new FolderMachine();
    try {
      machine.made(`mkdir -p sys/net/ipv4 sysctl.d; printf '${live}\\n' >sys/net/ipv4/tcp_rmem`);
      machine.made("chmod 444 sys/net/ipv4/tcp_rmem");
      return await machine.run([item], `gw_sysctls=$PWD/sys gw_dropins=$PWD/sysctl.d; exec 2>&1; ${script}`);
    } finally {
      machine.close();
    }
  };

  it("is brought about for the next boot, and taken back, where it is in effect already", async () => {
    assert.equal(
      await said("4096\\t1\\t2", "take 1; bring; see; give_back 1; see"),
      "value=4096 1 2 boot=4096 1 2\nvalue=4096 1 2 boot=none",
    );
  });

  it("is not brought about where another value is in effect", async () => {
    assert.match(await said("4096\\t1\\t3", "bring"), /tcp_rmem: Permission denied\napply failed$/);
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
