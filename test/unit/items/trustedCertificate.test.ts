import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import type { TrustedCertificateItem } from "../../../provider/index.ts";
import { trustedCertificate } from "../../../provider/items/trustedCertificate.ts";
import { FolderMachine } from "./folderMachine.ts";

const keys = mkdtempSync(join(tmpdir(), "groundwork-certificates-"));
const machine = new FolderMachine();
after(() => {
  machine.close();
  rmSync(keys, { recursive: true });
});

/** A certificate of its own; RSA signatures fill the last lines, those of elliptic curves are short. */
function certificate(name: string, authority = "TRUE", key = "ec -pkeyopt ec_paramgen_curve:P-256"): string {
  return execFileSync(
    "openssl",
    [
      ..."req -x509 -nodes -days 30 -keyout /dev/null -newkey".split(" "),
      ...key.split(" "),
      "-subj",
      `/CN=${name}`,
      "-addext",
      `basicConstraints=critical,CA:${authority}`,
    ],
    { cwd: keys, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
}

const [one, two] = [certificate("one"), certificate("two", "TRUE", "rsa:2048")];
const wanted = (content: string): TrustedCertificateItem => ({
  kind: "trustedCertificate",
  name: "example-ca",
  certificate: content,
});
const at = {
  path: machine.path("local/example-ca.crt"),
  owner: String(execFileSync("sh", ["-c", "[ $(id -u) = 0 ] && echo nobody || id -un"])).trim(),
  group: String(execFileSync("sh", ["-c", "[ $(id -u) = 0 ] && echo nogroup || id -gn"])).trim(),
};
const run = (content: string, script: string) =>
  machine.run([wanted(content)], `gw_trusted='${machine.path("certs")}'\n${script}`, at);
const bundle = (): string => readFileSync(machine.path("certs/ca-certificates.crt"), "utf8");

// What the machine's own program does: a link for each file, hashes where a link is new, one bundle.
machine.standIn(
  "update-ca-certificates",
  `cd '${machine.path("certs")}'
  for file in ../vendor/*.crt ../local/*.crt; do
    [ -e "$file" ] || continue
    case $file in ../local/*) file='${machine.path("local")}'/\${file##*/} ;; esac
    link=$(basename "$file" .crt).pem
    [ "$(readlink "$link")" = "$file" ] || { ln -sf "$file" "$link"; ln -sf "$link" "$(sha256sum <"$file" | cut -c1-8).0"; }
    cat "$file"
  done >new; mv new ca-certificates.crt`,
);
beforeEach(() => {
  machine.made(
    `rm -rf local certs vendor; mkdir local certs vendor; echo vendor >vendor/v.crt; ./bin/update-ca-certificates`,
  );
});

const seen = (): string[] =>
  readdirSync(machine.path("certs")).map((name) => {
    const path = machine.path(`certs/${name}`);
    return name.endsWith(".crt") ? `${name} ${bundle()}` : `${name} ${readlinkSync(path)}`;
  });

describe("a trusted certificate", () => {
  it("is in the bundle afterwards, and gone from every place when it is given back", async () => {
    const before = seen();
    const desired = trustedCertificate.desired(wanted(one));
    assert.equal(
      await run(one, "see; take 1; bring; see; bring; see"),
      `sha256=absent trusted=no\n${desired}\n${desired}`,
    );
    assert.equal(bundle(), `vendor\n${one}`);
    assert.equal(
      await run(one, "give_back 1; trustedCertificate_after_restore; see"),
      "sha256=absent trusted=no",
    );
    assert.deepEqual(seen(), before);
  });

  it("takes the place of another one of its name, with hashes of its own, and that one comes back", async () => {
    await run(one, "take 0; bring");
    const before = seen();
    await run(two, "take 1; bring");
    assert.equal(bundle(), `vendor\n${two}`);
    assert.equal(seen().filter((line) => line.endsWith(" example-ca.pem")).length, 1);
    assert.notDeepEqual(seen(), before);
    await run(two, "give_back 1; trustedCertificate_after_restore");
    assert.deepEqual(seen(), before);
  });

  it("differs where its file is there and nobody trusts it, or the bundle was made anew without it", async () => {
    await run(one, "bring");
    machine.made("echo vendor >certs/ca-certificates.crt");
    assert.match(await run(one, "see"), /^sha256=[0-9a-f]{64} trusted=no$/);
    assert.equal(await run(one, "bring; see"), trustedCertificate.desired(wanted(one)));
    assert.match(await run(two, "see"), /trusted=no$/);
  });

  it("is refused where the machine has no program for it, and nothing is changed", async () => {
    const without = `command() { return 1; }\n`;
    assert.equal(
      await run(one, `${without}bring`),
      "there is no update-ca-certificates: install the package ca-certificates before\napply failed",
    );
    assert.ok(!existsSync(at.path));
  });

  it("is the same however its text is broken into lines", () => {
    const long = one.replace(/(?<=[^-])\n(?=[^-])/g, "");
    assert.notEqual(long, one);
    assert.equal(
      trustedCertificate.desired(wanted(`\n${long}\n\n`)),
      trustedCertificate.desired(wanted(one)),
    );
    assert.equal(String(trustedCertificate.data?.(wanted(long))), one);
  });

  it("is refused by name where it is none, more than one, no authority's, or holds a key", () => {
    const message = (content: string) =>
      trustedCertificate.schema.safeParse(wanted(content)).error?.issues[0]?.message ?? "";
    assert.equal(message(one), "");
    assert.equal(message(two), "");
    const key = execFileSync("openssl", ["genpkey", "-algorithm", "ed25519"], { encoding: "utf8" });
    for (const content of [
      "",
      "x",
      one + two,
      key,
      one + key,
      key + one,
      one.slice(0, 200),
      one.replace(/[A-Z]/, "!"),
    ])
      assert.match(message(content), /must be one certificate in PEM form, and nothing else/, content);
    assert.match(message(certificate("leaf", "FALSE")), /must be the certificate of an authority/);
    for (const name of ["a/b", "../a", "-a", "a b", ""])
      assert.ok(!trustedCertificate.schema.safeParse({ ...wanted(one), name }).success, name);
  });
});
