import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import type { Item } from "../../../provider/index.ts";
import { itemKinds } from "../../../provider/items/index.ts";
import { GateResource } from "../../../provider/resources/gate.ts";
import { HostStateResource } from "../../../provider/resources/hostState.ts";
import { hostStateSchema } from "../../../provider/resources/hostStateSpec.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { parse, pathText } from "../../../provider/resources/validation.ts";
import { secret, unknown, type Wire } from "../../../provider/wire.ts";
import { hostKeyOf } from "../../support/hostKey.ts";
import { connection } from "./smallSpec.ts";

const silent = { info: () => undefined, warning: () => undefined, status: () => undefined };
const deployment = new Deployment(silent);
after(() => deployment.close());

const project = "urn:pulumi:dev::groundwork::groundwork:index:HostState::";

/** What `check` has to say about a HostState with these inputs beside a connection and a stream. */
function refusals(more: object, urn = `${project}alpha`, to = deployment): string[] {
  const inputs = { connection, stream: "alpha", items: [], ...more } as unknown as Properties;
  return new HostStateResource(to).check(urn, inputs).map(({ property, reason }) => `${property}: ${reason}`);
}

/** As {@link refusals}, of one item. */
const ofItem = (item: object): string[] => refusals({ items: [item] });

const refused = (item: object, message: RegExp): void => {
  const found = ofItem(item);
  assert.ok(
    found.some((text) => message.test(text)),
    `${message} in ${JSON.stringify(found)}`,
  );
};

