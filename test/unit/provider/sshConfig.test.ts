import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import type { Connection } from "../../../provider/index.ts";
import {
  aliasOf,
  hostsOnTheWay,
  renderKnownHosts,
  renderSshConfig,
  socketPath,
} from "../../../provider/ssh/configFile.ts";
import { classifySshFailure, tellingLine } from "../../../provider/ssh/failure.ts";
import { connection } from "./smallSpec.ts";

const execute = promisify(execFile);
const bastion: Connection = {
  name: "gate",
  address: "198.51.100.7",
  port: 2222,
  user: "jump",
  hostKey: "ssh-ed25519 AAAAbastion",
};
const behind: Connection = { ...connection, name: "inner", address: "fe80::1%eth0", bastion };

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "groundwork-ssh-test-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const files = () => ({ knownHosts: join(folder, "known_hosts"), sockets: join(folder, "s") });

/** What OpenSSH itself makes of one host in the file of a machine; a bastion stands in that of the machine behind it. */
async function understood(host: Connection, userConfig?: string): Promise<Map<string, string>> {
  const config = join(folder, "config");
  const options =
    userConfig === undefined ? files() : { ...files(), userConfig: join(folder, "user config") };
  if (userConfig !== undefined) await writeFile(join(folder, "user config"), userConfig);
  const machine = host === bastion ? behind : host;
  await writeFile(config, renderSshConfig(hostsOnTheWay(machine), options));
  const { stdout } = await execute("ssh", ["-G", "-F", config, aliasOf(host)]);
  return new Map(
    stdout
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
  );
}

describe("the generated configuration of OpenSSH", () => {
  it("has the machine and the bastions on its way, each with its own pin", () => {
    const hosts = hostsOnTheWay(behind);
    assert.deepEqual(
      hosts.map((host) => host.connection.name),
      ["gate", "inner"],
    );
    assert.equal(
      renderKnownHosts(hosts),
      `${aliasOf(bastion)} ssh-ed25519 AAAAbastion\n${aliasOf(behind)} ${connection.hostKey}\n`,
    );
  });

  it("is understood by OpenSSH: pinned keys only, nothing asked, nothing forwarded", async () => {
    for (const host of [behind, connection, bastion]) {
      const options = await understood(host);
      assert.equal(options.get("hostkeyalias"), aliasOf(host));
      assert.equal(options.get("userknownhostsfile"), files().knownHosts);
      assert.equal(options.get("globalknownhostsfile"), "/dev/null");
      assert.ok(["true", "yes"].includes(options.get("stricthostkeychecking") ?? ""));
      assert.ok(["false", "no"].includes(options.get("updatehostkeys") ?? ""));
      assert.equal(options.get("batchmode"), "yes");
      assert.equal(options.get("requesttty"), "false");
      assert.equal(options.get("forwardagent"), "no");
      assert.equal(options.get("clearallforwardings"), "yes");
      assert.equal(options.get("controlpath"), socketPath(files().sockets, host));
    }
  });

  it("goes to the machine's own address, port and user, through its bastion", async () => {
    const inner = await understood(behind);
    assert.equal(inner.get("hostname"), "fe80::1%eth0");
    assert.equal(inner.get("proxyjump"), aliasOf(bastion));
    assert.equal(inner.get("identityfile"), connection.privateKeyFile);
    assert.equal(inner.get("identitiesonly"), "yes");
    const outer = await understood(bastion);
    assert.deepEqual(
      [outer.get("hostname"), outer.get("port"), outer.get("user")],
      ["198.51.100.7", "2222", "jump"],
    );
    assert.equal(outer.get("proxyjump"), undefined);
  });

  it("takes from the user's own file what it does not say itself, and nothing that weakens it", async () => {
    const options = await understood(
      connection,
      [
        "IgnoreUnknown UseKeychain",
        "Host *",
        "  StrictHostKeyChecking no",
        "  UserKnownHostsFile /dev/null",
        "  KnownHostsCommand /bin/echo %H",
        "  NoHostAuthenticationForLocalhost yes",
        "  ForwardAgent yes",
        "  RemoteCommand reboot",
        "  User mallory",
        "  UseKeychain yes",
        "  ProxyCommand connect-through-the-office %h %p",
        "",
      ].join("\n"),
    );
    assert.ok(["true", "yes"].includes(options.get("stricthostkeychecking") ?? ""));
    assert.equal(options.get("userknownhostsfile"), files().knownHosts);
    assert.ok([undefined, "none"].includes(options.get("knownhostscommand")));
    assert.ok(["false", "no"].includes(options.get("nohostauthenticationforlocalhost") ?? ""));
    assert.equal(options.get("forwardagent"), "no");
    assert.ok([undefined, "none"].includes(options.get("remotecommand")));
    assert.equal(options.get("user"), "root");
    assert.equal(options.get("proxycommand"), "connect-through-the-office %h %p");
  });

  it("includes the user's own file last", () => {
    const text = renderSshConfig(hostsOnTheWay(connection), {
      ...files(),
      userConfig: "/home/some one/.ssh/config",
    });
    assert.match(text, /\n\nHost \*\n {2}Include "\/home\/some one\/\.ssh\/config"\n$/);
  });

  it("gives another pin, key file or way another name, so that neither hides the other", () => {
    const ways = [
      connection,
      { ...connection, hostKey: "ssh-ed25519 AAAAother" },
      { ...connection, privateKeyFile: "/k2" },
      { ...connection, port: 2222 },
      { ...connection, bastion },
      { ...connection, bastion: { ...bastion, hostKey: "ssh-ed25519 AAAAother" } },
    ];
    assert.equal(new Set(ways.map(aliasOf)).size, ways.length);
    assert.equal(aliasOf({ ...connection, port: 22, user: "root" }), aliasOf(connection));
  });

  it("keeps control sockets short enough for the system", () => {
    const long = { ...connection, name: "a".repeat(60), address: `${"b".repeat(60)}.example.org` };
    // OpenSSH binds to a temporary name of 17 more characters first; the shortest limit is macOS' 104.
    assert.ok(socketPath("/tmp/groundwork-ssh-1234567-aBcDeF/s", long).length + 17 < 104);
  });
});

describe("words of OpenSSH", () => {
  const words: Record<string, string> = {
    "Host key verification failed.": "GW202",
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @": "GW202",
    "No ED25519 host key is known for m1 and you have requested strict checking.\nHost key verification failed.":
      "GW202",
    "root@192.0.2.1: Permission denied (publickey).": "GW204",
    "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures": "GW204",
    "ssh: connect to host 192.0.2.1 port 22: Connection refused": "GW201",
    "ssh: connect to host 192.0.2.1 port 22: Connection timed out": "GW201",
    "ssh: Could not resolve hostname nowhere: Name or service not known": "GW201",
    "": "GW201",
  };
  it("are told by the line that says why, which need not be the last one", () => {
    const words =
      "Host key verification failed.\r\nkex_exchange_identification: Connection closed by remote host";
    assert.equal(tellingLine(words), "Host key verification failed.");
    assert.equal(tellingLine("first\nConnection refused"), "Connection refused");
  });

  for (const [text, code] of Object.entries(words)) {
    it(`stand for ${code}: ${text.split("\n")[0] || "no word at all"}`, () => {
      assert.equal(classifySshFailure(text), code);
    });
  }
});
