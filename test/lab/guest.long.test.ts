import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import type { CheckInput, ItemInput } from "../../provider/index.ts";
import { HostState } from "../../provider/index.ts";
import { eventually } from "../support/eventually.ts";
import { openTestEngine, type Run, type TestEngine } from "../support/testEngine.ts";
import { openTestGuest, type TestGuest } from "../support/testGuest.ts";
import { makeRepository } from "./items/debianRepository.ts";

/** What needs a computer of its own: kernel, boot loader, clock, swap, and a page cache that is lost with the power. */
const deadmanSeconds = 60;
let guest: TestGuest;
let engine: TestEngine;

before(async () => {
  guest = await openTestGuest();
  engine = await openTestEngine({ environment: { GROUNDWORK_DEADMAN_SECONDS: String(deadmanSeconds) } });
  await bringRepository();
  // One line for each boot.
  await guest.inside(`cat >/etc/systemd/system/boots.service <<'E'
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'cat /proc/sys/kernel/random/boot_id >>/var/log/boots; sync'
[Install]
WantedBy=sysinit.target
E
systemctl enable -q --now boots.service`);
});

after(async () => {
  await engine?.close();
  await guest?.close();
});

/** A source of packages on the guest's own disk: no network has a part in what is tried here. */
async function bringRepository(): Promise<void> {
  const folder = join(guest.folder, "repository");
  await makeRepository(folder);
  const pack = ["-C", folder, "--exclude=*.tree", "-czf", "-", "."];
  const { stdout } = await promisify(execFile)("tar", pack, {
    encoding: "buffer",
    maxBuffer: 64 * 1024 * 1024,
  });
  await guest.inside(`mkdir -p /opt/repository && base64 -d <<'E' | tar -C /opt/repository -xz
${stdout.toString("base64").replace(/.{76}/g, "$&\n")}
E
rm -f /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/opt/repository ./' >/etc/apt/sources.list.d/test.list
apt-get -qq update`);
}

const host =
  (items: ItemInput[], checks: CheckInput[] = []) =>
  () => {
    new HostState("guest", { connection: guest.connection, stream: "guest", items, checks });
  };

async function bring(items: ItemInput[], checks: CheckInput[] = []): Promise<Run> {
  const run = await engine.up(host(items, checks));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  return run;
}

/** What an `up` does to the HostState, without the look that comes first. */
const deeds = (run: Run): string[] =>
  run.steps.map(({ operation }) => operation).filter((operation) => operation !== "refresh");

async function giveBack(): Promise<void> {
  const run = await engine.destroy();
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await guest.inside("ls -d /var/lib/groundwork 2>/dev/null || :"), "");
}

const boots = async (): Promise<number> => Number(await guest.inside("wc -l </var/log/boots"));
const bootConfiguration = (): Promise<string> =>
  guest.inside("sha256sum /boot/grub/grub.cfg; ls /etc/default/grub.d 2>/dev/null || :");

test("a setting of the kernel outside of net.* is set, mended, and given back", async () => {
  const before = await guest.inside("sysctl -n vm.swappiness; ls /etc/sysctl.d");
  const items: ItemInput[] = [{ kind: "sysctl", name: "vm.swappiness", value: "7" }];
  await bring(items);
  assert.equal(await guest.inside("sysctl -n vm.swappiness"), "7");
  assert.deepEqual(deeds(await bring(items)), ["same"]);
  await guest.inside("sysctl -qw vm.swappiness=33");
  assert.deepEqual(deeds(await bring(items)), ["update"]);
  assert.equal(await guest.inside("sysctl -n vm.swappiness"), "7");
  await giveBack();
  assert.equal(await guest.inside("sysctl -n vm.swappiness; ls /etc/sysctl.d"), before);
});

test("modules are loaded with their parameters, loaded again when these change, and unloaded", async () => {
  const seen = () => guest.inside("ls -d /sys/module/*; ls /etc/modules-load.d /etc/modprobe.d");
  const before = await seen();
  assert.doesNotMatch(before, /zram|brd/);
  // The kernel shows the second one's parameter, and does not show the first one's.
  const modules = (count: string): ItemInput[] => [
    { kind: "kernelModule", name: "zram", parameters: { num_devices: count } },
    { kind: "kernelModule", name: "brd", parameters: { rd_nr: count } },
  ];
  const devices = () =>
    guest.inside(
      "ls /sys/block | grep -c zram; ls /sys/block | grep -c ram; cat /sys/module/brd/parameters/rd_nr",
    );
  await bring(modules("3"));
  assert.equal(await devices(), "3\n6\n3");
  assert.deepEqual(deeds(await bring(modules("3"))), ["same"]);
  await bring(modules("2"));
  assert.equal(await devices(), "2\n4\n2");
  await guest.inside("modprobe -r brd");
  assert.deepEqual(deeds(await bring(modules("2"))), ["update"]);
  assert.equal(await devices(), "2\n4\n2");
  const wheels = { kind: "kernelModule" as const, name: "brd", parameters: { rd_nr: "2", wheels: "4" } };
  const refused = await engine.up(host([...modules("2").slice(0, 1), wheels]));
  assert.match(refused.messages.join("\n"), /GW301 [\s\S]*the module brd has no parameter wheels/);
  assert.equal(await devices(), "2\n4\n2");
  await giveBack();
  assert.equal(await seen(), before);
});

