import assert from "node:assert/strict";
import { join } from "node:path";
import { before, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { makeRepository } from "./debianRepository.ts";
import { cycle, Stream, type Subject } from "./subject.ts";

const wanted = (name: string, more: object = {}): Item => ({ kind: "package", name, ...more });

/** Kind package, on a source of its own. */
export function packageTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  /** Packages with version, hold and mark, and what they brought. */
  const seen = () =>
    inside(`dpkg-query -W -f '\${db:Status-Abbrev} \${Package} \${Version}\\n' | grep -v '^un'; apt-mark showauto
      cd / && ls -d etc/gw-* var/lib/gw-* usr/share/gw-* var/lib/groundwork 2>/dev/null || :`);
  const runsOfApt = async () => Number(await inside("grep -c '^Start-Date' /var/log/apt/history.log || :"));

  before(async () => {
    await makeRepository(join(subject().lab.folder, "debian"));
    await inside(`rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
      echo 'deb [trusted=yes] ${subject().lab.artifactUrl}/debian ./' >/etc/apt/sources.list.d/test.list
      apt-get -q update && apt-get -q -y install gw-other-clock >/dev/null`);
  });

  it("installs and removes packages with what they need, neighbours in one run of apt", async () => {
    const runs = await runsOfApt();
    await cycle(
      subject(),
      [wanted("gw-server", { version: "1.0-1" }), wanted("gw-tool", { hold: true }), wanted("gw-plus+")],
      seen,
    );
    assert.equal(await runsOfApt(), runs + 1);
  });

  it("reports every package of a common run as changed, so that services restart", async () => {
    const stream = new Stream(subject());
    const report = await stream.bring([wanted("gw-library"), wanted("gw-tool")]);
    assert.deepEqual(report.changed.map((change) => change.index).sort(), [1, 2]);
    await stream.giveBack();
  });

  it("takes all packages of a failed operation away again", async () => {
    const before = await seen();
    const report = await new Stream(subject()).apply(
      // The last one is there, as a dependency of the first, when it is its turn.
      [
        wanted("gw-server"),
        wanted("gw-tool"),
        { kind: "file", path: "/opt/x", content: "" },
        wanted("gw-library"),
      ],
      { checks: [{ name: "never", run: "exit 1" }] },
    );
    assert.equal(report.outcome, "restored");
    assert.equal(await seen(), before);
  });

  it("leaves what another program's packages need, until that one goes too", async () => {
    const before = await seen();
    const [one, two] = [new Stream(subject()), new Stream(subject())];
    await one.bring([wanted("gw-server", { version: "1.0-1" })]);
    await two.bring([wanted("gw-library")]);
    await one.giveBack();
    assert.match(await inside("dpkg-query -W"), /gw-library/);
    await two.giveBack();
    assert.equal(await seen(), before);
  });

  it("does not remove a package that came to be needed by others", async () => {
    const stream = new Stream(subject());
    await stream.bring([wanted("gw-library")]);
    await inside("apt-get -q -y install gw-tool >/dev/null");
    assert.deepEqual((await stream.giveBack()).kept, ["gw-library package:gw-library"]);
    assert.match(await inside("apt-mark showauto"), /gw-library/);
    await inside("apt-get -q -y purge --autoremove gw-tool >/dev/null");
  });

  it("goes to another version, held, and back to the old one with its mark", async () => {
    await inside(
      "apt-get -q -y install gw-server=1.0-1 >/dev/null; apt-mark auto gw-server >/dev/null; echo mine >/etc/gw-server.conf",
    );
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring([wanted("gw-server", { version: "1:2.0-1", hold: true })]);
    assert.equal(
      await inside("cat /usr/share/gw-server/version /etc/gw-server.conf; apt-mark showhold"),
      "2.0\nmine\ngw-server",
    );
    await stream.giveBack();
    assert.equal(await inside("cat /usr/share/gw-server/version; apt-mark showhold"), "1.0");
    assert.equal(await seen(), before);
    await inside("apt-get -q -y purge --autoremove gw-server >/dev/null");
  });

  it("brings back what had to give way, and puts a version back that the sources have dropped", async () => {
    await cycle(subject(), [wanted("gw-clock")], seen);
    await inside("apt-get -q -y install gw-server=1.0-1 >/dev/null");
    const stream = new Stream(subject());
    const before = await seen();
    const items = [wanted("gw-server", { version: "1:2.0-1" })];
    await stream.bring(items);
    await inside(`cp /var/lib/apt/lists/*_Packages /root/kept; rm -f /var/cache/apt/archives/*.deb
      sed -i '/^Version: 1.0-1/s/1.0-1/0.9/' /var/lib/apt/lists/*_Packages`);
    await stream.giveBack();
    assert.equal(await seen(), before);
    await inside(
      "mv /root/kept /var/lib/apt/lists/*_Packages; apt-get -q -y purge --autoremove gw-server >/dev/null",
    );
  });

  it("keeps the archives of all that a change replaces or takes away, and needs no source to put it back", async () => {
    await inside(
      "apt-get -q -y install gw-engine=1.0 gw-part=1.0 gw-rival >/dev/null; apt-mark auto gw-part",
    );
    const before = await seen();
    const wants = [[wanted("gw-engine", { version: "2.0" })], [wanted("gw-library"), wanted("gw-user")]];
    for (const items of wants) {
      const report = await new Stream(subject()).apply(items, {
        checks: [
          {
            name: "never, and by then no source has anything",
            run: "rm -f /var/cache/apt/archives/*.deb; mkdir /root/kept; mv /var/lib/apt/lists/*_Packages /root/kept; exit 1",
          },
        ],
      });
      await inside("mv /root/kept/* /var/lib/apt/lists; rmdir /root/kept");
      assert.equal(report.outcome, "restored", JSON.stringify(report));
      assert.equal(await seen(), before);
    }
    await inside("apt-get -q -y purge --autoremove gw-engine gw-rival >/dev/null");
  });

  it("moves the data of a package's own directory aside before the package takes it with it", async () => {
    const stream = new Stream(subject());
    await stream.bring([
      wanted("gw-server", { version: "1.0-1" }),
      { kind: "stateDirectory", path: "/var/lib/gw-server", mode: "0750" },
    ]);
    await inside("echo precious >>/var/lib/gw-server/data");
    const { kept } = await stream.giveBack();
    assert.equal(
      await inside(`cat ${kept[0]?.split(" ")[0]}/data; ls -d /var/lib/gw-server 2>/dev/null || :`),
      "made\nprecious",
    );
    await inside("rm -r /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
  });

  it("fails with what the package said, and leaves nothing half-installed", async () => {
    const before = await seen();
    const report = await new Stream(subject()).apply([wanted("gw-tool"), wanted("gw-broken")]);
    assert.equal(report.outcome, "restored");
    assert.equal(report.failed?.index, "2");
    assert.match(report.failed.text, /the disk is made of cheese/);
    assert.equal(await seen(), before);
  });

  it("takes a name for a name: never for a removal, a pattern or another package", async () => {
    const before = await seen();
    for (const name of ["sudo-", "gw.server", "gw-serve.", "gw-tool-", "nothing-of-the-kind"]) {
      const report = await new Stream(subject()).apply([wanted(name)]);
      assert.equal(report.outcome, "restored");
      assert.match(report.failed?.text ?? "", /Unable to locate package/);
    }
    assert.equal(await seen(), before);
  });

  it("finishes what an interrupted run of dpkg left undone", async () => {
    await inside("cp /var/lib/dpkg/status /var/lib/dpkg/updates/0001");
    const stream = new Stream(subject());
    await stream.bring([wanted("gw-library")]);
    await stream.giveBack();
    assert.equal(await inside("ls /var/lib/dpkg/updates"), "");
  });
}
