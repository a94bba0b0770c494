import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { checkedArgs } from "../../../components/checkedArgs.ts";
import { dnsResolves, serviceAnswers } from "../../../components/kubernetes/checks/podChecks.ts";
import { type ClusterSettings, clusterSettings } from "../../../components/kubernetes/clusterSettings.ts";
import { kernelCanBeSet, kernelIsReady, kernelItems } from "../../../components/kubernetes/kernel.ts";
import { apiServerFiles } from "../../../components/kubernetes/kubeadm/apiServerFiles.ts";
import { encryptionKeyItems } from "../../../components/kubernetes/kubeadm/encryptionKey.ts";
import { hasJoined, joinScript } from "../../../components/kubernetes/kubeadm/joining.ts";
import {
  controlPlaneDigest,
  controlPlanePatches,
  initConfiguration,
  joinConfiguration,
  type ServerSettings,
} from "../../../components/kubernetes/kubeadm/kubeadmConfiguration.ts";
import {
  kubeletDropIn,
  kubeletUnit,
  kubeletUnitDropIn,
} from "../../../components/kubernetes/kubeadm/kubeletFiles.ts";
import { widest } from "../../../components/kubernetes/openings.ts";
import { conflist } from "../../../components/kubernetes/podNetwork/conflist.ts";
import { checkPodSubnets, podSubnetOf } from "../../../components/kubernetes/podNetwork/podSubnet.ts";
import {
  keeper,
  masqueradeTable,
  routeLines,
  routesFile,
  tableFile,
} from "../../../components/kubernetes/podNetwork/routes.ts";
import { addressText, contains, overlaps, parseSubnet, type Subnet } from "../../../foundation/subnet.ts";
import type { CommandItem } from "../../../provider/index.ts";
import { assertGolden } from "./golden.ts";
import { run, sh, shApart, shellcheck } from "./shell.ts";

const cluster: ClusterSettings = clusterSettings.parse({ nodeNetworks: ["10.0.0.0/24"] });
const server: ServerSettings = {
  ...cluster,
  name: "server-1",
  address: "10.0.0.11",
  endpoint: "api.example:6443",
  certificateNames: ["10.0.0.10"],
  runWorkloads: false,
};
const authority = "-----BEGIN CERTIFICATE-----\nMII'$(id)\n-----END CERTIFICATE-----\n";

describe("kubeadm's configuration", () => {
  it("starts a cluster as agreed", () => assertGolden("kubeadmInit.yaml", initConfiguration(server)));

  it("lets an agent join as agreed", () => {
    assertGolden("kubeadmJoin.yaml", joinConfiguration(cluster, "agent-1", "/run/join/discovery.conf"));
  });

  it("taints a server unless it may run ordinary pods", () => {
    const registration = (settings: ServerSettings) =>
      parseAllDocuments(initConfiguration(settings))[0]?.toJS().nodeRegistration as object;
    assert.equal("taints" in registration(server), false);
    assert.deepEqual((registration({ ...server, runWorkloads: true }) as { taints: [] }).taints, []);
  });

  it("holds nothing that can only be guessed: every name that it is given arrives as it is", () => {
    const name = fc
      .string({ unit: "grapheme" })
      .filter((text) => text.isWellFormed() && !text.includes("\0"));
    fc.assert(
      fc.property(name, (dnsDomain) => {
        const [, configuration] = parseAllDocuments(initConfiguration({ ...server, dnsDomain }));
        assert.equal(configuration?.toJS().networking.dnsDomain, dnsDomain);
      }),
      { numRuns: 50 },
    );
  });

  it("is the same text for the same settings, and its digest changes with what pods are made from alone", () => {
    const digest = controlPlaneDigest(server);
    assert.equal(initConfiguration({ ...server }), initConfiguration(server));
    assert.equal(
      controlPlaneDigest({ ...server, ignorePreflightErrors: ["Mem"], runWorkloads: true }),
      digest,
    );
    assert.notEqual(controlPlaneDigest({ ...server, certificateNames: ["other"] }), digest);
    assert.notEqual(controlPlaneDigest({ ...server, serviceSubnet: "10.97.0.0/16" }), digest);
    assert.deepEqual(Object.keys(controlPlanePatches(digest)), [
      "kube-apiserver+strategic.yaml",
      "kube-controller-manager+strategic.yaml",
      "kube-scheduler+strategic.yaml",
    ]);
  });
});

