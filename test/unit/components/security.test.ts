import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import fc from "fast-check";
import { checkedArgs } from "../../../components/checkedArgs.ts";
import { script } from "../../../components/checks/index.ts";
import {
  authorityFolder,
  authorityIsSound,
  authorityItems,
  authorityScripts,
  issueScript,
  subjectAltNames,
} from "../../../components/security/certificates.ts";
import {
  admits,
  debianFirewallIsOff,
  firewallDrops,
  firewallTable,
  firewallUnit,
  openSources,
  ufwIsOff,
} from "../../../components/security/firewall.ts";
import { journalLimitIsEffective, renderJournaldDropIn } from "../../../components/security/journald.ts";
import { loginIsAdmitted } from "../../../components/security/loginSources.ts";
import { securitySettings } from "../../../components/security/securitySettings.ts";
import {
  effectiveSshd,
  type LoginSettings,
  refuseLockOut,
  renderSshdDropIn,
  sshdReadsDropIns,
} from "../../../components/security/sshd.ts";
import { settingsCanBeWritten, sysctlItems } from "../../../components/security/sysctls.ts";
import { systemIsKnown, systemNames, systems } from "../../../components/security/systems.ts";
import {
  clockIsSynchronised,
  noOtherTimeService,
  timeSyncItems,
  timeSyncPackages,
} from "../../../components/security/timeSync.ts";
import {
  aptIsEffective,
  effectiveApt,
  unattendedUpgrades,
} from "../../../components/security/unattendedUpgrades.ts";
import { type Item, keyOf, kindOf, quote } from "../../../provider/index.ts";
import * as pulumi from "../../../pulumi.ts";
import { CutMachine } from "../provider/cutMachine.ts";
import { assertGolden } from "./golden.ts";
import { run, sh, shApart, shellcheck } from "./shell.ts";

const ssh: LoginSettings = { rootLogin: "prohibit-password", allowUsers: [], maxAuthTries: 3 };
const connection = { name: "m", address: "192.0.2.1", hostKey: "ssh-ed25519 AAAA" };

describe("the scripts of the security baseline", () => {
  const scripts: Record<string, string> = {
    sshdReadsDropIns,
    debianFirewallIsOff,
    systemIsKnown,
    ufwIsOff,
    firewallDrops,
    journalLimitIsEffective: script(journalLimitIsEffective, 2048),
    noOtherTimeService,
    clockIsSynchronised,
    aptIsEffective: script(aptIsEffective, ...effectiveApt),
    settingsCanBeWritten: settingsCanBeWritten(true).run,
    loginIsAdmitted: loginIsAdmitted(["10.0.0.0/8", "2001:db8::/32"]) ?? "",
    issue: issueScript("m", ["DNS:m"], "server"),
    authorityIsSound: script(authorityIsSound, 365),
    makeAuthority: authorityScripts.make,
    recoverAuthority: script(authorityScripts.recover, "a", "b"),
    authorityIsComplete: script(authorityScripts.complete, ""),
  };
  for (const [name, body] of Object.entries(scripts)) {
    it(`pass shellcheck: ${name}`, () => assert.equal(shellcheck(body), ""));
  }
});

describe("the system of a machine", () => {
  const release = (lines: string) => {
    const file = join(folder(), "os-release");
    writeFileSync(file, lines);
    return sh(systemIsKnown.replaceAll("/etc/os-release", file));
  };

  it("is known by what os-release says, and no other is", () => {
    for (const { id, version, name } of systems) {
      const { code, said } = release(`PRETTY_NAME="${name} (x)"\nID=${id}\nVERSION_ID="${version}"\n`);
      assert.equal(code, 0, said);
      assert.match(said, new RegExp(`this is ${name}`));
    }
    for (const other of [
      "ID=debian\nVERSION_ID=11",
      "ID=debian",
      "ID=ubuntu\nVERSION_ID=22.04",
      "ID=ubuntu\nVERSION_ID=13",
      "ID=linuxmint\nID_LIKE='ubuntu debian'\nVERSION_ID=22",
      "",
    ])
      assert.equal(release(`PRETTY_NAME="another"\n${other}\n`).code, 1, other);
  });

  it("is told in a guard's name", () => assert.equal(systemNames, "Debian 12, Debian 13 or Ubuntu 24.04"));
});

