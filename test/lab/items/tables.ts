import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, picture, Stream, type Subject } from "./subject.ts";

const table = (content: string): Item => ({ kind: "nftablesTable", family: "inet", name: "gw-try", content });
const definition = `  # a comment with a brace }
  set fixed { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 } }
  set filled { type ipv4_addr; }
  set seen { type ipv4_addr; flags dynamic,timeout; timeout 1h; }
  chain in {
    type filter hook input priority 10; policy accept;
    ip saddr @fixed counter accept comment "a } b"
    ip saddr @filled drop
  }`;
const place = "/etc/groundwork/tables.d/inet-gw-try.nft";

/** Kind nftablesTable, beside a table of somebody else's. */
export function tableTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  /** Every table with its elements, and every file; what is left of a time-out goes by. */
  const seen = async () =>
    `${await inside("ls -d /etc/groundwork 2>&1 || :; nft -s list ruleset | sed 's/ expires [0-9a-z]*//g'")}${await picture(subject(), "/etc/systemd", "/opt")}`;

  before(() => inside("nft 'add table ip theirs; add chain ip theirs c; add rule ip theirs c counter'"));
  after(() => inside("nft delete table ip theirs"));

  it("loads a table and its boot file, and takes both away", () =>
    cycle(subject(), [table(definition)], seen));

  it("puts a table of the same name back that was there before, with what was in it", async () => {
    await inside(`nft 'add table inet gw-try; add set inet gw-try old { type ipv4_addr; timeout 1h; }
      add element inet gw-try old { 192.0.2.7 timeout 1h }
      add chain inet gw-try c; add rule inet gw-try c ip saddr @old counter drop'`);
    await cycle(subject(), [table(definition)], seen);
    await inside("nft delete table inet gw-try");
  });

  it("names what somebody changed, and not what comes and goes by itself", async () => {
    const stream = new Stream(subject());
    const items = [table(definition)];
    await stream.bring(items);
    const observed = async () => (await stream.read(items)).differs.map((item) => item.observed).join();
    await inside(
      "nft add element inet gw-try filled '{ 192.0.2.8 }'; nft add element inet gw-try seen '{ 192.0.2.8 }'",
    );
    assert.equal(await observed(), "");
    const changes: [change: string, seen: RegExp][] = [
      ["nft add element inet gw-try fixed '{ 192.0.2.8 }'", /boot=yes live=changed$/],
      ["nft add rule inet gw-try in drop", /boot=yes live=changed$/],
      ["nft delete table inet gw-try", /boot=yes live=absent$/],
      [`echo >>${place}`, /boot=yes live=as-loaded$/],
      ["rm /etc/systemd/system/sysinit.target.wants/groundwork-table-inet-gw-try.service", /boot=no live=as-loaded$/],
    ]; // biome-ignore format: one line a change
    for (const [change, words] of changes) {
      await inside(change);
      assert.match(await observed(), words, change);
      await stream.bring(items);
    }
    await stream.giveBack();
  });

  it("is loaded by the next boot just so", async () => {
    const stream = new Stream(subject());
    await stream.bring([table(definition)]);
    await inside(`nft delete table inet gw-try; systemctl daemon-reload
      systemd-analyze verify groundwork-table-inet-gw-try.service; systemctl start groundwork-table-inet-gw-try.service`);
    assert.deepEqual((await stream.read([table(definition)])).differs, []);
    await inside("systemctl stop groundwork-table-inet-gw-try.service");
    await stream.giveBack();
  });

  it("leaves everything as it was when nft refuses the definition", async () => {
    const before = await seen();
    const report = await new Stream(subject()).apply([table("chain c { no such thing }")]);
    assert.equal(report.outcome, "restored");
    assert.match(report.failed?.text ?? "", /syntax error/);
    assert.equal(await seen(), before);
  });

  it("goes back to the definition before when a later item fails", async () => {
    const stream = new Stream(subject());
    await stream.bring([table(definition)]);
    const before = await seen();
    const report = await stream.apply([table("chain other { counter }")], {
      checks: [{ name: "never", run: "exit 1" }],
    });
    assert.equal(report.outcome, "restored");
    assert.equal(await seen(), before);
    assert.deepEqual((await stream.read([table(definition)])).differs, []);
    await stream.giveBack();
  });
}
