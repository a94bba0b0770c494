import assert from "node:assert/strict";
import { it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, picture, Stream, type Subject } from "./subject.ts";

const step = (more: object = {}): Item => ({
  kind: "command",
  name: "it's a step; $(touch /opt/broken)",
  run: "echo working; date +%N >/opt/step",
  unless: "test -s /opt/step",
  undo: "rm /opt/step",
  ...more,
});

/** Kinds command and sysctl. */
export function commandTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const seen = async () =>
    `${await picture(subject(), "/opt", "/etc/sysctl.d")}${await inside("sysctl net.ipv4.ip_local_port_range")}`;

  it("runs a command only while it is not done, and undoes it", () => cycle(subject(), [step()], seen));

  it("does not undo what was done before it came", async () => {
    await inside("echo mine >/opt/step");
    const stream = new Stream(subject());
    assert.deepEqual((await stream.bring([step()])).changed, []);
    await stream.giveBack();
    assert.equal(await inside("cat /opt/step; rm /opt/step"), "mine");
  });

  it("undoes a command when a check fails after it", async () => {
    const before = await seen();
    const report = await new Stream(subject()).apply([step()], {
      checks: [{ name: "never", run: "exit 1" }],
    });
    assert.equal(report.outcome, "restored");
    assert.equal(await seen(), before);
  });

  it("says what a command that had no effect printed", async () => {
    const report = await new Stream(subject()).apply([step({ run: "echo the reason; :" })]);
    assert.equal(report.outcome, "restored");
    assert.match(report.failed?.text ?? "", /^the reason\n\nexit 0/);
    assert.deepEqual(report.differs, [{ index: 1, observed: "done=no" }]);
  });

  it("ends a command at its time limit", async () => {
    const report = await new Stream(subject()).apply([step({ run: "echo before; sleep 60", timeLimit: 1 })]);
    assert.equal(report.failed?.phase, "timeout");
    assert.match(report.failed.text, /before/);
  });

  it("does not run a command whose question gets no answer", async () => {
    const report = await new Stream(subject()).apply([step({ unless: "sleep 60", timeLimit: 1 })]);
    assert.equal(report.failed?.phase, "timeout");
    assert.match(report.failed.text, /gave no answer/);
    assert.equal(await inside("ls /opt"), "");
  });

  it("hands a ticket over in a file for root alone, which is gone afterwards", async () => {
    const stream = new Stream(subject());
    const run = 'stat -c %a "$TICKET" >/opt/step; cat "$TICKET" >>/opt/step; echo "$TICKET" >>/opt/step';
    const report = await stream.bring([step({ run, ticket: "secret" })], { secret: "a $(secret)\n" });
    assert.equal(report.changed.length, 1);
    const [mode, value, path] = (await inside("cat /opt/step")).split("\n");
    assert.deepEqual([mode, value], ["600", "a $(secret)"]);
    assert.equal(
      await inside(`ls -d ${path} 2>&1 || :`),
      `ls: cannot access '${path}': No such file or directory`,
    );
    await stream.giveBack();
  });

  it("lets a daemon that a command starts hold no lock", async () => {
    const stream = new Stream(subject());
    const run = "setsid sleep 300 >/dev/null 2>&1 & echo $! >/opt/step";
    await stream.bring([step({ run, undo: "kill $(cat /opt/step); rm /opt/step" })]);
    await stream.giveBack();
  });

  it("tells settings apart of interfaces whose names differ in one sign", async () => {
    await inside("ip link add name gw0.1 type bridge && ip link add name gw0_1 type bridge");
    const setting = (name: string): Item => ({
      kind: "sysctl",
      name: `net.ipv4.conf.${name}.proxy_arp`,
      value: "1",
    });
    const live = async () =>
      `${await seen()}${await inside("grep . /proc/sys/net/ipv4/conf/gw0*/proxy_arp; ls /etc/sysctl.d")}`;
    try {
      await cycle(subject(), [setting("gw0/1"), setting("gw0_1")], live);
    } finally {
      await inside("ip link delete gw0.1; ip link delete gw0_1");
    }
  });

  it("sets a kernel setting now and for the next boot, and puts the old value back", () =>
    cycle(subject(), [{ kind: "sysctl", name: "net.ipv4.ip_local_port_range", value: "20000 50000" }], seen));
}