describe("ufw", () => {
  const guard = (lines: string) => {
    const file = join(folder(), "ufw.conf");
    writeFileSync(file, lines);
    return sh(ufwIsOff.replaceAll("/etc/ufw/ufw.conf", file));
  };

  it("is refused where it is enabled", () => {
    assert.equal(guard("# Set to yes to start on boot.\nENABLED=yes\nLOGLEVEL=low\n").code, 1);
    assert.match(guard("ENABLED=YES\n").said, /run ufw disable first/);
  });

  it("is no matter where it is off, as Ubuntu comes, or not there at all", () => {
    assert.equal(guard("# Set to yes to start on boot.\nENABLED=no\n").code, 0);
    assert.equal(sh(ufwIsOff.replaceAll("/etc/ufw/ufw.conf", join(folder(), "none"))).code, 0);
  });
});

describe("sshd's drop-in", () => {
  it("lets nobody in without a key", () => {
    assertGolden("00-groundwork.conf", renderSshdDropIn(ssh));
  });

  it("names every user who may log in", () => {
    const content = renderSshdDropIn({ ...ssh, allowUsers: ["admin", "deploy"] });
    assert.match(content, /^AllowUsers admin$/m);
    assert.match(content, /^AllowUsers deploy$/m);
  });

  it("is effective when sshd prints each of its settings, in its own words", () => {
    assert.ok(effectiveSshd(ssh).includes("permitrootlogin without-password"));
    assert.equal(effectiveSshd(ssh).length, renderSshdDropIn(ssh).trim().split("\n").length - 1);
  });

  it("is refused when it would lock Groundwork itself out", () => {
    assert.throws(
      () => refuseLockOut("m", connection, { ...ssh, rootLogin: "no" }),
      /GW101 machine m: .*rootLogin is no/,
    );
    assert.throws(
      () => refuseLockOut("m", { ...connection, user: "ops" }, { ...ssh, allowUsers: ["admin"] }),
      /allowUsers holds only admin/,
    );
    refuseLockOut("m", { ...connection, user: "ops" }, { ...ssh, rootLogin: "no", allowUsers: ["ops"] });
  });

  it("is read only where sshd_config includes it", () => {
    const reads = (config: string) => {
      const file = join(folder(), "sshd_config");
      writeFileSync(file, config);
      return sh(sshdReadsDropIns.replaceAll("/etc/ssh/sshd_config ", `${file} `)).code;
    };
    assert.equal(reads("Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n"), 0);
    assert.equal(reads("#Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n"), 1);
  });
});

describe("the firewall's table", () => {
  const elements: Item[] = [
    { kind: "allowedPort", protocol: "tcp", port: 22, from: "any" },
    { kind: "allowedPort", protocol: "udp", port: 8472, from: "any" },
    { kind: "allowedPort", protocol: "tcp", port: 9100, from: "10.0.0.0/8" },
    { kind: "allowedPort", protocol: "udp", port: 8472, from: "192.0.2.7/32" },
    { kind: "allowedPort", protocol: "tcp", port: 9100, from: "2001:db8::/64" },
    { kind: "allowedPort", protocol: "udp", port: 53, from: "2001:db8::1/128" },
    { kind: "allowedForward", from: "10.244.0.0/16", to: "0.0.0.0/0" },
    { kind: "allowedForward", from: "fd00:244::/64", to: "::/0" },
  ];
  const lines = elements.map((item) => {
    const { set, element } = kindOf(item).variables(item);
    return `add element inet groundwork ${set} { ${element} }`;
  });

  it("is exactly this", () => assertGolden("firewall.nft", firewallTable));

  it("is accepted by nft together with every kind of opening", () => {
    const { code, said } = shApart(`nft -c -f - <<'END'\n${firewallTable}\n${lines.join("\n")}\nEND`);
    assert.equal(code, 0, said);
  });

  it("drops what is not declared, and loads over itself without a trace", () => {
    const load = `{ printf 'table inet groundwork\\ndelete table inet groundwork\\n'; cat <<'END'\n${firewallTable}END\n} | nft -f -`;
    const { code, said } = shApart(
      `${load}\nnft list ruleset >/tmp/$$.1\n${load}\nnft list ruleset | diff /tmp/$$.1 - && rm /tmp/$$.1\n${firewallDrops}`,
    );
    assert.equal(code, 0, said);
    assert.equal(said.match(/policy drop/g)?.length, 2);
  });

  it("is missed when it is not loaded or does not drop", () => {
    assert.equal(shApart(firewallDrops).code, 1);
    const open = firewallTable.replaceAll("policy drop", "policy accept");
    assert.equal(shApart(`nft -f - <<'END'\n${open}END\n${firewallDrops}`).code, 1);
  });

  it("is loaded before the network by a unit that leaves other tables alone", () => {
    assert.match(firewallUnit, /^Before=network-pre\.target/m);
    assert.doesNotMatch(firewallUnit, /flush|ExecStop/);
  });
});

