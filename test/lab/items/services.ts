import assert from "node:assert/strict";
import { it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, picture, Stream, type Subject } from "./subject.ts";

const unit = (content: string, name = "gw-try.service"): Item => ({ kind: "unit", name, content });
const install = "\n[Install]\nWantedBy=multi-user.target\n";
/** Shows the settings that it was started with, and those that it was told to read again. */
const program = `[Service]
ExecStart=/bin/sh -c 'trap "cat /opt/settings >/run/gw-try" HUP; cat /opt/settings >/run/gw-try; while :; do sleep 0.1; done'
ExecReload=/bin/kill -HUP $MAINPID
${install}`;
const settings = (content: string): Item => ({ kind: "file", path: "/opt/settings", content });

/** Kinds unit and service. */
export function serviceTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const seen = async () => {
    const files = await picture(subject(), "/etc/systemd", "/opt");
    const units = await inside(`systemctl list-units --all --plain --no-legend 'gw-*' 'dpkg-db-backup*'
      systemctl is-enabled dpkg-db-backup.timer; systemctl is-active dpkg-db-backup.timer; systemctl --failed --no-legend`);
    // One folder has two names, and packages of Debian 13 link to the other one than its systemctl does.
    return files.replaceAll(" /lib/systemd/", " /usr/lib/systemd/") + units;
  };
  const started = () => inside("systemctl show -p InvocationID --value gw-try.service");

  it("starts a unit now and at boot, and takes unit, links and process away", async () => {
    await cycle(
      subject(),
      [settings("one"), unit(program), { kind: "service", unit: "gw-try.service" }],
      seen,
    );
    assert.equal(await inside("ls /run/gw-try; rm -f /run/gw-try"), "/run/gw-try");
  });

  it("restarts a service when, and only when, something changed that it depends on", async () => {
    const stream = new Stream(subject());
    const items = (content: string, more: object): Item[] => [
      settings(content),
      unit(program),
      { kind: "service", unit: "gw-try.service", ...more },
    ];
    const restart = { restartOn: ["file:/opt/settings", "unit:gw-try.service"] };
    await stream.bring(items("one", restart));
    const first = await started();
    await stream.bring(items("one", restart));
    assert.equal(await started(), first);
    await stream.bring(items("two", restart));
    const second = await started();
    assert.notEqual(second, first);
    await stream.bring(items("three", { reloadOn: ["file:/opt/settings"] }));
    assert.equal(await started(), second);
    assert.equal(await inside("sleep 0.3; cat /run/gw-try"), "three");
    await stream.giveBack();
  });

  it("lets a service that ran before see its old files again", async () => {
    await inside(`echo -n old >/opt/settings; cat >/etc/systemd/system/gw-try.service <<'E'\n${program}\nE
      systemctl daemon-reload; systemctl enable -q --now gw-try.service`);
    const stream = new Stream(subject());
    const items: Item[] = [
      settings("new"),
      { kind: "service", unit: "gw-try.service", restartOn: ["file:/opt/settings"] },
    ];
    const before = await seen();
    const report = await stream.apply(items, {
      checks: [{ name: "never", run: "sleep 0.2; cat /run/gw-try; exit 1" }],
    });
    assert.equal(report.checks[0]?.evidence, "new");
    assert.equal(report.outcome, "restored");
    assert.equal(await inside("sleep 0.3; cat /run/gw-try"), "old");
    await stream.bring(items);
    await stream.giveBack();
    assert.equal(await inside("sleep 0.3; cat /run/gw-try"), "old");
    assert.equal(await seen(), before);
    await inside(
      "systemctl disable -q --now gw-try.service; rm /etc/systemd/system/gw-try.service /opt/settings; systemctl daemon-reload",
    );
  });

  it("stops and disables a service of Debian, and brings it back", () =>
    cycle(
      subject(),
      [{ kind: "service", unit: "dpkg-db-backup.timer", enabled: false, running: false }],
      seen,
    ));

  it("unmasks what is wanted, and masks it again", async () => {
    await inside("systemctl stop dpkg-db-backup.timer; systemctl mask -q dpkg-db-backup.timer");
    await cycle(subject(), [{ kind: "service", unit: "dpkg-db-backup.timer" }], seen);
    await inside("systemctl unmask -q dpkg-db-backup.timer; systemctl start dpkg-db-backup.timer");
  });

  it("masks what runs, and what is not there yet, and takes the masks away", async () => {
    await cycle(
      subject(),
      [
        { kind: "service", unit: "dpkg-db-backup.timer", masked: true },
        { kind: "service", unit: "gw-none.service", masked: true },
        { kind: "service", unit: "systemd-tmpfiles-clean.service", masked: true },
      ],
      seen,
    );
    const stream = new Stream(subject());
    const masked: Item[] = [{ kind: "service", unit: "dpkg-db-backup.timer", masked: true }];
    await stream.bring(masked);
    await inside("systemctl unmask -q dpkg-db-backup.timer; systemctl start dpkg-db-backup.timer");
    const [difference] = (await stream.read(masked)).differs;
    assert.match(difference?.observed ?? "", /^enabled=\w+ running=yes$/);
    await stream.bring(masked);
    await stream.giveBack();
  });

  it("lays a drop-in over a unit, which counts at once, and takes it away", async () => {
    const limit = () => inside("systemctl show -p LimitNOFILE --value ssh.service");
    const before = await limit();
    const dropIn: Item = {
      kind: "unit",
      name: "ssh.service",
      dropIn: "10-gw-try",
      content: "[Service]\nLimitNOFILE=4321\n",
    };
    const stream = new Stream(subject());
    const places = await seen();
    await stream.bring([dropIn]);
    assert.match(await limit(), /^4321$/m);
    await inside("echo >>/etc/systemd/system/ssh.service.d/10-gw-try.conf");
    assert.deepEqual((await stream.read([dropIn])).differs.map((item) => item.index), [1]); // biome-ignore format: one line
    await stream.bring([dropIn]);
    await stream.giveBack();
    assert.equal(await limit(), before);
    assert.equal(await seen(), places);
  });

  it("starts a timer, follows a change of its times, and stops it", async () => {
    const timer = (when: string): Item[] => [
      unit("[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo ran >>/run/gw-try'\n"),
      unit(`[Timer]\n${when}\n[Install]\nWantedBy=timers.target\n`, "gw-try.timer"),
      { kind: "service", unit: "gw-try.timer", restartOn: ["unit:gw-try.timer"] },
    ];
    const next = () => inside("systemctl show -p NextElapseUSecRealtime --value gw-try.timer");
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring(timer("OnCalendar=2150-01-01"));
    assert.match(await next(), /2150-01-01/);
    await stream.bring(timer("OnCalendar=2151-01-01"));
    assert.match(await next(), /2151-01-01/);
    await inside("rm -f /run/gw-try");
    await stream.bring(timer("OnActiveSec=1ms\nAccuracySec=1ms"));
    assert.match(await inside("sleep 0.5; cat /run/gw-try"), /^ran$/m);
    await stream.giveBack();
    await inside("rm -f /run/gw-try");
    assert.equal(await seen(), before);
  });

  it("sees a link that somebody removed behind systemd's back", async () => {
    const stream = new Stream(subject());
    const items: Item[] = [unit(program), settings(""), { kind: "service", unit: "gw-try.service" }];
    await stream.bring(items);
    await inside("rm /etc/systemd/system/multi-user.target.wants/gw-try.service");
    assert.deepEqual((await stream.read(items)).differs, [{ index: 3, observed: "enabled=no running=yes" }]);
    await stream.bring(items);
    await stream.giveBack();
  });

  it("fails with the journal's last lines when a program ends as soon as it is started", async () => {
    const before = await seen();
    const crashing = `[Service]\nExecStart=/bin/sh -c 'echo cannot bind to the moon; exit 3'\nRestart=always\n${install}`;
    const report = await new Stream(subject()).apply([
      unit(crashing),
      { kind: "service", unit: "gw-try.service" },
    ]);
    assert.equal(report.outcome, "restored");
    assert.match(report.failed?.text ?? "", /cannot bind to the moon/);
    assert.equal(await seen(), before);
  });

  it("ends a start that hangs at its time limit, with the journal's last lines", async () => {
    const before = await seen();
    const hanging = `[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo waits for the moon; sleep 600'\n${install}`;
    const report = await new Stream(subject()).apply([
      unit(hanging),
      { kind: "service", unit: "gw-try.service", timeLimit: 3 },
    ]);
    assert.equal(report.outcome, "restored");
    assert.equal(report.failed?.phase, "timeout");
    assert.match(report.failed.text, /waits for the moon/);
    assert.equal(await seen(), before);
  });

  it("takes the silence of systemd and dpkg for no answer: neither for absent nor for as wanted", async () => {
    const stream = new Stream(subject());
    const items: Item[] = [
      { kind: "package", name: "dash", timeLimit: 2 },
      { kind: "service", unit: "systemd-journald.service", timeLimit: 2 },
    ];
    await stream.bring(items);
    await inside(
      `for tool in systemctl dpkg-query; do printf '#!/bin/sh\nexec sleep 600\n' >/usr/local/sbin/$tool && chmod 755 /usr/local/sbin/$tool; done`,
    );
    try {
      assert.deepEqual((await stream.read(items)).differs, [
        { index: 1, observed: "unknown" },
        { index: 2, observed: "unknown" },
      ]);
      const captured = await stream.apply(items);
      assert.deepEqual([captured.outcome, captured.changed], ["restored", []]);
      assert.match(captured.failed?.text ?? "", /^dpkg-query gave no answer within 2 s/);
      // What another stream wants of the service is not captured by guess.
      const other = await new Stream(subject()).apply(items.slice(1));
      assert.match(other.failed?.text ?? "", /^systemctl gave no answer within 2 s/);
    } finally {
      await inside("rm /usr/local/sbin/systemctl /usr/local/sbin/dpkg-query");
    }
    assert.deepEqual((await stream.read(items)).differs, []);
    await stream.giveBack();
  });

  it("says that a unit without [Install] cannot be started at boot, unless something brings it in", async () => {
    const bare = unit("[Service]\nType=oneshot\nExecStart=/bin/true\n");
    const report = await new Stream(subject()).apply([
      bare,
      { kind: "service", unit: "gw-try.service", running: false },
    ]);
    assert.match(report.failed?.text ?? "", /no \[Install\] section/);
    const stream = new Stream(subject());
    await stream.bring([
      bare,
      unit(`[Timer]\nOnCalendar=yearly\n[Install]\nWantedBy=timers.target\n`, "gw-try.timer"),
      { kind: "service", unit: "gw-try.timer" },
      { kind: "service", unit: "gw-try.service", running: false },
      { kind: "service", unit: "systemd-journald.service" },
    ]);
    await stream.giveBack();
  });

  it("counts a oneshot unit that stays active as running, and an alias as its unit", async () => {
    const stream = new Stream(subject());
    const once = `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\nAlias=gw-other.service\n`;
    await stream.bring([unit(once), { kind: "service", unit: "gw-try.service" }]);
    const other = new Stream(subject());
    await other.bring([{ kind: "service", unit: "gw-other.service" }]);
    await other.giveBack();
    await stream.giveBack();
    assert.equal(await inside("ls /etc/systemd/system | grep gw- || :"), "");
  });

  it("names a unit that is not there, and wants nothing of one that shall not be", async () => {
    const report = await new Stream(subject()).apply([{ kind: "service", unit: "gw-none.service" }]);
    assert.match(report.failed?.text ?? "", /there is no unit gw-none.service/);
    const stream = new Stream(subject());
    await stream.bring([{ kind: "service", unit: "gw-none.service", enabled: false, running: false }]);
    await stream.giveBack();
  });
}
