import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { after, describe, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { FolderMachine } from "./folderMachine.ts";

const machine = new FolderMachine();
after(() => machine.close());

const at = (name: string): string => machine.path(name);

/** What `parents_trusted` says of a path; `stat` answers with the owner of a link, and owner and mode of its folder. */
async function said(path: string, stat = ""): Promise<string> {
  const item: Item = { kind: "symlink", path, target: "x" };
  const fake = stat === "" ? "" : `stat() { printf '${stat}\\n'; }\n`;
  return machine.run([item], `${fake}parents_trusted "$path" && echo fine`);
}

const ofRoot = "0 777\\n0 755";
const refusal = (link: string): string =>
  `${at(link)} is a symbolic link that others than root can change: name the place that it leads to`;

mkdirSync(at("real/deep"), { recursive: true });
symlinkSync("real", at("relative"));
symlinkSync(at("real"), at("absolute"));
symlinkSync("relative/../relative/deep", at("winding"));
symlinkSync("circle", at("circle"));

describe("a folder above an item's path", () => {
  it("may be a link of the system itself", async () => {
    assert.equal(await said("/var/run/user/a"), "fine");
    assert.equal(await said("/bin/a"), "fine");
  });

  it("may be missing, and need not be root's, as long as it is no link", async () => {
    assert.equal(await said(at("real/deep/a")), "fine");
    assert.equal(await said(at("missing/too/a")), "fine");
    assert.equal(await said("/a"), "fine");
  });

  it("is refused by name when somebody else made it a link", async () => {
    assert.equal(await said(at("relative/a")), refusal("relative"));
    assert.equal(await said(at("relative/not/there/a")), refusal("relative"));
  });

  it("is refused when root made the link in a folder that others can write", async () => {
    for (const folder of ["0 775", "0 757", "0 1777", "1000 755", "0 20"])
      assert.equal(await said(at("absolute/a"), `0 777\\n${folder}`), refusal("absolute"), folder);
    for (const folder of ["0 755", "0 700", "0 1755", "0 2555"])
      assert.equal(await said(at("absolute/a"), `0 777\\n${folder}`), "fine", folder);
  });

  it("is looked at through every link that leads on", async () => {
    assert.equal(await said(at("winding/a"), ofRoot), "fine");
    // The first link passes, the one that it leads to does not.
    const item: Item = { kind: "symlink", path: at("winding/a"), target: "x" };
    const answers = `stat() { case $3 in */winding) printf '${ofRoot}\\n' ;; *) printf '1000 777\\n0 755\\n' ;; esac; }`;
    assert.equal(
      await machine.run([item], `${answers}\nparents_trusted "$path" && echo fine`),
      refusal("relative"),
    );
  });

  it("is refused where links lead in a circle", async () => {
    assert.equal(await said(at("circle/a"), ofRoot), refusal("circle"));
  });

  it("is not the path itself, which may be a link", async () => {
    assert.equal(await said(at("relative")), "fine");
  });
});

describe("every kind that is about a path", () => {
  const path = at("relative/a");
  const items: Item[] = [
    { kind: "file", path, content: "" },
    { kind: "directory", path },
    { kind: "stateDirectory", path },
    { kind: "download", path, urls: ["http://a/"], sha256: "0" },
    { kind: "symlink", path, target: "x" },
    { kind: "absent", path },
  ];
  for (const item of items)
    it(`refuses a linked folder before it captures, changes or restores anything: ${item.kind}`, async () => {
      assert.equal(await machine.run([item], "take 1"), `${refusal("relative")}\ncapture failed`);
      assert.equal(await machine.run([item], "bring"), `${refusal("relative")}\napply failed`);
      assert.equal(await machine.run([item], "give_back 1"), `${refusal("relative")}\nrestore failed`);
    });
});
