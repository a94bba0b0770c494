import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { architectureScript } from "../../../components/checks/architectureIs.ts";
import { certificateValidScript } from "../../../components/checks/certificateValid.ts";
import { certificateValid, commandSucceeds, script, unitActive } from "../../../components/checks/index.ts";
import { portClosedScript, portOpenScript } from "../../../components/checks/port.ts";
import { sshdEffectiveScript, sshRefusesPasswordScript } from "../../../components/checks/sshd.ts";
import { strangerScript } from "../../../components/checks/strangerShutOut.ts";
import type { Architecture } from "../../../components/machine.ts";
import { run, sh, shApart, shellcheck } from "./shell.ts";

const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0") && value.isWellFormed());

describe("a check's script", () => {
  it("finds its values unchanged, whatever they hold", () => {
    const awkward = ["", "'", '"$(id)"', "`id`", "a\nb", "\\", "ü 日本 🦊", "-n", "$1"];
    const lists = fc.oneof(fc.array(text, { maxLength: 4 }), fc.shuffledSubarray(awkward));
    fc.assert(
      fc.property(lists, (values) => {
        const { stdout } = sh(script(`for value do printf '%s\\0' "$value"; done`, ...values));
        assert.deepEqual(stdout.split("\0").slice(0, -1), values);
      }),
      { numRuns: 60 },
    );
  });

  it("passes shellcheck, whichever check it is", () => {
    const scripts = {
      portOpen: portOpenScript({ address: "192.0.2.1", port: 22 }),
      portClosed: portClosedScript({ address: "2001:db8::1", port: 47113 }, "echo"),
      stranger: strangerScript(47113, true),
      password: sshRefusesPasswordScript({
        address: "192.0.2.1",
        port: 22,
        user: "root",
        hostKey: "ssh-ed25519 AAAA",
      }),
      architecture: architectureScript("amd64", "m"),
      effective: sshdEffectiveScript("root", ["passwordauthentication no"]),
      certificate: certificateValidScript({ path: "/a", authority: "/b", usage: "server" }),
      unit: String(unitActive("ssh.service").run),
    };
    for (const [name, body] of Object.entries(scripts)) assert.equal(shellcheck(body), "", name);
  });

  it("says what holds when it passes, and when it may be tried", () => {
    assert.equal(unitActive("ssh.service", { within: 5 }).name, "ssh.service is active");
    assert.deepEqual(commandSucceeds("it is so", "true", { within: 3 }), {
      name: "it is so",
      run: "true",
      within: 3,
    });
  });
});

describe("the check of sshd's settings", () => {
  /** What sshd 9.2 prints where another drop-in is read before ours; `more` are further lines of its settings. */
  const sshd = `sshd() {
  case $1 in
    -ddd)
      printf 'debug3: %s\\r\\n' '/etc/ssh/sshd_config.d/00-aaa.conf:3 setting PasswordAuthentication yes' \\
        '/etc/ssh/sshd_config.d/00-groundwork.conf:2 setting PasswordAuthentication no' \\
        '/etc/ssh/sshd_config.d/00-groundwork.conf:3 setting X11Forwarding no' \\
        'reprocess config:5 setting X11Forwarding yes' >&2
      ;;
    *) printf '%s\\n' 'passwordauthentication yes' 'x11forwarding yes' 'usepam yes' ;;
  esac
}
`;
  const check = (...settings: string[]) => sh(sshd + sshdEffectiveScript("root", settings));

  it("passes where all are effective", () => assert.equal(check("usepam yes").code, 0));

  it("names the file and the line that win, and what to do", () => {
    const { code, said } = check("passwordauthentication no");
    assert.equal(code, 1);
    assert.match(
      said,
      /^passwordauthentication is yes instead of no, because of \/etc\/ssh\/sshd_config\.d\/00-aaa\.conf:3: sshd takes the first value it reads; take that line away/,
    );
  });

  it("names no line where a Match block decides, nor where nothing sets it", () => {
    const { code, said } = check("x11forwarding no", "maxauthtries 3");
    assert.equal(code, 1);
    assert.equal(said, "x11forwarding is yes instead of no\nmaxauthtries is not set instead of 3\n");
  });
});

describe("the guard of the architecture", () => {
  const own = sh("dpkg --print-architecture").stdout.trim();

  it("holds where the machine is as declared", () => {
    assert.equal(sh(architectureScript(own as Architecture, "server-1")).code, 0);
  });

  it("refuses another one, and names the property and what it has to be", () => {
    const other = own === "amd64" ? "arm64" : "amd64";
    const { code, said } = sh(architectureScript(other, "server-1"));
    assert.equal(code, 1);
    assert.match(said, new RegExp(`architecture says ${other}: set architecture: ${own} for server-1`));
  });
});