describe("the files of a node", () => {
  it("are as agreed", () => {
    assertGolden("apiServerFiles.txt", Object.entries(apiServerFiles).flat().join("\n"));
    assertGolden("kubelet.conf", kubeletDropIn(cluster));
    assertGolden("kubelet.service", kubeletUnit);
    assertGolden("kubelet-10-kubeadm.conf", kubeletUnitDropIn("10.0.0.11"));
    assertGolden("podNetwork.conflist", conflist("10.244.11.0/24"));
  });

  it("make kubelet strict, and lenient only where asked", () => {
    const settings = (more: Partial<ClusterSettings>) =>
      parseAllDocuments(kubeletDropIn({ ...cluster, ...more }))[0]?.toJS() as Record<string, unknown>;
    assert.equal(settings({}).failSwapOn, true);
    assert.equal(settings({}).failCgroupV1, undefined);
    assert.equal(settings({}).readOnlyPort, 0);
    assert.equal(settings({ allowSwap: true }).failSwapOn, false);
    assert.equal(settings({ allowCgroupV1: true }).failCgroupV1, false);
    assert.equal(settings({ cgroupDriver: "cgroupfs" }).cgroupDriver, "cgroupfs");
  });

  it("leave the kernel's own settings alone where machines are containers", () => {
    const names = (shared: boolean) =>
      kernelItems(shared).flatMap((item) => (item.kind === "sysctl" ? [String(item.name)] : []));
    assert.ok(names(true).includes("vm.overcommit_memory"));
    assert.ok(names(false).every((name) => name.startsWith("net.")));
  });

  it("are refused where the kernel's settings cannot be written, each by name", () => {
    const place = mkdtempSync(join(tmpdir(), "groundwork-test-"));
    try {
      mkdirSync(join(place, "kernel"));
      writeFileSync(join(place, "kernel", "panic"), "0\n");
      const guard = (shared: boolean) => {
        const script = kernelCanBeSet(shared).run.replace("cd /proc/sys ", `cd ${place} `);
        return run("unshare", ["--mount", "dash", "-c", `mount --bind -o ro ${place} ${place}\n${script}`]);
      };
      const { code, said } = guard(true);
      assert.equal(code, 1);
      assert.match(said, /kernel\/panic is 0, 10 is wanted, and it cannot be written here/);
      assert.match(said, /set them there$/m);
      assert.equal(guard(false).code, 0);
      assert.equal(shellcheck(kernelCanBeSet(true).run), "");
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it("say which of the kernel's settings kubelet would not start with", () => {
    const wrong = kernelIsReady.run.replace("kernel.panic 10", "kernel.panic 4711");
    const { code, said } = sh(wrong);
    assert.equal(code, 1);
    assert.match(said, /^kernel\.panic is \d+, kubelet demands 4711$/m);
  });
});

describe("checks that start pods", () => {
  /** A kubectl whose API holds these nodes and pods. */
  const check = (nodes: string, pods: string) => {
    const kubectl = `kubectl() {
  case "$*" in
    *'get nodes'*) printf '${nodes}\\n' ;;
    *'get pods'*) printf '${pods}\\n' ;;
    *logs*) echo 'what it said' ;;
    *'get pod client'*) echo Pending ;;
  esac
}
`;
    const script = serviceAnswers("server-1", "agent-1", "busybox").run;
    return run("timeout", ["5", "dash", "-c", kubectl + script]);
  };
  const before = "2020-01-01T00:00:00Z";
  const ready = `server-1 True ${before}\\nagent-1 True ${before}`;

  it("end at once where a node that they need is not Ready, and name it", () => {
    for (const status of ["False", "Unknown"]) {
      const { code, said } = check(`server-1 ${status} ${before}\\nagent-1 True ${before}`, "client Pending");
      assert.equal(code, 1);
      assert.equal(
        said,
        `node server-1 is not Ready (Ready is ${status} since ${before}): no pod can start there\n`,
      );
    }
  });

  it("end at once where a pod cannot run any more, with its last words", () => {
    assert.match(check(ready, "server Failed").said, /^pod server cannot run: Failed \nwhat it said$/m);
    const { code, said } = check(ready, "server Pending InvalidImageName\\nclient Pending ");
    assert.equal(code, 1);
    assert.match(said, /^pod server cannot run: Pending InvalidImageName$/m);
  });

  it("wait where all nodes that they need are Ready, or were so a moment ago", () => {
    const now = new Date().toISOString();
    assert.equal(check(`${ready}\\nother False ${before}`, "client Pending ContainerCreating").code, 124);
    assert.equal(check(`server-1 False ${now}\\nagent-1 True ${before}`, "client Pending").code, 124);
  });

  it("pass shellcheck", () => {
    assert.equal(shellcheck(serviceAnswers("server-1", "agent-1", "busybox").run), "");
    assert.equal(shellcheck(String(dnsResolves("agent-1", "cluster.local", "busybox").run)), "");
  });
});

describe("a machine's pods", () => {
  const place = fc.integer({ min: 1, max: 254 });

  it("have a /24 of the pod network that follows from the machine's address alone", () => {
    assert.equal(podSubnetOf("10.77.0.11", "10.244.0.0/16"), "10.244.11.0/24");
    assert.equal(podSubnetOf("192.168.5.7", "10.0.0.0/8"), "10.5.7.0/24");
    assert.equal(podSubnetOf("192.168.5.7", "10.4.0.0/23"), "10.4.1.0/24");
  });

  it("never share one with another machine of a /24, and stay inside the pod network", () => {
    const whole = parseSubnet("10.244.0.0/16") as Subnet;
    fc.assert(
      fc.property(fc.uniqueArray(place, { minLength: 2, maxLength: 20 }), (places) => {
        const shares = places.map((last) => podSubnetOf(`10.77.0.${last}`, "10.244.0.0/16"));
        assert.equal(new Set(shares).size, places.length);
        for (const share of shares) assert.ok(contains(whole, share.split("/")[0] ?? ""));
        checkPodSubnets(Object.fromEntries(shares.map((share, index) => [`m${index}`, share])));
      }),
    );
  });

  it("are refused where two machines would have the same, naming both and the way out", () => {
    const shares = { a: "10.244.1.0/24", b: "10.244.1.0/24" };
    assert.throws(
      () => checkPodSubnets(shares),
      /GW101 podSubnets\.b: a and b .*10\.244\.1\.0\/24.*Give one/s,
    );
  });
});

describe("openings", () => {
  const network = fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 8, max: 30 })).map(([first, length]) => {
    const subnet = parseSubnet(`10.${first}.${first}.0/${length}`) as Subnet;
    return `${addressText(4, subnet.base)}/${length}`;
  });

  it("never overlap, and cover what was asked for", () => {
    fc.assert(
      fc.property(fc.array(network, { minLength: 1, maxLength: 8 }), (networks) => {
        const kept = widest(networks).map((text) => parseSubnet(text) as Subnet);
        kept.forEach((one, index) => {
          for (const other of kept.slice(index + 1)) assert.equal(overlaps(one, other), false);
        });
        for (const text of networks) {
          assert.ok(kept.some((one) => contains(one, text.split("/")[0] ?? "")));
        }
      }),
    );
  });
});

