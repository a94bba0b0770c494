import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { renderTicketProgram } from "../../../provider/session/ticketProgram.ts";
import { runShell } from "./runShell.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "groundwork-ticket-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** The same program with its folder where the user nobody may write. */
const inTmp = (...args: Parameters<typeof renderTicketProgram>): string =>
  renderTicketProgram(...args).replace("/run/groundwork-ticket", "/tmp/groundwork-ticket");

describe("the program that issues a ticket", () => {
  it("gives the script the request, byte for byte, and passes on what it prints", async () => {
    const request = "-----BEGIN\\n'$(id)'\n\u{1F600}";
    const { code, stdout } = await runShell(inTmp("printf 'ticket: '; cat", request, 5), folder);
    assert.equal(code, 0);
    assert.equal(stdout.toString("utf8"), `ticket: ${request}`);
  });

  it("passes on how the script ended, and ends one that takes too long", async () => {
    assert.equal((await runShell(inTmp("echo no >&2; exit 7", "", 5), folder)).code, 7);
    assert.equal((await runShell(inTmp("sleep 20", "", 1), folder)).code, 124);
  });

  it("puts neither script nor request into an argument, and leaves no file behind", async () => {
    const look = 'tr "\\0" " " </proc/$$/cmdline; tr "\\0" " " </proc/$PPID/cmdline; echo canary >/dev/null';
    const { stdout } = await runShell(inTmp(look, "canary", 5), folder);
    assert.doesNotMatch(stdout.toString(), /canary/);
    assert.match(stdout.toString(), /groundwork-ticket\.\w+\/script timeout/);
    const left = execFileSync("find", ["/tmp", "-maxdepth", "1", "-name", "groundwork-ticket.*"], {
      encoding: "utf8",
    });
    assert.equal(left, "");
  });

  it("does nothing when it was cut short", async () => {
    const whole = inTmp("echo issued", "request", 5);
    for (let length = whole.length - 2; length > whole.length - 40; length--) {
      const { stdout } = await runShell(whole.slice(0, length), folder);
      assert.equal(stdout.toString(), "", whole.slice(0, length).slice(-30));
    }
  });

  it("passes shellcheck", () => {
    execFileSync("shellcheck", ["--shell=sh", "--exclude=SC2015", "-"], {
      input: renderTicketProgram("x", "y", 5),
    });
  });
});
