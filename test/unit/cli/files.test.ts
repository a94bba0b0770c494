import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fingerprint, strongestKey, withPin } from "../../../cli/pins.ts";
import { configurationOf } from "../../../cli/stackFile.ts";
import { sortTestFiles } from "../../../cli/testParts.ts";
import { GroundworkError } from "../../../errors/index.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA+2w4swUds7xpj3T60Q6sH3OCkoBuQ5BWp7EAPf8kB0";

describe("the file of a stack", () => {
  it("gives our properties and nobody else's", () => {
    const text = "config:\n  groundwork:machines: {a: 1}\n  other:machines: 2\nencryptionsalt: x\n";
    assert.deepEqual(configurationOf(text, "file"), { machines: { a: 1 } });
    assert.deepEqual(configurationOf("", "file"), {});
  });

  it("is refused by line where a machine stands twice or it is no YAML", () => {
    const twice = "config:\n  groundwork:machines:\n    a: {}\n    a: {}\n";
    assert.throws(
      () => configurationOf(twice, "Pulumi.x.yaml"),
      (error) => error instanceof GroundworkError && /Pulumi\.x\.yaml:4: .*unique/.test(error.message),
    );
    assert.throws(() => configurationOf("config: [", "f"), GroundworkError);
  });
});

describe("a pinned host key", () => {
  const text = `# My machines
config:
  groundwork:machines:
    # The first one
    web-1:
      existing: { address: 192.0.2.1, roles: [ server ] } # in the cellar
    web-2:
      existing:
        address: 192.0.2.2
        bastion: { address: 198.51.100.1 }
        roles: [ agent ]
`;

  it("is written where it belongs, with every comment kept", () => {
    const pinned = withPin(text, ["web-2", "existing"], hostKey);
    for (const comment of ["# My machines", "# The first one", "# in the cellar"])
      assert.ok(pinned.includes(comment), comment);
    const machines = configurationOf(pinned, "f").machines as Record<
      string,
      { existing: { hostKey?: string } }
    >;
    assert.equal(machines["web-2"]?.existing.hostKey, hostKey);
    assert.equal(machines["web-1"]?.existing.hostKey, undefined);
    const changed = pinned.split("\n").filter((line) => !text.split("\n").includes(line));
    assert.deepEqual(changed, [`        hostKey: ${hostKey}`]);
  });

  it("of a bastion is written to the bastion, and a new one replaces the old", () => {
    const first = withPin(text, ["web-2", "existing", "bastion"], "ssh-rsa AAAA");
    const second = withPin(first, ["web-2", "existing", "bastion"], hostKey);
    const machines = configurationOf(second, "f").machines as Record<
      string,
      { existing: { bastion: object } }
    >;
    assert.deepEqual(machines["web-2"]?.existing.bastion, { address: "198.51.100.1", hostKey });
  });

  it("has the fingerprint that OpenSSH shows", () => {
    const folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));
    try {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
      const [type, blob] = readFileSync(join(folder, "key.pub"), "utf8").split(" ");
      const shown = execFileSync("ssh-keygen", ["-l", "-f", join(folder, "key.pub")], { encoding: "utf8" });
      assert.equal(fingerprint(`${type} ${blob}`), shown.split(" ")[1]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is the strongest of those that a machine offers", () => {
    const printed = `# 192.0.2.1:22 SSH-2.0\n192.0.2.1 ssh-rsa AAAB\n192.0.2.1 ${hostKey}\n[192.0.2.1]:22 ecdsa-sha2-nistp256 AAAC\n`;
    assert.equal(strongestKey(printed), hostKey);
    assert.equal(strongestKey("# nothing\n"), undefined);
    assert.equal(strongestKey("192.0.2.1 ssh-dss AAAA\n"), undefined);
  });
});

describe("the project's own tests", () => {
  const files = [
    "test/lab/b.test.ts",
    "test/unit/a.test.ts",
    "test/lab/a.long.test.ts",
    "test/graph/c.test.ts",
  ];

  it("are sorted by what they need", () => {
    assert.deepEqual(sortTestFiles(files), {
      quick: ["test/graph/c.test.ts", "test/unit/a.test.ts"],
      lab: ["test/lab/b.test.ts"],
      long: ["test/lab/a.long.test.ts"],
    });
  });

  it("can be chosen by a part of their path", () => {
    assert.deepEqual(sortTestFiles(files, "unit").quick, ["test/unit/a.test.ts"]);
    assert.deepEqual(sortTestFiles(files, "lab").quick, []);
  });
});
