import type { Item } from "../../provider/index.ts";
import type { Specification } from "./specification.ts";
import { putFile, type Step } from "./steps.ts";

/**
 * 100 small items (10 folders, 80 files, 10 guarded commands) in the language of each contestant. It is the
 * specification that was measured before this project was begun.
 */
const folder = "/opt/groundwork-bench";

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const folders = range(10).map((index) => `${folder}/d${index}`);
const files = range(80).map((index) => ({
  path: `${folder}/d${index % 10}/f${index}`,
  content: `value ${index}\n`,
}));
const marks = range(10).map((index) => `${folder}/c${index}`);

/** The file that is tampered with, so that only a run which reads the machine can mend it. */
const tampered = files[37] ?? { path: "", content: "" };

function asItems(): Item[] {
  return [
    ...folders.map((path): Item => ({ kind: "directory", path })),
    ...files.map((file): Item => ({ kind: "file", ...file })),
    ...marks.map(
      (path): Item => ({
        kind: "command",
        name: path,
        run: `touch ${path}`,
        unless: `test -e ${path}`,
        undo: `rm -f ${path}`,
      }),
    ),
  ];
}

/** What somebody would write by hand: no capture, no sync, no report. */
function asShell(): string {
  return [
    "set -eu",
    "put() {",
    '  new=$(mktemp "$1.XXXXXX"); printf %s "$2" >"$new"',
    '  if cmp -s "$new" "$1" && [ "$(stat -c %a "$1")" = 644 ]; then rm "$new"; else chmod 644 "$new"; mv "$new" "$1"; fi',
    "}",
    ...folders.map((path) => `[ -d ${path} ] || install -d -m 755 ${path}`),
    ...files.map(({ path, content }) => `put ${path} '${content}'`),
    ...marks.map((path) => `test -e ${path} || touch ${path}`),
    "",
  ].join("\n");
}

function asSteps(): Step[] {
  return [
    ...folders.map((path) => ({ command: `[ -d ${path} ] || install -d -m 755 ${path}` })),
    ...files.map((file) => ({
      command: putFile(file.path, file.content),
      ...(file === tampered ? { tampered: true as const } : {}),
    })),
    ...marks.map((path) => ({ command: `test -e ${path} || touch ${path}` })),
  ];
}

/** An Ansible playbook, without the facts that it would gather by default. */
function asPlaybook(): string {
  const tasks = [
    { "ansible.builtin.file": { path: folder, state: "directory", mode: "0755" } },
    ...folders.map((path) => ({ "ansible.builtin.file": { path, state: "directory", mode: "0755" } })),
    ...files.map(({ path, content }) => ({ "ansible.builtin.copy": { dest: path, content, mode: "0644" } })),
    ...marks.map((path) => ({ "ansible.builtin.shell": `touch ${path}`, args: { creates: path } })),
  ];
  return JSON.stringify([{ hosts: "all", gather_facts: false, tasks }]);
}

/** A pyinfra deploy. */
function asPyinfra(): string {
  return [
    "import io",
    "from pyinfra.operations import files, server",
    `files.directory(path="${folder}", mode="755")`,
    ...folders.map((path) => `files.directory(path="${path}", mode="755")`),
    ...files.map(
      ({ path, content }) =>
        `files.put(src=io.StringIO(${JSON.stringify(content)}), dest="${path}", mode="644")`,
    ),
    ...marks.map((path) => `server.shell(commands=["test -e ${path} || touch ${path}"])`),
    "",
  ].join("\n");
}

export const filesSpecification: Specification = {
  name: "files",
  title: "100 small items",
  items: asItems(),
  check: "test -e /opt/groundwork-bench/c9",
  shell: asShell(),
  steps: asSteps(),
  playbook: asPlaybook(),
  pyinfra: asPyinfra(),
  tampered,
  places: [folder],
  clean: `rm -rf ${folder}`,
  goals: {
    "provider operation": { Ansible: 25, pyinfra: 12 },
    "whole up": { Ansible: 8, pyinfra: 4 },
  },
};
