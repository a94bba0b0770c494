import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { quote } from "../../../provider/engine/shell.ts";
import { type AuthorizedKeyItem, itemKinds, keyOf } from "../../../provider/index.ts";
import { fingerprint, isPublicKey } from "../../../provider/items/sshPublicKey.ts";
import { withLibrary } from "./shellLibrary.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-keys-"));
after(() => rmSync(folder, { recursive: true }));

/** A key of OpenSSH's own making, without its comment. */
function makeKey(type: string, bits: string, name: string): string {
  const path = join(folder, `id_${name}`);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-b", bits, "-N", "", "-f", path]);
  return readFileSync(`${path}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
}

const ed25519 = makeKey("ed25519", "256", "a");
const other = makeKey("ed25519", "256", "b");
const item: AuthorizedKeyItem = { kind: "authorizedKey", user: "alice", key: ed25519, comment: "me@x" };
const refusal = (more: object): string =>
  JSON.stringify(itemKinds.authorizedKey.schema.safeParse({ ...item, ...more }).error?.issues ?? []);

describe("a public key", () => {
  it("is accepted as OpenSSH makes it", () => {
    for (const [type, bits] of [
      ["ed25519", "256"],
      ["rsa", "2048"],
      ["ecdsa", "256"],
      ["ecdsa", "384"],
      ["ecdsa", "521"],
    ] as const)
      assert.equal(refusal({ key: makeKey(type, bits, `${type}${bits}`) }), "[]", `${type} ${bits}`);
  });

  it("has the fingerprint that ssh-keygen prints, and is known by it", () => {
    const printed = execFileSync("ssh-keygen", ["-l", "-f", join(folder, "id_a.pub")], { encoding: "utf8" });
    assert.equal(fingerprint(ed25519), printed.split(" ")[1]);
    assert.equal(keyOf(item), `authorizedKey:alice ${fingerprint(ed25519)}`);
  });

  it("is refused when it is short, cut, of another type, a private one, or more than a key", () => {
    const [type = "", base64 = ""] = ed25519.split(" ");
    const wrong = [
      makeKey("rsa", "1024", "rsa1024"),
      `ssh-rsa ${base64}`,
      `${type}  ${base64}`,
      `${ed25519} me@x`,
      `no-pty ${ed25519}`,
      `${type} ${base64.slice(0, -1)}`,
      `${type} ${base64}=`,
      `${ed25519}\n${other}`,
      base64,
      "",
    ];
    for (const key of wrong) assert.match(refusal({ key }), /must be a whole public key/, key);
    const secret = refusal({ key: readFileSync(join(folder, "id_a"), "utf8") });
    assert.match(secret, /"message":"must be a public key"/);
  });

  it("is refused wherever it was cut or changed in its structure", () => {
    const bytes = Buffer.from(ed25519.split(" ")[1] ?? "", "base64");
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), (length) => {
        assert.ok(!isPublicKey(`ssh-ed25519 ${bytes.subarray(0, length).toString("base64")}`));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        assert.ok(!isPublicKey(text) && !isPublicKey(`ssh-ed25519 ${text}`));
        assert.ok(!isPublicKey(`ssh-ed25519 ${Buffer.from(text).toString("base64")}`));
      }),
    );
  });
});

describe("options of a key", () => {
  it("are accepted as sshd has them", () => {
    const options = [
      ["restrict", "pty"],
      ["no-X11-forwarding", 'from="10.0.0.0/8,!10.1.2.3,*.example.org"'],
      ['command="echo \\"$SSH_ORIGINAL_COMMAND\\" \\d"', 'environment="A=b c"', 'environment="B="'],
      ['permitopen="localhost:80"', 'permitopen="[::1]:*"', 'permitlisten="8080"', 'tunnel="0"'],
      ['expiry-time="20300101"', 'expiry-time="203001011200Z"'],
      ["cert-authority", 'principals="a,b"'],
    ];
    for (const set of options.map((all) => all.slice(0, all[0]?.startsWith("expiry") ? 1 : undefined)))
      assert.equal(refusal({ options: set }), "[]", set.join(","));
  });

  it("are refused by name where sshd would refuse the line, or read it as something else", () => {
    const wrong = [
      "nopty",
      "restrict pty",
      "restrict,pty",
      "command",
      'command=""',
      "command=ls",
      'command="a" ssh-rsa',
      'command="a"b"',
      'command="a\\"',
      "from=10.0.0.0/8",
      'from="a b"',
      'permitopen="80"',
      'tunnel="x"',
      'expiry-time="tomorrow"',
      'restrict="yes"',
      'constructor="x"',
      "",
      "no-pty\n",
    ];
    for (const option of wrong)
      assert.match(refusal({ options: [option] }), /must be (an option|one line)/, option);
    assert.match(refusal({ options: ['command="a"', 'COMMAND="b"'] }), /once each/);
    assert.match(refusal({ options: ['principals="a"'] }), /with cert-authority only/);
    assert.match(refusal({ comment: "two\nlines" }), /one line/);
  });
});

const home = join(folder, "home");
const file = join(home, ".ssh", "authorized_keys");

/** Runs functions of the kind for a user whose home is a folder of the test. */
function run(script: string, wanted: AuthorizedKeyItem = item): string {
  const variables = Object.entries(itemKinds.authorizedKey.variables(wanted));
  return withLibrary(`gw_root='${folder}/root' gw_owner=o gw_run='${folder}' time_limit=20 observed=absent
gw_transaction='${folder}/none' capture='${folder}/capture'; rm -rf "$capture.used"; mkdir -p "$capture"
authorizedKey_home() { gw_uid=$(id -u) gw_gid=$(id -g) gw_home='${home}' gw_file='${file}'; }
limit() { [ "$1" != setpriv ] || shift 4; "$@"; }
${variables.map(([name, value]) => `${name}=${quote(value)}`).join("\n")}
${script.replaceAll("KIND", "authorizedKey")}`);
}

const line = `${ed25519} me@x\n`;
const old = Buffer.from(
  `# comment with \0 and \xff\n\n${other} b\ncommand="echo \\" ${ed25519}" ${other} c\nfrom="a b",no-pty   ssh-rsa AAAA x`,
  "latin1",
);

describe("a user's authorized_keys", () => {
  beforeEach(() => {
    for (const name of ["home", "capture", "root"])
      rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(home);
  });
  const given = (bytes: Buffer | string): void => {
    mkdirSync(join(home, ".ssh"), { mode: 0o755 });
    writeFileSync(file, bytes, { mode: 0o640 });
    utimesSync(file, 1_000_000_000, 1_000_000_000);
  };

  it("is made as sshd's StrictModes wants it, and taken away with its folder", () => {
    run("KIND_capture && KIND_apply");
    assert.equal(readFileSync(file, "utf8"), line);
    assert.equal(statSync(file).mode & 0o7777, 0o600);
    assert.equal(statSync(join(home, ".ssh")).mode & 0o7777, 0o700);
    run("KIND_restore");
    assert.equal(existsSync(join(home, ".ssh")), false);
    assert.equal(existsSync(join(folder, "root", "made")), false);
  });

  it("keeps every byte of other lines, also of one without an end and of one that only quotes the key", () => {
    given(old);
    run("KIND_capture && KIND_apply");
    assert.deepEqual(readFileSync(file), Buffer.concat([old, Buffer.from(`\n${line}`)]));
    run("KIND_restore");
    assert.deepEqual(readFileSync(file), old);
    const { mode, mtimeMs } = statSync(file);
    assert.deepEqual([mode & 0o7777, mtimeMs], [0o640, 1_000_000_000_000]);
  });

  it("has the key once, with the options that are wanted, in the place where it was", () => {
    const before = `${other} b\n  no-pty\t${ed25519} old\n# x\nfrom="1 2",pty ${ed25519}\n${ed25519}`;
    given(before);
    const wanted: AuthorizedKeyItem = { ...item, options: ["restrict", 'command="a \\"b\\""'] };
    run("KIND_capture && KIND_apply", wanted);
    assert.equal(
      readFileSync(file, "utf8"),
      `${other} b\nrestrict,command="a \\"b\\"" ${ed25519} me@x\n# x\n`,
    );
    run("KIND_restore", wanted);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  it("loses the one line only when somebody else wrote in it since", () => {
    given(old);
    run("KIND_capture && KIND_apply");
    writeFileSync(file, Buffer.concat([Buffer.from("# mine\n"), readFileSync(file), Buffer.from("# last")]));
    run("KIND_restore");
    assert.deepEqual(
      readFileSync(file),
      Buffer.concat([Buffer.from("# mine\n"), old, Buffer.from("\n# last")]),
    );
  });

  it("goes with the last key that made it, in whatever order they go", () => {
    const second: AuthorizedKeyItem = { ...item, key: other };
    run("KIND_capture && KIND_apply");
    run("capture=$capture-2; rm -rf $capture; mkdir $capture; KIND_capture && KIND_apply", second);
    run("KIND_restore");
    assert.equal(readFileSync(file, "utf8"), `${other} me@x\n`);
    run("capture=$capture-2; KIND_restore", second);
    assert.equal(existsSync(join(home, ".ssh")), false);
  });

  it("goes in the end though an operation failed that took it away", () => {
    run("KIND_capture && KIND_apply");
    run("capture=$capture-2; rm -rf $capture; mkdir $capture; KIND_capture");
    run("KIND_restore; capture=$capture-2; KIND_restore");
    assert.equal(readFileSync(file, "utf8"), line);
    run("KIND_restore");
    assert.equal(existsSync(join(home, ".ssh")), false);
    assert.equal(existsSync(join(folder, "root", "made")), false);
  });

  it("gets back a key that was there and that a failed operation took away", () => {
    given(`${other} b\n${line}`);
    run("KIND_capture");
    writeFileSync(file, `${other} b\n`);
    run("KIND_restore");
    assert.equal(readFileSync(file, "utf8"), `${other} b\n${line}`);
    assert.equal(statSync(file).mtimeMs, 1_000_000_000_000);
  });

  it("is made unwritable for others, and writable again on the way back", () => {
    given(line.replace("me@x", "old"));
    chmodSync(file, 0o666);
    chmodSync(join(home, ".ssh"), 0o777);
    run("KIND_capture && KIND_apply");
    assert.equal(statSync(file).mode & 0o7777, 0o644);
    assert.equal(statSync(join(home, ".ssh")).mode & 0o7777, 0o755);
    run("KIND_restore");
    assert.equal(statSync(file).mode & 0o7777, 0o666);
    assert.equal(statSync(join(home, ".ssh")).mode & 0o7777, 0o777);
  });

  it("is left alone where it is a link: root writes where nobody leads it", () => {
    mkdirSync(join(home, ".ssh"));
    writeFileSync(join(folder, "target"), "theirs\n");
    symlinkSync(join(folder, "target"), file);
    const said = run("KIND_capture; KIND_apply 2>&1 || echo refused; KIND_restore && echo restored");
    assert.match(said, /authorized_keys is a link\nrefused\nrestored$/);
    assert.equal(readFileSync(join(folder, "target"), "utf8"), "theirs\n");
  });

  it("may be given back twice: the second time changes nothing", () => {
    given(old);
    run("KIND_capture && KIND_apply; KIND_restore; KIND_restore");
    assert.deepEqual(readFileSync(file), old);
  });
});
