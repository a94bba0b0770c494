import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { HostState, type ItemInput } from "../../../provider/index.ts";
import { openTestEngine, type Run, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";

/**
 * One HostState on a real machine through the real engine, from creation to destroy. The tests follow each other
 * on the same machine.
 */
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;
/** What the machine was like before anything was done to it. */
let etcBefore = "";
let settingBefore = "";

const setting = "net.ipv4.tcp_keepalive_time";
const canary = "canary-7f3a90c1-not-to-be-seen";

before(async () => {
  lab = await openTestLab({ name: "prov", prefix: "10.95.0", machines: ["m1"] });
  machine = lab.machine("m1");
  engine = await openTestEngine();
  etcBefore = await machine.listing("/etc");
  settingBefore = await machine.inside(`cat /proc/sys/${setting.replaceAll(".", "/")}`);
});

after(async () => {
  await engine?.close();
  await lab?.close();
});

const unitText = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n";
const awkward = 'it\'s $(id) `id` \\ "quoted"\n\ttab, ünïcode \u{1F600}, no last newline';

const items: ItemInput[] = [
  { kind: "sysctl", name: setting, value: "600" },
  { kind: "file", path: "/etc/a new/deep folder/it's $(here).conf", content: awkward, mode: "0640" },
  // Debian has this one.
  { kind: "file", path: "/etc/issue.net", content: "Changed\n" },
  { kind: "unit", name: "hello.service", content: unitText },
];

const facts = { host: { run: "hostname" }, identity: { file: "/etc/machine-id", secret: true } };

const alpha = (more: Partial<ConstructorParameters<typeof HostState>[1]> = {}) => {
  const host = new HostState("alpha-m1", {
    connection: machine.connection,
    stream: "alpha",
    items,
    facts,
    ...more,
  });
  return { host: host.fact("host"), identity: host.secretFact("identity") };
};

const operations = (run: Run): string[] => run.steps.map(({ operation, name }) => `${operation} ${name}`);
const read = (path: string): Promise<string> => machine.inside(`cat "${path}"; echo .`);

/** Fails with the lines that came and went, not with both listings. */
function sameListing(now: string, then: string): void {
  const [present, past] = [new Set(now.split("\n")), new Set(then.split("\n"))];
  const came = [...present].filter((line) => !past.has(line)).map((line) => `+ ${line}`);
  const went = [...past].filter((line) => !present.has(line)).map((line) => `- ${line}`);
  assert.deepEqual([...came, ...went], []);
}

/** Runs an operation and counts the logins that the machine's own sshd saw meanwhile. */
async function countingLogins(work: () => Promise<Run>): Promise<{ run: Run; logins: number }> {
  const loginsBefore = await machine.logins();
  const run = await work();
  return { run, logins: (await machine.logins()) - loginsBefore };
}

test("two HostStates that want one item differently are refused at preview, before any machine is asked", async () => {
  const { run, logins } = await countingLogins(() =>
    engine.preview(() => {
      alpha();
      new HostState("bravo-m1", {
        connection: { ...machine.connection, name: "another-name" },
        stream: "bravo",
        items: [{ kind: "sysctl", name: setting, value: "601" }],
      });
    }),
  );
  assert.equal(run.succeeded, false);
  assert.match(
    run.messages.join("\n"),
    /sysctl:net\.ipv4\.tcp_keepalive_time is wanted with another value by (alpha|bravo)-m1 \(GW103\)/,
  );
  assert.equal(logins, 0);
  sameListing(await machine.listing("/etc"), etcBefore);
});

test("up brings about every item byte for byte, with one login", async () => {
  const { run, logins } = await countingLogins(() => engine.up(alpha));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.deepEqual(operations(run), ["create alpha-m1"]);
  assert.equal(logins, 1);
  assert.equal(await read("/etc/a new/deep folder/it's \\$(here).conf"), `${awkward}.`);
  assert.equal(
    await machine.inside(`stat -c '%a %U:%G' "/etc/a new/deep folder/it's \\$(here).conf"`),
    "640 root:root",
  );
  assert.equal(await read("/etc/issue.net"), "Changed\n.");
  assert.equal(await machine.inside(`cat /proc/sys/${setting.replaceAll(".", "/")}`), "600");
  assert.equal(await machine.inside("systemctl show -p LoadState --value hello.service"), "loaded");
  assert.equal(run.outputs.host, "m1\n");
  assert.equal(run.outputs.identity, `${machine.state.machineId}\n`);
});

test("a second up reads the machine, changes nothing and says so, with one login", async () => {
  const listing = await machine.listing("/etc");
  const generation = (await engine.stateOf("alpha-m1"))?.generation;
  const { run, logins } = await countingLogins(() => engine.up(alpha));
  assert.deepEqual(operations(run), ["refresh alpha-m1", "same alpha-m1"]);
  assert.deepEqual(run.messages, []);
  assert.equal(logins, 1);
  sameListing(await machine.listing("/etc"), listing);
  assert.equal((await engine.stateOf("alpha-m1"))?.generation, generation);
});

test("what somebody changed on the machine is named exactly by refresh and preview, and mended exactly by up", async () => {
  const listing = await machine.listing("/etc");
  await machine.inside(`sysctl -q -w ${setting}=7777
    echo '# by hand' >>/etc/systemd/system/hello.service
    chmod 0666 /etc/issue.net`);
  const refreshed = await engine.refresh();
  assert.equal(refreshed.succeeded, true, refreshed.messages.join("\n"));
  const drift = (await engine.stateOf("alpha-m1"))?.drift as {
    item: string;
    observed: string;
    desired: string;
  }[];
  assert.deepEqual(
    drift.map(({ item }) => item),
    [`sysctl:${setting}`, "file:/etc/issue.net", "unit:hello.service"],
  );
  assert.deepEqual(drift[0], {
    item: `sysctl:${setting}`,
    observed: "value=7777 boot=600",
    desired: "value=600 boot=600",
  });
  assert.match(drift[1]?.observed ?? "", /^file mode=0666 owner=root:root sha256=[0-9a-f]{64}$/);

  const preview = await engine.preview(alpha);
  assert.deepEqual(preview.steps.at(-1)?.differences, {
    "drift[0]": "delete state",
    "drift[1]": "delete state",
    "drift[2]": "delete state",
  });

  const { run, logins } = await countingLogins(() => engine.up(alpha));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.deepEqual(run.messages, [`changed sysctl:${setting}, file:/etc/issue.net, unit:hello.service`]);
  assert.equal(logins, 1);
  sameListing(await machine.listing("/etc"), listing);
  assert.equal(await machine.inside(`cat /proc/sys/${setting.replaceAll(".", "/")}`), "600");
});

test("a preview names each field of each item that would change", async () => {
  const changed = items
    .with(2, { kind: "file", path: "/etc/issue.net", content: "Again\n", mode: "0600" })
    .slice(0, 3);
  const run = await engine.preview(() => alpha({ items: changed }));
  assert.deepEqual(run.steps.at(-1)?.differences, {
    "items[2].content": "update",
    "items[2].mode": "add",
    "items[3]": "delete",
  });
});

test("a check that fails puts everything back as it was before the operation, and runs again to show it", async () => {
  const listing = await machine.listing("/etc", "/var/lib/groundwork/claims", "/var/lib/groundwork/baseline");
  const run = await engine.up(() =>
    alpha({
      items: [
        { kind: "file", path: "/etc/issue.net", content: "Worse\n", mode: "0600" },
        { kind: "file", path: "/etc/new/one", content: "new" },
        { kind: "sysctl", name: setting, value: "999" },
        { kind: "sysctl", name: "net.ipv4.tcp_fin_timeout", value: "61" },
        { kind: "unit", name: "hello.service", content: `${unitText}# changed\n` },
      ],
      checks: [{ name: "the moon is made of cheese", run: "cat /etc/issue.net; exit 1" }],
    }),
  );
  assert.equal(run.succeeded, false);
  const said = run.messages.join("\n");
  assert.match(
    said,
    /GW401 m1 \(alpha\): the moon is made of cheese: Worse\. The machine was put back as it was; of 1 checks 0 pass on the old state/,
  );
  sameListing(
    await machine.listing("/etc", "/var/lib/groundwork/claims", "/var/lib/groundwork/baseline"),
    listing,
  );
  assert.equal(await machine.inside(`cat /proc/sys/${setting.replaceAll(".", "/")}`), "600");
  assert.equal(await machine.inside("ls -A /var/lib/groundwork/transactions"), "");
});

test("an item that leaves the program is put back as it was before the first up, the others stay", async () => {
  const run = await engine.up(() => alpha({ items: items.slice(0, 2) }));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.deepEqual(run.messages, []);
  const original = etcBefore.split("\n").filter((line) => line.endsWith("/etc/issue.net"));
  assert.deepEqual((await machine.listing("/etc/issue.net")).split("\n").slice(1), original);
  assert.equal(await machine.inside("test -e /etc/systemd/system/hello.service || echo gone"), "gone");
  assert.equal(await machine.inside(`cat /proc/sys/${setting.replaceAll(".", "/")}`), "600");
});

test("a guard that does not hold leaves the machine untouched", async () => {
  const listing = await machine.listing("/etc");
  const run = await engine.up(() =>
    alpha({ items: [], guards: [{ name: "there is a second moon", run: "echo only one; exit 1" }] }),
  );
  assert.equal(run.succeeded, false);
  assert.match(run.messages.join("\n"), /GW402 m1 \(alpha\): there is a second moon: only one/);
  sameListing(await machine.listing("/etc"), listing);
});

test("a secret reaches its file and nothing else: no argument, log, state in clear, message or readable file", async () => {
  const watch = watchArguments(canary);
  const run = await engine.up(() => {
    alpha({
      items: [
        ...items,
        { kind: "file", path: "/etc/secret", content: pulumi.secret(`${canary}\n`), mode: "0600" },
        // Keeps every process of the operation alive for a while.
        {
          kind: "command",
          name: "takes its time",
          run: "sleep 1.5; touch /run/slept",
          unless: "test -e /run/slept",
          undo: "rm /run/slept",
        },
      ],
    });
  });
  const { seen, looks } = await watch.end();
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await read("/etc/secret"), `${canary}\n.`);
  assert.deepEqual(seen, []);
  assert.ok(looks >= 5, `the processes were looked at ${looks} times`);

  const encoded = Buffer.from(`${canary}\n`).toString("base64").slice(0, 30);
  const everywhere = `-e '${canary}' -e '${encoded}'`;
  const state = await engine.stateText();
  assert.ok(!state.includes(canary) && !state.includes(encoded));
  assert.ok(!run.messages.join("\n").includes(canary));
  assert.equal(await machine.inside(`journalctl -q --no-pager -a | grep -c ${everywhere} || :`), "0");
  assert.equal(
    await machine.inside(
      `find /etc /var /run /tmp /root -xdev -type f -size -9M -exec grep -ls ${everywhere} {} + || :`,
    ),
    "/etc/secret",
  );
  // The state changes with the content, and a tampered secret shows as a digest only.
  await machine.inside("echo other >/etc/secret");
  await engine.refresh();
  const drift = JSON.stringify((await engine.stateOf("alpha-m1"))?.drift);
  assert.match(drift, /file:\/etc\/secret/);
  assert.ok(!drift.includes("other"));
});

