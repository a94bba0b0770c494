import { text } from "node:stream/consumers";
import type { Answer, FakeCommand } from "./fakeSsh.ts";

/** What a program of the engine was to do, as its last line says. */
export type Asked = string;

/** Report lines for an operation; what is thrown away is what the answer of a broken connection is. */
export type Reports = (action: Asked, program: string) => string[];

/** A machine that reports what a test says, once for each program, and changes nothing. */
export class FakeMachine {
  /** Operations in the order in which they came, one more for each time that one was asked for. */
  readonly asked: Asked[] = [];
  readonly #results = new Map<string, string>();
  reports: Reports;

  constructor(reports: Reports) {
    this.reports = reports;
  }

  /** Understands the commands of MachineSession; undefined for others. */
  async answer({ command, input }: FakeCommand): Promise<Answer | undefined> {
    const run = /run=\/run\/groundwork\/([0-9a-f]+)/.exec(command)?.[1];
    if (command.includes("systemd-run") && run !== undefined) {
      this.#results.set(run, this.#report(await text(input)));
      return {};
    }
    if (command.includes('cat "$run/report"')) return { stdout: this.#results.get(run ?? "") ?? "" };
    if (command.includes("exec 3>&1")) return { stdout: this.#report(await text(input)) };
    return command.includes("rm -rf /run/groundwork/") ? {} : undefined;
  }

  #report(program: string): string {
    const action = /gw_main (\w+) END\n$/.exec(program)?.[1] ?? "cut short";
    this.asked.push(action);
    return `${this.reports(action, program).join("\n")}\n`;
  }
}
