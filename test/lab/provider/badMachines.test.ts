import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import * as labs from "../../../lab/index.ts";
import type { Connection, Item } from "../../../provider/index.ts";
import { SshPool } from "../../../provider/ssh/sshPool.ts";
import { DirectHost, type DirectSpec } from "../../support/directHost.ts";
import { eventually } from "../../support/eventually.ts";
import { openLinkProxy } from "../../support/linkProxy.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";
import { makeRepository } from "../items/debianRepository.ts";
import { type FileServer, openFileServer } from "../items/fileServer.ts";

/**
 * A machine on which something is wrong that is not Groundwork's doing. What was wanted comes about all the same, or
 * the machine is as it was before, with an error that has a code and says why; once nothing is wrong any more, the next
 * operation ends in the desired state.
 */
let lab: TestLab;
let machine: TestMachine;

/** A source of packages that can go away. */
let server: FileServer;
const repository = [{ name: "gw-library" }, { name: "gw-tool", fields: "Depends: gw-library" }].map(
  (small) => ({
    version: "1.0",
    scripts: { postinst: "echo configured" },
    ...small,
  }),
);

before(async () => {
  lab = await openTestLab({ name: "provbad", prefix: "10.95.14", machines: ["m1"] });
  machine = lab.machine("m1");
  server = await openFileServer(lab.gateway);
  const folder = join(lab.folder, "debian");
  await makeRepository(folder, repository);
  for (const file of ["Packages", ...repository.map(({ name }) => `${name}_1.0_all.deb`)]) {
    const served = { noRanges: true, bytes: await readFile(join(folder, file)) };
    for (const path of [`/${file}`, `/./${file}`]) server.files.set(path, served);
  }
  // A pause before each new try of apt is not what is tried here.
  await inside(`rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*
    echo 'deb [trusted=yes] ${server.url} ./' >/etc/apt/sources.list.d/test.list
    echo 'Acquire::Retries::Delay "false"; Acquire::http::Proxy "false";' >/etc/apt/apt.conf.d/99test`);
});

// A test that failed leaves the next ones a machine to begin with.
afterEach(() =>
  inside(`umount /var/lib/groundwork /etc/bad 2>/dev/null || :
    rm -rf /etc/bad /var/lib/groundwork /run/waiting /run/done /var/cache/apt/archives/*.deb; apt-get -q -y purge 'gw-*' >/dev/null 2>&1 || :`),
);

after(async () => {
  await server?.close();
  await lab?.close();
});

const inside = (script: string): Promise<string> => machine.inside(script);
const spec = (items: Item[], more: Partial<DirectSpec> = {}): DirectSpec => ({
  connection: machine.connection,
  items,
  ...more,
});
const file = (name: string, content: string): Item => ({ kind: "file", path: `/etc/bad/${name}`, content });
const tool: Item = { kind: "package", name: "gw-tool" };

/** A command that waits until the test did something. */
const waiting: Item = {
  kind: "command",
  name: "waits",
  run: "touch /run/waiting; while [ ! -e /run/done ]; do sleep 0.1; done",
  unless: "test -e /run/done",
  undo: ":",
};
async function meanwhile(work: () => Promise<unknown>): Promise<void> {
  await eventually("the command that waits", async () => (await inside("ls /run/waiting || :")) !== "");
  await work();
  await inside("touch /run/done");
}

/** All that an operation could change or lose: files, packages, what Groundwork knows of the machine. */
const state = (): Promise<string> =>
  inside(`cd / && find etc/bad etc/sudoers.d etc/systemd var/lib/groundwork -not -name lease \\
    -printf '%p %y %m %u:%g %l\\n' 2>/dev/null | sort
    find etc/bad var/lib/groundwork -type f -not -name lease 2>/dev/null | sort | xargs -r sha256sum
    dpkg-query -W | grep gw- || :`);

