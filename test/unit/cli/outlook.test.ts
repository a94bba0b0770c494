import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Deployment, labOutputs } from "../../../cli/engine/deployment.ts";
import { exitCodeOf, type Outlook, readOutlook } from "../../../cli/readings/outlook.ts";
import { outlookText } from "../../../cli/readings/outlookText.ts";
import { type DeclaredHost, type Drift, type Item, keyOf, type Reader } from "../../../provider/index.ts";
import { hostKeyOf } from "../../support/hostKey.ts";
import { deploymentOf } from "./deployments.ts";

const nothing: Deployment = { version: 3, deployment: {} };
const standingKey = hostKeyOf("m1");

const guard = { name: "the system is Debian", run: "true" };
const file = (path: string): Item => ({ kind: "file", path, content: "wanted" });

/** A stream on a machine that is there; `later` are keys of items with a content that nobody knows yet. */
function host(machine: string, stream: string, items: Item[], later: string[] = []): DeclaredHost {
  const connection = { name: machine, address: "192.0.2.1", hostKey: hostKeyOf(machine) };
  return {
    name: `${stream}-${machine}`,
    stream,
    machine,
    items: [
      ...later.map((key) => ({ key, unknown: ["content"] })),
      ...items.map((item) => ({ key: keyOf(item), unknown: [] })),
    ],
    guardsToCome: [],
    spec: { connection, stream, items, guards: [guard], secretItems: [], secrets: ["hush"] },
  };
}

const notMade = (machine: string, items: Item[]): DeclaredHost => ({
  ...host(machine, "alpha", items),
  spec: undefined,
});

/** Machines on which these items differ; the real reader asks over SSH. */
const readerOf = (
  differs: string[],
  unreachable: string[] = [],
  holds = true,
  claimedElse?: string,
): Pick<Reader, "observe" | "verify"> => ({
  async observe({ connection: { name }, items }) {
    if (unreachable.includes(name)) return { drift: [], unreachable: `GW201 ${name}: no answer` };
    const drift = items
      .map(keyOf)
      .filter((key) => differs.includes(key))
      .map((item): Drift => ({ item, observed: "absent", desired: "as declared" }));
    return { machineId: "1", drift };
  },
  async verify({ checks = [] }, secrets) {
    const [claims] = checks.splice(-1);
    assert.match(claims?.run ?? "", /own=.?groundwork\/twin/, "claims of others are asked for");
    assert.deepEqual(secrets, ["hush"], "nothing of them may come back");
    const seen = { machine: "m1", seconds: 0.1, evidence: "ID=other\nby os-release\n" };
    const claimed = `${claimedElse === undefined ? "" : `${claimedElse} is claimed with another value by alpha-m1 of stack rack`}`;
    return [
      ...checks.map(({ name }) => ({ name, ...seen, result: holds ? ("pass" as const) : ("fail" as const) })),
      {
        ...seen,
        name: claims?.name ?? "",
        evidence: claimed,
        result: claimedElse === undefined ? ("pass" as const) : ("fail" as const),
      },
    ];
  },
});

interface Asked {
  hosts: DeclaredHost[];
  differs?: string[];
  unreachable?: string[];
  deployment?: Deployment;
  machines?: string[];
  doubts?: string[];
  /** Whether the guards hold. */
  holds?: boolean;
  /** An item that another program claims. */
  claimedElse?: string;
}

const outlookOf = (asked: Asked): Promise<Outlook> => {
  const { hosts, differs = [], unreachable = [], deployment = nothing, doubts = [] } = asked;
  const machines = asked.machines ?? hosts.map(({ machine }) => machine);
  return readOutlook(
    { declared: { hosts, doubts }, deployment, machines, program: { project: "groundwork", stack: "twin" } },
    readerOf(differs, unreachable, asked.holds, asked.claimedElse),
  );
};

