import { eventually } from "./eventually.ts";
import type { TestMachine } from "./testLab.ts";

/**
 * Points at which a program on a machine can be held: right before each command that it starts. Wrappers of the
 * machine's commands, found first on the program's PATH, write a trace and wait at the one that was asked for.
 * Nothing in the product knows of them.
 */
export interface FaultPoints {
  /** The commands of the changing programs that run while `work` does, in their order. */
  trace(work: () => Promise<unknown>): Promise<string[]>;
  /** From now on the program is held before its command number `index`, counted from 1. */
  holdAt(index: number): Promise<void>;
  /** Waits until the program is held there. The command before which it stands. */
  held(): Promise<string>;
  /** Lets the program go on. After a power cut there is none: it is no error. */
  release(): Promise<void>;
}

/** Commands that the engine and the items start; together they stand before and after everything they do. */
const commands = [
  "base64",
  "chmod",
  "chown",
  "cp",
  "date",
  "ln",
  "mkdir",
  "mv",
  "rm",
  "rmdir",
  "sed",
  "sync",
  "systemctl",
  "tac",
  "tail",
  "timeout",
];

const folder = "/run/fault-points";

const wrapper = (name: string): string => `#!/bin/sh
name=${name} real=/usr/bin/${name}
[ -e ${folder}/armed ] || exec $real "$@"
# Only what a changing program starts: it runs in a unit of its own.
case $(cat /proc/self/cgroup) in */groundwork-*) ;; *) exec $real "$@" ;; esac
printf '%s\\n' "$name $(echo "$*" | head -c 200 | tr '\\n' ' ')" >>${folder}/trace
read -r at <${folder}/armed
if [ "$(wc -l <${folder}/trace)" -eq "$at" ]; then
  : >${folder}/held
  while [ ! -e ${folder}/go ]; do sleep 0.05; done
fi
exec $real "$@"
`;

/** Puts the wrappers on the machine; they stay on its disk and do nothing unless a point is asked for. */
export async function installFaultPoints(machine: TestMachine): Promise<FaultPoints> {
  const install = (name: string): string =>
    `cat >/usr/local/sbin/${name} <<'END'\n${wrapper(name)}END\nchmod 755 /usr/local/sbin/${name}`;
  await machine.inside(commands.map(install).join("\n"));
  const arm = (index: number): Promise<string> =>
    machine.inside(
      `rm -rf ${folder}; mkdir -p ${folder}; : >${folder}/trace; echo ${index} >${folder}/armed`,
    );
  const traced = async (): Promise<string[]> =>
    (await machine.inside(`cat ${folder}/trace`)).split("\n").filter((line) => line !== "");
  return {
    async trace(work) {
      await arm(0);
      await work();
      const lines = await traced();
      await machine.inside(`rm -rf ${folder}`);
      return lines;
    },
    async holdAt(index) {
      await arm(index);
    },
    async held() {
      await eventually(
        "the program is held at its point",
        async () => (await machine.inside(`test ! -e ${folder}/held || echo held`)) === "held",
      );
      return (await traced()).at(-1) ?? "";
    },
    async release() {
      await machine.inside(`test ! -d ${folder} || { rm -f ${folder}/armed; : >${folder}/go; }`);
    },
  };
}
