import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Operation, renderProgram, type Wanted } from "../../../provider/engine/program.ts";
import { operation } from "./smallSpec.ts";

/** Where a run is cut, and whether its machine loses power or only the program is killed. */
export interface Cut {
  /** Counts the commands that change something, from 1. */
  at: number;
  power: boolean;
}

/**
 * Cuts a run of so many commands at some of them, `draws` times at random. GROUNDWORK_EVERY_CUT=1 tries every command,
 * which takes minutes.
 */
export function drawCuts(commands: number, draws: number, once: (cut: Cut) => void): void {
  if (process.env.GROUNDWORK_EVERY_CUT === "1") {
    for (const power of [true, false]) for (let at = 1; at <= commands; at++) once({ at, power });
    return;
  }
  const cut = fc.record({ at: fc.integer({ min: 1, max: commands }), power: fc.boolean() });
  fc.assert(fc.property(cut, once), { numRuns: draws, endOnFailure: true });
}

/**
 * A folder that programs take for a machine. At a power cut, files lose what no sync brought to the disk, while every
 * change of a name stays: what ext4 and xfs may do.
 */
export class CutMachine {
  readonly folder: string;
  /** For the items. */
  readonly tree: string;
  readonly root: string;
  /** Whom the files of this test belong to. */
  readonly owner: string;
  readonly group: string;

  /** In a new folder unless it has to be one whose path is known. */
  constructor(folder = mkdtempSync(join(tmpdir(), "groundwork-cut-"))) {
    this.folder = folder;
    this.tree = join(folder, "tree");
    this.root = join(folder, "root");
    mkdirSync(this.tree, { recursive: true });
    const { username } = userInfo();
    this.owner = username;
    this.group = spawnSync("id", ["-gn"], { encoding: "utf8" }).stdout.trim();
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An archive that `download_fetch` finds, by the digest of what is in it: the mirror of the test. */
  serve(files: Record<string, string>): string {
    const archive = mkdtempSync(join(this.folder, "archive-"));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(archive, name), content);
    mkdirSync(join(this.folder, "mirror"), { recursive: true });
    const tar = spawnSync("tar", ["-cf", "-", "-C", archive, "."]).stdout;
    const digest = createHash("sha256").update(tar).digest("hex");
    writeFileSync(join(this.folder, "mirror", digest), tar);
    return digest;
  }

  /** Brings to the disk what the test made. */
  sync(): void {
    const { stdout } = spawnSync("find", [this.folder, "-type", "f", "-printf", "%i %s %T@\\n"], {
      encoding: "utf8",
    });
    writeFileSync(join(this.folder, "disk"), stdout);
  }

  /** Commands that changed something in the last run that was not cut. */
  commands = 0;