describe("sources that may log in", () => {
  it("are any when they are all of IPv4 and all of IPv6", () => {
    assert.deepEqual(openSources(["0.0.0.0/0", "::/0"]), ["any"]);
    assert.deepEqual(openSources(["10.0.0.0/8", "::/0", "0.0.0.0/0"]), ["any"]);
    assert.deepEqual(openSources(["0.0.0.0/0"]), ["0.0.0.0/0"]);
    assert.deepEqual(openSources(["10.0.0.0/8", "10.0.0.0/8"]), ["10.0.0.0/8"]);
  });

  it("admit the addresses inside them and no others", () => {
    const networks = ["192.0.2.0/24", "2001:db8::/32"];
    assert.ok(admits(networks, "192.0.2.255"));
    assert.ok(admits(networks, "2001:db8:ffff::1"));
    assert.ok(!admits(networks, "192.0.3.0"));
    assert.ok(!admits(networks, "2001:db9::1"));
    assert.ok(admits(["0.0.0.0/0"], "203.0.113.9"));
    assert.ok(!admits(["0.0.0.0/0"], "2001:db8::1"));
  });

  it("admit every address when they are everywhere", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => admits(["0.0.0.0/0", "::/0"], address)),
    );
  });
});

describe("the guard of the sources", () => {
  /** Whether it holds while somebody is logged in from `from` at `to`: a listener that is called sshd. */
  const whileLoggedIn = (sources: string[], from: string, to: string) => {
    const place = mkdtempSync(join(folder(), "login-"));
    const sshd = join(place, "sshd");
    symlinkSync(process.execPath, sshd);
    const talk = `const net = require("net");
      const server = net.createServer().listen(22, "::", () => {
        net.connect({ port: 22, host: ${JSON.stringify(to)}, localAddress: ${JSON.stringify(from)} }, () => console.log("in"));
      });
      setTimeout(() => process.exit(), 60000)`;
    return shApart(`
      for address in 198.51.100.1/32 198.51.100.2/32; do ip addr add $address dev lo; done
      for address in 2001:db8::1/128 2001:db8::2/128; do ip addr add $address dev lo nodad; done
      mkfifo ${place}/said
      ${sshd} -e ${quote(talk)} >${place}/said & sshd=$!
      read -r _ <${place}/said
      dash -c ${quote(loginIsAdmitted(sources) ?? "exit 3")}; code=$?
      kill $sshd; exit $code`);
  };
  const [v4, v6] = [
    ["198.51.100.2", "198.51.100.1"],
    ["2001:db8::2", "2001:db8::1"],
  ] as const;

  it("refuses a login from elsewhere, with its address, over IPv4 and IPv6", () => {
    for (const [from, to] of [v4, v6]) {
      const { code, said } = whileLoggedIn(["203.0.113.0/24", "2001:db8:1::/48"], from, to);
      assert.equal(code, 1, said);
      assert.match(said, new RegExp(`Groundwork logs in from [0-9a-f.:, ]*${from}`));
      assert.match(said, /streams\.alpha\.ssh\.sources \(203\.0\.113\.0\/24 2001:db8:1::\/48\)/);
    }
  });

  it("admits a login from one of the networks", () => {
    assert.equal(whileLoggedIn(["203.0.113.0/24", "198.51.100.2/31"], ...v4).code, 0);
    assert.equal(whileLoggedIn(["198.51.100.0/24", "2001:db8::/64"], ...v6).code, 0);
    assert.equal(whileLoggedIn(["0.0.0.0/0"], ...v4).code, 0);
    assert.equal(whileLoggedIn(["0.0.0.0/0"], ...v6).code, 1);
  });

  it("admits whoever comes from the machine itself", () => {
    assert.equal(whileLoggedIn(["203.0.113.0/24"], "127.0.0.1", "127.0.0.1").code, 0);
    assert.equal(whileLoggedIn(["203.0.113.0/24"], "198.51.100.1", "198.51.100.1").code, 0);
  });

  it("refuses nothing where no login can be seen", () => {
    const guard = loginIsAdmitted(["203.0.113.0/24"]) ?? "";
    assert.equal(shApart(guard).code, 0);
    assert.equal(sh(`PATH=/nowhere\n${guard}`).code, 0);
  });

  it("is not there where everybody may log in", () =>
    assert.equal(loginIsAdmitted(["::/0", "0.0.0.0/0"]), undefined));
});