describe("the keeper of the pod network's routes", () => {
  const peers = [
    { address: "10.0.0.12", pods: "10.244.12.0/24" },
    { address: "10.0.0.11", pods: "10.244.11.0/24" },
  ];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "groundwork-routes-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The keeper with its files in a folder of the test. */
  const keeperHere = (): string => {
    const path = join(folder, "keeper");
    const here = keeper
      .replaceAll(routesFile, join(folder, "routes"))
      .replaceAll(tableFile, join(folder, "table"));
    writeFileSync(path, here, { mode: 0o755 });
    writeFileSync(join(folder, "table"), masqueradeTable("10.244.0.0/16", peers));
    writeFileSync(join(folder, "routes"), routeLines("10.0.0.12", peers));
    return path;
  };

  /** A machine's link: an address in the network of its peers. */
  const link =
    "ip link add link0 type bridge && ip address add 10.0.0.12/24 dev link0 && ip link set link0 up";

  it("does not route a machine's own pods away, and lists peers by address", () => {
    assert.equal(routeLines("10.0.0.12", peers), "10.244.11.0/24 10.0.0.11\n");
    assert.equal(routeLines("10.0.0.13", peers), routeLines("10.0.0.13", peers.toReversed()));
    assertGolden("masquerade.nft", masqueradeTable("10.244.0.0/16", peers));
  });

  it("brings routes and table about, takes back what is no longer listed, and leaves other routes alone", () => {
    const path = keeperHere();
    const { stdout, said } = shApart(`${link}
ip route add 10.9.0.0/16 via 10.0.0.9
${path} settle && ip route show proto 71 && nft list table ip groundwork_pods | grep -c masquerade
echo 10.244.13.0/24 10.0.0.13 >${folder}/routes
${path} settle && ip route show proto 71
ip route delete 10.244.13.0/24 && nft delete table ip groundwork_pods
${path} settle && ip route show proto 71 && nft list tables
${path} forget; ip route; nft list tables`);
    assert.equal(
      stdout.replace(/ dev link0.*/g, ""),
      `10.244.11.0/24 via 10.0.0.11
1
10.244.13.0/24 via 10.0.0.13
10.244.13.0/24 via 10.0.0.13
table ip groundwork_pods
10.0.0.0/24
10.9.0.0/16 via 10.0.0.9
`,
      said,
    );
  });

  it("puts a route back that somebody removed while it watches", () => {
    const path = keeperHere();
    const { stdout, said } = shApart(`${link}
mkdir ${folder}/bin && ln -s /bin/true ${folder}/bin/systemd-notify
PATH=${folder}/bin:$PATH setsid ${path} watch >/dev/null 2>&1 &
watcher=$!
has() { for _ in $(seq 50); do ip route show proto 71 | grep -q 10.244.11.0/24 && return; sleep 0.1; done; return 1; }
has && sleep 0.5 && ip route flush proto 71 && has && echo back
kill -- -"$watcher"`);
    assert.equal(stdout, "back\n", said);
  });
});