test("a file system is mounted at a path of any name, also after a power cut, and given back with its mount point", async () => {
  const disk = "/dev/disk/by-id/virtio-data";
  await guest.inside(`apt-cache show e2fsprogs >/dev/null; mkfs.ext4 -q -L data ${disk}`);
  const seen = () => guest.inside("ls /srv; ls /etc/systemd/system; findmnt -n -t ext4; :");
  const before = await seen();
  const where = "/srv/it's a-disk/100%é";
  const mount = (options: string): ItemInput[] => [
    { kind: "mount", what: "LABEL=data", where, type: "ext4", options },
  ];
  const shown = () => guest.inside(`findmnt -n -o SOURCE,OPTIONS -M "${where}" || :`);
  await bring(mount("noatime"));
  assert.match(await shown(), /^\/dev\/vd\w+ +rw,noatime/);
  assert.deepEqual(deeds(await bring(mount("noatime"))), ["same"]);
  await guest.inside(`umount "${where}"`);
  assert.deepEqual(deeds(await bring(mount("noatime"))), ["update"]);
  await bring(mount("noatime,nosuid"));
  assert.match(await shown(), /rw,nosuid,noatime/);
  await guest.inside(`echo kept >"${where}/file"; sync`);
  await guest.powerCut();
  await guest.start();
  assert.match(await shown(), /rw,nosuid,noatime/);
  assert.equal(await guest.inside(`cat "${where}/file"`), "kept");
  assert.deepEqual(deeds(await bring(mount("noatime,nosuid"))), ["same"]);
  await giveBack();
  assert.equal(await seen(), before);
});

test("swap is off, now and at boot, and comes back", async () => {
  await guest.inside(`fallocate -l 64M /swapfile; chmod 600 /swapfile; mkswap -q /swapfile
cp /etc/fstab /root/fstab; echo '/swapfile none swap sw 0 0' >>/etc/fstab; systemctl daemon-reload; swapon -a`);
  const seen = () => guest.inside("swapon --show=NAME,SIZE,PRIO --noheadings; sha256sum /etc/fstab");
  const before = await seen();
  const items: ItemInput[] = [{ kind: "swap", state: "off" }];
  await bring(items);
  assert.equal(await guest.inside("swapon --show; grep -c '^/swapfile' /etc/fstab || :"), "0");
  assert.deepEqual(deeds(await bring(items)), ["same"]);
  await giveBack();
  assert.equal(await seen(), before);
  await guest.inside("swapoff -a; mv /root/fstab /etc/fstab; rm /swapfile; systemctl daemon-reload");
});

/** Answers every question for the time with this computer's. RFC 4330 */
function startTimeServer(): Promise<Socket> {
  const server = createSocket("udp4");
  const since1900 = 2_208_988_800;
  server.on("message", (question, from) => {
    const answer = Buffer.alloc(48);
    const now = Date.now() / 1000;
    answer.writeUInt8((question.readUInt8(0) & 0x38) | 4, 0);
    answer.writeUInt8(1, 1);
    answer.write("LOCL", 12);
    question.copy(answer, 24, 40, 48);
    for (const place of [16, 32, 40]) {
      answer.writeUInt32BE(Math.floor(now) + since1900, place);
      answer.writeUInt32BE(Math.floor((now % 1) * 2 ** 32), place + 4);
    }
    server.send(answer, from.port, from.address);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.bind(123, "127.0.0.1", () => resolve(server));
  });
}

test("a clock that is wrong is set by the time service, and the operation bears the jump", async () => {
  const server = await startTimeServer();
  try {
    await guest.inside("systemctl stop systemd-timesyncd; date -s '+1 hour' >/dev/null");
    const items: ItemInput[] = [
      { kind: "file", path: "/etc/systemd/timesyncd.conf.d/10-test.conf", content: "[Time]\nNTP=10.0.2.2\n" },
      {
        kind: "service",
        unit: "systemd-timesyncd.service",
        restartOn: ["file:/etc/systemd/timesyncd.conf.d/10-test.conf"],
      },
    ];
    const synchronised = "timedatectl show -p NTPSynchronized --value | grep yes";
    await bring(items, [{ name: "the clock is synchronised", run: synchronised, within: 90 }]);
    const apart = Math.abs(Number(await guest.inside("date +%s")) - Date.now() / 1000);
    assert.ok(apart < 10, `${apart} s apart`);
    assert.deepEqual(
      deeds(await bring(items, [{ name: "the clock is synchronised", run: synchronised, within: 90 }])),
      ["same"],
    );
    await giveBack();
  } finally {
    server.close();
  }
});