test("destroy puts everything back byte for byte and leaves nothing behind", async () => {
  const { run, logins } = await countingLogins(() => engine.destroy());
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(logins, 1);
  sameListing(await machine.listing("/etc"), etcBefore);
  assert.equal(await machine.inside(`cat /proc/sys/${setting.replaceAll(".", "/")}`), settingBefore);
  // The last test changed /etc/secret by hand: that, and nothing else, was kept aside.
  const left = await machine.inside("find /var/lib/groundwork /run/slept -type f 2>/dev/null || :");
  assert.match(
    left,
    /^\/var\/lib\/groundwork\/kept\/[^/]+\/(item|old)\n\/var\/lib\/groundwork\/kept\/[^/]+\/(item|old)$/,
  );
  assert.equal(await machine.inside("cat /var/lib/groundwork/kept/*/old"), "other");
  assert.equal(
    await machine.inside(
      "systemctl list-units --all --no-legend 'groundwork-revert*' 'groundwork-????????????????.service'",
    ),
    "",
  );
  assert.equal(await machine.inside("find /run/groundwork -type f ! -path '*/locks/*'"), "");
});

/** Looks for `words` in the arguments and environment of every process of this computer, machines included, again and again. */
function watchArguments(words: string): { end(): Promise<{ seen: string[]; looks: number }> } {
  const seen = new Set<string>();
  let looks = 0;
  let over = false;
  const own = String(process.pid);
  const encoded = Buffer.from(words).toString("base64").slice(0, 30);
  const look = async (): Promise<void> => {
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== own)) {
      for (const file of ["cmdline", "environ"]) {
        const text = await readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
        if (text.includes(words) || text.includes(encoded)) seen.add(`${file} ${text.slice(0, 200)}`);
      }
    }
    looks += 1;
  };
  const watching = (async () => {
    while (!over) await look();
  })();
  return {
    async end() {
      over = true;
      await watching;
      return { seen: [...seen], looks };
    },
  };
}