describe("the guard of kernel settings", () => {
  const at = (values: Record<string, string>, readOnly: boolean) => {
    const place = folder();
    for (const [file, value] of Object.entries(values)) {
      mkdirSync(join(place, file, ".."), { recursive: true });
      writeFileSync(join(place, file), `${value}\n`);
    }
    const guard = settingsCanBeWritten(true).run.replaceAll("cd /proc/sys ", `cd ${place} `);
    const mounted = readOnly ? `mount --bind -o ro ${place} ${place}\n` : "";
    return run("unshare", ["--mount", "dash", "-c", `${mounted}${guard}`]);
  };
  const wanted = { "kernel/kptr_restrict": "2", "net/ipv4/tcp_syncookies": "1" };

  it("holds where every setting can be written", () => {
    assert.equal(at({ ...wanted, "kernel/kptr_restrict": "1" }, false).code, 0);
  });

  it("holds where nothing can be written and all is as wanted, or unknown to the kernel", () => {
    const { code, said } = at(wanted, true);
    assert.equal(code, 0, said);
  });

  it("names each setting that is in the way, and kernelSysctls: false", () => {
    const { code, said } = at({ ...wanted, "kernel/kptr_restrict": "1" }, true);
    assert.equal(code, 1);
    assert.match(said, /kernel\/kptr_restrict is 1, 2 is wanted, and it cannot be written here/);
    assert.match(said, /streams\.alpha\.kernelSysctls: false/);
    assert.doesNotMatch(said, /net/);
  });

  it("sees what the kernel itself serves, and refuses", () => {
    const wrong = "echo 0 >/proc/sys/net/ipv4/tcp_syncookies";
    const mounted = "mount --bind -o ro /proc/sys /proc/sys";
    const guard = settingsCanBeWritten(false).run;
    const { code, said } = run("unshare", [
      "--mount",
      "--net",
      "dash",
      "-c",
      `${wrong}\n${mounted}\n${guard}`,
    ]);
    assert.equal(code, 1);
    assert.match(said, /net\/ipv4\/tcp_syncookies is 0, 1 is wanted, and it cannot be written here/);
  });

  it("leaves every setting as it is", () => {
    const wrong = "echo 0 >/proc/sys/net/ipv4/tcp_syncookies";
    const guard = settingsCanBeWritten(false).run;
    const { said } = run("unshare", [
      "--net",
      "dash",
      "-c",
      `${wrong}\n(${guard}\n)\ncat /proc/sys/net/ipv4/tcp_syncookies`,
    ]);
    assert.equal(said, "0\n");
  });

  it("does not advise kernelSysctls: false for what it does not concern", () => {
    const { code, said } = at({ "net/ipv4/tcp_syncookies": "0" }, true);
    assert.equal(code, 1);
    assert.doesNotMatch(said, /kernelSysctls/);
    assert.match(said, /a network of its own/);
  });
});