const parameter = (value: string): ItemInput[] => [
  { kind: "kernelParameter", name: "groundwork.try", value },
  { kind: "reboot", name: "the parameter is in effect", after: ["kernelParameter:groundwork.try"] },
];
const word = "tr ' ' '\\n' </proc/cmdline | grep groundwork.try || :";

test("a parameter of the kernel is in effect after one restart, with what comes after it done in the new boot", async () => {
  const before = await bootConfiguration();
  const count = await boots();
  const items: ItemInput[] = [
    ...parameter("one"),
    { kind: "file", path: "/etc/before-the-boot", content: "kept\n" },
    {
      kind: "command",
      name: "in the new boot",
      run: "cp /proc/cmdline /root/cmdline",
      unless: "test -e /root/cmdline",
    },
  ];
  const check = { name: "it is in effect", run: "grep -w groundwork.try=one /proc/cmdline" };
  const run = await bring(items, [check]);
  assert.match(run.messages.join("\n"), /restarted/);
  assert.equal(await guest.inside(word), "groundwork.try=one");
  assert.match(await guest.inside("cat /root/cmdline /etc/before-the-boot"), /groundwork.try=one[\s\S]*kept/);
  assert.equal((await boots()) - count, 1);
  assert.deepEqual(deeds(await bring(items, [check])), ["same"]);
  assert.equal((await boots()) - count, 1, "asked for once, done once");
  await giveBack();
  assert.equal(await bootConfiguration(), before);
  await guest.inside("rm /root/cmdline; test ! -e /etc/before-the-boot");
});

test("a check that fails after the restart puts the boot configuration back, without another restart", async () => {
  const before = await bootConfiguration();
  const count = await boots();
  const failed = await engine.up(
    host(
      [...parameter("two"), { kind: "file", path: "/etc/before-the-boot", content: "" }],
      [{ name: "never", run: "cat /proc/cmdline; exit 1" }],
    ),
  );
  assert.equal(failed.succeeded, false);
  assert.match(failed.messages.join("\n"), /GW401 [\s\S]*groundwork.try=two[\s\S]*put back as it was/);
  assert.equal((await boots()) - count, 1);
  assert.equal(await bootConfiguration(), before);
  assert.equal(await guest.inside("ls /etc/before-the-boot 2>/dev/null || :"), "");
});

test("a power cut in place of the restart is as good as one: the same operation goes on after it", async () => {
  const count = await boots();
  const up = engine.up(host(parameter("three")));
  // It is made when the transaction is on the disk, and the restart has yet to come.
  await guest.inside("while [ ! -e /run/groundwork/rebooting ]; do sleep 0.02; done");
  await guest.powerCut();
  await guest.start();
  const run = await up;
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await guest.inside(word), "groundwork.try=three");
  assert.equal(await guest.inside("ls -A /var/lib/groundwork/transactions"), "");
  assert.equal((await boots()) - count, 1);
  await giveBack();
});

