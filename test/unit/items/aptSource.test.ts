import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { aptSource } from "../../../provider/items/aptSource.ts";
import { keyFingerprints } from "../../../provider/items/openPgp.ts";
import { openPgpKey } from "./openPgpKey.ts";
import { withLibrary } from "./shellLibrary.ts";

const one = openPgpKey();
/** The same, and one of RSA with longer packets. */
const two = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawGyGBYJKwYBBAHaRw8BAQdAtC8fwhvlr4IK506ILnrQMYhM84MU+LQLoAo7
JPrqtsG0GFRlc3QgPHRAZXhhbXBsZS5pbnZhbGlkPoiQBBMWCAA4FiEE8MAVulgM
+siJUKqWjJd3ZwXrH7cFAmsBshgCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AA
CgkQjJd3ZwXrH7fFdQD/fA0L12kzsxbpJNJ95DCcSZ+bNr8MCAlJDbdx6QPvelkB
AKDtcoLofRHvejKE72qwhIFax/di2wpuqL6d3DAVkuIKmQENBGsBshgBCACkI66K
xWPOHHU8unbnVwj6dmtMlazE3GRq3qIa1iSpowskoVDwFclCXIG8FlHZtwsrYzp3
6dtvpMobBGGrGV8Zo5M+9XyWnOvxk0RN+muFCSgtre9mrBA9tTBxB+qm3GHgvoIw
O/fsWnrXF+St8UbhqY9HR+CsW7R0ugTxVTaqarsOKPdMD4ImCiPLnDGRtcXlOoF3
7S0I3h3ajDJSKoJx/bTJNgLgjtDSIm2LDihbD6av6x5UPXaSV704bb4342Yq5fbX
AKZj2hmKDC0M5a/SpgwSRcS8se8Xk9tX2CfOZVEjgs9QeUgr5z/GoCZ7Nxqq2mfH
kVq2AkOTlf2XWpf1ABEBAAG0F1JTQSA8ckBleGFtcGxlLmludmFsaWQ+iQFOBBMB
CgA4FiEE0Hs2cdIyETriKX7+k6UaRbqUhxEFAmsBshgCGwMFCwkIBwIGFQoJCAsC
BBYCAwECHgECF4AACgkQk6UaRbqUhxGiHAgAiAWDFH5cxQKhTBzQsQSUOofSWKXL
+ZWkNok+IhNOaKnZuIHjTD+QUHMM7XQ4zVsvgpLToTh+mcorZyNeI5Vke0w1kgOe
6borI07cB8yCgIJBM2ELQYLL8sf0zr9qOOknkY1Y138tNUSWm/dn90HowRUHnXTj
8+/+yEcIQdWTQtfzwEFpK+BILeBypCSQsVDnr9rduatoFHJ7kFtocrz9NoHkecaa
SII/GUO7j0PJuqPZW1erANkf00HOyq8nbAmGyycddsanz4m5HXMP0yFpdPCETQa9
Nr145FC0MQkWwQJl18r4ag02Vja2HNPcgTtDSN2zk6oY+zOySNmpBSJBjA==
=wvOF
-----END PGP PUBLIC KEY BLOCK-----`;
const first = "F0C015BA580CFAC88950AA968C97776705EB1FB7";
const second = "D07B3671D232113AE2297EFE93A51A45BA948711";

const source = (more: object = {}) => ({
  kind: "aptSource",
  name: "mine",
  uris: ["https://deb.example.org/a"],
  suites: ["stable"],
  components: ["main"],
  ...more,
});
const refusals = (item: object): string[] =>
  (aptSource.schema.safeParse(item).error?.issues ?? []).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
const refused = (more: object, message: RegExp): void =>
  assert.match(refusals(source(more)).join("\n"), message);

describe("a source of packages", () => {
  it("over http names its key: without one, anybody on the way could change what it serves", () => {
    const http = { uris: ["https://deb.example.org/a", "http://deb.example.org/a"] };
    refused(http, /^key: must be given for a source over http, or `keyring`/);
    assert.deepEqual(refusals(source({ ...http, key: one })), []);
    assert.deepEqual(refusals(source({ ...http, keyring: "/usr/share/keyrings/a.gpg" })), []);
    assert.deepEqual(refusals(source()), []);
    refused({ key: one, keyring: "/usr/share/keyrings/a.gpg" }, /^keyring: must not stand beside `key`/);
  });

  it("takes a public key and nothing that only looks like one", () => {
    const wrong = [
      "",
      "deb [trusted=yes]",
      one.replaceAll("PUBLIC", "PRIVATE"),
      one.replace("mDME", "AAAA"),
      one.replace("mDME", "mP8E"),
      `${one}\n${two}`,
      one.slice(0, -20),
    ];
    for (const key of wrong) refused({ key }, /^key: must be one armored OpenPGP public key block/);
    assert.deepEqual(refusals(source({ key: `${one.replaceAll("\n", "\r\n")}\n\n` })), []);
  });

  it("is one source: no value of it adds a field, an option or another address", () => {
    refused({ name: "../a" }, /^name: /);
    refused({ name: "-a" }, /^name: /);
    for (const uri of [
      "ftp://a/",
      "http://a b/",
      "https://a/\nTrusted: yes",
      "https://u:p@a/",
      "https://a/$(ARCH)",
      "file:///etc",
      "https://é/",
    ])
      refused({ uris: [uri] }, /^uris\.0: /);
    for (const suite of ["", "a b", "-x", "a\nTrusted: yes", "$(ARCH)"])
      refused({ suites: [suite] }, /^suites\.0: /);
    refused({ components: ["main\nTrusted: yes"] }, /^components\.0: /);
    refused({ components: [] }, /^components: /);
    refused({ architectures: ["amd64 arm64"] }, /^architectures\.0: /);
    refused({ keyring: "/a b.gpg" }, /^keyring: must hold neither blanks nor commas/);
  });

  it("has components where its suite is one, and none where its suite is a folder", () => {
    const text = /^components: must be given for suites that do not end with a slash, and only for those/;
    refused({ components: undefined }, text);
    refused({ suites: ["./"] }, text);
    assert.deepEqual(refusals(source({ suites: ["./"], components: undefined })), []);
  });

  it("becomes a file with its key inside, of which apt takes no line for a field", () => {
    const item = aptSource.schema.parse(source({ key: one, architectures: ["amd64", "arm64"] }));
    const lines = Buffer.from(aptSource.data?.(item) ?? [])
      .toString()
      .split("\n");
    assert.deepEqual(lines.slice(0, 8), [
      "Types: deb",
      "URIs: https://deb.example.org/a",
      "Suites: stable",
      "Components: main",
      "Architectures: amd64 arm64",
      "Signed-By:",
      " -----BEGIN PGP PUBLIC KEY BLOCK-----",
      " .",
    ]);
    assert.equal(lines.pop(), "");
    for (const line of lines.slice(6)) assert.match(line, /^ \S+/);
  });

  it("knows the names that apt gives its lists", () => {
    const prefixes = (more: object) => aptSource.variables(aptSource.schema.parse(source(more))).prefixes;
    assert.equal(
      prefixes({
        uris: ["https://deb.example.org:81/a_b~c/", "http://[fd00::1]"],
        suites: ["s", "s/up"],
        key: one,
      }),
      [
        "deb.example.org:81_a%5fb%7ec_dists_s_",
        "deb.example.org:81_a%5fb%7ec_dists_s_up_",
        "%5bfd00::1%5d_dists_s_",
        "%5bfd00::1%5d_dists_s_up_",
      ].join("\n"),
    );
    assert.equal(prefixes({ suites: ["./"], components: undefined }), "deb.example.org_a_._");
    assert.equal(prefixes({ suites: ["/"], components: undefined }), "deb.example.org_a_");
  });
});

describe("the fingerprint of a key", () => {
  const folder = mkdtempSync(join(tmpdir(), "groundwork-keys-"));
  after(() => rmSync(folder, { recursive: true }));
  const onMachine = (text: string): string => {
    writeFileSync(join(folder, "a.sources"), text);
    return withLibrary(`gw_run='${folder}' gw_source='${folder}/a.sources'; aptSource_key`);
  };

  it("is that of each key of a block, not of its subkeys", () => {
    assert.deepEqual(keyFingerprints(one), [first]);
    assert.deepEqual(keyFingerprints(two), [first, second]);
    assert.ok(
      aptSource.desired(aptSource.schema.parse(source({ key: two }))).includes(` key=${first},${second} `),
    );
  });

  it("is read from a file on a machine just so, without any tool of OpenPGP", () => {
    const file = (key: string) =>
      Buffer.from(aptSource.data?.(aptSource.schema.parse(source({ key }))) ?? []).toString();
    assert.equal(onMachine(file(one)), first);
    assert.equal(onMachine(file(two)), `${first},${second}`);
    assert.notEqual(onMachine(file(one).replace("mDMEaw", "mDMEbw")), first);
  });

  it("is a path where a keyring stands, and none where nothing does", () => {
    assert.equal(onMachine("Types: deb\nsigned-by: /a.gpg /b.gpg\n"), "/a.gpg,/b.gpg");
    assert.equal(onMachine("Types: deb\n"), "none");
    assert.equal(onMachine("Types: deb\nSigned-By:\n nonsense\n"), "none");
  });
});
