import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { GroundworkError } from "../../../errors/index.ts";
import { earlierStreams } from "../../../stacks/configuration/streams.ts";
import { examineConfiguration, parseConfiguration } from "../../../stacks/configuration.ts";
import { schemaFile, schemaText } from "../../../stacks/groundworkSchema.ts";
import { configurationObject } from "../../../stacks/settings.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA+2w4swUds7xpj3T60Q6sH3OCkoBuQ5BWp7EAPf8kB0";
const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPRnrhXPcVZMitHyRozLRnvQ9XkL0+P7w8JUt2xY2493";
const server = { lab: { roles: ["server", "monitoring"] } };

const existing = (more: object = {}) => ({
  existing: { address: "192.0.2.1", roles: ["agent"], hostKey, ...more },
});

/** What is wrong with a configuration, `PATH: WHAT` for each. */
function problems(input: unknown): string[] {
  return examineConfiguration(input).problems.map(({ path, what }) => `${path}: ${what}`);
}

describe("the configuration of a stack", () => {
  it("needs one machine with its roles and has a default for everything else", () => {
    const { machines, network, streams } = parseConfiguration({ machines: { "server-1": server } });
    assert.deepEqual(machines["server-1"], {
      lab: { roles: ["server", "monitoring"], diskGiB: 20, release: "bookworm" },
    });
    assert.equal(network.subnet, "10.77.0.0/24");
    assert.deepEqual(
      Object.values(streams).map(({ enabled }) => enabled),
      [true, true, true, true],
    );
  });

  it("names an unknown property with those that are allowed beside it", () => {
    assert.deepEqual(problems({ machines: { a: { lab: { roles: ["server"], disk: 3 } } }, nework: {} }), [
      "machines.a.lab.disk: there is no such property (allowed: roles, address, diskGiB, release)",
      "nework: there is no such property (allowed: machines, network, streams)",
      "streams.charlie: it needs a machine with the role monitoring, and no machine has it",
    ]);
  });

  it("names every problem of the file at once: unknown names, wrong values, and what the rest says against itself", () => {
    const wrong = {
      nework: {},
      machines: {
        a: { lab: { roles: ["server", "monitoring"], disk: 3, address: "10.78.0.5" } },
        b: existing({ port: "ssh", internalAddress: "192.0.2.7" }),
        c: existing({ hostKey, address: "192.0.2.3", internalAddress: "192.0.2.7" }),
      },
      network: { podSubnet: "10.96.0.0/16", artifactPort: 80 },
      streams: { alpha: { ssh: { rootLogin: "no", maxAuthTries: 0 } }, bravo: { enabled: false } },
    };
    assert.deepEqual(
      problems(wrong).map((text) => text.replace(hostKey, "KEY")),
      [
        "machines.a.lab.disk: there is no such property (allowed: roles, address, diskGiB, release)",
        'machines.b.existing.port: "ssh" is given, but it must be a whole number from 1 to 65535',
        "network.artifactPort: 80 is given, but it must be a whole number from 1024 to 65535",
        "streams.alpha.ssh.maxAuthTries: 0 is given, but it must be a whole number from 1 to 10",
        "nework: there is no such property (allowed: machines, network, streams)",
        "machines.c.existing.internalAddress: 192.0.2.7 is already machines.b.existing.internalAddress; every machine needs its own",
        "machines.a.lab.address: 10.78.0.5 does not lie in network.subnet 10.77.0.0/24",
        "machines.c.existing.hostKey: KEY is already machines.b.existing.hostKey; every machine needs its own",
        "machines.a.lab: Groundwork logs in as root, and streams.alpha.ssh.rootLogin is no",
        "machines.b.existing.user: Groundwork logs in as root, and streams.alpha.ssh.rootLogin is no",
        "machines.c.existing.user: Groundwork logs in as root, and streams.alpha.ssh.rootLogin is no",
        "network.serviceSubnet: 10.96.0.0/16 overlaps network.podSubnet 10.96.0.0/16",
        "streams.bravo.enabled: false is not possible while these are enabled: streams.delta; leave them out as well, by enabled: false",
      ],
    );
  });

  it("looks behind a machine's wrong name, and advises no command that could not work yet", () => {
    const { problems: found } = examineConfiguration({
      machines: {
        a: server,
        web_1: { existing: { adress: "192.0.2.1", roles: "agent", port: "22", user: 5 } },
      },
    });
    assert.deepEqual(
      found.map(({ path, what }) => `${path}: ${what.replace(/ \(allowed: .*| so.*/, "")}`),
      [
        'machines.web_1: "web_1" is not allowed here: it must be a name of at most 31 lower-case letters, digits and inner dashes that starts with a letter',
        "machines.web_1.existing.address: nothing is given, but it must be text",
        'machines.web_1.existing.port: "22" is given, but it must be a whole number from 1 to 65535',
        "machines.web_1.existing.user: 5 is given, but it must be text",
        'machines.web_1.existing.roles: "agent" is given, but it must be a list of server, agent, monitoring',
        "machines.web_1.existing.adress: there is no such property",
        "machines.web_1.existing.hostKey: there is no pinned host key",
      ],
    );
    assert.equal(found.at(-1)?.mend, "Correct name and address first, then ./groundwork trust pins it");
  });

  it("draws no conclusion from what is wrong itself", () => {
    const unclear: [input: unknown, path: RegExp][] = [
      [{ machines: { a: { lab: { roles: ["sever"] } } } }, /^machines\.a\.lab\.roles\[0\]/],
      [{ machines: { a: { labb: { roles: ["server", "monitoring"] } } } }, /^machines\.a/],
      [{ machines: { a: server, b: existing({ hostKey: "AAAA" }) } }, /^machines\.b\.existing\.hostKey/],
      [{ machines: { a: server }, network: { subnet: "10.77.0.0/24 " } }, /^network\.subnet/],
      [{ machines: { a: server }, streams: { bravo: { enabled: "no" } } }, /^streams\.bravo\.enabled/],
      [{ machines: { a: { lab: { roles: ["agent"] } } }, streams: [] }, /^streams/],
      [{ machines: [] }, /^machines/],
      ["text", /^configuration/],
    ];
    for (const [input, path] of unclear)
      for (const problem of problems(input)) assert.match(problem, path, JSON.stringify(input));
  });

  it("says of an address that is none that it is none", () => {
    const of = (address: unknown) => problems({ machines: { a: server, b: existing({ address }) } });
    const what = (address: string) => of(address).map((text) => text.split(`${JSON.stringify(address)} `)[1]);
    const noAddress = "is no IP address such as 192.0.2.1, and the last word of a host name is no number";
    for (const address of ["300.1.2.3", "1.2.3", "1.2.3.4.5", "10.0.0.0.8", "web.1"])
      assert.deepEqual(what(address), [noAddress]);
    const noName =
      "is no IP address and no host name: words of letters, digits and inner dashes with dots between them";
    for (const name of ["-web", "web-", "a..b", "web_1", "web 1", "wéb", "", "a".repeat(64), "x$(id)"])
      assert.deepEqual(what(name), [noName]);
    assert.deepEqual(what("fe80::1%eth0"), ["is no IPv6 address such as 2001:db8::1"]);
    assert.deepEqual(what("web.example.org:22"), [
      "is no address: its port is a property of its own, `port`",
    ]);
    assert.deepEqual(of(3), ["machines.b.existing.address: 3 is given, but it must be text"]);
    const internal = { internalAddress: "192.0.2.256", internalAddress6: "192.0.2.2" };
    assert.deepEqual(problems({ machines: { a: server, b: existing(internal) } }), [
      'machines.b.existing.internalAddress: "192.0.2.256" is no IPv4 address such as 192.0.2.1',
      'machines.b.existing.internalAddress6: "192.0.2.2" is no IPv6 address such as 2001:db8::1',
    ]);
  });

  it("takes any address and any host name", () => {
    const word = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/);
    const name = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join("."));
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), name, fc.domain()), (address) => {
        const internal = { address, internalAddress: "192.0.2.1" };
        assert.deepEqual(problems({ machines: { a: server, b: existing(internal) } }), []);
      }),
    );
  });

  it("names a wrong value with what is allowed", () => {
    const wrong = {
      machines: {
        a: { lab: { roles: ["boss"], diskGiB: "big", release: "sid" } },
        b: existing({ port: 70000, hostKey: "ssh-dss AAAA", privateKeyFile: "keys/id" }),
      },
      network: { subnet: "10.77.0.0", subnet6: "10.0.0.0/8", artifactPort: 80 },
      streams: { alpha: { waivers: { "a check": "" }, ssh: { sources: [] } } },
    };
    assert.deepEqual(problems(wrong), [
      'machines.a.lab.roles[0]: "boss" is not one of server, agent, monitoring',
      'machines.a.lab.diskGiB: "big" is given, but it must be a number from 4 to 1024',
      'machines.a.lab.release: "sid" is not one of bookworm, trixie',
      "machines.b.existing.port: 70000 is given, but it must be a whole number from 1 to 65535",
      'machines.b.existing.privateKeyFile: "keys/id" must be an absolute path or start with ~/, without quotes, dollar signs and backslashes',
      'machines.b.existing.hostKey: "ssh-dss AAAA" must be a public host key such as `ssh-ed25519 AAAA…`, without host name and comment',
      'network.subnet: "10.77.0.0" must be an IPv4 network in CIDR form such as 10.77.0.0/24, /30 or larger',
      'network.subnet6: "10.0.0.0/8" must be an IPv6 network in CIDR form such as fd77::/64, /126 or larger',
      "network.artifactPort: 80 is given, but it must be a whole number from 1024 to 65535",
      'streams.alpha.waivers.a check: "" must be a reason',
      "streams.alpha.ssh.sources: [] must hold at least one network, or nobody could log in",
    ]);
  });

  it("refuses a machine's name that is no host name, and a machine that is neither or both", () => {
    assert.deepEqual(problems({ machines: { Web_1: server, a: {}, b: { ...server, ...existing() } } }), [
      'machines.Web_1: "Web_1" is not allowed here: it must be a name of at most 31 lower-case letters, digits and inner dashes that starts with a letter',
      "machines.a: it must hold exactly one of `lab` and `existing`",
      "machines.b: it must hold exactly one of `lab` and `existing`",
    ]);
    assert.deepEqual(problems({ machines: {} }), ["machines: it must hold at least one machine"]);
    assert.deepEqual(
      problems({ machines: { a: { lab: { roles: [] } } }, streams: { charlie: { enabled: false } } }),
      ["machines.a.lab.roles: [] is too little: at least 1 entry of server, agent, monitoring"],
    );
    assert.deepEqual(problems({}), ["machines: nothing is given, but it must be an object"]);
  });

  it("refuses two machines with one address, one host key or one login", () => {
    const found = problems({
      machines: {
        a: server,
        b: existing(),
        c: existing({ hostKey: otherKey, internalAddress: "192.0.2.9" }),
        d: existing({ address: "192.0.2.4" }),
        e: existing({ address: "192.0.2.5", hostKey: otherKey, internalAddress: "192.0.2.1" }),
      },
    });
    assert.deepEqual(found, [
      "machines.e.existing.internalAddress: 192.0.2.1 is already machines.b.existing.address; every machine needs its own",
      "machines.c.existing.address: 192.0.2.1 port 22 is already machines.b.existing.address; every machine needs its own",
      `machines.d.existing.hostKey: ${hostKey} is already machines.b.existing.hostKey; every machine needs its own`,
      `machines.e.existing.hostKey: ${otherKey} is already machines.c.existing.hostKey; every machine needs its own`,
    ]);
  });

  it("wants an address of the shared network where a machine is known by its DNS name", () => {
    assert.deepEqual(problems({ machines: { a: server, b: existing({ address: "web.example.org" }) } }), [
      "machines.b.existing.address: it is no IPv4 address, so internalAddress must be given beside it",
    ]);
  });

  it("refuses an address of a lab machine outside its network or at its edges", () => {
    const at = (address: string) => problems({ machines: { a: { lab: { ...server.lab, address } } } });
    assert.deepEqual(at("10.78.0.5"), [
      "machines.a.lab.address: 10.78.0.5 does not lie in network.subnet 10.77.0.0/24",
    ]);
    for (const edge of ["10.77.0.0", "10.77.0.1", "10.77.0.255"])
      assert.match(at(edge)[0] ?? "", /bridge.* \(free: 10\.77\.0\.2 to 10\.77\.0\.254\)$/);
    assert.deepEqual(at("10.77.0.2"), []);
  });

  it("refuses a missing host key of a machine and of its bastion, and says how to get it", () => {
    const input = {
      machines: { a: server, b: existing({ hostKey: undefined, bastion: { address: "198.51.100.1" } }) },
    };
    assert.deepEqual(
      examineConfiguration(input).problems.map(({ code, mend }) => [code, mend]),
      [
        ["GW203", "Run ./groundwork trust b and compare the fingerprint"],
        ["GW203", "Run ./groundwork trust b --bastion and compare the fingerprint"],
      ],
    );
    assert.throws(
      () => parseConfiguration(input),
      (error) => error instanceof GroundworkError && error.code === "GW203",
    );
  });

  it("refuses a stream that needs a role no machine has, or too many have", () => {
    const agent = { lab: { roles: ["agent"] } };
    assert.deepEqual(problems({ machines: { a: agent } }), [
      "streams.charlie: it needs a machine with the role monitoring, and no machine has it",
      "streams.delta: it needs a machine with the role server, and no machine has it",
    ]);
    assert.deepEqual(
      problems({
        machines: { a: agent },
        streams: { charlie: { enabled: false }, delta: { enabled: false } },
      }),
      [],
    );
    assert.deepEqual(problems({ machines: { a: server, b: { lab: { roles: ["monitoring"] } } } }), [
      "streams.charlie: 2 machines (a, b) have the role monitoring, at most 1 may",
    ]);
    assert.deepEqual(problems({ machines: { a: server, b: { lab: { roles: ["server", "agent"] } } } }), [
      "machines.b.lab.roles: server and agent exclude each other",
      "streams.delta: 2 machines (a, b) have the role server, at most 1 may",
    ]);
  });

  it("refuses networks that overlap, also with a machine's own address", () => {
    const overlap = problems({
      machines: { a: server, b: existing({ address: "10.96.0.9" }) },
      network: { subnet: "10.0.0.0/16", podSubnet: "10.0.128.0/20" },
    });
    assert.deepEqual(overlap, [
      "network.podSubnet: 10.0.128.0/20 overlaps network.subnet 10.0.0.0/16",
      "machines.b.existing.address: 10.96.0.9 lies in network.serviceSubnet 10.96.0.0/16",
    ]);
  });

  it("refuses networks of machines that overlap those of pods and Services, each pair by itself", () => {
    const network = {
      podSubnet: "10.0.0.0/8",
      serviceSubnet: "10.96.0.0/16",
      machineNetworks: ["192.0.2.0/24", "10.96.3.0/24"],
      subnet: "192.168.7.0/24",
    };
    assert.deepEqual(problems({ machines: { b: existing({ roles: ["server", "monitoring"] }) }, network }), [
      "network.serviceSubnet: 10.96.0.0/16 overlaps network.podSubnet 10.0.0.0/8",
      "network.machineNetworks[1]: 10.96.3.0/24 overlaps network.podSubnet 10.0.0.0/8",
      "network.machineNetworks[1]: 10.96.3.0/24 overlaps network.serviceSubnet 10.96.0.0/16",
    ]);
  });

  it("refuses a node outside the networks from which machines come, however it is known", () => {
    const machines = {
      a: server,
      b: existing(),
      c: existing({ address: "c.example.org", internalAddress: "192.0.2.3", hostKey: otherKey }),
    };
    const outside = (...machineNetworks: string[]) => problems({ machines, network: { machineNetworks } });
    assert.deepEqual(outside("10.77.0.0/24", "192.0.2.1/32"), [
      "machines.c.existing.internalAddress: 192.0.2.3 lies in no network of network.machineNetworks (10.77.0.0/24, 192.0.2.1/32)",
    ]);
    assert.deepEqual(outside("10.77.0.0/24", "192.0.2.0/24"), []);
    assert.match(
      outside("192.0.2.0/24").join(),
      /^machines\.a\.lab\.address: 10\.77\.0\.\d+ lies in no network/,
    );
  });

  it("lets a machine that is no node be elsewhere", () => {
    const machines = {
      a: { lab: { roles: ["server"] } },
      b: existing({ roles: ["monitoring"] }),
    };
    assert.deepEqual(problems({ machines, network: { machineNetworks: ["10.77.0.0/24"] } }), []);
  });

  it("has one word on a network that is none, with the setting's own default as the example", () => {
    const network = { podSubnet: "10.244.0.0", serviceSubnet: "10.96.1.0/16" };
    assert.deepEqual(problems({ machines: { a: server }, network }), [
      'network.podSubnet: "10.244.0.0" must be an IPv4 network of /8 to /23 such as `10.244.0.0/16`',
      'network.serviceSubnet: "10.96.1.0/16" must be an IPv4 network of /12 to /24 such as `10.96.0.0/16`',
    ]);
  });

  it("refuses a login that Alpha's own settings would shut out", () => {
    const machines = { a: existing({ user: "admin", roles: ["server", "monitoring"] }) };
    const shutOut = (ssh: object) => problems({ machines, streams: { alpha: { ssh } } });
    assert.deepEqual(shutOut({ allowUsers: ["eve", "mallory"] }), [
      "machines.a.existing.user: Groundwork logs in as admin, and streams.alpha.ssh.allowUsers holds only eve, mallory",
    ]);
    assert.deepEqual(shutOut({ allowUsers: ["admin"], rootLogin: "no" }), []);
    const root = problems({
      machines: { a: server },
      streams: { alpha: { ssh: { allowUsers: ["bob"], rootLogin: "no" } } },
    });
    assert.deepEqual(root, [
      "machines.a.lab: Groundwork logs in as root, and streams.alpha.ssh.rootLogin is no and ssh.allowUsers holds only bob",
    ]);
  });

  it("refuses a bastion that is the machine itself", () => {
    const through = (port: number) =>
      problems({
        machines: { a: server, b: existing({ bastion: { address: "192.0.2.1", port, hostKey: otherKey } }) },
      });
    assert.deepEqual(through(22), [
      "machines.b.existing.bastion.address: 192.0.2.1 is the machine itself: name another host or port, or leave bastion out",
    ]);
    assert.deepEqual(through(2222), []);
  });

  it("refuses two nodes that would have the same pods", () => {
    const nodes = (more: object) => ({
      machines: {
        a: { lab: { roles: ["server", "monitoring"], address: "10.77.1.5" } },
        b: { lab: { roles: ["agent"], address: "10.77.2.5" } },
      },
      network: { subnet: "10.77.0.0/16", ...more },
    });
    assert.deepEqual(problems(nodes({})), [
      "machines.b.lab.address: it ends like machines.a.lab.address, so both machines would have the pods of 10.244.5.0/24; choose another address or a larger network.podSubnet",
    ]);
    assert.deepEqual(problems(nodes({ podSubnet: "11.0.0.0/8" })), []);
  });

  it("refuses to leave a stream out on which another one stands", () => {
    const without = (name: string) =>
      problems({ machines: { a: server }, streams: { [name]: { enabled: false } } });
    assert.deepEqual(without("bravo"), [
      "streams.bravo.enabled: false is not possible while these are enabled: streams.delta; leave them out as well, by enabled: false",
    ]);
    assert.deepEqual(without("alpha"), [
      "streams.alpha.enabled: false is not possible while these are enabled: streams.bravo, streams.charlie, streams.delta; leave them out as well, by enabled: false",
    ]);
  });

  it("tells editors what a stream needs, and for what it waits, as the program has it", () => {
    const { properties } = JSON.parse(schemaText()).$defs.StreamsSettings;
    for (const [stream, { needs, follows }] of Object.entries(earlierStreams)) {
      const said = properties[stream].description;
      const waits = follows.length === 0 ? "" : `, waits for ${follows.join(" and ")} where that is enabled`;
      const words =
        needs.length === 0 ? "Everything else stands on it" : `Needs ${needs.join(" and ")}${waits}`;
      assert.match(said, new RegExp(`\\. ${words}\\.$`));
    }
  });

  it("lists all problems in one error", () => {
    assert.throws(
      () => parseConfiguration({ machines: { a: { lab: {} } }, nework: {} }),
      (error) => {
        assert.ok(error instanceof GroundworkError);
        assert.equal(error.code, "GW101");
        assert.match(error.message, /2 problems\n {2}- machines\.a\.lab\.roles: .*\n {2}- nework: .*\n[^ ]/);
        return true;
      },
    );
  });

  it("is read from what the engine hands over, structured values as JSON", () => {
    const settings = {
      "groundwork:machines": '{"a":{}}',
      "other:machines": "1",
      "groundwork:network": "text",
    };
    assert.deepEqual(configurationObject(settings), { machines: { a: {} }, network: "text" });
  });
});

describe("the schema for editors", () => {
  it("is what `node stacks/groundworkSchema.ts` writes", () => {
    assert.equal(readFileSync(schemaFile, "utf8"), schemaText());
  });

  it("explains every property", () => {
    const { $defs } = JSON.parse(schemaText()) as {
      $defs: Record<string, { properties: Record<string, { description?: string }> }>;
    };
    for (const [name, { properties }] of Object.entries($defs))
      for (const [property, { description }] of Object.entries(properties))
        assert.ok(description, `${name}.${property} has no comment in stacks/configuration.ts`);
  });
});
