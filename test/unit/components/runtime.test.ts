import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { artifactOf, programItem } from "../../../components/runtime/artifacts.ts";
import { containerdConfiguration } from "../../../components/runtime/containerdConfiguration.ts";
import {
  type ContainerImage,
  imageItems,
  imagesAreThere,
  takeImages,
} from "../../../components/runtime/containerImages.ts";
import { registryFiles } from "../../../components/runtime/registryMirrors.ts";
import { runtimeAnswers } from "../../../components/runtime/runtimeChecks.ts";
import { renderToml } from "../../../components/runtime/toml.ts";
import { assertGolden } from "./golden.ts";
import { sh } from "./shell.ts";

const digest = (letter: string): string => letter.repeat(64);

describe("TOML", () => {
  it("gives every text back, whatever it holds", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
        (text) => {
          const line = renderToml({ text }).trimEnd();
          assert.equal(JSON.parse(line.slice("text = ".length)), text);
          assert.match(line, /^\P{Cc}*$/u);
        },
      ),
    );
  });

  it("puts a table's values before its tables, and names no table that only holds tables", () => {
    assert.equal(
      renderToml({ a: { b: { c: 1 }, d: true }, "e.f": ["g", 'h"'] }),
      '"e.f" = ["g", "h\\""]\n\n[a]\nd = true\n\n[a.b]\nc = 1\n',
    );
  });
});

describe("containerd's configuration", () => {
  const settings = {
    rootFolder: "/var/lib/containerd",
    cgroupDriver: "systemd",
    sandboxImage: "registry.k8s.io/pause:3.10.2",
    restrictOomScoreAdj: false,
  } as const;

  it("is of version 3, with the plugins' present names", () => {
    assertGolden("containerd.toml", containerdConfiguration(settings));
  });

  it("follows the cgroup driver and the limits of containers in containers", () => {
    const text = containerdConfiguration({
      ...settings,
      cgroupDriver: "cgroupfs",
      restrictOomScoreAdj: true,
    });
    assert.match(text, /^SystemdCgroup = false$/m);
    assert.match(text, /^restrict_oom_score_adj = true$/m);
  });
});

describe("registry mirrors", () => {
  it("are asked in order, and then the registry itself", () => {
    const [file] = registryFiles([
      { registry: "docker.io", mirrors: ["https://a.example", "http://b.example"] },
    ]);
    assert.equal(file?.path, "/etc/containerd/certs.d/docker.io/hosts.toml");
    assert.equal(
      file?.content,
      `server = "https://registry-1.docker.io"

[host."https://a.example"]
capabilities = ["pull", "resolve"]

[host."http://b.example"]
capabilities = ["pull", "resolve"]
`,
    );
  });

  it("stand alone where the registry shall not be asked, and may have an authority", () => {
    const [file] = registryFiles([
      {
        registry: "registry.example:5000",
        mirrors: ["https://a.example"],
        authority: "/etc/ssl/a.crt",
        only: true,
      },
    ]);
    assert.equal(file?.path, "/etc/containerd/certs.d/registry.example_5000_/hosts.toml");
    assert.match(file?.content ?? "", /^server = "https:\/\/a.example"$/m);
    assert.match(file?.content ?? "", /^ca = "\/etc\/ssl\/a.crt"$/m);
  });
});

describe("a program's source", () => {
  it("is its publisher's file with the digest of the table of versions", () => {
    const ctr = artifactOf("ctr", "arm64");
    assert.deepEqual(Object.keys(ctr), ["urls", "sha256", "member"]);
    assert.equal(ctr.member, "bin/ctr");
    assert.match(String((ctr.urls as string[])[0]), /containerd-static-.*-linux-arm64\.tar\.gz$/);
    assert.equal(artifactOf("runc", "amd64").member, undefined);
  });

  it("is the catalogue's where it has one", () => {
    const own = { urls: ["http://10.0.0.1/ctr"], sha256: digest("a") };
    assert.deepEqual(artifactOf("ctr", "amd64", { amd64: { ctr: own } }), own);
    assert.notDeepEqual(artifactOf("ctr", "arm64", { amd64: { ctr: own } }), own);
    assert.deepEqual(
      programItem("ctr", "/usr/local/bin/ctr", { architecture: "amd64" }, { amd64: { ctr: own } }),
      {
        kind: "download",
        path: "/usr/local/bin/ctr",
        ...own,
      },
    );
  });

  it("is asked for by name where nobody knows it", () => {
    assert.throws(
      () => artifactOf("kube-apiserver", "amd64"),
      /GW101 artifacts\.amd64\.kube-apiserver: .*kube-apiserver/,
    );
  });
});