describe("a preview against machines", () => {
  it("says of each item whether it would change, from what to what, or is as wanted", async () => {
    const outlook = await outlookOf({
      hosts: [host("m1", "alpha", [file("/etc/a"), file("/etc/b")])],
      differs: ["file:/etc/a"],
    });
    assert.equal(
      outlookText(outlook, undefined, true),
      `m1 alpha: 1 to change, 1 as wanted
  ~ file:/etc/a: absent => as declared
  = file:/etc/b
of 2 items: 1 to change, 1 as wanted`,
    );
    assert.equal(
      outlookText(outlook),
      `m1 alpha: 1 to change, 1 as wanted
  ~ file:/etc/a: absent => as declared
of 2 items: 1 to change, 1 as wanted`,
      "their number stands for items that are as wanted",
    );
    assert.equal(exitCodeOf(outlook), 0);
  });

  it("says so where nothing would change", async () => {
    const outlook = await outlookOf({ hosts: [host("m1", "alpha", [file("/etc/a")])] });
    assert.match(
      outlookText(outlook),
      /^nothing to change on the machines that were read: 1 item as wanted$/m,
    );
  });

  it("says what could not be put back exactly", async () => {
    const command: Item = { kind: "command", name: "init", run: "true", unless: "false" };
    const outlook = await outlookOf({ hosts: [host("m1", "alpha", [command])], differs: ["command:init"] });
    assert.match(outlookText(outlook), /~ command:init: absent => as declared \(restores: not\)/);
  });

  it("names an item whose value only an up can tell, with its fields, and guesses nothing", async () => {
    const outlook = await outlookOf({ hosts: [host("m1", "alpha", [file("/etc/a")], ["file:/etc/later"])] });
    assert.match(outlookText(outlook), /^ {2}\? file:\/etc\/later: content not known before an up$/m);
    assert.match(outlookText(outlook), /^of 2 items: 1 as wanted, 1 not known before an up$/m);
    assert.equal(exitCodeOf(outlook), 0);
  });

  it("tells of a service that is restarted because what it waits for changes, and of what waits for that", async () => {
    const service: Item = { kind: "service", unit: "a.service", restartOn: ["file:/etc/a"] };
    const next: Item = { kind: "service", unit: "b.service", reloadOn: ["service:a.service"] };
    const hosts = [host("m1", "alpha", [file("/etc/a"), service, next])];
    const text = outlookText(await outlookOf({ hosts, differs: ["file:/etc/a"] }));
    assert.match(
      text,
      /~ service:a\.service: as wanted, and brought about again because file:\/etc\/a changes \(restores: equivalent\)/,
    );
    assert.match(text, /~ service:b\.service: .*because service:a\.service changes/);
    assert.match(outlookText(await outlookOf({ hosts })), /^nothing to change/m);
    const later = [host("m1", "alpha", [service], ["file:/etc/a"])];
    assert.match(
      outlookText(await outlookOf({ hosts: later })),
      /\? service:a\.service: as wanted, unless file:\/etc\/a changes, which is not known before an up/,
    );
  });

  it("says where another program's claim would refuse the stream, and is not sure of the rest", async () => {
    const hosts = [host("m1", "alpha", [file("/etc/a")])];
    const outlook = await outlookOf({ hosts, claimedElse: "file:/etc/a" });
    assert.match(
      outlookText(outlook),
      /! refused while this does not hold: no other program claims .*: file:\/etc\/a is claimed .* by alpha-m1 of stack rack/,
    );
    assert.equal(exitCodeOf(outlook), 1);
  });

  it("says where a guard would refuse the stream, with what was seen", async () => {
    const outlook = await outlookOf({
      hosts: [host("m1", "alpha", [file("/etc/a")])],
      differs: ["file:/etc/a"],
      holds: false,
    });
    assert.equal(
      outlookText(outlook),
      `m1 alpha: 1 to change
  ! refused while this does not hold: the system is Debian: ID=other
      by os-release
  ~ file:/etc/a: absent => as declared
of 1 item: 1 to change`,
    );
    assert.equal(exitCodeOf(outlook), 1);
  });

  it("names a machine that was not reached once, and goes on with the others", async () => {
    const items = [file("/etc/a")];
    const hosts = [host("m1", "alpha", items), host("m1", "bravo", items), host("m2", "alpha", items)];
    const outlook = await outlookOf({ hosts, unreachable: ["m1"] });
    assert.equal(
      outlookText(outlook),
      `not reached: m1: GW201 m1: no answer
  2 items on m1 were not compared
m2 alpha: 1 as wanted
nothing to change on the machines that were read: 1 item as wanted`,
    );
    assert.equal(exitCodeOf(outlook), 1);
  });

  it("says in one line that a lab machine is not made yet, and asks nobody about it", async () => {
    const outlook = await outlookOf({ hosts: [notMade("m1", [file("/etc/a"), file("/etc/b")])] });
    assert.equal(
      outlookText(outlook),
      `not made yet: m1: up makes it and brings about its 2 items
no item was compared with a machine`,
    );
    assert.equal(exitCodeOf(outlook), 0);
  });

  it("puts several parts of a stream on one machine together, and machines in the order of their names", async () => {
    const hosts = [
      host("m2", "alpha", [file("/etc/a")]),
      host("m1", "alpha", [file("/etc/a")]),
      { ...host("m1", "alpha", [file("/etc/b")]), name: "alpha-certificates-m1" },
    ];
    const { hosts: listed } = await outlookOf({ hosts });
    assert.deepEqual(
      listed.map(({ machine, stream, items }) => [machine, stream, items.map(({ item }) => item)]),
      [
        ["m1", "alpha", ["file:/etc/a", "file:/etc/b"]],
        ["m2", "alpha", ["file:/etc/a"]],
      ],
    );
  });

  it("is not certain where a guard cannot be asked before an up", async () => {
    const declared = { ...host("m1", "alpha", [file("/etc/a")]), guardsToCome: ["the others answer"] };
    const outlook = await outlookOf({ hosts: [declared] });
    assert.match(
      outlookText(outlook),
      /^not certain: a guard of alpha on m1 is not known before an up: the others answer$/m,
    );
    assert.equal(exitCodeOf(outlook), 1);
  });

  it("is not certain where the program could not be heard to its end", async () => {
    const outlook = await outlookOf({ hosts: [], doubts: ["the program failed: no token"] });
    assert.match(outlookText(outlook), /^not certain: the program failed: no token$/m);
    assert.equal(exitCodeOf(outlook), 1);
  });
});

