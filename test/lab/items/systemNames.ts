import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { cycle, Stream, type Subject } from "./subject.ts";

/** Kinds hostname, timezone, hostsEntry and trustedCertificate. */
export function systemNameTests(subject: () => Subject): void {
  const inside = (script: string) => subject().machine.inside(script);
  const seen = () =>
    inside(`uname -n; cd /etc; for f in hostname hosts timezone localtime; do
      [ ! -e $f ] && echo "no $f" || { stat -c '%n %f %u %g %Y %N' $f; sha256sum <$f; }; done
      ls -A /var/lib/groundwork 2>/dev/null | grep -v lease; find /etc -name '*groundwork*'`);

  it("gives the machine its name and puts the old one back, live and for the next boot", async () => {
    const item: Item = { kind: "hostname", name: "renamed-1" };
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring([item]);
    assert.equal(await inside("uname -n; cat /etc/hostname"), "renamed-1\nrenamed-1");
    assert.deepEqual((await stream.bring([item])).changed, []);
    await inside("hostname tampered");
    assert.deepEqual((await stream.read([item])).differs, [
      { index: 1, observed: "boot=renamed-1 live=tampered" },
    ]);
    await stream.bring([item]);
    await stream.giveBack();
    assert.equal(await seen(), before);
  });

  it("sets the time zone that programs see, and puts the old one back", async () => {
    const item: Item = { kind: "timezone", zone: "Asia/Kolkata" };
    const stream = new Stream(subject());
    const before = await seen();
    await stream.bring([item]);
    assert.equal(
      await inside(
        "date +%z; ls -l /etc/localtime | sed 's/.* //'; cat /etc/timezone 2>/dev/null || echo Asia/Kolkata",
      ),
      "+0530\n/usr/share/zoneinfo/Asia/Kolkata\nAsia/Kolkata",
    );
    await stream.giveBack();
    assert.equal(await seen(), before);
    const report = await stream.apply([{ kind: "timezone", zone: "Asia/Nowhere" }]);
    assert.match(report.failed?.text ?? "", /there is no time zone Asia\/Nowhere/);
    assert.equal(await seen(), before);
  });

  it("adds lines to /etc/hosts that names are found by, side by side with other streams and people", async () => {
    const [one, two] = [new Stream(subject()), new Stream(subject())];
    const before = await seen();
    const wanted = (names: string[]): Item[] => [{ kind: "hostsEntry", address: "192.0.2.7", names }];
    await Promise.all([one.bring(wanted(["one.example.org", "one"])), two.bring(wanted(["two"]))]);
    assert.equal(
      await inside("for n in one two; do getent ahostsv4 $n | head -1 | tr -s ' '; done"),
      "192.0.2.7 STREAM one.example.org\n192.0.2.7 STREAM two",
    );
    await inside("sed -i '/\\ttwo$/d' /etc/hosts");
    assert.deepEqual((await two.read(wanted(["two"]))).differs, [{ index: 1, observed: "absent" }]);
    assert.deepEqual((await one.read(wanted(["one.example.org", "one"]))).differs, []);
    await two.bring(wanted(["two"]));
    await one.giveBack();
    await two.giveBack();
    const [content, after] = [(await seen()).split("\n"), before.split("\n")];
    // The line that somebody took out made the file another one: its time stamp is that of the last change.
    const plain = (lines: string[]) => lines.map((line) => line.replace(/^(hosts \S+ \d+ \d+) \d+/, "$1"));
    assert.deepEqual(plain(content), plain(after));
  });

  it("looks at a hundred lines of /etc/hosts with one process", async () => {
    const items = Array.from(
      { length: 100 },
      (_, index): Item => ({ kind: "hostsEntry", address: `198.51.100.${index}`, names: [`h${index}`] }),
    );
    const before = await seen();
    await cycle(subject(), items, seen);
    assert.equal(await seen(), before);
  });

  it("trusts a certificate everywhere, mends a bundle without it, and trusts it no more when it is given back", async () => {
    const trust = () =>
      inside(
        "ls -l --time-style=+ /etc/ssl/certs | sed 's/.* \\(.* -> \\)/\\1/' | sort; sha256sum </etc/ssl/certs/ca-certificates.crt; ls -A /usr/local/share/ca-certificates /var/lib/groundwork 2>/dev/null || :",
      );
    const pem = execFileSync(
      "openssl",
      [
        ..."req -x509 -nodes -newkey rsa:2048 -days 9 -keyout /dev/null -subj /CN=lab-ca -addext".split(" "),
        "basicConstraints=critical,CA:TRUE",
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    const item: Item = { kind: "trustedCertificate", name: "lab-ca", certificate: pem };
    const before = await trust();
    const stream = new Stream(subject());
    await stream.bring([item]);
    const verify =
      'openssl verify -CApath /etc/ssl/certs /usr/local/share/ca-certificates/lab-ca.crt 2>&1; grep -cF "$(sed -n 5p /usr/local/share/ca-certificates/lab-ca.crt)" /etc/ssl/certs/ca-certificates.crt';
    assert.equal(await inside(verify), "/usr/local/share/ca-certificates/lab-ca.crt: OK\n1");
    assert.deepEqual((await stream.bring([item])).changed, []);
    await inside(
      "cd /etc/ssl/certs; grep -vxFf /usr/local/share/ca-certificates/lab-ca.crt ca-certificates.crt >/tmp/b; cat /tmp/b >ca-certificates.crt; rm /tmp/b",
    );
    const [drift] = (await stream.read([item])).differs;
    assert.match(drift?.observed ?? "", /trusted=no$/);
    await stream.bring([item]);
    await stream.giveBack();
    assert.equal(await trust(), before);
  });
}
