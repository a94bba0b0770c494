import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HostState, type ItemInput } from "../../../provider/index.ts";
import { eventually } from "../../support/eventually.ts";
import { openTestEngine, type Run, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";

/**
 * A machine that is kept by a user whose account, key and rule of sudo are items themselves: whatever takes one of
 * them away is taken back by the machine, unless somebody said that it may.
 */
const deadmanSeconds = 14;
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;
let accountsBefore = "";
let ownKey = "";

/** A public key to which nobody here has the private one. */
const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHbFJq0g5n2S0zWcOqTqkzqWQ6mX9cXJ3Yh0fM5h0b5T";

before(async () => {
  lab = await openTestLab({ name: "lockout", prefix: "10.95.7", machines: ["m1"] });
  machine = lab.machine("m1");
  engine = await openTestEngine({ environment: { GROUNDWORK_DEADMAN_SECONDS: String(deadmanSeconds) } });
  ownKey = (await readFile(join(lab.folder, "id.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
  accountsBefore = await accounts();
});

after(async () => {
  delete process.env.GROUNDWORK_LEAVE_LOCKED;
  await engine?.close();
  await lab?.close();
});

/** The account databases, the rules and the homes, byte for byte. */
function accounts(): Promise<string> {
  return machine.inside(`cd /etc; cat passwd shadow group gshadow subuid subgid
    find /home /etc/sudoers.d -printf '%p %y %m %u:%g %T@ %s\\n' | grep -v ' d ' | sort
    find /home /etc/sudoers.d -type f -print0 | sort -z | xargs -0 -r sha256sum`);
}

/** Runs a command on the machine as its keeper over a connection of its own, as anybody would. */
async function asKeeper(command: string): Promise<boolean> {
  const pins = join(lab.folder, "known_hosts");
  await writeFile(pins, `${machine.state.address} ${machine.state.hostKey}\n`);
  const settings = {
    UserKnownHostsFile: pins,
    StrictHostKeyChecking: "yes",
    BatchMode: "yes",
    ConnectTimeout: "3",
    IdentitiesOnly: "yes",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const target = `keeper@${machine.state.address}`;
  return new Promise((resolve) => {
    execFile("ssh", ["-F", "none", "-i", join(lab.folder, "id"), ...options, target, command], (error) =>
      resolve(error === null),
    );
  });
}

const canLogIn = (): Promise<boolean> => asKeeper("true");
const canBecomeRoot = (): Promise<boolean> => asKeeper("sudo -n true");

const timers = (): Promise<string> =>
  machine.inside("ls /etc/systemd/system 2>/dev/null | grep -c groundwork-revert || :");

const user = (more: object = {}): ItemInput => ({ kind: "user", name: "keeper", ...more }) as ItemInput;
const key = (publicKey = ownKey): ItemInput => ({ kind: "authorizedKey", user: "keeper", key: publicKey });
const rule = (content = "keeper ALL=(ALL) NOPASSWD: ALL\n"): ItemInput => ({
  kind: "sudoRule",
  name: "keeper",
  content,
});

/** What each of three HostStates wants; one that is missing is deleted. */
interface Keeping {
  account?: ItemInput[];
  key?: ItemInput[];
  rule?: ItemInput[];
}
const whole = (): Required<Keeping> => ({ account: [user()], key: [key()], rule: [rule()] });

/** The program: the machine's keeper in three HostStates, brought about by `login`. */
const keeping = (wanted: Keeping, login: "root" | "keeper") => () => {
  const connection = { ...machine.connection, user: login };
  const host = (name: keyof Keeping, dependsOn: HostState[]): HostState[] => {
    const items = wanted[name];
    return items === undefined
      ? []
      : [new HostState(name, { connection, stream: "keeper", items }, { dependsOn })];
  };
  const account = host("account", []);
  host("rule", [...account, ...host("key", account)]);
};

/** The operation fails with `code`, nobody gets in meanwhile, and the machine is by itself as it was. */
async function takenBack(
  work: () => Promise<Run>,
  code: RegExp,
  works: () => Promise<boolean>,
): Promise<void> {
  const before = await accounts();
  const run = await work();
  assert.equal(run.succeeded, false);
  assert.match(run.messages.join("\n"), code);
  assert.equal(await works(), false, "it really locked the keeper out");
  const since = Date.now();
  await eventually("the way back in", works, deadmanSeconds + 10);
  assert.ok(Date.now() - since < deadmanSeconds * 1000);
  const open = () => machine.inside("ls -A /var/lib/groundwork/transactions");
  await eventually("the transaction's end", async () => (await open()) === "");
  assert.equal(await timers(), "0");
  assert.equal(await accounts(), before);
}

const up = (wanted: Keeping) => () => engine.up(keeping(wanted, "keeper"));

test("a user with a key and a rule of sudo takes the machine over from root", async () => {
  const made = await engine.up(keeping(whole(), "root"));
  assert.equal(made.succeeded, true, made.messages.join("\n"));
  assert.equal(await canBecomeRoot(), true);
  const taken = await engine.up(keeping(whole(), "keeper"));
  assert.equal(taken.succeeded, true, taken.messages.join("\n"));
  await machine.inside("echo precious >/home/keeper/data; chown keeper: /home/keeper/data");
});

test("a wrong key in the place of the one in use is taken back", () =>
  takenBack(up({ ...whole(), key: [key(otherKey)] }), /GW307 m1: .*Permission denied/, canLogIn));

test("the key in use that is wanted no more is put back", () =>
  takenBack(up({ ...whole(), key: [] }), /GW307 m1: .*Permission denied/, canLogIn));

test("a key that lets in from elsewhere only is taken back", () => {
  const elsewhere = { ...key(), options: ['from="192.0.2.1"'] } as ItemInput;
  return takenBack(up({ ...whole(), key: [elsewhere] }), /GW307 m1: .*Permission denied/, canLogIn);
});

test("a rule of sudo that is wanted no more is put back", () =>
  takenBack(up({ ...whole(), rule: [] }), /GW307 m1: .*sudo/, canBecomeRoot));

test("a rule of sudo that allows less is taken back", () => {
  const less = rule("keeper ALL=(root) NOPASSWD: /usr/bin/id\n");
  return takenBack(up({ ...whole(), rule: [less] }), /GW307 m1: .*sudo/, canBecomeRoot);
});

test("a shell that lets nobody in is taken back", () =>
  takenBack(up({ ...whole(), account: [user({ shell: "/usr/sbin/nologin" })] }), /GW307 m1: /, canLogIn));

test("the delete of the key in use is refused by the machine, which puts it back", () => {
  const { key: _, ...rest } = whole();
  return takenBack(up(rest), /GW313 m1: .*Permission denied.*--leave-locked m1/s, canLogIn);
});

test("the delete of the rule in use is refused by the machine, which puts it back", () => {
  const { rule: _, ...rest } = whole();
  return takenBack(up(rest), /GW313 m1: .*sudo.*--leave-locked m1/s, canBecomeRoot);
});

test("the delete of the user in use is refused by the machine, which puts it back with its home", async () => {
  const { account: _, ...rest } = whole();
  await takenBack(up(rest), /GW313 m1: .*--leave-locked m1/s, canLogIn);
  assert.equal(await machine.inside("cat /home/keeper/data"), "precious");
});

test("afterwards all is as declared, and nothing has to be mended", async () => {
  const run = await engine.up(keeping(whole(), "keeper"));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.deepEqual(
    run.steps.filter(({ operation }) => !["refresh", "same"].includes(operation)),
    [],
  );
});

test("a delete goes through where the machine may be left without this login", async () => {
  // One HostState now: after its delete nobody can log in as the keeper to delete another one.
  const one = () => {
    const connection = { ...machine.connection, user: "keeper" };
    new HostState("all", { connection, stream: "keeper", items: [user(), key(), rule()] });
  };
  const joined = await engine.up(() => {
    one();
    keeping(whole(), "keeper")();
  });
  assert.equal(joined.succeeded, true, joined.messages.join("\n"));
  const alone = await engine.up(one);
  assert.equal(alone.succeeded, true, alone.messages.join("\n"));
  process.env.GROUNDWORK_LEAVE_LOCKED = "m1";
  const run = await engine.destroy();
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await canLogIn(), false);
  assert.equal(await timers(), "0");
  assert.equal(await accounts(), accountsBefore);
  assert.equal(await machine.inside("cat /var/lib/groundwork/kept/*-keeper/data"), "precious");
});