describe("the key that encrypts secrets", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "groundwork-key-"));
    mkdirSync(join(folder, "encryption"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const item = encryptionKeyItems[1] as CommandItem;
  const here = (script: string): string =>
    script.replaceAll("/etc/kubernetes", folder).replaceAll("/var/lib/etcd", join(folder, "etcd"));
  const file = () => join(folder, "encryption/configuration.yaml");

  it("is made once, 32 random bytes that only root reads", () => {
    assert.notEqual(sh(here(item.unless)).code, 0);
    assert.equal(sh(here(item.run)).said, "");
    assert.equal(sh(here(item.unless)).code, 0);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    const configuration = parseAllDocuments(readFileSync(file(), "utf8"))[0]?.toJS();
    const [secretbox, identity] = configuration.resources[0].providers;
    assert.equal(Buffer.from(secretbox.secretbox.keys[0].secret, "base64").length, 32);
    assert.deepEqual(identity, { identity: {} });
  });

  it("is kept when only its mode was changed", () => {
    sh(here(item.run));
    const before = readFileSync(file(), "utf8");
    run("chmod", ["0644", file()]);
    assert.notEqual(sh(here(item.unless)).code, 0);
    assert.equal(sh(here(item.run)).code, 0);
    assert.equal(sh(here(item.unless)).code, 0);
    assert.equal(readFileSync(file(), "utf8"), before);
  });

  it("is never replaced by a new one while etcd holds what the old one opens", () => {
    mkdirSync(join(folder, "etcd/member"), { recursive: true });
    const { code, said } = sh(here(item.run));
    assert.equal(code, 1);
    assert.match(said, /put it back from a copy/);
  });
});