describe("a preview against machines that earlier ups touched", () => {
  /** As the standing machines are pinned. */
  const pinned = (declared: DeclaredHost, hostKey = standingKey): DeclaredHost => ({
    ...declared,
    spec: declared.spec && { ...declared.spec, connection: { ...declared.spec.connection, hostKey } },
  });
  const deployment = deploymentOf(["m1"]);
  const putBack = ({ hosts }: Outlook): string[] =>
    hosts.flatMap(({ items }) =>
      items.flatMap(({ item, prospect }) => (prospect === "putBack" ? [item] : [])),
    );

  it("names the items that nobody declares any more, but none that another stream still wants", async () => {
    const hosts = [pinned(host("m1", "alpha", [file("/etc/alpha.conf"), file("/etc/bravo.conf")]))];
    const outlook = await outlookOf({ hosts, deployment });
    assert.deepEqual(putBack(outlook), ["file:/etc/charlie.conf", "file:/etc/delta.conf"]);
    assert.match(
      outlookText(outlook),
      /^ {2}- file:\/etc\/delta\.conf: no longer declared, put back as it was$/m,
    );
  });

  it("names none that an item whose name is not known yet may turn out to be", async () => {
    const hosts = [pinned(host("m1", "alpha", [], ["file:[known after up]"]))];
    assert.deepEqual(putBack(await outlookOf({ hosts, deployment })), []);
    const others = [pinned(host("m1", "alpha", [], ["sysctl:[known after up]"]))];
    assert.equal(putBack(await outlookOf({ hosts: others, deployment })).length, 4);
    const any = [pinned(host("m1", "alpha", [], ["items[0] [known after up]"]))];
    assert.deepEqual(putBack(await outlookOf({ hosts: any, deployment })), []);
  });

  it("names none where the machine became another one", async () => {
    const hosts = [pinned(host("m1", "alpha", []), hostKeyOf("new"))];
    assert.deepEqual(putBack(await outlookOf({ hosts, deployment })), []);
  });

  it("names all of a machine that is not listed any more, and a lab machine by itself: it goes with all", async () => {
    assert.equal(putBack(await outlookOf({ hosts: [], deployment })).length, 4);
    const lab = await outlookOf({ hosts: [], deployment: deploymentOf(["m1"], ["m1"]) });
    assert.deepEqual(putBack(lab), []);
    assert.match(outlookText(lab), /^no longer declared: m1: up removes it with everything on it$/m);
  });
});

describe("what is known of a lab that stands", () => {
  it("is what its network and each of its machines said, but none that is about to be deleted", () => {
    const deployment = deploymentOf(["m1", "m2"], ["m1", "m2"]);
    const { resources = [] } = deployment.deployment;
    const hostKey = hostKeyOf("m1");
    const told = resources.map((resource) =>
      resource.urn.endsWith("LabMachine::m1") ? { ...resource, outputs: { hostKey } } : resource,
    );
    const left = told.map((resource) =>
      resource.urn.endsWith("LabMachine::m2") ? { ...resource, delete: true } : resource,
    );
    assert.deepEqual(labOutputs({ ...deployment, deployment: { resources: left } }), {
      "LabNetwork lab": {},
      "LabMachine m1": { hostKey },
    });
  });
});
