import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HostState, type ItemInput } from "../../../provider/index.ts";
import { openTestEngine, type Run, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";

/** What a machine's registry knows follows a HostState that gets another URN. The tests follow each other. */
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;
let pristine = "";

before(async () => {
  lab = await openTestLab({ name: "provadopt", prefix: "10.95.15", machines: ["m1"] });
  machine = lab.machine("m1");
  engine = await openTestEngine();
  pristine = await machine.listing("/etc", "/var/lib");
});

after(async () => {
  await engine?.close();
  await lab?.close();
});

const file = (name: string, content: string): ItemInput => ({ kind: "file", path: `/etc/${name}`, content });
const host =
  (name: string, items: ItemInput[], aliases: string[] = []) =>
  () => {
    const args = { connection: machine.connection, stream: "alpha", items };
    new HostState(name, args, { aliases: aliases.map((alias) => ({ name: alias })) });
  };
const claims = (): Promise<string> =>
  machine.inside("sed -n 's/^urn.*:://p' /var/lib/groundwork/claims/* | xargs");
const succeeds = async (running: Promise<Run>): Promise<Run> => {
  const run = await running;
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  return run;
};

// Debian has the first one.
const first = [file("issue.net", "one\n"), file("given-up", "two\n"), file("kept", "three\n")];
const second = [file("issue.net", "other\n"), file("kept", "three\n")];

test("an alias takes the claim along: what the new name gave up goes, and nothing else is touched", async () => {
  await succeeds(engine.up(host("alpha-m1", first)));
  const stamp = "stat -c %y /etc/kept";
  const written = await machine.inside(stamp);
  const run = await succeeds(engine.up(host("base-m1", second, ["alpha-m1"])));
  assert.match(run.messages.join("\n"), /took over what was claimed as urn:\S+::alpha-m1/);
  assert.equal(await claims(), "base-m1");
  assert.equal(await machine.inside("cat /etc/issue.net /etc/kept; ls /etc/given-up || :"), "other\nthree");
  assert.equal(await machine.inside(stamp), written);
});

test("an alias alone is told by the preview, and moves the claim", async () => {
  const program = host("first-m1", second, ["base-m1"]);
  const [step] = (await succeeds(engine.preview(program))).steps.filter(({ name }) => name === "first-m1");
  assert.deepEqual(step?.differences, { claimant: "update state" });
  await succeeds(engine.up(program));
  assert.equal(await claims(), "first-m1");
  const again = await succeeds(engine.up(host("first-m1", second)));
  assert.deepEqual(
    again.steps.map(({ operation }) => operation).filter((operation) => operation === "update"),
    [],
  );
});

test("another stack is refused what this one claims, until it is told to take it over", async () => {
  const refused = await openTestEngine({ stack: "again" });
  try {
    const run = await refused.up(host("first-m1", first));
    assert.equal(run.succeeded, false);
    assert.match(
      run.messages.join("\n"),
      /GW303 .*issue\.net is claimed with another value by urn:\S+::first-m1/,
    );
  } finally {
    await refused.close();
  }
  const environment = { GROUNDWORK_ADOPT: "dev" };
  const adopting = await openTestEngine({ stack: "again", environment });
  try {
    await succeeds(adopting.up(host("first-m1", first)));
    assert.equal(await claims(), "first-m1");
    assert.equal(await machine.inside("cat /etc/issue.net /etc/given-up"), "one\ntwo");
    await succeeds(adopting.destroy());
    assert.equal(await machine.listing("/etc", "/var/lib"), pristine);
  } finally {
    await adopting.close();
  }
});