describe("bad input of a HostState is refused by name", () => {
  const file = { kind: "file", path: "/etc/a", content: "" };

  it("a mode that is a number, because 644 is not 0644", () => {
    refused(
      { ...file, mode: 644 },
      /^items\[0\]\.mode: must be a string, octal text of four digits such as `0644` \(it is 644\)/,
    );
    refused(
      { ...file, mode: "644" },
      /^items\[0\]\.mode: must be octal text of four digits such as `0644` \(it is "644"\)/,
    );
    refused({ ...file, mode: "0888" }, /^items\[0\]\.mode: must be octal/);
  });

  it("what is missing or of another type, and a kind that does not exist, in plain words", () => {
    assert.deepEqual(ofItem({ kind: "command", name: "x" }), [
      "items[0].run: is missing: it must be text",
      "items[0].unless: is missing: it must be text",
    ]);
    assert.deepEqual(ofItem({ kind: "sysctl", name: "vm.swappiness", value: 1 }), [
      "items[0].value: must be text (it is 1)",
    ]);
    assert.deepEqual(ofItem({ kind: "user", name: "u", uid: "5" }), [
      'items[0].uid: must be a number (it is "5")',
    ]);
    refused(
      { ...file, kind: "fille" },
      /^items\[0\]\.kind: must be one of absent, .*file.* \(it is "fille"\)$/,
    );
    assert.match(
      ofItem({ path: "/a" })[0] ?? "",
      /^items\[0\]\.kind: is missing: it must be one of absent, /,
    );
    assert.deepEqual(ofItem({ kind: "swap" }), ["items[0].state: is missing: it must be off"]);
    refused(
      { kind: "command", name: "x", run: "", unless: "y" },
      /^items\[0\]\.run: must have at least 1 character/,
    );
    for (const kind of Object.keys(itemKinds))
      for (const text of ofItem({ kind }))
        assert.doesNotMatch(text, /: (Invalid|Too|Unrecognized|Expected)/, kind);
    assert.deepEqual(refusals({ items: undefined }), ["items: is missing: it must be a list"]);
  });

  it("a path that is relative, not in its plain form, or where nobody may write", () => {
    const paths: [string, RegExp][] = [
      ["etc/a", /must be an absolute path \(it is "etc\/a"\)/],
      ["", /must be an absolute path/],
      ["/", /must be an absolute path/],
      ["/etc/../a", /must be in its plain form.*\(it is "\/etc\/\.\.\/a"\)/],
      ["/etc/./a", /must be in its plain form/],
      ["/etc//a", /must be in its plain form/],
      ["/etc/a/", /must be in its plain form/],
      [
        "/proc/sys/x",
        /must not lie under \/proc, \/sys, \/dev, \/var\/lib\/groundwork \(it is "\/proc\/sys\/x"\)/,
      ],
      ["/sys", /must not lie under/],
      ["/dev/sda", /must not lie under/],
      ["/var/lib/groundwork/lease", /must not lie under/],
      ["/etc/a\nb", /must be one line without control characters \(it is "\/etc\/a\\nb"\)/],
      ["/etc/a\tb", /must be one line without control characters/],
      [`/etc/${"é".repeat(128)}`, /must be shorter than 4096 bytes, with names of at most 255 bytes/],
      [`/etc${"/a".repeat(2046)}`, /must be shorter than 4096 bytes/],
    ];
    for (const [path, message] of paths)
      refused({ ...file, path }, new RegExp(`^items\\[0\\]\\.path: ${message.source}`));
    assert.deepEqual(ofItem({ ...file, path: "/var/lib/groundwork-lab/a" }), []);
    assert.deepEqual(ofItem({ ...file, path: "/etc/..a/b..c" }), []);
  });

  it("text with a NUL or a lone surrogate, and no other text", () => {
    refused(
      { ...file, content: "a\0b" },
      /^items\[0\]\.content: must not hold a NUL character \(it is "a\\u0000b"\)/,
    );
    refused({ ...file, content: "a\ud800b" }, /^items\[0\]\.content: must not hold a lone surrogate/);
    refused({ ...file, path: "/etc/\udc00" }, /^items\[0\]\.path: must not hold a lone surrogate/);
    refused({ kind: "command", name: "x", run: "a\0", unless: "b" }, /^items\[0\]\.run: must not hold a NUL/);
    assert.deepEqual(ofItem({ ...file, content: "'\"$(id)`id`\\\r\n\u{1F600}é\u202e" }), []);
  });

  it("a unit without its suffix", () => {
    refused(
      { kind: "unit", name: "ssh", content: "" },
      /^items\[0\]\.name: must be a unit name with its suffix, such as `ssh\.service` \(it is "ssh"\)/,
    );
    refused({ kind: "service", unit: "ssh" }, /^items\[0\]\.unit: must be a unit name/);
    refused({ kind: "service", unit: "getty@.service" }, /^items\[0\]\.unit: must name an instance/);
    refused({ kind: "service", unit: "-x.service" }, /^items\[0\]\.unit: must not start with a dash/);
    refused({ kind: "unit", name: "../a.service", content: "" }, /^items\[0\]\.name: must be a unit name/);
    refused(
      { kind: "service", unit: `${"a".repeat(248)}.service` },
      /^items\[0\]\.unit: must be at most 255 characters/,
    );
    refused(
      { kind: "unit", name: "a.service", dropIn: "a".repeat(201), content: "" },
      /^items\[0\]\.dropIn: must be a file name without `\.conf`: at most 200 letters/,
    );
  });

  it("a unit that is masked, and yet enabled or running", () => {
    const masked = { kind: "service", unit: "a.service", masked: true };
    refused({ ...masked, enabled: true }, /^items\[0\]\.masked: must not be enabled or running/);
    refused({ ...masked, running: true }, /^items\[0\]\.masked: must not be enabled or running/);
    assert.deepEqual(ofItem(masked), []);
    assert.deepEqual(ofItem({ ...masked, enabled: false, running: false }), []);
  });

  it("a package whose name a program would take for an option", () => {
    refused(
      { kind: "package", name: "-o" },
      /^items\[0\]\.name: must be the name of a Debian package, such as `nfs-kernel-server`, without version \(it is "-o"\)/,
    );
    refused({ kind: "package", name: "curl=7" }, /^items\[0\]\.name: must be the name/);
    refused(
      { kind: "package", name: "curl", version: "-1" },
      /^items\[0\]\.version: must be a Debian version/,
    );
  });

  it("a download without a digest, or from anything but HTTP", () => {
    const download = { kind: "download", path: "/usr/local/bin/a", urls: ["https://example.org/a"] };
    refused(download, /^items\[0\]\.sha256: must be the SHA-256 digest, as `sha256sum FILE` prints it$/);
    refused(
      { ...download, sha256: "abc" },
      /^items\[0\]\.sha256: must be a SHA-256 digest of 64 .* \(it is "abc"\)/,
    );
    const sha256 = "0".repeat(64);
    refused({ ...download, sha256, urls: ["file:///etc/shadow"] }, /^items\[0\]\.urls\[0\]: /);
    refused({ ...download, sha256, urls: [] }, /^items\[0\]\.urls: must name at least one address/);
    refused({ ...download, sha256, member: "-x" }, /^items\[0\]\.member: /);
    refused({ ...download, sha256, member: "/1" }, /^items\[0\]\.member: /);
    refused(
      { ...download, sha256, member: "a", extract: true },
      /^items\[0\]\.member: must not stand beside/,
    );
    refused({ ...download, sha256, strip: 1 }, /^items\[0\]\.strip: must stand beside `extract`/);
    refused({ ...download, sha256, path: "/opt", extract: true }, /^items\[0\]\.path: must lie in a folder/);
    assert.deepEqual(ofItem({ ...download, sha256, extract: true, strip: 1 }), []);
  });

  it("an address that a parser of URLs would take for another one", () => {
    const at = (url: string): string[] =>
      ofItem({ kind: "download", path: "/a", sha256: "0".repeat(64), urls: [url] });
    const addresses: [string, RegExp][] = [
      ["https://example.org/a\nhttps://evil.example/a", /must be one line without control characters/],
      ["https://example.org/\ta", /must be one line/],
      [" https://example.org/a", /must be an HTTP or HTTPS address without blanks/],
      ["https://example.org/a b", /must be an HTTP or HTTPS address without blanks/],
      ["https://example.org/\0", /must not hold a NUL/],
      ["https://example.org/\ud800", /must not hold a lone surrogate/],
      ["https:example.org", /must be an HTTP or HTTPS address/],
      ["https://:80:80/", /must be a valid address/],
    ];
    for (const [url, message] of addresses)
      assert.match(at(url).join(), new RegExp(`^items\\[0\\]\\.urls\\[0\\]: ${message.source}`), url);
    assert.deepEqual(at("HTTPS://user@example.org:8443/~a/[b]?c=d&e='*'#f"), []);
  });

  it("a kernel setting whose name leads out of /proc/sys", () => {
    for (const name of ["net.//.//.etc.passwd", "net./.ip_forward", "net.ipv4./", "net.ipv4.//etc"])
      refused(
        { kind: "sysctl", name, value: "1" },
        /^items\[0\]\.name: must be a dotted name such as `net\.ipv4\.ip_forward` \(it is "net/,
      );
    assert.deepEqual(ofItem({ kind: "sysctl", name: "net.ipv4.conf.eth0/100.forwarding", value: "1" }), []);
  });

  it("options of a mount that its unit cannot hold", () => {
    const mount = { kind: "mount", what: "tmpfs", where: "/srv/a", type: "tmpfs" };
    refused({ ...mount, options: "a\0b" }, /^items\[0\]\.options: must not hold a NUL/);
    refused({ ...mount, options: "a\ud800" }, /^items\[0\]\.options: must not hold a lone surrogate/);
    refused({ ...mount, options: "a\u0001" }, /^items\[0\]\.options: must be one line/);
    refused({ ...mount, options: "a b" }, /^items\[0\]\.options: must be options separated by commas/);
  });

  it("a property that does not exist, beside values that are not known yet too", () => {
    const told =
      /^items\[0\]\.mod: is not a property that exists here \(allowed: .*path, .*mode, .*\), in file:\/etc\/a$/;
    refused({ ...file, mod: "0644" }, told);
    refused({ ...file, content: unknown, mod: "0644" }, told);
    const bare = refusals({ items: [{ kind: "file", pat: "/etc/a" }] });
    assert.ok(
      bare.some((text) => /^items\[0\]\.pat: .*\(allowed: .*\)$/.test(text)),
      bare.join(),
    );
    assert.deepEqual(refusals({ itmes: [] }), ["itmes: is not a property that exists here"]);
    assert.deepEqual(refusals({ connection: { ...connection, password: "x" } }), [
      "connection.password: is not a property that exists here",
    ]);
  });

  it("a kind that does not exist, with the place and what it is", () => {
    refused({ kind: "folder", path: "/etc/a" }, /^items\[0\]\.kind: .*\(it is "folder"\)/);
    refused({ path: "/etc/a" }, /^items\[0\]\.kind: /);
  });

  it("two items with one key, each by its place", () => {
    const again = { ...file, content: "other" };
    assert.deepEqual(refusals({ items: [file, { kind: "directory", path: "/etc/b" }, again] }), [
      "items[2]: file:/etc/a stands already at items[0]: keep one of them",
    ]);
    assert.deepEqual(refusals({ items: [{ ...file, content: unknown }, again] }), [
      "items[1]: file:/etc/a stands already at items[0]: keep one of them",
    ]);
  });

  it("an item that names a ticket or an item that is not there", () => {
    const command = { kind: "command", name: "join", run: "x", unless: "y", ticket: "jion" };
    const tickets = { join: { from: [connection], issue: "echo x" } };
    assert.deepEqual(refusals({ items: [command], tickets }), [
      "items[0].ticket: jion is not among the tickets (join)",
    ]);
    assert.deepEqual(refusals({ items: [{ ...command, ticket: "join" }], tickets }), []);
    const service = { kind: "service", unit: "a.service", restartOn: ["file:/etc/a", "file:/etc/c"] };
    assert.deepEqual(refusals({ items: [file, service] }), [
      "items[1].restartOn[1]: file:/etc/c is no item of this HostState",
    ]);
    assert.deepEqual(refusals({ items: [{ ...file, path: unknown }, service] }), []);
  });

  it("a ticket whose name is none", () => {
    const named = (ticket: string): string[] =>
      ofItem({ kind: "command", name: "join", run: "x", unless: "y", ticket });
    for (const ticket of ["", "a b", "a\0", "\ud800", "$(id)"])
      assert.match(named(ticket).join(), /^items\[0\]\.ticket: must be the name of a ticket/, ticket);
  });

  it("a connection or a bastion without a host key, and keys in another form", () => {
    const { hostKey: _, ...without } = connection;
    assert.match(
      refusals({ connection: without }).join(),
      /^connection\.hostKey: must be the machine's public host key such as `ssh-ed25519 AAAA…`/,
    );
    assert.match(
      refusals({ connection: { ...connection, bastion: without } }).join(),
      /^connection\.bastion\.hostKey: must be the machine's public host key/,
    );
    assert.match(
      refusals({ connection: { ...connection, hostKey: "192.0.2.1 ssh-ed25519 AAAA" } }).join(),
      /^connection\.hostKey: must be a public host key such as `ssh-ed25519 AAAA…`/,
    );
    const other = connection.hostKey.replace("ssh-ed25519", "ssh-rsa");
    for (const hostKey of ["ssh-ed25519 AAAA", connection.hostKey.slice(0, -4), other])
      assert.match(
        refusals({ connection: { ...connection, hostKey } }).join(),
        /^connection\.hostKey: must be a whole key of the type it names[^,]*$/,
      );
  });

  it("a bastion that jumps to itself, be it by way of another one", () => {
    const itself =
      /^connection\.bastion: must not lead to the machine itself: leave it out, or give the address/;
    const gate = { ...connection, name: "gate", address: "192.0.2.9" };
    const through = (bastion: object): string => refusals({ connection: { ...connection, bastion } }).join();
    assert.match(through({ ...connection, name: "gate", port: 22 }), itself);
    assert.match(through({ ...gate, bastion: { ...connection, name: "other" } }), itself);
    assert.match(through({ ...gate, bastion: gate }), /^connection\.bastion\.bastion: must not lead to/);
    assert.equal(through({ ...connection, name: "gate", port: 2222 }), "");
    assert.equal(through({ ...gate, bastion: { ...gate, name: "outer", address: "192.0.2.10" } }), "");
    assert.equal(through({ ...gate, address: unknown }), "");
  });

  it("a connection that OpenSSH would read as something else", () => {
    const fields: [object, RegExp][] = [
      [
        { address: "-oProxyCommand=x" },
        /connection\.address: must (be an IP address or a DNS name|not start with a dash)/,
      ],
      [{ address: "a b" }, /connection\.address: must be an IP address or a DNS name/],
      [{ user: "root\nProxyCommand x" }, /connection\.user: /],
      [{ port: 0 }, /connection\.port: /],
      [{ port: "22" }, /connection\.port: .*\(it is "22"\)/],
      [{ privateKeyFile: "id" }, /connection\.privateKeyFile: must be an absolute path/],
      [{ privateKeyFile: '/k"\nProxyCommand x' }, /connection\.privateKeyFile: must not hold quotes/],
      [{ privateKeyFile: "/k\ud800" }, /connection\.privateKeyFile: must not hold a lone surrogate/],
      [{ name: "M 1" }, /connection\.name: /],
    ];
    for (const [field, message] of fields)
      assert.match(refusals({ connection: { ...connection, ...field } }).join(), message);
  });

  it("a fact without a source, or with two", () => {
    assert.match(refusals({ facts: { a: {} } }).join(), /^facts\.a: must have either `file` or `run`/);
    assert.match(
      refusals({ facts: { a: { file: "/etc/a", run: "x" } } }).join(),
      /^facts\.a: must have either/,
    );
    assert.match(refusals({ facts: { "a b": { run: "x" } } }).join(), /^facts/);
  });

  it("whatever any kind takes: a network, a kernel setting, an account, a time limit", () => {
    refused({ kind: "sysctl", name: "ip_forward", value: "1" }, /^items\[0\]\.name: must be a dotted name/);
    refused(
      { kind: "sysctl", name: "net.a", value: "1  2" },
      /^items\[0\]\.value: must be words separated by one space/,
    );
    refused({ kind: "allowedPort", protocol: "tcp", port: 22, from: "10.0.0.1" }, /^items\[0\]\.from: /);
    refused(
      { kind: "allowedPort", protocol: "icmp", port: 22, from: "any" },
      /^items\[0\]\.protocol: must be one of tcp, udp \(it is "icmp"\)/,
    );
    refused(
      { kind: "allowedForward", from: "10.0.0.0/8", to: "fd00::/64" },
      /^items\[0\]: `from` and `to` must be of the same family/,
    );
    refused({ ...file, owner: "root:root" }, /^items\[0\]\.owner: must be the name of a user or group/);
    refused({ ...file, timeLimit: 0 }, /^items\[0\]\.timeLimit: /);
    refused(
      { kind: "firewallTable", content: "flush ruleset" },
      /^items\[0\]\.content: must define `table inet groundwork`/,
    );
  });
});

describe("the words of a refusal", () => {
  it("never show a value that is secret, and do show the others of the same list", () => {
    const canary = "hunter2-canary";
    const items: Wire = [
      { kind: "file", path: "/etc/a", content: "", mode: secret(canary) },
      secret({ kind: "file", path: canary, content: "" }),
      { kind: "file", path: "/etc/b", content: "", mode: "rw" },
    ];
    const found = refusals({ items });
    assert.equal(found.length, 3);
    assert.ok(!found.join().includes(canary), found.join());
    assert.match(found.join(), /items\[0\]\.mode: must be octal text/);
    assert.match(found.join(), /items\[1\]\.path: must be an absolute path/);
    assert.match(found.join(), /items\[2\]\.mode: .*\(it is "rw"\)/);
  });

  it("are short, however long the value is", () => {
    const [text = ""] = ofItem({ kind: "file", path: "x".repeat(10_000), content: "" });
    assert.ok(text.length < 300, text);
  });

  it("leave out what is not known before the update", () => {
    assert.deepEqual(
      refusals({ items: [{ kind: "file", path: unknown, content: unknown, mode: unknown }] }),
      [],
    );
    assert.deepEqual(refusals({ connection: unknown, items: unknown }), []);
    assert.deepEqual(refusals({ items: [unknown, { kind: "file", path: "/etc/a", content: "" }] }), []);
  });

  it("give paths as a program writes them", () => {
    assert.equal(pathText(["items", 3, "urls", 0]), "items[3].urls[0]");
    assert.equal(pathText([]), "");
  });

  it("are an error with a code where nothing was checked before", () => {
    assert.throws(
      () =>
        parse(hostStateSchema, {
          connection: { ...connection },
          stream: "a",
          items: [{ kind: "file", path: secret("x") }],
        } as never),
      { name: "GroundworkError", code: "GW102" },
    );
  });
});

describe("two resources that want one item differently", () => {
  const one: Item = { kind: "file", path: "/etc/shared", content: "one" };

  it("are refused with the item's key and the other resource's name", () => {
    const own = new Deployment(silent);
    assert.deepEqual(refusals({ items: [one] }, `${project}alpha-m1`, own), []);
    const [text = "", ...others] = refusals(
      { items: [{ ...one, content: "two" }] },
      `${project}bravo-m1`,
      own,
    );
    assert.match(text, /^items: file:\/etc\/shared is wanted with another value by alpha-m1 \(GW103\)/);
    assert.deepEqual(others, []);
    return own.close();
  });

  it("are known by the host key, whatever the program calls the machine", () => {
    const own = new Deployment(silent);
    refusals({ items: [one] }, `${project}alpha-m1`, own);
    const renamed = { connection: { ...connection, name: "other", address: "192.0.2.9" } };
    assert.equal(
      refusals({ ...renamed, items: [{ ...one, content: "two" }] }, `${project}bravo-m1`, own).length,
      1,
    );
    const another = { connection: { ...connection, hostKey: hostKeyOf("another") } };
    assert.deepEqual(
      refusals({ ...another, items: [{ ...one, content: "two" }] }, `${project}charlie-m2`, own),
      [],
    );
    return own.close();
  });
});

describe("bad input of a Gate is refused by name", () => {
  const gate = new GateResource(deployment);
  const refusalsOf = (more: object): string[] =>
    gate
      .check(`${project}gate`, {
        stream: "alpha",
        generations: {},
        checks: [],
        ...more,
      } as unknown as Properties)
      .map(({ property, reason }) => `${property}: ${reason}`);

  it("a check that names no machine, because it would never run", () => {
    assert.deepEqual(refusalsOf({ checks: [{ name: "a", run: "true" }] }), [
      "checks[0].on: must be the connection of the machine that the check runs on",
    ]);
    assert.deepEqual(refusalsOf({ checks: [{ name: "a", run: "true", on: connection }] }), []);
    assert.deepEqual(refusalsOf({ checks: [{ name: "a", run: "true", on: unknown }] }), []);
  });

  it("no check at all", () => {
    assert.match(refusalsOf({}).join(), /^checks: /);
  });

  it("a check by whose name every object would waive it", () => {
    for (const name of ["constructor", "toString", "__proto__"])
      assert.match(
        refusalsOf({ checks: [{ name, run: "true", on: connection }] }).join(),
        /^checks\[0\]\.name: must be a sentence/,
        name,
      );
  });

  it("a waiver without a reason", () => {
    assert.match(
      refusalsOf({ checks: [{ name: "a", run: "true", on: connection }], waivers: { a: "" } }).join(),
      /^waivers\.a: /,
    );
  });
});