describe("the journal's drop-in", () => {
  it("limits the disk and the rate", () => {
    assertGolden("journald.conf", renderJournaldDropIn({ maxUseMiB: 2048, burst: 10_000 }));
  });
});

describe("unattended upgrades", () => {
  const debianOrigins = 'Unattended-Upgrade::Origins-Pattern { "origin=Debian,label=Debian"; };';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as Ubuntu's 50unattended-upgrades has it
  const ubuntuOrigins = 'Unattended-Upgrade::Allowed-Origins { "${distro_id}:${distro_codename}"; };';
  const file = (own = debianOrigins) => {
    const path = join(folder(), "52groundwork");
    writeFileSync(path, `${own}\n${unattendedUpgrades}`);
    return path;
  };

  for (const [system, own] of Object.entries({ Debian: debianOrigins, Ubuntu: ubuntuOrigins }))
    it(`are read by apt as they are wanted, and replace ${system}'s own origins`, () => {
      const check = script(aptIsEffective, ...effectiveApt).replaceAll(
        "apt-config dump",
        `apt-config -c=${file(own)} dump`,
      );
      const { code, said } = sh(check);
      assert.equal(code, 0, said);
      assert.match(said, /5 origins/);
    });

  it("are of the security archives alone, of either system", () => {
    const origins = effectiveApt.flatMap((line) => /Origins-Pattern:: "(.*)";/.exec(line)?.[1] ?? []);
    assert.ok(origins.length > 0 && origins.every((origin) => /security/i.test(origin)), origins.join("\n"));
    for (const system of ["Debian", "Ubuntu"])
      assert.ok(origins.some((origin) => origin.startsWith(`origin=${system},`)));
  });

  it("are missed when another origin is upgraded too", () => {
    const path = file();
    writeFileSync(
      path,
      `${readFileSync(path, "utf8")}Unattended-Upgrade::Origins-Pattern { "origin=Elsewhere"; };\n`,
    );
    const check = script(aptIsEffective, ...effectiveApt).replaceAll(
      "apt-config dump",
      `apt-config -c=${path} dump`,
    );
    assert.equal(sh(check).code, 1);
  });
});

describe("kernel settings", () => {
  it("of the network are all that a container is told", () => {
    const names = sysctlItems(false).map((item) => ("name" in item ? String(item.name) : ""));
    assert.ok(names.length > 0 && names.every((name) => name.startsWith("net.")));
  });

  it("outside the network are for machines with a kernel of their own", () => {
    assert.ok(sysctlItems(true).length > sysctlItems(false).length);
  });

  it("are named once each, in the form that items have", () => {
    const items = sysctlItems(true) as Item[];
    for (const item of items) kindOf(item).schema.parse(item);
    assert.equal(new Set(items.map((item) => keyOf(item))).size, items.length);
  });

  it("outlast a crash reporter that would change them at the next boot: it is put away before them", () => {
    const items = sysctlItems(true) as Item[];
    const reporter = items.find((item) => item.kind === "command");
    assert.ok(reporter?.kind === "command");
    const dumpable = items.findIndex((item) => keyOf(item) === "sysctl:fs.suid_dumpable");
    assert.ok(items.indexOf(reporter) < dumpable);
    /** What its scripts do on a machine whose apport is enabled, disabled or absent. */
    const after = (state: "enabled" | "disabled" | "absent", body: string) => {
      const answers = { enabled: 0, disabled: 1, absent: 1 };
      const systemctl = `systemctl() { [ "$1" = is-enabled ] && return ${answers[state]}; echo "$*" >&2; }\n`;
      return sh(systemctl + body);
    };
    assert.equal(after("enabled", reporter.unless).code, 1);
    for (const state of ["disabled", "absent"] as const) assert.equal(after(state, reporter.unless).code, 0);
    assert.equal(after("enabled", reporter.run).said, "disable --now apport.service\n");
  });
});

