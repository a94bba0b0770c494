import assert from "node:assert/strict";
import { after, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, Stream, type Subject } from "./subject.ts";

const bridge = (more = ""): string => `[NetDev]\nName=gw0\nKind=bridge\n${more}`;
const settings = (address: string, more = ""): string =>
  `[Match]\nName=gw0\n\n[Network]\nAddress=${address}\nConfigureWithoutCarrier=yes\n${more}`;
const item = (more: object): Item => ({ kind: "network", name: "60-gw-try", ...more });
const hardware = "02:00:00:00:00:07";

/** Kind network, on devices of the tests' own beside the one that the login comes through. */
export function networkTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  /** Files, devices, addresses and routes. */
  const seen = () =>
    inside(`cd /etc/systemd/network && stat -c '%n %a %U:%G' . * && cat * 2>/dev/null; ls /sys/class/net
      ip -o address show scope global | sed 's/\\\\.*//'; ip route; ip -6 route | grep -v '^fe80'
      ls -d /var/lib/groundwork 2>/dev/null || :`);
  const addresses = (name: string) =>
    inside(`ip -o address show dev ${name} scope global | awk '{ print $4 }' || :`);

  after(() => inside("for link in gw0-up gw0 gw1; do ip link delete $link 2>/dev/null || :; done"));

  it("makes a device with its address, and takes both away", async () => {
    await cycle(subject(), [item({ netdev: bridge(), network: settings("10.99.0.1/24") })], seen);
  });

  it("configures anew the link that a change is about, and no other", async () => {
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring([item({ netdev: bridge(), network: settings("10.99.0.1/24") })]);
    const index = await inside("cat /sys/class/net/gw0/ifindex");
    await inside("journalctl --rotate -q; journalctl --vacuum-time=1s -q; true");
    await stream.bring([item({ netdev: bridge(), network: settings("10.99.0.2/24") })]);
    assert.equal(await addresses("gw0"), "10.99.0.2/24");
    assert.equal(await inside("cat /sys/class/net/gw0/ifindex"), index);
    assert.doesNotMatch(await inside("journalctl -q -b -u systemd-networkd --no-pager"), /host0/);
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("makes a device anew whose settings changed, and what stands on another one with it", async () => {
    const stream = new Stream(subject());
    const upper = (mode: string): Item => ({
      kind: "network",
      name: "50-gw-upper",
      netdev: `[NetDev]\nName=gw0-up\nKind=macvlan\n[MACVLAN]\nMode=${mode}\n`,
      network: "[Match]\nName=gw0-up\n\n[Network]\nAddress=10.99.7.1/24\nConfigureWithoutCarrier=yes\n",
    });
    const items = (mode: string, more = ""): Item[] => [
      upper(mode),
      item({ netdev: bridge(more), network: settings("10.99.0.1/24", "MACVLAN=gw0-up\n") }),
    ];
    const modeOf = () => inside("ip -d link show gw0-up | grep -o 'macvlan mode [a-z]*'");
    const before = await seen();
    await stream.bring(items("private"));
    assert.equal(await modeOf(), "macvlan mode private");
    await stream.bring(items("bridge"));
    assert.equal(await modeOf(), "macvlan mode bridge");
    assert.equal(await addresses("gw0-up"), "10.99.7.1/24");
    await stream.bring(items("bridge", `MACAddress=${hardware}\n`));
    assert.equal(await inside("cat /sys/class/net/gw0/address"), hardware);
    assert.equal(await modeOf(), "macvlan mode bridge");
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("refuses what networkd would pass over, with its line, before anything changes", async () => {
    const before = await seen();
    for (const [wrong, words] of [
      [
        { network: settings("10.99.0.1/24", "Adress=10.99.0.2/24\n") },
        /60-gw-try\.network:7: Unknown key 'Adress'/,
      ],
      [{ network: settings("10.99.0.300/24") }, /60-gw-try\.network:5: .*10\.99\.0\.300\/24/],
      [{ netdev: "[NetDev]\nName=gw0\nKind=brigde\n" }, /60-gw-try\.netdev:3: Failed to parse netdev kind/],
      [{ network: settings("10.99.0.1/24", "VLAN=nobody\n") }, /nobody NetDev could not be found/],
    ] as const) {
      const report = await new Stream(subject()).apply([item(wrong)]);
      assert.equal(report.outcome, "restored");
      assert.match(report.failed?.text ?? "", words);
      assert.equal(await seen(), before);
    }
  });

  it("names a file that somebody changed, a device that is gone, and a networkd that stands still", async () => {
    const stream = new Stream(subject());
    const items = [item({ netdev: bridge(), network: settings("10.99.0.1/24") })];
    await stream.bring(items);
    const observed = async () => (await stream.read(items)).differs.map((differ) => differ.observed).join();
    const changes: [change: string, seen: RegExp][] = [
      ["echo >>/etc/systemd/network/60-gw-try.network", /^network=[0-9a-f]{64} .*live=yes$/],
      ["chmod 644 /etc/systemd/network/60-gw-try.netdev", / netdev=644_root:systemd-network .*live=yes$/],
      ["ip link delete gw0", / live=no-gw0$/],
    ];
    for (const [change, words] of changes) {
      await inside(change);
      assert.match(await observed(), words, change);
      await stream.bring(items);
      assert.equal(await addresses("gw0"), "10.99.0.1/24");
    }
    await inside("systemctl stop -q systemd-networkd.socket systemd-networkd.service");
    assert.match(await observed(), / live=off$/);
    const report = await stream.apply([item({ netdev: bridge(), network: settings("10.99.0.9/24") })]);
    assert.equal(report.outcome, "restored");
    const codes = report.errors.map((error) => error.code);
    assert.deepEqual(codes, ["GW314"]);
    await inside("systemctl start -q systemd-networkd.service");
    await stream.giveBack();
  });

  it("writes files for later without touching what is", async () => {
    await inside("systemctl stop -q systemd-networkd.socket systemd-networkd.service");
    await cycle(
      subject(),
      [item({ netdev: bridge(), network: settings("10.99.0.1/24"), live: false })],
      seen,
    );
    await inside("systemctl start -q systemd-networkd.service");
  });

  it("gives a link that was set up by hand its addresses and routes back", async () => {
    await inside(`ip link add gw1 type bridge; ip link set gw1 up; ip address add 10.98.0.5/24 brd + dev gw1
      ip address add fd98::5/64 dev gw1 nodad; ip route add 10.97.0.0/16 via 10.98.0.1 dev gw1; sleep 0.5`);
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring([
      item({
        network: "[Match]\nName=gw1\n\n[Network]\nAddress=10.98.1.5/24\nConfigureWithoutCarrier=yes\n",
      }),
    ]);
    assert.equal(await addresses("gw1"), "10.98.1.5/24");
    await stream.giveBack();
    assert.equal(await seen(), before);
    await inside("ip link delete gw1");
  });
}