  /** Runs an operation; what it reported, and undefined when it was cut. */
  run(
    wanted: Wanted,
    action: Operation["action"],
    cut?: Cut,
    more: Partial<Operation> = {},
  ): string | undefined {
    return this.#run(
      renderProgram(wanted, { ...operation, action, machineId: "", tickets: {}, ...more }),
      cut,
    );
  }

  /**
   * A command that runs an operation while another one is at work: its program lies in the folder `name`, where its report
   * will be, whole once there is a file `ended`.
   */
  beside(name: string, wanted: Wanted, action: Operation["action"], more: Partial<Operation> = {}): string {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    const rendered = renderProgram(wanted, { ...operation, action, machineId: "", tickets: {}, ...more });
    const last = rendered.lastIndexOf("</dev/null gw_");
    const program = `${rendered.slice(0, last)}${this.#asMachine(folder, 0)}${rendered.slice(last)}`;
    writeFileSync(join(folder, "program"), `${program}: >'${folder}/ended'\n`);
    return `dash '${folder}/program' >'${folder}/output' 2>&1 </dev/null`;
  }

  /** Does what the dead-man timer does when its time is over. */
  revert(cut?: Cut): string | undefined {
    const program = renderProgram({ items: [] }, { ...operation, action: "read" });
    return this.#run(program.replace("</dev/null gw_main read END", "</dev/null gw_revert END"), cut);
  }

  /** What commands print that may use every function of the library. */
  shell(commands: string): string {
    const program = renderProgram({ items: [] }, { ...operation, action: "read" });
    const last = program.lastIndexOf("</dev/null gw_");
    const run = join(this.folder, "run");
    mkdirSync(run, { recursive: true });
    const text = `${program.slice(0, last)}${this.#asMachine(run, 0)}${commands}\n`;
    const { stdout, stderr } = spawnSync("dash", ["-s"], { input: text, encoding: "utf8" });
    return stdout + stderr;
  }

  #run(program: string, cut?: Cut): string | undefined {
    const run = join(this.folder, "run");
    rmSync(run, { recursive: true, force: true });
    mkdirSync(run);
    const last = program.lastIndexOf("</dev/null gw_");
    const begin = `${program.slice(0, last)}${this.#asMachine(run, cut?.at ?? 0)}`;
    const text = `${begin}${program.slice(last)}printf %s "$cut_count" >'${run}/commands'\n`;
    const { signal, stderr } = spawnSync("dash", ["-s"], { input: text, encoding: "utf8" });
    if (signal !== null) {
      if (cut?.power) this.#losePower();
      return undefined;
    }
    this.commands = Number(readFileSync(join(run, "commands"), "utf8"));
    return `${readFileSync(join(run, "report"), "utf8")}${stderr}`;
  }

  #asMachine(run: string, at: number): string {
    const step = (name: string): string => `${name}() { cut_step; command ${name} "$@"; }`;
    return `
gw_root='${this.root}' gw_locks='${join(this.folder, "running/locks")}' gw_run='${run}' gw_boot_due='${run}/none'
gw_cancel='${run}/cancel' gw_connection='192.0.2.9 40000 192.0.2.1 22'
exec 3>"$gw_run/report"
id() { echo 0; }
mktemp() { command mkdir '${run}/timer' && echo '${run}/timer'; }
machine_identity() { report machine test; }
gw_firewall='${this.tree}/firewall'
download_fetch() { gw_cached=$gw_root/downloads/$sha256 && cat '${this.folder}/mirror/'"$sha256" >"$gw_cached"; }
# A kernel whose sets always hold what the file of elements says.
nft() {
  [ "$*" = 'list table inet groundwork' ] || return 0
  sed -n 's/^add element inet groundwork \\([a-z0-9_]*\\) {\\(.*\\)}/set \\1 {\\nelements = {\\2}\\n}/p' "$gw_firewall/firewall.elements.nft"
}
firewall_nft() { nft "$@"; }
cut_count=0
cut_step() {
  cut_count=$((cut_count + 1))
  [ "$cut_count" -ne ${at} ] || kill -9 $$
}
${["mv", "rm", "cp", "ln", "mkdir", "rmdir", "chmod", "chown", "base64"].map(step).join("\n")}
sync() {
  cut_step
  case $1 in
    -f) find '${this.folder}' -type f -printf '%i %s %T@\\n' >>'${this.folder}/disk' ;;
    *) find "$@" -type f -printf '%i %s %T@\\n' >>'${this.folder}/disk' ;;
  esac
}
`;
  }

  #losePower(): void {
    const disk = existsSync(join(this.folder, "disk")) ? readFileSync(join(this.folder, "disk"), "utf8") : "";
    const synced = new Set(disk.split("\n").map((line) => line.replace(/(\.\d{6})\d*$/, "$1")));
    const sizes = new Map(disk.split("\n").map((line) => line.split(" ").slice(0, 2) as [string, string]));
    for (const path of filesBelow(this.folder)) {
      const { ino, size, mtimeNs } = lstatSync(path, { bigint: true });
      const time = `${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n)
        .padStart(9, "0")
        .slice(0, 6)}`;
      if (synced.has(`${ino} ${size} ${time}`)) continue;
      // What was appended goes; what was written anew is empty.
      const before = Number(sizes.get(String(ino)) ?? 0);
      truncateSync(path, before < size ? before : 0);
    }
  }

  /** What the registry goes by in the next operation: claims, and how each item is given back. */
  remembered(): Record<string, string> {
    const files = ["claims", "baseline"]
      .map((name) => join(this.root, name))
      .filter((folder) => existsSync(folder))
      .flatMap(filesBelow);
    return Object.fromEntries(files.map((path) => [path.slice(this.root.length), describeFile(path)]));
  }

  /** Every path below the tree with what it is: type, mode and content. */
  look(): Record<string, string> {
    return Object.fromEntries(
      below(this.tree).map((path) => [path.slice(this.tree.length), describeFile(path)]),
    );
  }
}

function describeFile(path: string): string {
  const state = lstatSync(path);
  const mode = (state.mode & 0o7777).toString(8);
  if (state.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  return state.isDirectory() ? `folder ${mode}` : `file ${mode} ${readFileSync(path, "utf8")}`;
}

const below = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name));

const filesBelow = (folder: string): string[] =>
  below(folder).filter((path) => !path.endsWith("/disk") && lstatSync(path).isFile());
