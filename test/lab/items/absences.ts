import assert from "node:assert/strict";
import { it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, picture, Stream, type Subject } from "./subject.ts";

/** Kinds symlink and absent, and folders above a path that are links. */
export function absenceTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const seen = () => picture(subject(), "/opt", "/srv");

  it("makes links with hostile targets, over files and links too, and puts back what was there", async () => {
    await inside(
      "mkdir /opt/links; cd /opt/links; echo old >file; touch -d 2001-02-03 file; ln -s nowhere link; chown -h mail link",
    );
    await cycle(
      subject(),
      [
        { kind: "symlink", path: "/opt/links/new/below", target: "../$(touch broken) `id` '\"\\ é" },
        { kind: "symlink", path: "/opt/links/file", target: "-rf" },
        { kind: "symlink", path: "/opt/links/link", target: "/etc" },
      ],
      seen,
    );
    await inside("rm -r /opt/links");
  });

  it("names a link that somebody turned, and turns it back", async () => {
    const stream = new Stream(subject());
    const items: Item[] = [
      { kind: "symlink", path: "/opt/one", target: "/etc" },
      { kind: "symlink", path: "/opt/two", target: "/usr" },
    ];
    await stream.bring(items);
    await inside("ln -sfn /tmp /opt/two");
    const { differs } = await stream.read(items);
    assert.deepEqual(differs, [{ index: 2, observed: "symlink target=/tmp" }]);
    assert.deepEqual(
      (await stream.bring(items)).changed.map(({ index }) => index),
      [2],
    );
    await stream.giveBack();
    assert.equal(await inside("ls -A /opt"), "");
  });

  it("takes a file, a link and a whole directory away, and brings them back as they were", async () => {
    await inside(`mkdir -p '/opt/away/a b/deep' && cd /opt/away && printf 'x\\0y' >'a b/deep/-rf' && chmod 4711 'a b/deep/-rf'
      ln 'a b/deep/-rf' hard; mkfifo pipe; mknod null c 1 3; mkdir -m 2700 locked; chown daemon:mail locked; ln -s /etc link
      touch -d 2001-02-03 hard; echo text >/opt/file; touch -d 2002-01-01 /opt/file; ln -s away /opt/link`);
    await cycle(
      subject(),
      ["/opt/away", "/opt/file", "/opt/link", "/opt/never/was"].map(
        (path): Item => ({ kind: "absent", path }),
      ),
      seen,
    );
    await inside("rm -r /opt/*");
  });

  it("keeps aside what came to be there since, and names it", async () => {
    const stream = new Stream(subject());
    await inside("mkdir /opt/again; echo old >/opt/again/old");
    const items: Item[] = [{ kind: "absent", path: "/opt/again" }];
    await stream.bring(items);
    await inside("mkdir /opt/again; echo new >/opt/again/new");
    assert.deepEqual((await stream.read(items)).differs, [{ index: 1, observed: "directory" }]);
    const [kept = ""] = (await stream.giveBack()).kept;
    const [place] = kept.split(" ");
    assert.equal(await inside(`cat /opt/again/old ${place}/old/new`), "old\nnew");
    await inside("rm -r /opt/again /var/lib/groundwork/kept; rmdir /var/lib/groundwork");
  });

  it("refuses what is too large, a mount point, and what holds one, and leaves everything as it was", async () => {
    await inside(`mkdir -p /srv/large /srv/holds/mount; head -c 2000000 /dev/urandom >/srv/large/data
      mount -t tmpfs none /srv/holds/mount; echo data >/srv/holds/mount/data`);
    const before = await seen();
    const refusals: [Item, RegExp][] = [
      [{ kind: "absent", path: "/srv/large", sizeLimit: 1 }, /holds 2 MiB, and at most 1 MiB are captured/],
      [{ kind: "absent", path: "/srv/holds/mount" }, /\/srv\/holds\/mount is a mount point/],
      [{ kind: "absent", path: "/srv/holds" }, /\/srv\/holds\/mount is a mount point/],
    ];
    for (const [item, message] of refusals) {
      const report = await new Stream(subject()).apply([
        { kind: "file", path: "/opt/before", content: "" },
        item,
      ]);
      assert.equal(report.outcome, "restored", JSON.stringify([item, report]));
      assert.match(report.failed?.text ?? "", message);
      assert.equal(await seen(), before);
    }
    await inside("umount /srv/holds/mount; rm -r /srv/*");
  });

  it("refuses a folder that somebody made a link, by its name, whatever is to lie below", async () => {
    await inside(
      "mkdir -p /srv/theirs /opt/target; chown daemon /srv/theirs; ln -s /opt/target /srv/theirs/link; echo x >/opt/target/a",
    );
    const before = await seen();
    const path = "/srv/theirs/link/a";
    const items: Item[] = [
      { kind: "file", path, content: "ours" },
      { kind: "directory", path: "/srv/theirs/link/b" },
      { kind: "symlink", path, target: "ours" },
      { kind: "absent", path },
      { kind: "stateDirectory", path: "/srv/theirs/link/b" },
    ];
    for (const item of items) {
      const report = await new Stream(subject()).apply([item]);
      assert.equal(report.outcome, "restored", JSON.stringify(report));
      assert.match(
        report.failed?.text ?? "",
        /^\/srv\/theirs\/link is a symbolic link that others than root can change/,
      );
      assert.equal(await seen(), before);
    }
    // Root's own link, in a folder of root's, is the administrator's word.
    await inside("ln -s /opt/target /srv/ours");
    await cycle(subject(), [{ kind: "file", path: "/srv/ours/a", content: "ours" }], seen);
    await inside("rm -r /srv/* /opt/*");
  });
}
