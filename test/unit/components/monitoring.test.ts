import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { checkedArgs } from "../../../components/checkedArgs.ts";
import { script } from "../../../components/checks/index.ts";
import { certificateDaysProgram, textfileFolder } from "../../../components/monitoring/certificateDays.ts";
import { clientCertificateNeeded } from "../../../components/monitoring/clientCertificate.ts";
import { upQuery } from "../../../components/monitoring/monitoringChecks.ts";
import { monitoringSettings } from "../../../components/monitoring/monitoringSettings.ts";
import { renderNodeExporterDropIn } from "../../../components/monitoring/nodeExporter.ts";
import {
  prometheusAnswers,
  renderPrometheusConfiguration,
  renderPrometheusDropIn,
} from "../../../components/monitoring/prometheus.ts";
import { renderWebTls } from "../../../components/monitoring/webTls.ts";
import { assertGolden } from "./golden.ts";
import { run, sh, shellcheck } from "./shell.ts";

const settings = { port: 9090, intervalSeconds: 15, retentionDays: 15, retentionMiB: 2048 };

describe("the node exporter", () => {
  it("does not start before it has its certificate", () => {
    assertGolden("node-exporter.conf", renderNodeExporterDropIn(9100));
  });

  it("asks every client for a certificate", () => {
    const { tls_server_config: tls } = parse(renderWebTls("node-exporter"));
    assert.equal(tls.client_auth_type, "RequireAndVerifyClientCert");
    assert.equal(tls.min_version, "TLS13");
    assert.equal(tls.key_file, "/etc/groundwork/monitoring/node-exporter.key");
    assert.equal(tls.client_ca_file, "/etc/groundwork/certificates/authority.crt");
  });
});

describe("Prometheus", () => {
  const targets = [
    { name: "server-1", address: "192.0.2.1", port: 9100 },
    { name: "agent-1", address: "2001:db8::2", port: 9100 },
  ];

  it("listens on loopback and keeps samples for a time", () => {
    assertGolden("prometheus.conf", renderPrometheusDropIn(settings));
  });

  it("scrapes every machine over mutual TLS, known by its name", () => {
    const text = renderPrometheusConfiguration(15, targets);
    assertGolden("prometheus.yml", text);
    const [job] = parse(text).scrape_configs;
    assert.equal(job.scheme, "https");
    assert.deepEqual(job.static_configs, [
      { targets: ["192.0.2.1:9100"], labels: { instance: "server-1" } },
      { targets: ["[2001:db8::2]:9100"], labels: { instance: "agent-1" } },
    ]);
  });

  it("never waits longer for a scrape than until the next one", () => {
    for (const interval of [1, 10, 60]) {
      const { scrape_timeout, scrape_interval } = parse(
        renderPrometheusConfiguration(interval, targets),
      ).global;
      assert.ok(Number.parseInt(scrape_timeout, 10) <= Number.parseInt(scrape_interval, 10));
    }
  });

  it("is asked for a scrape that succeeded and is not old", () => {
    assert.equal(
      upQuery("a", 15),
      'up{job="node",instance="a"} == 1 and time() - timestamp(up{job="node",instance="a"}) < 35',
    );
  });
});

describe("the days left of certificates", () => {
  it("are metrics of every certificate, in a file that appears whole", () => {
    const folder = mkdtempSync(join(tmpdir(), "groundwork-days-"));
    try {
      const certificates = join(folder, "certificates");
      const metrics = join(folder, "metrics");
      mkdirSync(join(certificates, "inner"), { recursive: true });
      mkdirSync(metrics);
      certificate(join(certificates, "a.crt"), 10);
      certificate(join(certificates, "inner", "b c.crt"), 365);
      const program = certificateDaysProgram
        .replaceAll(textfileFolder, metrics)
        .replaceAll("/etc/groundwork", certificates);
      assert.equal(sh(program).code, 0);
      const lines = readFileSync(join(metrics, "groundwork_certificates.prom"), "utf8")
        .trim()
        .split("\n")
        .slice(2);
      // A day is counted once it is whole.
      const expected = [
        { path: `${certificates}/a.crt`, days: 10 },
        { path: `${certificates}/inner/b c.crt`, days: 365 },
      ];
      assert.equal(lines.length, expected.length);
      expected.forEach(({ path, days }, index) => {
        const line = (left: number) => `groundwork_certificate_days_left{path="${path}"} ${left}`;
        assert.ok([line(days), line(days - 1)].includes(lines[index] ?? ""), lines[index]);
      });
      assert.equal(run("ls", ["-A", metrics]).stdout, "groundwork_certificates.prom\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  function certificate(path: string, days: number): void {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"];
    run("openssl", ["req", "-x509", ...key, "-out", path, "-subj", "/CN=x", "-days", String(days)]);
  }
});

describe("the scripts of monitoring", () => {
  const scripts = {
    certificateDaysProgram,
    clientCertificateNeeded: script(clientCertificateNeeded, "https://192.0.2.1:9100/metrics"),
    prometheusAnswers: script(prometheusAnswers, 9090, upQuery("a", 15)),
  };
  for (const [name, body] of Object.entries(scripts)) {
    it(`pass shellcheck: ${name}`, () => assert.equal(shellcheck(body), ""));
  }
});

describe("the arguments of monitoring", () => {
  const checked = (args: object) => checkedArgs("charlie", monitoringSettings, { machines: [{}], ...args });

  it("have the ports that everybody expects", () => {
    assert.equal(checked({}).nodeExporter.port, 9100);
    assert.equal(checked({}).prometheus.port, 9090);
  });

  it("are refused by the property's path, with the value", () => {
    assert.throws(
      () => checked({ prometheus: { port: 0 } }),
      /GW101 charlie\.prometheus\.port: 0 is given, but it must be a whole number from 1 to 65535/,
    );
    assert.throws(() => checked({ nodeExporter: { version: "1.5 0" } }), /must be a Debian version/);
    assert.throws(() => checked({ prometheus: { retention: "1d" } }), /retention/);
  });
});