/** The one in the environment, so that a run can be repeated. */
const seed = Number(process.env.GROUNDWORK_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Numbers from 0 up to 1, the same for the same seed. (mulberry32) */
function drawing(state: number): () => number {
  let a = state;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Files of several sizes, packages, units and services whose wanted state differs from one round to the next. */
function round(number: number): { items: ItemInput[]; look: string; seen: string } {
  const content = (name: string, size: number): string => `${name} of round ${number}\n`.repeat(size);
  const sizes = [1, 40, 4000, 20_000];
  const files = sizes.map((size, index) => ({
    path: `/etc/cut/${index}`,
    content: content(`${index}`, size),
  }));
  const version = number % 2 === 0 ? "1.0-1" : "1:2.0-1";
  const program = (name: string): string =>
    `[Service]\nExecStart=/bin/sleep ${1000 + number}\n# ${name}\n[Install]\nWantedBy=multi-user.target\n`;
  const units = ["cut-a.service", "cut-b.service"];
  const items: ItemInput[] = [
    ...files.slice(0, 2).map((file): ItemInput => ({ kind: "file", ...file })),
    { kind: "package", name: "gw-server", version },
    ...(number % 2 === 0 ? [{ kind: "package", name: "gw-tool" } as const] : []),
    { kind: "sysctl", name: "vm.swappiness", value: String(10 + number) },
    ...files.slice(2).map((file): ItemInput => ({ kind: "file", ...file })),
    ...units.map((name): ItemInput => ({ kind: "unit", name, content: program(name) })),
    ...units.map((unit): ItemInput => ({ kind: "service", unit, restartOn: [`unit:${unit}`] })),
  ];
  const look = `cat /etc/cut/0 /etc/cut/1 | sort -u; wc -c </etc/cut/2; tail -n 1 /etc/cut/3; wc -l </etc/cut/3
dpkg-query -W -f '\${Version} \${db:Status-Status}\\n' gw-server
dpkg-query -W -f '\${db:Status-Status}\\n' gw-tool 2>/dev/null | grep -x installed || echo absent
sysctl -n vm.swappiness; systemctl is-active ${units.join(" ")}; systemctl is-enabled ${units.join(" ")}
ps -eo args | grep -c '^/bin/sleep ${1000 + number}$'
dpkg --audit; ls -A /var/lib/groundwork/transactions
find /etc /boot /var/lib/groundwork -name '*.groundwork*' -o -name '*.partial*' -o -name '*.new'`;
  const seen = [
    `0 of round ${number}`,
    `1 of round ${number}`,
    `${Buffer.byteLength(files[2]?.content ?? "")}`,
    `3 of round ${number}`,
    `${sizes[3]}`,
    `${version} installed`,
    number % 2 === 0 ? "installed" : "absent",
    `${10 + number}`,
    ...["active", "active", "enabled", "enabled"],
    "2",
  ].join("\n");
  return { items, look, seen };
}

/** Long enough that a cut comes before the end, wherever it was drawn. */
const lasting: CheckInput[] = [{ name: "it lasts", run: "sleep 4" }];

test("wherever the power is cut, the next up ends in the desired state, with nothing half-written", async (t) => {
  t.diagnostic(`GROUNDWORK_TEST_SEED=${seed}`);
  const draw = drawing(seed);
  const etcBefore = await guest.listing("/etc");
  await bring(round(0).items);
  for (let number = 1; number <= 5; number++) {
    const { items, look, seen } = round(number);
    // After so many items, and so many milliseconds more.
    const changed = Math.floor(draw() * items.length);
    const milliseconds = Math.floor(draw() * 1500);
    const point = `round ${number}: cut ${milliseconds} ms after ${changed} changed items`;
    t.diagnostic(point);
    const up = engine.up(host(items, lasting));
    await guest.inside(`while [ ! -e /var/lib/groundwork/transactions/*/order ]; do sleep 0.02; done
while [ "$(cat /run/groundwork/*/report | grep -c '^changed')" -lt ${changed} ]; do sleep 0.02; done
sleep ${milliseconds / 1000}`);
    await guest.powerCut();
    await guest.start();
    const cut = await up;
    assert.equal(cut.succeeded, false, `${point}: it was over before`);
    await engine.settle();
    const next = await engine.up(host(items, lasting));
    assert.equal(next.succeeded, true, `${point}\n${next.messages.join("\n")}`);
    assert.equal(await guest.inside(look), seen, point);
    assert.deepEqual(deeds(await bring(items, lasting)), ["same"], point);
  }
  await giveBack();
  assert.equal(await guest.listing("/etc"), etcBefore);
});

test("a dead-man timer that is armed when the machine restarts takes the change back in the next boot", async () => {
  const dropIn = "/etc/ssh/sshd_config.d/00-test.conf";
  const sshd = (content: string): ItemInput[] => [
    { kind: "file", path: dropIn, content, validate: 'sshd -t -f "$1"' },
    { kind: "service", unit: "ssh.service", reloadOn: [`file:${dropIn}`] },
  ];
  await bring(sshd("LoginGraceTime 61\n"));
  const canLogIn = () =>
    guest.inside("true").then(
      () => true,
      () => false,
    );
  const up = engine.up(host(sshd("LoginGraceTime 61\nAllowUsers nobody\n")));
  await eventually("nobody can log in", async () => !(await canLogIn()), 120);
  await guest.powerCut();
  // The login that ends the waiting is one that the old state lets in.
  await guest.start();
  assert.equal(await guest.inside(`cat ${dropIn}`), "LoginGraceTime 61");
  const run = await up;
  assert.equal(run.succeeded, false);
  assert.match(run.messages.join("\n"), /GW3\d\d/);
  await engine.settle();
  assert.deepEqual(
    await guest.inside("ls -A /var/lib/groundwork/transactions; ls /etc/systemd/system | grep revert || :"),
    "",
  );
  await giveBack();
});
