import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { picture, Stream, type Subject } from "./subject.ts";

/** Kind certificate, with an authority outside the machine. */
export function certificateTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const seen = () => picture(subject(), "/opt");
  let folder = "";
  let authority = "";
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { encoding: "utf8", cwd: folder, stdio: ["ignore", "pipe", "ignore"] });

  const makeAuthority = (name: string) =>
    openssl(..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650".split(" "),
      "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.crt`); // biome-ignore format: one line a thought

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "groundwork-authority-"));
    makeAuthority("ours");
    makeAuthority("theirs");
    authority = await readFile(join(folder, "ours.crt"), "utf8");
  });
  after(() => rm(folder, { recursive: true }));

  async function sign(request: string | undefined, days = 365, by = "ours"): Promise<Record<string, string>> {
    await writeFile(join(folder, "request"), request ?? "");
    const signed = openssl(..."x509 -req -in request -copy_extensions copy".split(" "),
      "-CA", `${by}.crt`, "-CAkey", `${by}.key`, "-days", String(days)); // biome-ignore format: one line a thought
    return { leaf: signed };
  }

  const items = (more: object = {}): Item[] => [
    { kind: "file", path: "/opt/authority.crt", content: authority },
    {
      kind: "certificate",
      folder: "/opt/a b/certificates",
      name: "leaf",
      commonName: "a machine: 1",
      subjectAltNames: ["DNS:machine-1", "IP:10.93.0.11", "IP:fd93::b", "IP:::1", "DNS:*.example.org"],
      authority: "/opt/authority.crt",
      ticket: "leaf",
      owner: "daemon",
      ...more,
    },
  ];
  const judged = async (stream: Stream, more: object = {}) =>
    (await stream.read(items(more))).differs.map((item) => item.observed);

  it("asks for a leaf for a key that stays, installs both, and takes them away", async () => {
    const before = await seen();
    const stream = new Stream(subject());
    const { leaf } = await stream.request(items());
    assert.match(leaf ?? "", /^-----BEGIN CERTIFICATE REQUEST-----/);
    await stream.bring(items(), await sign(leaf));
    assert.equal(
      await inside(
        "cd '/opt/a b/certificates' && stat -c '%n %a %U' *; ls /var/lib/groundwork; ls /var/lib/groundwork/pending",
      ),
      "leaf.crt 644 root\nleaf.key 600 daemon\nbaseline\nclaims\nformat\nlease\nmade\npending\ntransactions",
    );
    assert.deepEqual((await stream.bring(items())).changed, []);
    assert.deepEqual(await stream.request(items()), {});
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("renews a leaf that is due or has other names, and puts the one of before back", async () => {
    const [stream, later] = [new Stream(subject()), new Stream(subject())];
    await stream.bring(items(), await sign((await stream.request(items())).leaf));
    const file = "/opt/a b/certificates/leaf";
    await inside(`mkdir /opt/other; cp -a '${file}.key' '${file}.crt' /opt/other`);
    const other = { folder: "/opt/other" };
    const before = await seen();
    // A third of 1200 days is more than the leaf has left.
    assert.deepEqual(await judged(later, { ...other, days: 1200 }), ["due"]);
    assert.deepEqual(await judged(later, { ...other, subjectAltNames: ["DNS:machine-1"] }), ["names"]);
    assert.deepEqual(await judged(later, { ...other, commonName: "another" }), ["names"]);
    assert.deepEqual(await judged(later, { ...other, authority: "/etc/hosts" }), ["authority"]);
    const wanted = { ...other, days: 1200 };
    await later.bring(items(wanted), await sign((await later.request(items(wanted))).leaf, 1200));
    await later.giveBack();
    assert.equal(await seen(), before);
    await stream.giveBack();
    await inside("rm -r /opt/other");
  });

  it("installs nothing that another authority signed, that is due already, or is for another key", async () => {
    const before = await seen();
    const stream = new Stream(subject());
    const foreign = openssl(
      ..."req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=x".split(
        " ",
      ),
    );
    for (const [issue, words] of [
      [(request: string) => sign(request, 365, "theirs"), /does not verify against \/opt\/authority.crt/],
      [(request: string) => sign(request, 30), /ends within a third of 365 days/],
      [() => sign(foreign), /no certificate for the key that waits/],
      [async () => ({ leaf: "not a certificate" }), /no certificate for the key that waits/],
    ] as const) {
      const { leaf = "" } = await stream.request(items());
      const report = await stream.apply(items(), { tickets: await issue(leaf) });
      assert.equal(report.outcome, "restored");
      assert.match(report.failed?.text ?? "", words);
    }
    await stream.bring(items(), await sign((await stream.request(items())).leaf));
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("sees a key that others may read, and one that does not belong to its certificate", async () => {
    const stream = new Stream(subject());
    await stream.bring(items(), await sign((await stream.request(items())).leaf));
    await inside("chmod 640 '/opt/a b/certificates/leaf.key'");
    assert.deepEqual(await judged(stream), ["owner"]);
    await stream.bring(items(), await sign((await stream.request(items())).leaf));
    await inside(
      "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out '/opt/a b/certificates/leaf.key' 2>&1",
    );
    assert.deepEqual(await judged(stream), ["mismatch"]);
    await inside("rm '/opt/a b/certificates/leaf.key'");
    assert.deepEqual(await judged(stream), ["key absent"]);
    await stream.giveBack();
  });
}
