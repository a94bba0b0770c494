import assert from "node:assert/strict";
import type { Action, Operation, Wanted } from "../../../provider/engine/program.ts";
import { type Item, itemKinds } from "../../../provider/index.ts";
import { MachineSession } from "../../../provider/session/machine.ts";
import type { Report } from "../../../provider/session/report.ts";
import { SshPool } from "../../../provider/ssh/sshPool.ts";
import { openTestLab, type TestLab, type TestLabOptions, type TestMachine } from "../../support/testLab.ts";

/** The one machine on which all kinds of items are tried, and the provider's own way to it. */
export interface Subject {
  readonly lab: TestLab;
  readonly machine: TestMachine;
  readonly session: MachineSession;
  close(): Promise<void>;
}

/** Name and addresses of the machine's network, and its Debian. */
export type SubjectOptions = Required<Pick<TestLabOptions, "name" | "prefix" | "release">>;

/** Makes the machine. */
export async function openSubject(options: SubjectOptions): Promise<Subject> {
  const lab = await openTestLab({ ...options, machines: ["subject"] });
  const pool = new SshPool();
  const machine = lab.machine("subject");
  const session = new MachineSession(pool, machine.connection);
  return {
    lab,
    machine,
    session,
    async close() {
      await pool.close();
      await lab.close();
    },
  };
}

/** Everything below folders of the machine: kind, mode, owner, target and digest, of files the time stamp too. */
export function picture(subject: Subject, ...folders: string[]): Promise<string> {
  const below = folders.join(" ");
  return subject.machine.inside(`find ${below} -mindepth 1 -not -type f -printf '%p %y %m %u:%g %l\\n' | sort
    find ${below} -type f -printf '%p %m %u:%g %T@\\n' | sort
    find ${below} -type f -print0 | sort -z | xargs -0 -r sha256sum
    ls -I lease /var/lib/groundwork 2>&1 || :`);
}

let owners = 0;

/** One HostState of its own on the subject: what it wants, and what it gives back. */
export class Stream {
  readonly #subject: Subject;
  readonly #urn: string;

  constructor(subject: Subject) {
    this.#subject = subject;
    owners += 1;
    this.#urn = `urn:pulumi:test::items::HostState::${owners}`;
  }

  #operation(action: Action, tickets?: Record<string, string>): Operation {
    return {
      action,
      urn: this.#urn,
      project: "items",
      stack: "test",
      holder: "test/1/1",
      ...(tickets === undefined ? {} : { tickets }),
    };
  }

  async read(items: Item[]): Promise<Report> {
    return this.#subject.session.read(checked(items), this.#operation("read"));
  }

  async request(items: Item[]): Promise<Record<string, string>> {
    const report = await this.#subject.session.read(checked(items), this.#operation("request"));
    assert.ok(report.succeeded, JSON.stringify(report));
    return report.requests;
  }

  /** Brings the items about; a change that endangers the login is confirmed by a new one. */
  async apply(
    items: Item[],
    more: Partial<Wanted> & { tickets?: Record<string, string> } = {},
  ): Promise<Report> {
    const { tickets, ...wanted } = more;
    const report = await this.#confirmed(
      await this.#subject.session.change({ ...wanted, ...checked(items) }, this.#operation("apply", tickets)),
    );
    // As at a deployment's end: what claims nothing leaves nothing behind.
    if (report.outcome !== "committed")
      await this.#subject.session.change({ items: [] }, this.#operation("leave"));
    return report;
  }

  /** Brings the items about and confirms nothing: the dead-man timer runs. */
  async applyUnconfirmed(items: Item[]): Promise<Report> {
    return this.#subject.session.change(checked(items), this.#operation("apply"));
  }

  /** Gives everything back. */
  async delete(): Promise<Report> {
    return this.#confirmed(await this.#subject.session.change({ items: [] }, this.#operation("delete")));
  }

  /** Applies, and fails unless all is as desired afterwards. */
  async bring(items: Item[], tickets?: Record<string, string>): Promise<Report> {
    const report = await this.apply(items, tickets === undefined ? {} : { tickets });
    assert.equal(report.outcome, "committed", JSON.stringify(report, undefined, 1));
    assert.deepEqual((await this.read(items)).differs, []);
    return report;
  }

  /** Deletes, and fails unless all was given back. */
  async giveBack(): Promise<Report> {
    const report = await this.delete();
    assert.equal(report.outcome, "committed", JSON.stringify(report, undefined, 1));
    return report;
  }

  async #confirmed(report: Report): Promise<Report> {
    if (report.outcome !== "unconfirmed") return report;
    const { operationId } = report;
    const confirmation = await this.#subject.session.confirm({
      ...this.#operation("confirm"),
      operationId,
    });
    return { ...report, outcome: confirmation.outcome };
  }
}

/** Items that the schemas refuse would never reach a machine. */
function checked(items: Item[]): Wanted {
  for (const item of items) itemKinds[item.kind].schema.parse(item);
  return { items };
}

/**
 * What every kind promises: applied it is as desired, applied again it changes nothing, and given back the machine is
 * as `picture` saw it before.
 */
export async function cycle(subject: Subject, items: Item[], picture: () => Promise<string>): Promise<void> {
  const before = await picture();
  const stream = new Stream(subject);
  const first = await stream.bring(items);
  assert.notEqual(first.changed.length, 0);
  const second = await stream.bring(items);
  assert.deepEqual(second.changed, []);
  await stream.giveBack();
  assert.equal(await picture(), before);
}