describe("joining", () => {
  const script = joinScript("agent-1", "10.0.0.11:6443", authority);

  /** Runs the script up to where it would touch the machine. */
  const withTicket = (ticket: string): { code: number | null; said: string } => {
    const folder = mkdtempSync(join(tmpdir(), "groundwork-join-"));
    try {
      writeFileSync(join(folder, "ticket"), ticket);
      const guarded = script.replace(/^if \[ -e [\s\S]*$/m, 'echo "accepted $token"\n');
      return sh(`TICKET=${folder}/ticket\n${guarded}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it("takes a bootstrap token", () => {
    assert.equal(withTicket("abcdef.0123456789abcdef\n").said, "accepted abcdef.0123456789abcdef\n");
  });

  it("refuses a ticket that is anything else, and runs nothing of it", () => {
    const tickets = [
      "",
      "abcdef",
      "ABCDEF.0123456789abcdef",
      "abcdef.0123456789abcde",
      "a.b.c",
      "$(id).0123456789abcdef",
    ];
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...tickets), fc.string({ maxLength: 40 })), (ticket) => {
        fc.pre(!ticket.includes("\0") && !/^[a-z0-9]{6}\.[a-z0-9]{16}\n*$/.test(ticket));
        assert.deepEqual(withTicket(ticket), {
          code: 1,
          stdout: "the ticket is no bootstrap token\n",
          said: "the ticket is no bootstrap token\n",
        });
      }),
      { numRuns: 25 },
    );
  });

  it("never puts the token on a command line, and trusts the given authority alone", () => {
    // `case` is the shell's own word, and printf is built into it.
    const builtIn = /^case \$token in$|^printf '%s %s\\n%s' '[^']*' "\$token" /gm;
    assert.equal(script.match(builtIn)?.length, 2);
    assert.doesNotMatch(script.replace(builtIn, ""), /\$token/);
    assert.ok(script.includes(Buffer.from(authority).toString("base64")));
    assert.doesNotMatch(script, /--insecure|unsafe|-k /i);
  });

  it("counts as done only for this very cluster", () => {
    const folder = mkdtempSync(join(tmpdir(), "groundwork-joined-"));
    try {
      const here = hasJoined("agent-1", "127.0.0.1:1", authority)
        .replaceAll("/etc/kubernetes", folder)
        .replaceAll("/var/lib/kubelet", folder);
      assert.equal(sh(here).code, 1);
      for (const name of ["kubelet.conf", "config.yaml"]) writeFileSync(join(folder, name), "x");
      mkdirSync(join(folder, "pki"));
      writeFileSync(join(folder, "pki/ca.crt"), "another cluster's\n");
      assert.equal(sh(here).code, 1);
      writeFileSync(join(folder, "pki/ca.crt"), authority);
      // Nobody answers at the endpoint: that says nothing about the node.
      assert.equal(sh(here).code, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a cluster's settings", () => {
  const refused = (args: object, message: RegExp): void =>
    assert.throws(
      () => checkedArgs("delta", clusterSettings, { nodeNetworks: ["10.0.0.0/24"], ...args }),
      message,
    );

  it("are refused by name, with the value and what is allowed", () => {
    refused({ nodeNetworks: [] }, /GW101 delta\.nodeNetworks: \[\] must name at least one network/);
    refused({ nodeNetworks: ["10.0.0.1/24"] }, /GW101 delta\.nodeNetworks\[0\]: "10\.0\.0\.1\/24" must/);
    refused(
      { podSubnet: "10.244.0.0/24" },
      /GW101 delta\.podSubnet: "10\.244\.0\.0\/24" must be an IPv4 network of \/8 to \/23/,
    );
    refused({ podSubnet: "fd00::/16" }, /GW101 delta\.podSubnet/);
    refused(
      { cgroupDriver: "systemctl" },
      /GW101 delta\.cgroupDriver: "systemctl" must be `systemd` or `cgroupfs`/,
    );
    refused(
      { ignorePreflightErrors: ["Swap,Mem"] },
      /GW101 delta\.ignorePreflightErrors\[0\]: "Swap,Mem" must/,
    );
    refused({ dnsDomain: "Cluster.local" }, /GW101 delta\.dnsDomain: "Cluster\.local" must be a DNS domain/);
  });
});
