import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, picture, Stream, type Subject } from "./subject.ts";

/** Drops everything but what the sets allow. */
const definition = `table inet groundwork {
  set tcp_any { type inet_service; }
  set tcp_ip4 { type ipv4_addr . inet_service; flags interval; }
  set tcp_ip6 { type ipv6_addr . inet_service; flags interval; }
  set forward_ip4 { type ipv4_addr . ipv4_addr; flags interval; }
  set forward_ip6 { type ipv6_addr . ipv6_addr; flags interval; }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related counter accept
    iif "lo" accept
    meta l4proto ipv6-icmp accept
    tcp dport @tcp_any counter accept
    ip saddr . tcp dport @tcp_ip4 accept
    ip6 saddr . tcp dport @tcp_ip6 accept
  }
}`;
const table: Item = { kind: "firewallTable", content: definition };
const port = (number: number, from = "any"): Item => ({
  kind: "allowedPort",
  protocol: "tcp",
  port: number,
  from,
});
const forward = (from: string, to: string): Item => ({ kind: "allowedForward", from, to });
const login = port(22);

function answers(address: string, number: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: number, timeout: 300 });
    const done = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket
      .on("connect", () => done(true))
      .on("error", () => done(false))
      .on("timeout", () => done(false));
  });
}

/** Kinds firewallTable, allowedPort and allowedForward. */
export function firewallTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const seen = async () =>
    `${await inside("ls -d /etc/groundwork 2>&1 || :; nft -s list ruleset")}${await picture(subject(), "/opt")}`;
  const elements = (set: string) =>
    inside(
      `nft list set inet groundwork ${set} | sed -n '/elements/,/}/p' | tr -d ' \\n\\t' | sed 's/elements={//; s/}//g'`,
    );
  const open = (number: number) => answers(subject().machine.state.address, number);

  before(() =>
    inside(`nft add table ip theirs; nft add chain ip theirs chain; nft add rule ip theirs chain counter
      for port in 8001 8002; do setsid socat TCP-LISTEN:$port,fork,reuseaddr /dev/null >/dev/null 2>&1 & done; sleep 0.2`),
  );
  after(() => inside("nft delete table ip theirs; pkill -x socat || :"));

  it("lets packets through where an item says so, and nowhere else", async () => {
    const before = await seen();
    const stream = new Stream(subject());
    await stream.bring([table, login, port(8001)]);
    assert.deepEqual([await open(8001), await open(8002)], [true, false]);
    const other = new Stream(subject());
    await other.bring([port(8002, `${subject().lab.gateway}/32`)]);
    assert.deepEqual([await open(8001), await open(8002)], [true, true]);
    await other.giveBack();
    assert.deepEqual([await open(8001), await open(8002)], [true, false]);
    await stream.giveBack();
    assert.deepEqual([await open(8001), await open(8002)], [true, true]);
    assert.equal(await seen(), before);
  });

  it("brings about and gives back networks that contain and cross each other", () =>
    cycle(
      subject(),
      [
        table,
        login,
        port(80, "10.0.0.0/24"),
        port(80, "10.0.0.7/32"),
        port(80, "10.0.0.0/8"),
        port(80, "0.0.0.0/0"),
        port(81, "10.0.0.7/32"),
        port(80, "fd93::/64"),
        port(80, "fd93::7/128"),
        port(80, "::/0"),
        forward("10.0.0.0/8", "10.1.0.0/16"),
        forward("10.2.0.0/16", "0.0.0.0/0"),
        forward("fd00::/8", "fd93::/64"),
        forward("fd93:1::/64", "::/0"),
      ],
      seen,
    ));

  it("keeps a narrow network open when a wide one around it goes, and the other way round", async () => {
    const [stream, wide, narrow] = [new Stream(subject()), new Stream(subject()), new Stream(subject())];
    await stream.bring([table, login]);
    await wide.bring([port(80, "10.0.0.0/8")]);
    await narrow.bring([port(80, "10.1.0.0/16")]);
    assert.equal(await elements("tcp_ip4"), "10.0.0.0/8.80");
    await wide.giveBack();
    assert.equal(await elements("tcp_ip4"), "10.1.0.0/16.80");
    assert.deepEqual((await narrow.read([port(80, "10.1.0.0/16")])).differs, []);
    await wide.bring([port(80, "10.0.0.0/8")]);
    await narrow.giveBack();
    assert.equal(await elements("tcp_ip4"), "10.0.0.0/8.80");
    await wide.giveBack();
    assert.equal(await elements("tcp_ip4"), "");
    await stream.giveBack();
  });

  it("loads the same at boot as was loaded before, elements included", async () => {
    const stream = new Stream(subject());
    const items = [table, login, port(80, "10.0.0.0/8"), port(80, "10.1.0.0/16")];
    await stream.bring(items);
    await inside("nft delete table inet groundwork; nft -f /etc/groundwork/firewall.nft");
    assert.deepEqual((await stream.read(items)).differs, []);
    await stream.giveBack();
  });

  it("sees a table that is gone, a rule or an opening made by hand, and an element that is missing", async () => {
    const stream = new Stream(subject());
    const items = [table, login, port(80, "10.0.0.0/8")];
    await stream.bring(items);
    const rounds: [change: string, differs: number[]][][] = [
      [
        ["nft add rule inet groundwork input tcp dport 23 accept", [1]],
        ["nft delete element inet groundwork tcp_ip4 '{ 10.0.0.0/8 . 80 }'", [1, 3]],
      ],
      [
        ["nft add element inet groundwork tcp_any '{ 23 }'", [1]],
        ["rm /etc/groundwork/firewall.d/tcp_ip4*", [1, 3]],
      ],
      [
        ["echo >/etc/groundwork/firewall.elements.nft", [1, 2, 3]],
        ["nft delete table inet groundwork", [1, 2, 3]],
      ],
    ];
    for (const round of rounds) {
      for (const [change, differs] of round) {
        await inside(change);
        const { differs: seen } = await stream.read(items);
        assert.deepEqual(seen.map((item) => item.index), differs, change); // biome-ignore format: one line a thought
      }
      await stream.bring(items);
    }
    await stream.giveBack();
  });

  it("leaves the firewall as it was when nft refuses the new one", async () => {
    const stream = new Stream(subject());
    await stream.bring([table, login]);
    const before = await seen();
    const wrong: Item = {
      kind: "firewallTable",
      content: "table inet groundwork { chain input { no such thing } }",
    };
    const report = await stream.apply([wrong, login]);
    assert.equal(report.outcome, "restored");
    assert.match(report.failed?.text ?? "", /syntax error/);
    assert.equal(await seen(), before);
    await stream.giveBack();
  });

  it("is taken back when nobody confirms it", async () => {
    const before = await seen();
    const stream = new Stream(subject());
    const report = await stream.applyUnconfirmed([table, port(80, "10.0.0.0/8")]);
    assert.equal(report.outcome, "unconfirmed");
    assert.match(
      await inside("systemctl list-timers --no-legend 'groundwork-revert-*'"),
      /groundwork-revert/,
    );
    await inside("cd /etc/systemd/system && systemctl start groundwork-revert-*.service");
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("says that an opening needs a table", async () => {
    const report = await new Stream(subject()).apply([port(80)]);
    assert.match(report.failed?.text ?? "", /a firewallTable makes it/);
  });
}
