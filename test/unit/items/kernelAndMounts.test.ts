import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { type Item, itemKinds } from "../../../provider/index.ts";
import { mountUnit } from "../../../provider/items/mount.ts";
import { itemFailures } from "../../../provider/resources/itemFailures.ts";
import { withLibrary } from "./shellLibrary.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-kernel-"));
after(() => rmSync(folder, { recursive: true }));

/** Why the schema refuses an item; empty when it does not. */
const refusal = (item: Item): string =>
  (itemKinds[item.kind].schema.safeParse(item).error?.issues ?? []).map(({ message }) => message).join("; ");

/** An item that no type allows. */
const loose = (fields: { kind: string } & Record<string, unknown>): Item => fields as unknown as Item;

describe("an item about the kernel is refused", () => {
  const refused: [item: Item, why: RegExp][] = [
    [{ kind: "kernelModule", name: "br-netfilter" }, /with underscores/],
    [{ kind: "kernelModule", name: "-r" }, /with underscores/],
    [{ kind: "kernelModule", name: "../x" }, /with underscores/],
    [{ kind: "kernelModule", name: "zram", parameters: { num_devices: "2 x=1" } }, /one word/],
    [{ kind: "kernelModule", name: "zram", parameters: { "a b": "2" } }, /./],
    [{ kind: "kernelParameter", name: "quiet splash" }, /parameter's name/],
    [{ kind: "kernelParameter", name: "quiet", value: '"; reboot' }, /one word/],
    [{ kind: "kernelParameter", name: "quiet", value: "$(reboot)" }, /one word/],
    [{ kind: "kernelParameter", name: "root", value: "/dev/sdb" }, /might not boot again/],
    [{ kind: "kernelParameter", name: "init", value: "/bin/sh" }, /might not boot again/],
    [{ kind: "reboot", name: "for nothing" }, /what asks for it/],
    [{ kind: "reboot", name: "for nothing", after: [] }, /what asks for it/],
    [{ kind: "reboot", name: "two\nlines", whenRequired: true }, /one line/],
    [loose({ kind: "reboot", name: "x", after: ["quiet"] }), /an item's key/],
  ];
  for (const [item, why] of refused) it(JSON.stringify(item), () => assert.match(refusal(item), why));

  it("when it waits for an item that is not there", () => {
    const items: Item[] = [{ kind: "reboot", name: "x", after: ["kernelParameter:quiet"] }];
    const failures = itemFailures({ items: items as never });
    assert.deepEqual(failures, [
      { property: "items[0].after[0]", reason: "kernelParameter:quiet is no item of this HostState" },
    ]);
    assert.deepEqual(
      itemFailures({ items: [{ kind: "kernelParameter", name: "quiet" }, ...items] as never }),
      [],
    );
  });
});

describe("a mount", () => {
  const at = (where: string, more: object = {}): Item => ({
    kind: "mount",
    what: "/dev/vdb",
    where,
    type: "ext4",
    ...more,
  });

  for (const where of [
    "/",
    "/usr",
    "/etc",
    "/var",
    "/var/lib",
    "/boot",
    "/run",
    "/proc/x",
    "/var/lib/groundwork",
  ])
    it(`over ${where} is refused`, () => assert.notEqual(refusal(at(where)), ""));

  for (const [field, value] of [
    ["what", "-o remount"],
    ["what", " /dev/vdb"],
    ["what", "/dev/vdb\\"],
    ["what", "/dev/vdb\nOptions=exec"],
    ["type", "-t"],
    ["options", "noatime, nosuid"],
    ["options", "noatime\n[Service]"],
    ["where", "/srv/a/../b"],
    ["what", "LABEL=\ufffe"],
    ["where", "/srv/\u{10ffff}"],
    ["options", "x-a=\ufdd0"],
  ] as const)
    it(`with ${field} ${JSON.stringify(value)} is refused`, () =>
      assert.notEqual(refusal({ ...at("/srv/a"), [field]: value } as Item), ""));

  it("of what people log in with is guarded by the dead-man timer", () => {
    const endangers = (where: string) => itemKinds.mount.endangersLogin?.(at(where) as never);
    assert.deepEqual(["/home", "/home/ann", "/root/.ssh", "/srv/home", "/homes"].map(endangers), [
      ...[true, true, true],
      ...[false, false],
    ]);
  });

  it("has the unit that systemd itself names, whatever its path holds", (t) => {
    try {
      execFileSync("systemd-escape", ["--version"]);
    } catch {
      // The lab tests mount at such a path in any case.
      t.diagnostic("systemd-escape is not on this computer");
      assert.equal(mountUnit("/srv/.a-b é"), "srv-.a\\x2db\\x20\\xc3\\xa9.mount");
      return;
    }
    const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
    const parts = fc.array(part, { minLength: 1, maxLength: 3 });
    const paths = parts.map((names) => `/${names.join("/")}`).filter((path) => refusal(at(path)) === "");
    fc.assert(
      fc.property(paths, (path) => {
        const said = execFileSync("systemd-escape", ["--path", "--suffix=mount", "--", path]);
        assert.equal(mountUnit(path), said.toString("utf8").trimEnd());
      }),
      { numRuns: 40 },
    );
  });

  it("begins no specifier in its unit", () => {
    const item = at("/srv/100%n", { what: "//server/50%h", type: "cifs", options: "uid=%U" });
    const text = Buffer.from(itemKinds.mount.data?.(item as never) ?? []).toString("utf8");
    assert.match(text, /^What=\/\/server\/50%%h$/m);
    assert.match(text, /^Where=\/srv\/100%%n$/m);
    assert.match(text, /^Options=uid=%%U$/m);
    assert.match(text, /^WantedBy=remote-fs.target$/m);
  });

  /** Type, options and source as findmnt prints them; what is wanted; how that reads. */
  const readings: [live: string, wanted: string, state: string][] = [
    ["", "what=tmpfs type=tmpfs options=", "no"],
    ["tmpfs rw,relatime tmpfs", "what=tmpfs type=tmpfs options=", "yes"],
    ["tmpfs rw,nosuid,relatime,size=1024k tmpfs", "what=tmpfs type=tmpfs options=size=1M,nosuid", "yes"],
    ["tmpfs rw,relatime tmpfs", "what=tmpfs type=tmpfs options=nosuid", "options=rw,relatime"],
    ["ext4 ro,relatime /dev/null", "what=/dev/null type=ext4 options=noatime", "options=ro,relatime"],
    ["ext4 ro,relatime /dev/null", "what=/dev/null type=ext4 options=ro", "yes"],
    ["ext4 rw /dev/zero", "what=/dev/null type=ext4 options=", "other=ext4,/dev/zero"],
    ["xfs rw /dev/null", "what=/dev/null type=ext4 options=", "other=xfs,/dev/null"],
    ["nfs4 rw server:/a", "what=server:/a type=nfs options=", "yes"],
    ["nfs4 rw server:/b", "what=server:/a type=nfs options=", "other=nfs4,server:/b"],
    // Signs beyond ASCII are codes in what findmnt prints.
    ["tmpfs rw m\\xc3\\xa9dia", "what=m\u00e9dia type=tmpfs options=", "yes"],
    ["tmpfs rw a\\x20b", "what='a b' type=tmpfs options=", "yes"],
    ["ext4 rw /dev/sda1[/srv]", "what=/srv type=none options=bind", "yes"],
  ];
  for (const [live, wanted, state] of readings)
    it(`that is there as \`${live}\` where ${wanted} is wanted reads ${state}`, () => {
      const read = withLibrary(`time_limit=5 ${wanted} gw_mounted='${live}'; mount_judge; echo "$gw_state"`);
      assert.equal(read, state);
    });
});

describe("what a machine says about a module's parameter", () => {
  const readings: [live: string, wanted: string, read: string][] = [
    ["Y", "1", "1"],
    ["Y", "yes", "yes"],
    ["N", "0", "0"],
    ["N", "1", "N"],
    ["2", "2", "2"],
    ["2", "1", "2"],
    ["", "1", ""],
  ];
  for (const [live, wanted, read] of readings)
    it(`reads ${read === "" ? "nothing" : read} where it shows ${JSON.stringify(live)} and ${wanted} is wanted`, () => {
      const parameters = join(folder, "parameters");
      execFileSync("mkdir", ["-p", parameters]);
      writeFileSync(join(parameters, "a"), `${live}\n`);
      assert.equal(
        withLibrary(`gw_module='${folder}'; kernelModule_value a=${wanted}; echo "$gw_value"`),
        read,
      );
    });
});

describe("the generated configuration of GRUB", () => {
  const entry = (words: string) => `menuentry 'x' {\n\techo 'Loading'\n\tlinux\t/boot/vmlinuz ${words}\n}\n`;
  const section = (body: string) =>
    `### BEGIN /etc/grub.d/10_linux ###\n${body}### END /etc/grub.d/10_linux ###\n` +
    `### BEGIN /etc/grub.d/30_os-prober ###\n${entry("root=/dev/sdb1 ro")}### END /etc/grub.d/30_os-prober ###\n`;
  const readings: [what: string, configuration: string, holds: boolean][] = [
    [
      "gives it to every normal entry",
      section(entry("root=/dev/sda1 ro a=1") + entry("root=x ro single")),
      true,
    ],
    ["gives it to one of two entries", section(entry("root=x ro a=1") + entry("root=x ro")), false],
    ["gives it, and then another value", section(entry("root=x a=1 a=2")), false],
    ["gives another value, and then it", section(entry("root=x a=2 a=1")), true],
    ["gives a longer name", section(entry("root=x aa=1 a=12")), false],
    ["has no entry", section(""), false],
    ["is empty", "", false],
  ];
  for (const [what, configuration, holds] of readings)
    it(`that ${what} ${holds ? "holds" : "does not hold"} the word`, () => {
      const file = join(folder, "grub.cfg");
      writeFileSync(file, configuration);
      const said = withLibrary(
        `gw_grub='${file}' name=a word=a=1; kernelParameter_generated && echo yes || echo no`,
      );
      assert.equal(said, holds ? "yes" : "no");
    });
});

describe("the capture of a mount", () => {
  /** The paths above which folders are looked at, where findmnt says so of the mount point. */
  const looked = (live: string): string =>
    withLibrary(`
      limit() { shift && printf '%s' '${live}'; }
      file_capture() { :; }
      dropIn_capture() { :; }
      made_note() { printf '%s\\n' "$1"; }
      capture='${folder}' where=/srv/media target=local-fs.target unit=srv-media.mount
      mount_capture`);

  it("leaves the mount point alone where something is mounted, whose server may be gone", () =>
    assert.equal(looked("nfs4 rw server:/media"), ""));
  it("remembers what there is of the mount point where nothing is", () =>
    assert.equal(looked(""), "/srv/media/."));
});

describe("a reboot", () => {
  /** This boot is `new`; `pending` says whether the parameter is without effect in it. */
  const state = (asked: string, pending: boolean, changed: string, required = "no") =>
    withLibrary(`
      boot_read() { gw_boot=new gw_boot_asked=${asked}; }
      kernelParameter_pending() { ${pending ? ":" : "false"}; }
      item_1() { gw_kind=kernelParameter gw_key=kernelParameter:quiet; }
      item_2() { gw_kind=reboot gw_key='reboot:x' gw_desired=pending=no
        after='kernelParameter:quiet' required=${required}; }
      gw_items='1 2' gw_changed="${changed === "" ? "" : `\${gw_newline}${changed}`}"
      use_item 2; reboot_observe; echo "$gw_key $observed"`);

  it("is not asked for when what it is for is in effect and did not change", () =>
    assert.equal(state("", false, "file:/etc/other"), "reboot:x pending=no"));
  it("is asked for by an item that changed", () =>
    assert.equal(state("", false, "kernelParameter:quiet"), "reboot:x pending=changed"));
  it("is asked for by an item that is not in effect, whenever it changed", () =>
    assert.equal(state("", true, ""), "reboot:x pending=kernelParameter:quiet"));
  it("is still to be done when the machine runs the boot that was to end", () =>
    assert.equal(state("new", false, ""), "reboot:x pending=asked"));
  it("was done when the machine runs another boot, though the item changed in this operation", () =>
    assert.equal(state("old", false, "kernelParameter:quiet"), "reboot:x pending=no"));
  it("that did not help is not done again, it fails and names what is without effect", () => {
    assert.equal(state("old", true, ""), "reboot:x pending=kernelParameter:quiet");
    const said = withLibrary(
      "gw_boot=new gw_boot_asked=old observed=pending=kernelParameter:quiet; reboot_apply || echo failed",
    );
    assert.match(said, /still kernelParameter:quiet is not in effect\nfailed/);
  });
});
