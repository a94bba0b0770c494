import assert from "node:assert/strict";
import { describe, it } from "node:test";
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