/** Port 1001 has a listener, 1002 has one behind a drop, 1003 is dropped, 1004 has neither. */
const ports = `
nft -f - <<'END'
table inet test {
	chain input {
		type filter hook input priority filter
		tcp dport { 1002, 1003 } drop
	}
}
END
"${process.execPath}" -e '
  const { createServer } = require("node:net");
  for (const port of [1001, 1002]) createServer((socket) => socket.destroy()).listen(port, "::");
' &
listener=$!
trap 'kill $listener' EXIT
until bash -c 'exec 3<>/dev/tcp/127.0.0.1/1001' 2>/dev/null; do sleep 0.05; done
`;

const at = (script: string) => shApart(`${ports}\n(${script}\n)`);

describe("a check of a port", () => {
  // Silence costs two seconds: one dropped port per family, with a listener behind it and without.
  const dropped = { "127.0.0.1": 1002, "::1": 1003 };

  for (const [address, silent] of Object.entries(dropped)) {
    it(`passes on ${address} when a port that must be open is open`, () => {
      const { code, said } = at(portOpenScript({ address, port: 1001 }));
      assert.equal(code, 0, said);
      assert.match(said, /accepts connections/);
    });

    it(`passes on ${address} when nothing answers at a port that must be closed`, () => {
      const { code, said } = at(portClosedScript({ address, port: silent }, 1001));
      assert.equal(code, 0, said);
      assert.match(said, /does not answer/);
    });

    it(`fails on ${address} when a port that must be closed merely has no listener`, () => {
      const { code, said } = at(portClosedScript({ address, port: 1004 }, 1001));
      assert.equal(code, 1);
      assert.match(said, /refused/);
    });

    it(`fails on ${address} when a port that must be closed is open`, () => {
      assert.equal(at(portClosedScript({ address, port: 1001 }, 1001)).code, 1);
    });
  }

  it("fails when a port that must be open is silent or refuses", () => {
    assert.match(at(portOpenScript({ address: "127.0.0.1", port: 1003 })).said, /no answer/);
    assert.match(at(portOpenScript({ address: "127.0.0.1", port: 1004 })).said, /refused/);
  });

  it("proves nothing by the silence of a machine that gives no sign of life", () => {
    const { code, said } = at(portClosedScript({ address: "127.0.0.1", port: 1003 }, 1004));
    assert.equal(code, 1);
    assert.match(said, /no sign of life/);
  });
});

describe("a check of a certificate", () => {
  let folder = "";
  const path = () => join(folder, "leaf");
  const check = () =>
    sh(certificateValidScript({ path: path(), authority: join(folder, "authority.crt"), usage: "server" }));

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "groundwork-certificate-"));
    authority("authority");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const keyUsage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(" ");
  const openssl = (...args: string[]) => {
    const { code, said } = run("openssl", args);
    assert.equal(code, 0, said);
  };

  function authority(name: string): void {
    const file = join(folder, name);
    openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      `${file}.key`,
      "-out",
      `${file}.crt`,
      "-subj",
      `/CN=${name}`,
      ...keyUsage,
      "-days",
      "90",
    );
  }

  function leaf(days: number, issuer = "authority", usage = "serverAuth"): void {
    const file = join(folder, "leaf");
    openssl("req", "-new", ...key, "-keyout", `${file}.key`, "-out", `${file}.csr`, "-subj", "/CN=leaf");
    run(
      "dash",
      ["-c", `cat >"${file}.ext"`],
      `keyUsage = critical, digitalSignature\nextendedKeyUsage = ${usage}\nsubjectAltName = DNS:leaf\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n`,
    );
    const by = join(folder, issuer);
    openssl(
      "x509",
      "-req",
      "-in",
      `${file}.csr`,
      "-CA",
      `${by}.crt`,
      "-CAkey",
      `${by}.key`,
      "-days",
      String(days),
      "-extfile",
      `${file}.ext`,
      "-out",
      `${file}.crt`,
    );
    run("chmod", ["600", `${file}.key`]);
  }

  it("passes when it verifies, lives long enough and its key is private", () => {
    leaf(60);
    const { code, said } = check();
    assert.equal(code, 0, said);
    assert.match(said, /notAfter/);
  });

  it("fails when less than 30 days are left", () => {
    leaf(29);
    assert.match(check().said, /less than 30 days/);
    assert.equal(check().code, 1);
  });

  it("fails when another authority signed it", () => {
    authority("stranger");
    leaf(60, "stranger");
    assert.equal(check().code, 1);
  });

  it("fails when it is good for the other side only", () => {
    leaf(60, "authority", "clientAuth");
    assert.equal(check().code, 1);
  });

  it("fails when others may read its key", () => {
    leaf(60);
    run("chmod", ["644", `${path()}.key`]);
    assert.match(check().said, /others may read it/);
  });

  it("fails when the key is another one", () => {
    leaf(60);
    run("cp", [join(folder, "authority.key"), `${path()}.key`]);
    run("chmod", ["600", `${path()}.key`]);
    assert.match(check().said, /is not the certificate's key/);
  });

  it("is named by whoever asks for it", () => {
    assert.equal(
      certificateValid("mine is valid", { path: "/a", authority: "/b", usage: "client" }).name,
      "mine is valid",
    );
  });
});
