import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { HostState, type ItemInput } from "../../../provider/index.ts";
import { openTestEngine, type Run, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";
import { type Samples, sampleProcesses } from "./processSampler.ts";

/**
 * One secret in every place that takes one, through preview, up, drift, failures and destroy; then it is looked for
 * where others could see it. The tests follow each other.
 */
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;
let endSampling: () => Promise<Samples>;
/** What people, logs and files of the engine were shown, by where. */
const shown: Record<string, string> = {};

const canary = (): string => `canary${randomBytes(12).toString("hex")}`;
const secrets: Record<string, string> = {
  file: canary(),
  asset: canary(),
  command: canary(),
  "sudo rule": canary(),
  unit: canary(),
  // Long enough for crypt(5); nobody's password.
  "password hash": `$6$${canary()}$${"a".repeat(86)}`,
  "address of a download": canary(),
  check: canary(),
  "script of a fact": canary(),
  "script of a ticket": canary(),
  "value of a fact": canary(),
  ticket: canary(),
};
const of = (name: string): string => secrets[name] ?? "";
const ruleOf = (text: string): string => `# ${of("sudo rule")}\nnobody ALL=(root) ${text}\n`;

/** Whole values, as they lie in fields: what a plain digest could be of. */
const values: Record<string, string> = {
  ...secrets,
  "file with its end": `${of("file")}\n`,
  "sudo rule with its end": ruleOf("/bin/true"),
};

const items: ItemInput[] = [
  { kind: "file", path: "/etc/canary", content: pulumi.secret(`${of("file")}\n`), mode: "0600" },
  {
    kind: "file",
    path: "/etc/canary-bytes",
    asset: pulumi.secret(new pulumi.asset.StringAsset(of("asset"))),
    mode: "0600",
  },
  { kind: "sudoRule", name: "canary", content: pulumi.secret(ruleOf("/bin/true")) },
  {
    kind: "unit",
    name: "canary.service",
    content: pulumi.secret(`# ${of("unit")}\n[Service]\nExecStart=/bin/true\n`),
  },
  { kind: "user", name: "canary", passwordHash: pulumi.secret(of("password hash")) },
  {
    kind: "command",
    name: "takes the ticket",
    run: pulumi.secret(`umask 077; : ${of("command")}; cat "$TICKET" >/root/ticket.taken; sleep 0.5`),
    unless: "[ -e /root/ticket.taken ]",
    undo: "rm /root/ticket.taken",
    ticket: "join",
  },
];

const artifactFolder = mkdtempSync(join(tmpdir(), "groundwork-canary-"));
/** Large enough to be seen on its way. */
const large = Buffer.alloc(30 * 1024 * 1024);

const download = (): ItemInput => ({
  kind: "download",
  path: "/root/large",
  urls: [pulumi.secret(`${lab.artifactUrl}/large?token=${of("address of a download")}`)],
  sha256: createHash("sha256").update(large).digest("hex"),
});

const alpha = () => {
  const host = new HostState("alpha-m1", {
    connection: machine.connection,
    stream: "alpha",
    items: [...items, download()],
    checks: [{ name: "the check passes", run: pulumi.secret(`: ${of("check")}; sleep 0.5`) }],
    facts: {
      kept: { file: "/root/fact", secret: true },
      asked: { run: pulumi.secret(`: ${of("script of a fact")}; sleep 0.5; echo asked`), secret: true },
    },
    tickets: {
      join: {
        from: [machine.connection],
        issue: pulumi.secret(`: ${of("script of a ticket")}; sleep 0.5; cat /root/ticket`),
      },
    },
  });
  return { kept: host.secretFact("kept") };
};

/** Each fails, and says what it holds as it does. */
const failures = () => {
  const failing = (stream: string, more: Partial<ConstructorParameters<typeof HostState>[1]>) =>
    new HostState(`${stream}-m1`, { connection: machine.connection, stream, items: [], ...more });
  const join = {
    from: [machine.connection],
    issue: "cat /root/ticket",
  };
  alpha();
  failing("command", {
    items: [
      { kind: "command", name: "tells", run: pulumi.secret(`echo ${of("command")}; false`), unless: "false" },
    ],
  });
  failing("syntax", {
    items: [
      { kind: "command", name: "is none", run: pulumi.secret(`${of("command")} --now`), unless: "false" },
    ],
  });
  failing("rule", {
    items: [{ kind: "sudoRule", name: "wrong", content: pulumi.secret(ruleOf(`= ${of("sudo rule")}`)) }],
  });
  failing("check", {
    items: [{ kind: "file", path: "/etc/canary", content: pulumi.secret(`${of("file")}\n`), mode: "0600" }],
    checks: [{ name: "tells the file", run: "cat /etc/canary; false" }],
  });
  failing("asked", { checks: [{ name: "tells itself", run: pulumi.secret(`echo ${of("check")}; false`) }] });
  failing("taker", {
    items: [
      {
        kind: "command",
        name: "tells the ticket",
        run: 'cat "$TICKET"; false',
        unless: "false",
        ticket: "join",
      },
    ],
    tickets: { join },
  });
  failing("issuer", {
    items: [{ kind: "command", name: "gets none", run: "true", unless: "false", ticket: "join" }],
    tickets: { join: { ...join, issue: pulumi.secret(`echo ${of("script of a ticket")} >&2; false`) } },
  });
  failing("fact", {
    facts: { told: { run: pulumi.secret(`echo ${of("script of a fact")} >&2; false`), secret: true } },
  });
};

before(async () => {
  writeFileSync(join(artifactFolder, "large"), large);
  lab = await openTestLab({ name: "canary", prefix: "10.95.13", machines: ["m1"], artifactFolder });
  machine = lab.machine("m1");
  secrets["login key"] = readFileSync(join(lab.folder, "id"), "utf8").split("\n")[2] ?? "";
  engine = await openTestEngine();
  for (const [path, name] of [
    ["fact", "value of a fact"],
    ["ticket", "ticket"],
  ] as const)
    await machine.inside(`umask 077; printf %s ${of(name)} >/root/${path}`);
  endSampling = sampleProcesses({ ...secrets, control });
});
after(async () => {
  await engine?.close();
  await lab?.close();
  rmSync(artifactFolder, { recursive: true });
});

const control = canary();

/** Fails with the names of the secrets that a text holds, in clear or in base64. */
function tellsNothing(text: string, where: string, texts = secrets): void {
  const base64 = (value: string): string => Buffer.from(value).toString("base64").slice(0, -4);
  const found = Object.entries(texts).filter(
    ([, value]) => text.includes(value) || text.includes(base64(value)),
  );
  assert.deepEqual(
    found.map(([name]) => name),
    [],
    where,
  );
}

const plainDigests = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, createHash("sha256").update(value).digest("hex")]),
  );

