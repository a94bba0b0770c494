import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { keyFingerprints } from "../../../provider/items/openPgp.ts";
import { type ArchiveKey, makeArchiveKey, makeRepository } from "./debianRepository.ts";
import { cycle, Stream, type Subject } from "./subject.ts";

/** Kind aptSource, on archives that tests sign. */
export function sourceTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  /** Sources and lists to the byte, and what is installed. */
  const seen = () =>
    inside(`cd /etc/apt && find . -printf '%p %y %m %u:%g %l\\n' | sort; cat sources.list.d/* 2>/dev/null
      cd /var/lib/apt/lists && find . -type f -printf '%p %m %u:%g\\n' | sort; sha256sum *_* 2>/dev/null
      dpkg-query -W; ls -d /var/lib/groundwork 2>/dev/null || :`);
  const lists = () => inside("cd /var/lib/apt/lists && ls | grep signed || :");
  let home = "";
  let key: ArchiveKey;
  let other: ArchiveKey;
  const source = (more: object = {}): Item => ({
    kind: "aptSource",
    name: "gw-try",
    uris: [`${subject().lab.artifactUrl}/signed_a~b`],
    suites: ["./"],
    key: key.text,
    ...more,
  });

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "gw-"));
    [key, other] = await Promise.all([makeArchiveKey(join(home, "1")), makeArchiveKey(join(home, "2"))]);
    for (const name of ["signed_a~b", "signed-too"]) {
      const folder = join(subject().lab.folder, name);
      await makeRepository(folder, [{ name: "gw-signed", version: "1.0" }]);
      await key.sign(folder);
    }
    await inside("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*; apt-get -q update");
  });
  after(async () => {
    await Promise.all([key.close(), other.close()]);
    await rm(home, { recursive: true });
  });

  it("brings a source from which the next item is installed, and takes both away with apt's lists", () =>
    cycle(subject(), [source(), { kind: "package", name: "gw-signed" }], seen));

  it("puts a source of the same name back that was there before, with its lists", async () => {
    await inside(`printf 'Types: deb\\nURIs: ${subject().lab.artifactUrl}/signed-too\\nSuites: ./\\nTrusted: yes\\n' \
      >/etc/apt/sources.list.d/gw-try.sources; chmod 640 /etc/apt/sources.list.d/gw-try.sources; apt-get -q update`);
    assert.match(await lists(), /signed-too_._Packages/);
    await cycle(subject(), [source()], seen);
    const stream = new Stream(subject());
    await stream.bring([source()]);
    assert.doesNotMatch(await lists(), /signed-too/);
    await stream.giveBack();
    await inside("rm /etc/apt/sources.list.d/gw-try.sources; apt-get -q update");
  });

  it("names the key that somebody put in, and lists that are gone", async () => {
    const stream = new Stream(subject());
    await stream.bring([source()]);
    const observed = async () => (await stream.read([source()])).differs.map((item) => item.observed).join();
    const [mine, theirs] = [key, other].map(({ text }) => keyFingerprints(text)[0]);
    const lines = other.text.trim().split("\n").map((line) => ` ${line || "."}`).join("\n"); // biome-ignore format: one thought
    await inside(`f=/etc/apt/sources.list.d/gw-try.sources; { sed '/^Signed-By/,$d' $f; cat; } >$f.new <<'E'
Signed-By:
${lines}
E
mv $f.new $f`);
    assert.match(await observed(), new RegExp(`^source=[0-9a-f]{64} key=${theirs} lists=yes$`));
    await stream.bring([source()]);
    await inside("rm -f /var/lib/apt/lists/*signed*");
    assert.match(await observed(), new RegExp(`^source=[0-9a-f]{64} key=${mine} lists=no$`));
    await stream.bring([source()]);
    await stream.giveBack();
  });

  it("refuses an archive that another key signed, and one that does not answer, and leaves nothing of them", async () => {
    const before = await seen();
    for (const [wrong, words] of [
      [{ key: other.text }, /NO_PUBKEY|Missing key/],
      [{ uris: [`${subject().lab.artifactUrl}/nowhere`] }, /404/],
    ] as const) {
      const report = await new Stream(subject()).apply([source(wrong)]);
      assert.equal(report.outcome, "restored");
      assert.match(report.failed?.text ?? "", words);
      assert.equal(await seen(), before);
    }
  });

  it("leaves the lists that another source of the same archive needs", async () => {
    const [one, two] = [new Stream(subject()), new Stream(subject())];
    const before = await seen();
    await one.bring([source()]);
    await two.bring([source({ name: "gw-second" })]);
    await one.giveBack();
    assert.deepEqual((await two.read([source({ name: "gw-second" })])).differs, []);
    await two.giveBack();
    assert.equal(await seen(), before);
  });

  it("goes back to the old source and its lists when a later item fails", async () => {
    const stream = new Stream(subject());
    await stream.bring([source()]);
    const before = await seen();
    const report = await stream.apply([source({ uris: [`${subject().lab.artifactUrl}/signed-too`] })], {
      checks: [{ name: "never", run: "exit 1" }],
    });
    assert.equal(report.outcome, "restored");
    assert.equal(await seen(), before);
    await stream.giveBack();
  });
}
