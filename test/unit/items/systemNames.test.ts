import assert from "node:assert/strict";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { after, beforeEach, describe, it } from "node:test";
import type { HostnameItem, TimezoneItem } from "../../../provider/index.ts";
import { hostname } from "../../../provider/items/hostname.ts";
import { timezone } from "../../../provider/items/timezone.ts";
import { FolderMachine } from "./folderMachine.ts";

const machine = new FolderMachine();
after(() => machine.close());
const read = (name: string): string => readFileSync(machine.path(name), "utf8");

describe("the host name", () => {
  const item: HostnameItem = { kind: "hostname", name: "server-1" };
  const at = { path: machine.path("hostname") };
  const run = (script: string) => machine.run([item], script, at);
  machine.standIn("uname", `cat '${machine.path("live")}'`);
  machine.standIn("hostname", `printf '%s\\n' "$1" >'${machine.path("live")}'`);
  beforeEach(() => {
    machine.made("rm -f hostname; echo old >live; chmod 666 live");
  });

  it("is the one of the next boot and the live one, and both come back", async () => {
    machine.made("echo old >hostname; touch -d 2001-02-03 hostname");
    const before = lstatSync(machine.path("hostname")).mtimeMs;
    assert.equal(
      await run("see; take 1; bring; see; bring; see"),
      "boot=old live=old\nboot=server-1 live=server-1\nboot=server-1 live=server-1",
    );
    assert.equal(read("hostname"), "server-1\n");
    assert.equal(await run("give_back 1; see; give_back 1; see"), "boot=old live=old\nboot=old live=old");
    assert.equal(lstatSync(machine.path("hostname")).mtimeMs, before);
  });

  it("is seen where comments stand before it, and where the file is missing or empty", async () => {
    machine.made("printf '# made by hand\\n\\n  old' >hostname");
    assert.equal(await run("see"), "boot=old live=old");
    machine.made(": >hostname");
    assert.equal(await run("see"), "boot=none live=old");
    machine.made("rm hostname");
    assert.equal(await run("see; take 1; bring; see"), "boot=none live=old\nboot=server-1 live=server-1");
    await run("give_back 1");
    assert.ok(!existsSync(at.path));
  });

  it("is refused where hostname(5) does not allow it", () => {
    const accepts = (name: string) => hostname.schema.safeParse({ kind: "hostname", name }).success;
    for (const name of ["a", "server-1", "a.example.org", "1", "x".repeat(64)])
      assert.ok(accepts(name), name);
    for (const name of [
      "",
      "-a",
      "a-",
      "A",
      "a_b",
      "a b",
      "a..b",
      ".a",
      "a.",
      "localhost",
      "é",
      "a\n",
      "x".repeat(65),
    ])
      assert.ok(!accepts(name), JSON.stringify(name));
  });
});

describe("the time zone", () => {
  const item: TimezoneItem = { kind: "timezone", zone: "Europe/Berlin" };
  const at = { path: machine.path("localtime"), text: machine.path("timezone") };
  const zones = `gw_zones='${machine.path("zoneinfo")}'\n`;
  const run = (script: string, wanted = item) => machine.run([wanted], zones + script, at);
  machine.made(
    "mkdir -p zoneinfo/Europe zoneinfo/Etc; for z in Europe/Berlin Etc/UTC; do printf TZif2 >zoneinfo/$z; done",
  );
  beforeEach(() => {
    machine.made("rm -f localtime timezone");
  });

  it("is the link and, where the system keeps one, the name beside it; both come back", async () => {
    machine.made(
      "ln -s /usr/share/zoneinfo/Etc/UTC localtime; echo Etc/UTC >timezone; touch -d 2001-02-03 timezone",
    );
    const before = lstatSync(at.text).mtimeMs;
    assert.equal(
      await run("see; take 1; bring; see; bring; see"),
      "zone=Etc/UTC text=Etc/UTC\nzone=Europe/Berlin text=Europe/Berlin\nzone=Europe/Berlin text=Europe/Berlin",
    );
    assert.equal(readlinkSync(at.path), machine.path("zoneinfo/Europe/Berlin"));
    assert.equal(read("timezone"), "Europe/Berlin\n");
    assert.equal(await run("give_back 1; see; give_back 1"), "zone=Etc/UTC text=Etc/UTC");
    assert.equal(lstatSync(at.text).mtimeMs, before);
    assert.deepEqual(
      readdirSync(machine.folder).filter((name) => name.includes("groundwork-")),
      [],
    );
  });

  it("makes no name where the system keeps none, and takes the link away where there was none", async () => {
    assert.equal(
      await run("see; take 1; bring; see"),
      "zone=none text=Europe/Berlin\nzone=Europe/Berlin text=Europe/Berlin",
    );
    assert.ok(!existsSync(at.text));
    await run("give_back 1");
    assert.ok(!existsSync(at.path));
  });

  it("differs where the zone was copied, where only the name differs, and where it leads nowhere", async () => {
    writeFileSync(at.path, "TZif2");
    assert.equal(await run("see"), "zone=a copy text=Europe/Berlin");
    machine.made("rm -f localtime; ln -s ../zoneinfo/Europe/Berlin localtime; echo UTC >timezone");
    assert.equal(await run("see"), "zone=Europe/Berlin text=UTC");
    assert.match(await run("see", { ...item, zone: "Europe/Brelin" }), /^zone=unknown here /);
  });

  it("is refused where the machine does not know it, and nothing is changed", async () => {
    const wanted = { ...item, zone: "Europe/Brelin" };
    assert.equal(
      await run("bring", wanted),
      `there is no time zone Europe/Brelin under ${machine.path("zoneinfo")}: see its name, and that the package tzdata is installed\napply failed`,
    );
    assert.ok(!existsSync(at.path));
    machine.made("echo text >zoneinfo/zone.tab");
    assert.match(await run("bring", { ...item, zone: "zone" }), /there is no time zone zone/);
  });

  it("is refused by name where it is no name of a zone, or the zone in use", () => {
    const accepts = (zone: string) => timezone.schema.safeParse({ kind: "timezone", zone }).success;
    for (const zone of ["UTC", "Etc/GMT+5", "America/Port-au-Prince", "America/Argentina/Buenos_Aires"])
      assert.ok(accepts(zone), zone);
    for (const zone of [
      "",
      "/etc/passwd",
      "../x",
      "a/../b",
      "a/",
      "-a",
      "a b",
      "localtime",
      "posixrules",
      "a\n",
    ])
      assert.ok(!accepts(zone), JSON.stringify(zone));
  });
});
