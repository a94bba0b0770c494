import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { configurationOf, withoutMachines } from "../../../cli/stack/stackFile.ts";
import { sortTestFiles } from "../../../cli/testing/testParts.ts";
import { fingerprint, strongestKey, withPin } from "../../../cli/trust/pins.ts";
import { writePin } from "../../../cli/trust/writePin.ts";
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
    assert.throws(
      () => configurationOf("config: [", "f"),
      ({ message }: Error) => /^GW101 f:\d+: /.test(message) && !/ at line|:\.|property/.test(message),
    );
  });

  it("without machines is refused with what may be meant for them", () => {
    const said = (text: string) => withoutMachines(text, "Pulumi.x.yaml").message;
    assert.match(
      said("config: { groundwork:machine: {}, groundwork:network: {} }"),
      /no groundwork:machines under config, but groundwork:machine\. Write it as groundwork:machines/,
    );
    assert.match(said("config: { Machines: {} }"), /but Machines\. Write it as groundwork:machines/);
    assert.match(
      said("groundwork:machines: {}\n"),
      /it has no config, and groundwork:machines beside it\. Move it under config/,
    );
    assert.match(said(""), /it has no config\. List your machines there/);
    assert.match(
      said("config: { groundwork:network: {}, other:thing: 1 }"),
      /it has no groundwork:machines under config\. List your machines there/,
    );
  });

  it("is refused where one of our properties lacks its prefix, with the name to write", () => {
    for (const name of ["machines", "network", "streams"])
      assert.throws(() => configurationOf(`config: { ${name}: {} }`, "Pulumi.x.yaml"), {
        message: new RegExp(`^GW101 Pulumi\\.x\\.yaml: config\\.${name}: .*Write it as groundwork:${name}$`),
      });
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

  describe("is written into the file as it is once the question is answered", () => {
    const folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));
    const path = join(folder, "Pulumi.x.yaml");
    after(() => rmSync(folder, { recursive: true }));
    const edit = (from: string, to: string): void =>
      writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
    beforeEach(() => {
      rmSync(path, { force: true });
      writeFileSync(path, text, { mode: 0o640 });
    });

    it("with everything that was edited meanwhile, its mode, and through a link", async () => {
      const link = join(folder, "link.yaml");
      symlinkSync(path, link);
      edit("# in the cellar", "# under the roof");
      await writePin(link, text, ["web-2", "existing"], hostKey);
      const written = readFileSync(path, "utf8");
      assert.ok(written.includes("# under the roof"));
      assert.ok(written.includes(`hostKey: ${hostKey}`));
      assert.equal(statSync(path).mode & 0o777, 0o640);
      assert.ok(lstatSync(link).isSymbolicLink());
      assert.deepEqual(readdirSync(folder).sort(), ["Pulumi.x.yaml", "link.yaml"]);
    });

    it("unless just that login was edited: then nothing is written", async () => {
      edit("192.0.2.2", "192.0.2.3");
      const edited = readFileSync(path, "utf8");
      await assert.rejects(writePin(path, text, ["web-2", "existing"], hostKey), { code: "GW710" });
      assert.equal(readFileSync(path, "utf8"), edited);
      await writePin(path, text, ["web-1", "existing"], hostKey);
    });
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
