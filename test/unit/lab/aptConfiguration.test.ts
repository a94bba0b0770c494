import assert from "node:assert/strict";
import { test } from "node:test";
import {
  debianSources,
  parseDeb822,
  parseOneLine,
  transportSettings,
} from "../../../lab/aptConfiguration.ts";

const mirror = "http://mirror.example.org/debian";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

const deb822 = `Types: deb
# a comment
URIs: ${mirror}
Suites: bookworm bookworm-updates bookworm-backports
Components: main
Signed-By: ${keyring}

Types: deb
URIs: http://mirror.example.org/security
Suites: bookworm-security
Components: main
Signed-By: ${keyring}

Types: deb
URIs: https://node.example.org/node_20.x
Suites: nodistro
Components: main
Signed-By: /usr/share/keyrings/other.gpg
`;

test("Debian's own sources are kept and turned to the machine's release, others are left out", () => {
  const kept = debianSources(parseDeb822(deb822), "trixie");
  assert.deepEqual(
    kept.map((source) => [source.uris, source.suites]),
    [
      [mirror, "trixie trixie-updates"],
      ["http://mirror.example.org/security", "trixie-security"],
    ],
  );
  assert.equal(kept[0]?.["signed-by"], keyring);
});

test("sources in the one-line format are read too, with their options", () => {
  const text = `# deb http://old.example.org/debian bookworm main
deb [arch=amd64,arm64 signed-by=${keyring}] ${mirror} bookworm main contrib # ours
deb-src ${mirror} bookworm main
deb https://download.example.org/linux/debian bookworm stable
deb [signed-by=/usr/share/keyrings/vendor.gpg] https://apt.example.org bookworm main
`;
  assert.deepEqual(debianSources(parseOneLine(text), "bookworm"), [
    {
      types: "deb",
      uris: mirror,
      suites: "bookworm",
      components: "main contrib",
      arch: "amd64 arm64",
      "signed-by": keyring,
    },
  ]);
});

test("a source that is switched off stays off", () => {
  assert.deepEqual(debianSources(parseDeb822(`Enabled: no\n${deb822.split("\n\n")[0]}`), "bookworm"), []);
});

test("a key that stands in the source itself survives with its lines", () => {
  const inline = "Types: deb\nURIs: http://x.example.org\nSigned-By:\n -----BEGIN\n .\n abc";
  assert.equal(parseDeb822(inline)[0]?.["signed-by"], "\n -----BEGIN\n .\n abc");
});

test("the way to the packages is taken over, this host's habits are not", () => {
  const dump = `APT::Install-Recommends "0";
Acquire::http::Proxy "http://proxy.example.org:3128";
Acquire::https::CaInfo "";
Acquire::Check-Valid-Until "false";
Acquire::Languages:: "none";
Acquire::http::Proxy-Auto-Detect "/usr/local/bin/detect";
DPkg::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";
`;
  assert.equal(
    transportSettings(dump, { http_proxy: "http://other.example.org" }),
    'Acquire::http::Proxy "http://proxy.example.org:3128";\nAcquire::Check-Valid-Until "false";\n',
  );
});

test("a proxy that only the environment names reaches the machine's package client", () => {
  assert.equal(
    transportSettings("", { https_proxy: "http://proxy.example.org:3128" }),
    'Acquire::https::Proxy "http://proxy.example.org:3128";\n',
  );
  assert.equal(transportSettings("", { http_proxy: 'http://x";\nDPkg::Pre-Invoke "' }), "");
});