async function noted(where: string, work: Promise<Run>): Promise<Run> {
  const run = await work;
  const { outputs: _, ...seen } = run;
  shown[where] = JSON.stringify(seen);
  shown[`state after ${where}`] = await engine.stateText();
  return run;
}

test("secrets do their work wherever they are given", async () => {
  const preview = await noted("preview", engine.preview(alpha));
  assert.ok(preview.succeeded, preview.messages.join("\n"));
  const up = await noted("up", engine.up(alpha));
  assert.ok(up.succeeded, up.messages.join("\n"));
  assert.equal(up.outputs.kept, of("value of a fact"));
  assert.equal(
    await machine.inside("cat /etc/canary /etc/canary-bytes /root/ticket.taken"),
    `${of("file")}\n${of("asset")}${of("ticket")}`,
  );
});

test("drift of what holds them is found", async () => {
  await machine.inside("echo tampered >>/etc/canary; rm /etc/canary-bytes");
  const refresh = await noted("refresh", engine.refresh());
  assert.ok(refresh.succeeded, refresh.messages.join("\n"));
  const drift = (await engine.stateOf("alpha-m1"))?.drift as unknown[];
  assert.equal(drift.length, 2, JSON.stringify(drift));
  const { succeeded, messages } = await noted("mended", engine.up(alpha));
  assert.ok(succeeded, messages.join("\n"));
});

test("what fails is named, and why", async () => {
  const { succeeded, messages } = await noted("failures", engine.up(failures));
  assert.equal(succeeded, false);
  const text = messages.join("\n");
  for (const named of [
    /GW301 m1 \(command\): command:tells \(apply\)/,
    /GW301 m1 \(syntax\): command:is none \(apply\)/,
    /GW301 m1 \(rule\): sudoRule:wrong \(apply\)/,
    /GW401 m1 \(check\): tells the file/,
    /GW401 m1 \(asked\): tells itself/,
    /GW301 m1 \(taker\): command:tells the ticket \(apply\)/,
    /GW308 ticket join/,
    /GW309 m1 \(fact\)/,
  ])
    assert.match(text, named);
});

test("no process of this computer or of the machine had one among its arguments or in its environment", async () => {
  const process = spawn("sh", ["-c", "sleep 1; :", control]);
  await once(process, "exit");
  const { rounds, found } = await endSampling();
  assert.ok(rounds > 100, `${rounds} rounds`);
  assert.deepEqual(found, ["control in cmdline of sh"]);
});

test("nothing that was shown, and no state, holds one or its plain digest", () => {
  for (const [where, text] of Object.entries(shown)) {
    tellsNothing(text, where);
    tellsNothing(text, `digests: ${where}`, plainDigests());
  }
});

test("the journal of the machine and what anybody can read there hold none", async () => {
  tellsNothing(await machine.inside("journalctl -q --no-pager -o export -a"), "journal");
  tellsNothing(await machine.inside("cat -- $(find /var/log -type f ! -path '*/journal/*')"), "logs");
  const readable = `setpriv --reuid=65534 --regid=65534 --clear-groups find /var/lib/groundwork /run /tmp /var/tmp /var/log -type f -readable -exec cat {} + 2>/dev/null || :`;
  tellsNothing(await machine.inside(readable), "files");
});

test("destroy tells none either and leaves none of them", async () => {
  const { succeeded, messages } = await noted("destroy", engine.destroy());
  assert.ok(succeeded, messages.join("\n"));
  tellsNothing(shown.destroy ?? "", "destroy");
  const left =
    "cat -- $(find /etc /run /var/lib/groundwork /tmp -type f ! -path '/run/systemd/*' 2>/dev/null) 2>/dev/null || :";
  tellsNothing(await machine.inside(left), "left");
});
