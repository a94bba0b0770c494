import assert from "node:assert/strict";
import { it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, picture, Stream, type Subject } from "./subject.ts";

/** A path in which a shell could find everything that it treats as special. */
const hostile = `/opt/-a b/$(touch /opt/broken)\`touch /opt/broken\`'"*\\n;&|/%s -- {x} `;
const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Kinds file, directory and stateDirectory. */
export function pathTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const seen = () => picture(subject(), "/opt", "/srv");

  it("writes a file byte for byte under a hostile name, and takes it away with the folders it made", async () => {
    const content = `'"$(id)\`id\`\\\n\ttab\nEND_OF_DATA\n%s\u{1F30D} no newline at the end`;
    const items: Item[] = [
      { kind: "file", path: hostile, content, mode: "0640", owner: "daemon", group: "mail" },
      { kind: "directory", path: `${hostile}.d`, mode: "0710", group: "adm" },
    ];
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring(items);
    assert.equal(await inside(`cat ${shellQuoted(hostile)}; printf x`), `${content}x`);
    assert.equal(await inside("ls /opt"), "-a b");
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("puts a file, a link and a directory back as they were, to the time stamp", async () => {
    await inside(`mkdir -p /opt/was && cd /opt/was && printf 'old\\0bytes' >file && chmod 4711 file && chown mail:adm file
      ln -s nowhere link; mkdir -m 2775 folder; chown daemon folder; touch -d '2001-02-03 04:05:06.789' file; touch -d 2002-01-01 folder`);
    await cycle(
      subject(),
      [
        { kind: "file", path: "/opt/was/file", content: "new" },
        { kind: "file", path: "/opt/was/link", content: "no link any more" },
        { kind: "directory", path: "/opt/was/folder", mode: "0700" },
      ],
      seen,
    );
    await inside("rm -r /opt/was");
  });

  it("refuses to put a file in a directory's place, and leaves what lies in it", async () => {
    await inside("mkdir /opt/taken; echo data >/opt/taken/data");
    const before = await seen();
    const items: Item[] = [
      { kind: "file", path: "/opt/first", content: "" },
      { kind: "file", path: "/opt/taken", content: "" },
    ];
    const report = await new Stream(subject()).apply(items);
    assert.equal(report.outcome, "restored");
    assert.equal(report.failed?.index, "2");
    assert.match(report.failed.text, /neither a file nor absent/);
    assert.equal(await seen(), before);
    await inside("rm -r /opt/taken");
  });

  it("leaves a directory with what others put into it, and names it", async () => {
    const stream = new Stream(subject());
    await stream.bring([{ kind: "directory", path: "/opt/shared" }]);
    await inside("echo theirs >/opt/shared/theirs");
    const report = await stream.giveBack();
    assert.deepEqual(report.kept, ["/opt/shared directory:/opt/shared"]);
    assert.equal(await inside("cat /opt/shared/theirs; rm -r /opt/shared"), "theirs");
  });

  it("takes a folder that several streams stand in away with the last of them", async () => {
    const before = await seen();
    const [one, two] = [new Stream(subject()), new Stream(subject())];
    await one.bring([{ kind: "file", path: "/opt/deep/er/one", content: "1" }]);
    await two.bring([{ kind: "file", path: "/opt/deep/er/two", content: "2" }]);
    await one.giveBack();
    assert.equal(await inside("cd /opt/deep/er && ls"), "two");
    await two.giveBack();
    assert.equal(await seen(), before);
  });

  it("clears set-id bits that a directory would inherit", async () => {
    await inside("mkdir -m 2775 /opt/setgid && chgrp mail /opt/setgid");
    const stream = new Stream(subject());
    await stream.bring([{ kind: "directory", path: "/opt/setgid/below" }]);
    await stream.giveBack();
    await inside("rmdir /opt/setgid");
  });

  it("moves a service's data aside instead of deleting it, and names the place", async () => {
    const stream = new Stream(subject());
    await stream.bring([
      { kind: "stateDirectory", path: "/srv/a b/state", owner: "daemon", group: "daemon" },
    ]);
    await inside("echo precious >'/srv/a b/state/data'");
    const [kept = ""] = (await stream.giveBack()).kept;
    const [, place, key] =
      /^(\/var\/lib\/groundwork\/kept\/\d{8}T\d{6}Z-[0-9a-f]+-state) (.*)$/.exec(kept) ?? [];
    assert.equal(key, "stateDirectory:/srv/a b/state");
    assert.equal(await inside(`cat ${place}/data; ls -A /srv`), "precious");
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
  });

  it("names the folder that was moved aside, and none of those inside it", async () => {
    const stream = new Stream(subject());
    await stream.bring([
      { kind: "stateDirectory", path: "/srv/outer" },
      { kind: "directory", path: "/srv/outer/inner" },
    ]);
    await inside("echo key >/srv/outer/inner/key");
    const { kept } = await stream.giveBack();
    assert.equal(kept.length, 1, kept.join("\n"));
    const [place = "", key] = kept[0]?.split(" ") ?? [];
    assert.equal(key, "stateDirectory:/srv/outer");
    assert.equal(await inside(`cat ${place}/inner/key; ls -A /srv`), "key");
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
  });

  it("leaves the data of a directory that was there before where it is", async () => {
    await inside("mkdir -m 0750 /srv/before; echo old >/srv/before/old");
    await cycle(subject(), [{ kind: "stateDirectory", path: "/srv/before" }], seen);
    await inside("rm -r /srv/before");
  });

  it("brings data back to its place when the operation that moved it aside fails", async () => {
    const stream = new Stream(subject());
    const state: Item = { kind: "stateDirectory", path: "/srv/back" };
    await stream.bring([state]);
    await inside("echo precious >/srv/back/data");
    const report = await stream.apply([{ kind: "file", path: "/opt/other", content: "" }], {
      checks: [{ name: "never", run: "echo no; exit 1" }],
    });
    assert.equal(report.outcome, "restored");
    assert.equal(await inside("cat /srv/back/data; ls -A /var/lib/groundwork/kept"), "precious");
    await stream.giveBack();
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
  });
}
