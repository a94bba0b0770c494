import assert from "node:assert/strict";
import { it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, picture, Stream, type Subject } from "./subject.ts";

/** Kinds mount and reboot, as far as a machine can show them that shares its kernel. */
export function bootTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const bootId = () => inside("cat /proc/sys/kernel/random/boot_id");

  const where = "/srv/it's a-mount/100%é";
  const mount = (options: string): Item => ({ kind: "mount", what: "tmpfs", where, type: "tmpfs", options });
  const mounted = () => inside(`findmnt -n -o FSTYPE,OPTIONS -M "${where}" || :`);
  const seen = async () => `${await picture(subject(), "/etc/systemd", "/srv")}${await mounted()}`;

  it("mounts a file system at a path of any name, and takes mount, unit, link and mount point away", () =>
    cycle(subject(), [mount("size=1m,nosuid")], seen));

  it("mounts again what was unmounted, and with other options what has others", async () => {
    const before = await seen();
    const stream = new Stream(subject());
    await stream.bring([mount("size=1m")]);
    await inside(`umount "${where}"`);
    const [gone] = (await stream.read([mount("size=1m")])).differs;
    assert.match(gone?.observed ?? "", /^mounted=no boot=yes file /);
    await stream.bring([mount("size=1m")]);
    await inside(`mount -o remount,ro "${where}"`);
    const [readOnly] = (await stream.read([mount("size=1m")])).differs;
    assert.match(readOnly?.observed ?? "", /^mounted=options=ro,/);
    await stream.bring([mount("size=1m,noexec")]);
    assert.match(await mounted(), /rw,.*noexec/);
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("gives back what was mounted there before, with the options that it had", async () => {
    await inside(`mkdir -p "${where}" && mount -t tmpfs -o size=2m,nodev,mode=0750 other "${where}"`);
    const before = await mounted();
    const stream = new Stream(subject());
    await stream.bring([mount("size=1m")]);
    assert.notEqual(await mounted(), before);
    await stream.giveBack();
    assert.equal(await mounted(), before);
    await inside(`umount "${where}"; rm -r /srv/it*`);
  });

  const never = { name: "never", run: "echo no; exit 1" };
  const write = () => inside(`echo kept >"${where}/file"`);
  /** Keeps the file in the mount open; what is returned ends that. */
  const hold = async () => {
    const process = await inside(`setsid sleep 600 <"${where}/file" >/dev/null 2>&1 & echo $!`);
    return () => inside(`kill ${process}; while [ -e /proc/${process} ]; do sleep 0.1; done`);
  };

  for (const [use, held] of [
    ["somebody has a file in it open", true],
    ["nobody uses it", false],
  ] as const)
    it(`takes other options back when ${use}, and what lies in it stays`, async () => {
      const before = await seen();
      const stream = new Stream(subject());
      await stream.bring([mount("size=1m,nosuid")]);
      await write();
      const letGo = held ? await hold() : undefined;
      const first = await seen();
      for (const options of ["size=1m,noexec", "size=1m,nosuid,noatime,ro", "size=1m,_netdev"]) {
        const report = await stream.apply([mount(options)], { checks: [never] });
        assert.equal(report.outcome, "restored", JSON.stringify(report));
        assert.equal(await seen(), first);
      }
      await stream.bring([mount("size=1m,noexec,_netdev")]);
      assert.match(await mounted(), /noexec/);
      assert.equal(await inside(`cat "${where}/file"`), "kept");
      await letGo?.();
      await stream.giveBack();
      assert.equal(await seen(), before);
    });

  it("stays whole when it cannot be given back because somebody uses it, and goes after that, link by link", async () => {
    const before = await seen();
    const stream = new Stream(subject());
    await stream.bring([mount("size=1m")]);
    await write();
    await stream.bring([mount("size=1m,_netdev")]);
    const updated = await seen();
    assert.doesNotMatch(updated, /local-fs\.target\.wants\/srv/);
    const letGo = await hold();
    const report = await stream.delete();
    assert.notEqual(report.outcome, "committed");
    assert.equal(await seen(), updated);
    await letGo();
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("makes what is bound writable again, and does not touch what it is bound from", async () => {
    const bound = (options: string): Item => ({ kind: "mount", what: "/opt", where, type: "none", options });
    const source = () => inside("findmnt -n -o OPTIONS -T /opt");
    const before = await source();
    const stream = new Stream(subject());
    await stream.bring([bound("bind")]);
    const first = await seen();
    const report = await stream.apply([bound("bind,ro,nosuid")], { checks: [never] });
    assert.equal(report.outcome, "restored", JSON.stringify(report));
    assert.equal(await seen(), first);
    await inside(`touch "${where}/note" && rm /opt/note`);
    assert.equal(await source(), before);
    await stream.giveBack();
  });

  it("says what systemd said of a file system that cannot be mounted, and leaves nothing", async () => {
    const before = await seen();
    const report = await new Stream(subject()).apply([
      { kind: "mount", what: "/dev/no-such-disk", where, type: "ext4", timeLimit: 5 },
    ]);
    assert.equal(report.outcome, "restored", JSON.stringify(report));
    assert.equal(report.failed?.index, "1");
    assert.equal(await seen(), before);
  });

  const note: Item = { kind: "file", path: "/etc/note", content: "one\n" };
  const reboot: Item = { kind: "reboot", name: "the note is read", after: ["file:/etc/note"] };
  const later: Item = {
    kind: "command",
    name: "in the new boot",
    run: "cat /proc/sys/kernel/random/boot_id >/root/boot",
    unless: "test -e /root/boot",
  };

  it("starts the machine anew once, because of an item that changed, and goes on with the rest in the new boot", async () => {
    const first = await bootId();
    const stream = new Stream(subject());
    const report = await stream.bring([note, reboot, later]);
    assert.equal(report.boots, 1);
    assert.deepEqual(
      report.changed.map(({ index }) => index),
      [1, 3],
    );
    const second = await bootId();
    assert.notEqual(second, first);
    assert.equal(await inside("cat /root/boot"), second);
    assert.deepEqual((await stream.bring([note, reboot, later])).changed, []);
    assert.equal(await bootId(), second);
    await stream.giveBack();
    assert.equal(await bootId(), second);
    assert.equal(await inside("ls -d /etc/note /var/lib/groundwork 2>/dev/null; rm /root/boot"), "");
  });

  it("puts back what was changed before the restart when a check fails after it", async () => {
    const first = await bootId();
    const report = await new Stream(subject()).apply([note, reboot], { checks: [never] });
    assert.equal(report.outcome, "restored");
    assert.notEqual(await bootId(), first);
    assert.equal(await inside("ls -d /etc/note /var/lib/groundwork 2>/dev/null || :"), "");
  });

  it("starts the machine anew when packages ask for it", async () => {
    const items: Item[] = [{ kind: "reboot", name: "new libraries", whenRequired: true }];
    const first = await bootId();
    const stream = new Stream(subject());
    await stream.bring(items);
    assert.equal(await bootId(), first);
    await inside("touch /run/reboot-required");
    assert.deepEqual((await stream.read(items)).differs, [{ index: 1, observed: "pending=required" }]);
    await stream.bring(items);
    assert.notEqual(await bootId(), first);
    await stream.giveBack();
  });

  it("waits for programs of other streams, and begins what comes in the meantime after the restart", async () => {
    const slow: Item = {
      kind: "command",
      name: "slow",
      run: "sleep 6; cp /proc/sys/kernel/random/boot_id /root/slow",
      unless: "test -e /root/slow",
      undo: "rm -f /root/slow",
    };
    const first = await bootId();
    const streams = [1, 2, 3].map(() => new Stream(subject()));
    const [one, two, three] = streams as [Stream, Stream, Stream];
    const begun = one.apply([slow]);
    await inside("while [ ! -e /root/slow ] && ! pgrep -f 'sleep 6' >/dev/null; do sleep 0.1; done");
    const restart = two.bring([note, reboot]);
    await inside("while [ ! -e /run/groundwork/rebooting ]; do sleep 0.1; done");
    const late = three.bring([{ kind: "file", path: "/etc/late", content: "" }]);
    const reports = await Promise.all([begun, restart, late]);
    assert.equal(await inside("cat /root/slow"), first);
    assert.notEqual(await bootId(), first);
    assert.deepEqual(
      reports.map(({ outcome, boots }) => `${outcome} ${boots}`),
      ["committed 0", "committed 1", "committed 1"],
    );
    for (const stream of streams) await stream.giveBack();
  });
}
