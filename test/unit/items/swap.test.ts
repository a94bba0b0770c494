import assert from "node:assert/strict";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { after, beforeEach, describe, it } from "node:test";
import type { SwapItem } from "../../../provider/index.ts";
import { FolderMachine } from "./folderMachine.ts";

/** Swap is the whole computer's: only stand-ins are ever asked here. */
const machine = new FolderMachine();
after(() => machine.close());

const item: SwapItem = { kind: "swap", state: "off" };
const at = { path: machine.path("fstab") };
const files = `gw_swaps='${machine.path("swaps")}' gw_meminfo='${machine.path("meminfo")}' gw_unit_files='${machine.path("units")}'\n`;
const run = (script: string) => machine.run([item], files + script, at);
const read = (name: string): string => readFileSync(machine.path(name), "utf8");
const log = (): string[] => read("log").split("\n").slice(0, -1);

const head = "Filename\\tType\\tSize\\tUsed\\tPriority\\n";
machine.standIn("swapoff", `echo "swapoff $*" >>log; printf '${head}' >swaps`);
machine.standIn("swapon", 'echo "swapon $*" >>log; [ ! -e no-swapon ]');
machine.standIn("systemd-detect-virt", "[ -e container ]");
// Units of fstab come and go with its lines; a masked one says so.
machine.standIn(
  "systemctl",
  `case $1 in
    daemon-reload)
      echo reload >>log
      rm -f generated/*
      [ ! -e fstab ] || awk '!/^#/ && $3 == "swap" { print "dev-" NR ".swap" }' fstab | while read -r unit; do : >generated/$unit; done ;;
    list-unit-files)
      for unit in generated/*.swap vendor/*.swap units/*.swap; do
        [ -e "$unit" ] || [ -L "$unit" ] || continue
        name=\${unit##*/} state=static
        [ "$(readlink units/$name)" != /dev/null ] || state=masked
        echo "$name $state -"
      done | sort -u ;;
  esac`,
);

const fstab =
  "# the disks\nUUID=1 / ext4 defaults 0 1\nUUID=2\tnone  swap sw 0 0\n/swapfile none swap sw,pri=5 0 0\n#/old none swap sw 0 0\n";
beforeEach(() => {
  machine.made(`rm -rf units generated vendor log container no-swapon; mkdir units generated vendor; : >log
    printf '%s' '${fstab}' >fstab; touch -d 2001-02-03 fstab
    printf '${head}/dev/vda2 partition 1000 500 -2\\n/swap\\\\040file file 2000 0 5\\n' >swaps
    printf 'MemAvailable: 1000 kB\\nSwapTotal: 3000 kB\\nSwapFree: 2500 kB\\n' >meminfo
    : >vendor/dev-zram0.swap; echo mine >units/mine.swap; bin/systemctl daemon-reload; : >log`);
});

describe("swap that is off", () => {
  it("is out of use now and after a boot, and comes back with its places, priorities, lines and units", async () => {
    const before = lstatSync(at.path).mtimeMs;
    assert.equal(await run("see; take 1; bring; see"), "active=yes boot=yes\nactive=no boot=no");
    assert.equal(
      read("fstab"),
      fstab.replace("UUID=2", "#groundwork UUID=2").replace("/swapfile", "#groundwork /swapfile"),
    );
    assert.deepEqual(readdirSync(machine.path("units")), ["dev-zram0.swap", "mine.swap"]);
    assert.equal(readlinkSync(machine.path("units/mine.swap")), "/dev/null");
    assert.deepEqual(log(), ["reload", "reload", "swapoff -a"], "off only once nothing can start it again");
    assert.equal(await run("bring; see"), "active=no boot=no");
    machine.made(": >log");
    assert.equal(await run("give_back 1"), "");
    assert.deepEqual(log(), ["reload", "swapon /dev/vda2", "swapon -p 5 /swap file"]);
    assert.equal(read("fstab"), fstab);
    assert.equal(lstatSync(at.path).mtimeMs, before);
    assert.deepEqual(readdirSync(machine.path("units")), ["mine.swap"]);
    assert.equal(read("units/mine.swap"), "mine\n");
  });

  it("is nothing to do where there is none", async () => {
    machine.made(
      `printf '${head}' >swaps; echo 'UUID=1 / ext4 defaults 0 1' >fstab; rm vendor/* units/*; bin/systemctl daemon-reload`,
    );
    assert.equal(await run("see"), "active=no boot=no");
    machine.made("rm fstab swaps");
    assert.equal(await run("see; take 1; give_back 1; see"), "active=no boot=no\nactive=no boot=no");
  });

  it("leaves alone what somebody masked or turned off before, when it is given back", async () => {
    machine.made(`ln -s /dev/null units/dev-zram0.swap; printf '${head}' >swaps`);
    await run("take 1; bring; give_back 1");
    assert.equal(readlinkSync(machine.path("units/dev-zram0.swap")), "/dev/null");
    assert.deepEqual(
      log().filter((line) => line.startsWith("swap")),
      [],
    );
  });

  it("gives its own lines back where others changed the file since, which stays as they want it", async () => {
    await run("take 1; bring");
    machine.made("echo 'UUID=3 /data ext4 defaults 0 2' >>fstab");
    await run("give_back 1");
    assert.equal(read("fstab"), `${fstab}UUID=3 /data ext4 defaults 0 2\n`);
  });

  it("is off again when an operation that gave it back failed", async () => {
    await run("take 1; bring; take 2; give_back 1");
    machine.made(`printf '${head}/dev/vda2 partition 1000 500 -2\\n' >swaps`);
    assert.equal(await run("give_back 2; see"), "active=no boot=no");
    machine.made("echo '# a line' >>fstab");
    await run("give_back 1; give_back 2");
    assert.equal(await run("see"), "active=no boot=no");
  });

  it("is refused where the memory could not hold what is swapped out, and nothing is changed", async () => {
    machine.made("printf 'MemAvailable: 300000 kB\\nSwapTotal: 900000 kB\\nSwapFree: 400000 kB\\n' >meminfo");
    assert.equal(
      await run("bring"),
      "488 MiB are swapped out, and only 292 MiB of memory are available\napply failed",
    );
    assert.equal(read("fstab"), fstab);
    assert.deepEqual(log(), []);
  });

  it("is refused in a container, whose swap is its host's", async () => {
    machine.made(": >container");
    assert.equal(
      await run("bring"),
      "a container shares the swap of its host: turn it off there\napply failed",
    );
    assert.deepEqual(log(), []);
  });

  it("says so where a place cannot be put into use again, after it tried the others", async () => {
    await run("take 1; bring");
    machine.made(": >no-swapon; : >log");
    assert.equal(await run("give_back 1"), "restore failed");
    assert.deepEqual(log().slice(1), ["swapon /dev/vda2", "swapon -p 5 /swap file"]);
  });
});