describe("the clock", () => {
  it("is left alone where a time service is there already", () => {
    assert.deepEqual(timeSyncItems("existing"), []);
    assert.deepEqual(timeSyncPackages("existing"), []);
    assert.deepEqual(timeSyncPackages("systemd-timesyncd"), ["systemd-timesyncd"]);
  });
});

describe("the names of a certificate", () => {
  it("are the machine's name and addresses, and what it is called beside that", () => {
    assert.deepEqual(subjectAltNames("m", ["192.0.2.1", undefined], ["DNS:localhost"]), [
      "DNS:m",
      "IP:192.0.2.1",
      "DNS:localhost",
    ]);
    assert.deepEqual(subjectAltNames("m", ["2001:db8::1"], ["DNS:m"]), ["DNS:m", "IP:2001:db8::1"]);
  });

  it("are never text that openssl could take for more", () => {
    for (const bad of ["DNS:a,IP:1", "DNS:a\nb", "email:a@b", "DNS:", "IP:x", "DNS:$HOME"]) {
      assert.throws(() => subjectAltNames("m", [], [bad]), /GW101/);
    }
    fc.assert(
      fc.property(fc.string(), (name) => {
        try {
          for (const entry of subjectAltNames(name, [])) assert.match(entry, /^DNS:[A-Za-z0-9.*-]+$/);
        } catch (error) {
          assert.match(String(error), /GW101/);
        }
      }),
    );
  });
});