describe("the check of containerd", () => {
  it("says why containerd does not answer", () => {
    const stopped = `ctr() { echo 'ctr: cannot reach the socket' >&2; return 1; }
systemctl() { echo inactive; return 3; }
`;
    const { code, said } = sh(stopped + runtimeAnswers.run);
    assert.equal(code, 1);
    assert.match(said, /containerd does not answer: ctr: cannot reach the socket/);
    assert.match(said, /containerd\.service is inactive/);
  });
});

describe("container images", () => {
  const archived: ContainerImage = {
    name: "registry.k8s.io/pause:3.10.2",
    archive: { urls: ["http://10.0.0.1/pause.tar"], sha256: digest("a") },
  };
  const pulled: ContainerImage = { name: `example.com/app@sha256:${digest("b")}` };

  /** What `ctr images list` prints of them, taken from a machine. */
  const listing = (images: [name: string, source: string][]): string =>
    [
      "REF TYPE DIGEST SIZE PLATFORMS LABELS ",
      ...images.map(
        ([name, source]) =>
          `${name}                                     application/vnd.docker.distribution.manifest.v2+json sha256:${digest("c")} 671.9 KiB linux/amd64 groundwork/source=${source},io.cri-containerd.image=managed,io.cri-containerd.pinned=pinned `,
      ),
    ].join("\n");

  /** Runs a script on a machine that has these images, and returns what it asks ctr to do. */
  const asks = (script: string, has: [string, string][]): { code: number | null; said: string[] } => {
    const ctr = `ctr() { case "$*" in *' images list '*) printf '%s\\n' '${listing(has)}' ;; *) echo "$*" >&2 ;; esac; }\n`;
    const { code, said } = sh(ctr + script);
    return { code, said: said.split("\n").filter((line) => line !== "") };
  };

  const both: [string, string][] = [
    [archived.name, digest("a")],
    [pulled.name, digest("b")],
  ];

  it("come as archives, and are imported after all of them have come", () => {
    assert.deepEqual(
      imageItems([archived, pulled]).map((item) => [item.kind, "path" in item ? item.path : undefined]),
      [
        ["download", "/var/cache/groundwork/images/registry.k8s.io-pause-3.10.2.tar"],
        ["command", undefined],
      ],
    );
    assert.deepEqual(imageItems([]), []);
  });

  it("are there when exactly these are ours, from these sources", () => {
    const script = imagesAreThere([archived, pulled]);
    assert.equal(asks(script, both).code, 0);
    assert.equal(asks(script, both.toReversed() as [string, string][]).code, 0);
    assert.notEqual(asks(script, both.slice(1)).code, 0);
    assert.notEqual(asks(script, [...both, ["example.com/old:1", digest("d")]]).code, 0);
    assert.notEqual(asks(script, [[archived.name, digest("e")], both[1] as [string, string]]).code, 0);
  });

  it("are imported and pulled where they are missing, and kept", () => {
    assert.deepEqual(asks(takeImages([archived, pulled]), []).said, [
      `-n k8s.io images import --label io.cri-containerd.pinned=pinned --label groundwork/source=${digest("a")} /var/cache/groundwork/images/registry.k8s.io-pause-3.10.2.tar`,
      `-n k8s.io images pull --hosts-dir /etc/containerd/certs.d ${pulled.name}`,
      `-n k8s.io images label ${pulled.name} io.cri-containerd.pinned=pinned groundwork/source=${digest("b")}`,
    ]);
    assert.deepEqual(asks(takeImages([archived, pulled]), both).said, []);
  });

  it("go when they are not asked for any more; other people's stay", () => {
    const old: [string, string] = ["example.com/old:1", digest("d")];
    assert.deepEqual(asks(takeImages([archived, pulled]), [...both, old]).said, [
      "-n k8s.io images remove example.com/old:1",
    ]);
  });
});
