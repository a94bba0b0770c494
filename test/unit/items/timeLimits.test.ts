import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { libraryFiles } from "../../../provider/engine/program.ts";
import { waiting } from "./waiting.ts";

/** What stands in a script that is itself run under a limit. */
const within = ["mount --bind", "mount -t tmpfs", "udevadm test-builtin net_setup_link", "grub-mkconfig -o"];

/** A program where a command begins. Under a limit, `limit` or `timeout` stands before it. */
const unlimited = new RegExp(
  String.raw`(?:^\s*|[;&|({]\s*|\b(?:if|elif|while|until|then|else|do)\s+|!\s+)((?:${waiting.join("|")})\s[^\n]*)`,
  "gm",
);

const files = libraryFiles().filter(({ pathname }) => pathname.includes("/items/"));
const commandsOf = (file: URL): string =>
  readFileSync(file, "utf8")
    .replace(/^\s*#.*$/gm, "")
    .replace(/\\\n\s*/g, "")
    .replace(/command -v \S+/g, "");

/** What the functions of all kinds run without a time limit. */
function unlimitedCommands(text: string): string[] {
  return [...text.matchAll(unlimited)].flatMap(([, command = ""]) =>
    within.some((inner) => command.startsWith(inner)) ? [] : [command],
  );
}

describe("a program that somebody else may hold up", () => {
  it("is run under its item's time limit, by every kind", () => {
    for (const file of files) assert.deepEqual(unlimitedCommands(commandsOf(file)), [], file.pathname);
  });

  it("would be found without one", () => {
    for (const line of [
      "  systemctl start -- a",
      "if ! nft list table ip a; then",
      'gw_a=$(getent passwd "$b")',
      "a || curl -K -",
      "! visudo -c && :",
    ])
      assert.equal(unlimitedCommands(line).length, 1, line);
    for (const line of ["  limit systemctl start", "locked dpkg timeout -k 5 9 apt-get", "firewall_nft -f a"])
      assert.deepEqual(unlimitedCommands(line), [], line);
  });
});