describe("the certificate authority", () => {
  const place = () => join(folder(), "authority");
  const here = (text: string) => text.replaceAll(authorityFolder, place());
  const empty = () => {
    rmSync(place(), { recursive: true, force: true });
    mkdirSync(place(), { mode: 0o700 });
  };
  const read = (name: string) => readFileSync(join(place(), name), "utf8").trim();
  const make = () => {
    empty();
    again();
  };
  const again = () => {
    const { code, said } = sh(here(authorityScripts.make));
    assert.equal(code, 0, said);
  };
  const complete = (certificate = "") => sh(here(script(authorityScripts.complete, certificate))).code;
  const request = (...args: string[]) => {
    const curve = args.length > 0 ? args : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const wanted = ["-subj", "/CN=someone-else", "-addext", "subjectAltName=DNS:evil.example"];
    return run("openssl", [
      "req",
      "-new",
      "-newkey",
      ...curve,
      "-nodes",
      "-keyout",
      join(folder(), "leaf.key"),
      ...wanted,
    ]).stdout;
  };
  const issue = (csr: string, usage: "server" | "client" = "server") =>
    sh(here(issueScript("m", ["DNS:m", "IP:192.0.2.1", "IP:2001:db8::1"], usage)), csr);
  const text = (pem: string) => run("openssl", ["x509", "-noout", "-text"], pem).stdout;

  it("is made once, of P-256, for ten years, with a key that only root reads", () => {
    assert.equal(complete(), 1);
    make();
    assert.equal(complete(), 0);
    const shown = text(readFileSync(join(place(), "authority.crt"), "utf8"));
    assert.match(shown, /ASN1 OID: prime256v1/);
    assert.match(shown, /CA:TRUE, pathlen:0/);
    assert.equal(statSync(join(place(), "authority.key")).mode & 0o777, 0o600);
    assert.equal(statSync(place()).mode & 0o777, 0o700);
    assert.equal(sh(here(script(authorityIsSound, 3649))).code, 0);
    assert.match(sh(here(script(authorityIsSound, 3651))).said, /less than 3651 days/);
  });

  it("certifies its own list of names and not the request's", () => {
    make();
    const { code, stdout, said } = issue(request());
    assert.equal(code, 0, said);
    const shown = text(stdout);
    assert.match(shown, /DNS:m, IP Address:192\.0\.2\.1, IP Address:2001:DB8:0:0:0:0:0:1\n/);
    assert.match(shown, /Subject: O = Groundwork, CN = m\n/);
    assert.doesNotMatch(shown, /evil|someone-else/);
    assert.match(shown, /CA:FALSE/);
  });

  it("gives a leaf that verifies for its use and for no other", () => {
    make();
    const leaf = join(folder(), "leaf.crt");
    const verify = (purpose: string) =>
      run("openssl", [
        "verify",
        "-x509_strict",
        "-CAfile",
        join(place(), "authority.crt"),
        "-purpose",
        purpose,
        leaf,
      ]).code;
    writeFileSync(leaf, issue(request(), "server").stdout);
    assert.equal(verify("sslserver"), 0);
    assert.notEqual(verify("sslclient"), 0);
    writeFileSync(leaf, issue(request(), "client").stdout);
    assert.equal(verify("sslclient"), 0);
    assert.notEqual(verify("sslserver"), 0);
  });

  it("gives no serial number twice, and notes what it signed", () => {
    make();
    const csr = request();
    const serials = [1, 2, 3].map(
      () => run("openssl", ["x509", "-noout", "-serial"], issue(csr).stdout).stdout,
    );
    assert.equal(new Set(serials).size, 3);
    assert.equal(readFileSync(join(place(), "issued"), "utf8").trim().split("\n").length, 3);
  });

  it("refuses a key of another kind, a broken request and none at all", () => {
    make();
    const csr = request();
    const tampered = csr.replace(
      /\n(.{10})(.)/,
      (_, start, letter) => `\n${start}${letter === "A" ? "B" : "A"}`,
    );
    for (const bad of [
      request("rsa:2048"),
      request("ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
      tampered,
      "",
      "hello",
    ]) {
      const { code, stdout } = issue(bad);
      assert.notEqual(code, 0);
      assert.equal(stdout.includes("BEGIN CERTIFICATE"), false);
    }
  });

  it("keeps its key, whatever became of its mode", () => {
    make();
    const key = read("authority.key");
    const certificate = read("authority.crt");
    chmodSync(join(place(), "authority.key"), 0o640);
    assert.equal(complete(), 1);
    again();
    assert.equal(complete(), 0);
    assert.deepEqual([read("authority.key"), read("authority.crt")], [key, certificate]);
  });

  it("is whole when it has expired, which a wrong clock may say; the check names it", () => {
    make();
    const file = join(place(), "authority.crt");
    const expired = ["x509", "-in", file, "-signkey", join(place(), "authority.key"), "-days", "-1"];
    assert.equal(run("openssl", [...expired, "-out", file]).code, 0);
    assert.equal(complete(), 0);
    assert.equal(sh(here(script(authorityIsSound, 365))).code, 1);
  });

  it("has a lost certificate made anew with its key, and never a lost key", () => {
    make();
    const key = read("authority.key");
    const leaf = join(folder(), "leaf.crt");
    writeFileSync(leaf, issue(request()).stdout);
    rmSync(join(place(), "authority.crt"));
    again();
    assert.equal(read("authority.key"), key);
    assert.equal(run("openssl", ["verify", "-CAfile", join(place(), "authority.crt"), leaf]).code, 0);
    rmSync(join(place(), "authority.key"));
    const { code, said } = sh(here(authorityScripts.make));
    assert.equal(code, 1);
    assert.match(said, /authority\.key is gone/);
  });

  it("is not touched where its key and its certificate do not belong together", () => {
    make();
    const other = read("authority.crt");
    make();
    writeFileSync(join(place(), "authority.crt"), `${other}\n`);
    const key = read("authority.key");
    assert.equal(sh(here(authorityScripts.make)).code, 1);
    assert.deepEqual([read("authority.key"), read("authority.crt")], [key, other]);
  });

  it("comes back from a backup, with the key that belongs to it, and in the place of no other", () => {
    make();
    const backup = { certificate: read("authority.crt"), key: read("authority.key") };
    const recover = (key: string) => sh(here(script(authorityScripts.recover, backup.certificate, key))).code;
    make();
    const other = read("authority.key");
    assert.equal(complete(backup.certificate), 1, "another authority is not the one of the backup");
    assert.equal(recover(backup.key), 1);
    assert.equal(read("authority.key"), other);
    empty();
    assert.equal(recover(other), 1);
    assert.equal(recover(backup.key), 0);
    assert.equal(complete(backup.certificate), 0);
    assert.equal(read("authority.key"), backup.key);
    assert.equal(recover(backup.key), 0);
  });
});

describe("the certificate authority on its machine", () => {
  const machine = new CutMachine();
  after(() => machine.close());
  const key = join(machine.tree, "authority/authority.key");

  it("stays where a failed operation repaired it, and is put aside, not deleted, by a rollback", async () => {
    const said = JSON.stringify(await resolved(authorityItems(undefined)));
    const items = JSON.parse(said.replaceAll(authorityFolder, join(machine.tree, "authority"))) as Item[];
    const failing = { items, checks: [{ name: "it fails", run: "false" }] };
    assert.match(machine.run(failing, "apply") ?? "", /\nrestored\n(.*\n)*end failed/);
    assert.equal(existsSync(key), false);
    assert.match(machine.run({ items }, "apply") ?? "", /end ok/);
    const made = readFileSync(key, "utf8");
    chmodSync(key, 0o640);
    assert.match(machine.run(failing, "apply") ?? "", /\nrestored\n(.*\n)*end failed/);
    assert.equal(readFileSync(key, "utf8"), made);
    const [, kept = ""] =
      /\nkept (\S+\/\d{8}T\d{6}Z-[0-9a-f]+-authority\S*) /.exec(machine.run({ items: [] }, "delete") ?? "") ??
      [];
    assert.equal(readFileSync(join(kept, "authority.key"), "utf8"), made);
    assert.equal(existsSync(key), false);
  });
});

const resolved = (items: ReturnType<typeof authorityItems>): Promise<unknown> =>
  new Promise((resolve) => void pulumi.output(items).apply(resolve));

describe("the arguments of the security baseline", () => {
  const machines = [{ name: "a" }];
  const checked = (args: object) => checkedArgs("alpha", securitySettings, { machines, ...args });

  it("have secure defaults", () => {
    const { ssh: found, kernelSysctls, timeSync } = checked({});
    assert.equal(found.rootLogin, "prohibit-password");
    assert.equal(kernelSysctls, true);
    assert.equal(timeSync, "systemd-timesyncd");
  });

  it("are refused by the property's path, with the value and what is allowed", () => {
    assert.throws(
      () => checked({ ssh: { sources: ["10.0.0.0"] } }),
      /GW101 alpha\.ssh\.sources\[0\]: "10\.0\.0\.0" must be a network in CIDR form/,
    );
    assert.throws(() => checked({ ssh: { maxAuthTries: 0 } }), /alpha\.ssh\.maxAuthTries/);
    assert.throws(() => checked({ ssh: { passwords: true } }), /passwords/);
    assert.throws(() => checked({ machines: [] }), /alpha\.machines: \[\] must hold at least one machine/);
    assert.throws(() => checked({ machines: [{ name: "a" }, { name: "a" }] }), /must not hold a name twice/);
    assert.throws(() => checked({ undeclaredPort: 22 }), /alpha\.undeclaredPort/);
  });

  it("are refused all at once", () => {
    assert.throws(
      () => checked({ timeSync: "ntp" as "existing", ssh: { maxAuthTries: 0, passwords: true } }),
      (error: Error) => {
        assert.match(error.message, /^GW101: 3 problems\n/);
        for (const line of [
          "alpha.ssh.maxAuthTries: 0 is given, but it must be a whole number from 1 to 10",
          "alpha.ssh.passwords: there is no such property (allowed: sources, port, rootLogin, allowUsers, maxAuthTries)",
          'alpha.timeSync: "ntp" is not one of systemd-timesyncd, existing',
        ])
          assert.ok(error.message.includes(`\n  - ${line}\n`), line);
        return true;
      },
    );
  });
});

let made = "";
/** A folder for one test. */
const folder = (): string => {
  made ||= mkdtempSync(join(tmpdir(), "groundwork-security-"));
  return made;
};
afterEach(() => {
  if (made !== "") rmSync(made, { recursive: true, force: true });
  made = "";
});