/** What an operation fails with: its code and words. */
async function failure(work: Promise<void>): Promise<{ code: string; text: string }> {
  const error: unknown = await work.then(
    () => assert.fail("it succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error && "code" in error, String(error));
  return { code: String(error.code), text: error.message };
}

/**
 * Brings `first` about, lets something go wrong that makes `second` fail, and asks for `second` again when it is over.
 * Returns the failure.
 */
async function mishap(
  host: DirectHost,
  first: Item[],
  second: Item[],
  wrong: { begin(): Promise<unknown>; during?(): Promise<unknown>; end(): Promise<unknown> },
): Promise<{ code: string; text: string }> {
  await host.up(spec(first));
  const before = await state();
  let failed: { code: string; text: string };
  await wrong.begin();
  try {
    const operation = failure(host.up(spec(second)));
    [failed] = await Promise.all([operation, wrong.during?.()]);
    if (failed.code !== "GW302") assert.equal(await state(), before);
  } finally {
    await wrong.end();
  }
  await inside("rm -f /run/waiting /run/done");
  await host.up(spec(second.filter((item) => item !== waiting)));
  assert.deepEqual(await host.drift(), []);
  return failed;
}

/** Nothing is left of what was brought about. */
async function givenBack(host: DirectHost): Promise<void> {
  await host.destroy();
  assert.equal(await inside("ls -d /etc/bad /var/lib/groundwork 2>/dev/null || :"), "");
  assert.equal(await inside("dpkg-query -W | grep gw- || :"), "");
}

const disk = () => ({ network: lab.network, name: "m1" });

test("a disk that is full changes nothing and is GW315", async () => {
  const host = new DirectHost("full");
  const { code, text } = await mishap(host, [file("a", "one\n")], [file("a", "two\n"), file("b", "b\n")], {
    begin: () => labs.diskFill(disk()),
    end: () => labs.diskHeal(disk()),
  });
  assert.equal(code, "GW315");
  assert.match(text, /m1 \(full\): .*No space left on device/s);
  await givenBack(host);
});

test("a disk that fills up in the middle is GW301, and what was changed before is put back all the same", async () => {
  const host = new DirectHost("filling");
  const first = [file("a", "one\n"), file("b", "one\n")];
  const second = [file("a", `${"two ".repeat(20_000)}\n`), waiting, file("b", `${"two ".repeat(20_000)}\n`)];
  const { code, text } = await mishap(host, first, second, {
    begin: async () => undefined,
    during: () => meanwhile(() => labs.diskFill(disk())),
    end: () => labs.diskHeal(disk()),
  });
  assert.equal(code, "GW301", text);
  assert.match(text, /file:\/etc\/bad\/b .*No space left on device.*The machine was put back as it was/s);
  await givenBack(host);
});

/** A folder of the machine that cannot be written, as after an error of its disk. */
const readOnly = (folder: string) => ({
  begin: () => inside(`mount --bind ${folder} ${folder}; mount -o remount,ro,bind ${folder}`),
  end: () => inside(`umount ${folder}`),
});

test("a file system that is read-only changes nothing: GW315 where Groundwork keeps its records, GW301 where an item is", async () => {
  const host = new DirectHost("readonly");
  const [one, two, three] = ["one\n", "two\n", "three\n"].map((text) => [file("a", text)]) as [
    Item[],
    Item[],
    Item[],
  ];
  const records = await mishap(host, one, two, readOnly("/var/lib/groundwork"));
  assert.equal(records.code, "GW315");
  assert.match(records.text, /m1 \(readonly\): .*Read-only file system/s);
  const place = await mishap(host, two, three, readOnly("/etc/bad"));
  assert.equal(place.code, "GW301");
  assert.match(place.text, /file:\/etc\/bad\/a .*Read-only file system.*The machine was put back as it was/s);
  await givenBack(host);
});

test("a file system that becomes read-only in the middle is GW302: files are as before, and the next operation settles the rest", async () => {
  const host = new DirectHost("turned");
  const { begin, end } = readOnly("/var/lib/groundwork");
  const second = [file("a", "two\n"), waiting, file("b", "two\n")];
  let files = "";
  const { code, text } = await mishap(host, [file("a", "one\n"), file("b", "one\n")], second, {
    begin: async () => undefined,
    during: () => meanwhile(begin),
    end: async () => {
      files = await inside("cat /etc/bad/a /etc/bad/b");
      await end();
    },
  });
  assert.equal(code, "GW302", text);
  assert.equal(files, "one\none", text);
  assert.match(text, /Read-only file system/);
  await givenBack(host);
});

/** A user of the machine who logs in with the lab's key. */
async function makeUser(name: string): Promise<Connection> {
  await inside(`useradd -m -s /bin/bash ${name}
    install -d -m 700 -o ${name} -g ${name} /home/${name}/.ssh
    install -m 600 -o ${name} -g ${name} /root/.ssh/authorized_keys /home/${name}/.ssh/authorized_keys`);
  return { ...machine.connection, user: name };
}

test("a user who needs a password for sudo, or finds no sudo, is refused with GW205, and nothing is changed", async () => {
  const connection = await makeUser("deploy");
  const host = new DirectHost("sudo");
  const wanted = spec([file("a", "one\n")], { connection });
  const before = await state();
  await inside("echo 'deploy ALL=(ALL) ALL' >/etc/sudoers.d/deploy; chmod 440 /etc/sudoers.d/deploy");
  const asked = await failure(host.up(wanted));
  assert.deepEqual([asked.code, /password is required/.test(asked.text)], ["GW205", true], asked.text);
  await inside(
    "echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy; mv /usr/bin/sudo /usr/bin/sudo.gone",
  );
  const missing = await failure(host.up(wanted));
  assert.deepEqual([missing.code, /sudo: .*not found/.test(missing.text)], ["GW205", true], missing.text);
  await inside("mv /usr/bin/sudo.gone /usr/bin/sudo; mv /etc/sudoers.d/deploy /root/rule");
  assert.equal(await state(), before);
  await inside("mv /root/rule /etc/sudoers.d/deploy");
  await host.up(wanted);
  await host.destroy();
  await inside("rm /etc/sudoers.d/deploy; userdel -rf deploy 2>/dev/null || :");
});

test("without DNS everything comes about that needs no names, also by a sudo that complains of its own; a package is GW301", async () => {
  const connection = await makeUser("named");
  await inside(`echo 'named ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/named; chmod 440 /etc/sudoers.d/named
    cp -L /etc/resolv.conf /root/resolv; cp /etc/hosts /root/hosts; cp /etc/apt/sources.list.d/test.list /root/list
    echo 'nameserver 127.0.0.1' >/etc/resolv.conf; sed -i "/$(uname -n)/d" /etc/hosts
    sed -i 's,//[^:]*:,//packages.bad:,' /etc/apt/sources.list.d/test.list`);
  assert.match(await inside("sudo -n true 2>&1"), /unable to resolve host/);
  const host = new DirectHost("dns");
  await host.up(spec([file("a", "one\n")], { connection }));
  const before = await state();
  const { code, text } = await failure(host.up(spec([file("a", "two\n"), tool], { connection })));
  assert.equal(code, "GW301");
  assert.match(text, /package:gw-tool .*packages\.bad.*The machine was put back as it was/s);
  assert.equal(await state(), before);
  await inside(`echo '${lab.gateway} packages.bad' >>/etc/hosts`);
  await host.up(spec([file("a", "two\n"), tool], { connection }));
  assert.deepEqual(await host.drift(), []);
  await givenBack(host);
  await inside(`cat /root/resolv >/etc/resolv.conf; cat /root/hosts >/etc/hosts
    cp /root/list /etc/apt/sources.list.d/test.list; rm /etc/sudoers.d/named; userdel -rf named 2>/dev/null || :`);
});

/** Holds the lock that apt takes first, as the machine's own upgrades do. */
const holdApt = (seconds: number): Promise<string> =>
  inside(`set -e; systemd-run -q --collect --unit=bad-apt perl -e 'open my $f, "+<", "/var/lib/dpkg/lock-frontend" or die;
    my $l = pack("s s x4 q q l x4", 1, 0, 0, 0, 0); fcntl($f, 6, $l) or die; open my $o, ">", "/run/held"; close $o; sleep ${seconds}'
    until [ -e /run/held ]; do systemctl is-active -q bad-apt; sleep 0.1; done; rm /run/held`);

test("a lock of apt is waited for; one that outlasts the time limit is GW306 and names its holder", async () => {
  const host = new DirectHost("apt");
  const { code, text } = await mishap(
    host,
    [file("a", "one\n")],
    [file("a", "two\n"), { ...tool, timeLimit: 7 }],
    {
      begin: () => holdApt(300),
      end: () => inside("systemctl stop bad-apt"),
    },
  );
  assert.equal(code, "GW306", text);
  assert.match(text, /package:gw-tool .*held by process \d+ \(perl\).*The machine was put back as it was/s);
  await host.up(spec([file("a", "two\n")]));
  await holdApt(2);
  await host.up(spec([file("a", "two\n"), tool]));
  await givenBack(host);
});

test("a package server that goes in the middle is GW301, one that falls silent GW306, and nothing is installed", async () => {
  const host = new DirectHost("server");
  const archive = server.files.get("/./gw-tool_1.0_all.deb") ?? server.files.get("/gw-tool_1.0_all.deb");
  assert.ok(archive);
  const cut = await mishap(host, [file("a", "one\n")], [file("a", "two\n"), tool], {
    begin: async () => Object.assign(archive, { breakAfter: 200, breaks: Number.POSITIVE_INFINITY }),
    end: async () => {
      delete archive.breakAfter;
    },
  });
  assert.equal(cut.code, "GW301", cut.text);
  assert.match(cut.text, /package:gw-tool .*Failed to fetch.*The machine was put back as it was/s);
  await givenBack(host);
  await inside("rm -f /var/cache/apt/archives/*.deb");
  const silent = await mishap(host, [file("a", "one\n")], [file("a", "two\n"), { ...tool, timeLimit: 4 }], {
    begin: async () => Object.assign(archive, { silentAfter: 200 }),
    end: async () => {
      delete archive.silentAfter;
    },
  });
  assert.equal(silent.code, "GW306", silent.text);
  await givenBack(host);
});

test("a slow link that falls silent while the program is sent is left for another one, and everything runs once", async () => {
  const host = new DirectHost("link");
  const { address } = machine.connection;
  const link = await openLinkProxy({ to: { address, port: 22 }, delayMilliseconds: 100, stallAt: 50_000 });
  try {
    const connection = { ...machine.connection, address: link.address, port: link.port };
    const slow: Item = {
      kind: "command",
      name: "runs once",
      run: "echo ran >>/etc/bad/runs",
      unless: "test -e /etc/bad/runs",
      undo: "rm -f /etc/bad/runs",
    };
    await host.up(spec([file("a", "one\n"), slow], { connection }));
    assert.equal(link.stalled, true, "the connection fell silent");
    assert.equal(await inside("cat /etc/bad/runs"), "ran");
    assert.deepEqual(await host.drift(), []);
    await givenBack(host);
  } finally {
    await link.close();
  }
});

test("a /tmp from which nothing may be executed is in nobody's way", async () => {
  const host = new DirectHost("noexec");
  await inside("mount -t tmpfs -o noexec,nosuid,nodev none /tmp");
  try {
    const items: Item[] = [
      { kind: "file", path: "/etc/bad/checked", content: "one\n", validate: 'grep -q one "$1"' },
      { kind: "sudoRule", name: "gw-bad", content: "nobody ALL=(root) /usr/bin/id\n" },
      { kind: "command", name: "makes a file", run: "touch /etc/bad/made", unless: "test -e /etc/bad/made", undo: "rm -f /etc/bad/made" },
      { kind: "unit", name: "gw-bad.service", content: "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n" },
      { kind: "service", unit: "gw-bad.service" },
      tool,
    ]; // biome-ignore format: one line an item
    await host.up(spec(items, { checks: [{ name: "a script runs", run: "true" }] }));
    assert.deepEqual(await host.drift(), []);
    await givenBack(host);
  } finally {
    await inside("umount /tmp");
  }
});

/** Every word of it means something in a program's report. */
const banner = `echo Welcome; echo 'machine is watched'; echo 'error GW301 bm8='; echo 'end failed'
echo 'It is forbidden' >&2; printf 'no end of this line '`;

test("a login shell that prints a banner is not listened to", async () => {
  const host = new DirectHost("banner");
  const pool = new SshPool();
  await inside(
    `touch /root/.bashrc; cp -p /root/.bashrc /root/kept; { printf '%s\\n' "$(cat)"; cat /root/kept; } >/root/.bashrc <<'E'\n${banner}\nE`,
  );
  try {
    const { stdout } = await pool.run(machine.connection, "echo there", "");
    assert.match(stdout, /^Welcome\n[\s\S]*no end of this line there\n$/);
    const wanted = spec(
      [
        file("a", "one\n"),
        {
          kind: "command",
          name: "takes a ticket",
          run: 'cp "$TICKET" /etc/bad/ticket',
          unless: "test -e /etc/bad/ticket",
          undo: "rm -f /etc/bad/ticket",
          ticket: "word",
        },
      ],
      {
        tickets: { word: { from: [machine.connection], issue: "echo the word" } },
        checks: [{ name: "seen by a login", run: "cat /etc/bad/a", on: machine.connection }],
      },
    );
    await host.up(wanted);
    assert.equal(await inside("cat /etc/bad/a /etc/bad/ticket"), "one\nthe word");
    assert.deepEqual(await host.drift(), []);
    const refused = await failure(
      host.up({ ...wanted, checks: [{ name: "never", run: "echo no; exit 1" }] }),
    );
    assert.equal(refused.code, "GW401");
    assert.match(refused.text, /^GW401 m1 \(banner\): never: no\./);
    await givenBack(host);
  } finally {
    await inside("mv /root/kept /root/.bashrc");
    await pool.close();
  }
});

test("a command that hangs, and does not end when it is told to, is GW306 and put back", async () => {
  const host = new DirectHost("hung");
  const hung = (run: string): Item => ({
    kind: "command",
    name: "hangs",
    run,
    unless: "test -e /etc/bad/done",
    undo: "rm -f /etc/bad/done",
    timeLimit: 1,
  });
  const first = [file("a", "one\n")];
  await host.up(spec(first));
  const before = await state();
  const { code, text } = await failure(
    host.up(spec([file("a", "two\n"), hung("echo begun; trap '' TERM; sleep 60 & wait; sleep 60")])),
  );
  assert.equal(code, "GW306");
  assert.match(text, /command:hangs .*begun.*The machine was put back as it was/s);
  assert.equal(await state(), before);
  assert.equal(await inside("pgrep -x sleep || :"), "");
  await host.up(spec([file("a", "two\n"), hung("touch /etc/bad/done")]));
  await givenBack(host);
});
