import type { ItemInput } from "../../provider/index.ts";

/** Where node exporter looks for metrics in files; Debian's own place. */
export const textfileFolder = "/var/lib/prometheus/node-exporter";

const program = "/usr/local/lib/groundwork/certificate-days";
const unit = "groundwork-certificate-days";

/** Days left of every certificate under /etc/groundwork, as a metric; the file appears whole or not at all. */
export const certificateDaysProgram = `#!/bin/sh
# Writes the days left of Groundwork's certificates for the node exporter.
set -eu
new=$(mktemp ${textfileFolder}/certificates.XXXXXX)
trap 'rm -f "$new"' EXIT
now=$(date +%s)
{
  echo '# HELP groundwork_certificate_days_left Days until the certificate ends.'
  echo '# TYPE groundwork_certificate_days_left gauge'
  find /etc/groundwork -name '*.crt' -type f | sort | while read -r path; do
    end=$(openssl x509 -in "$path" -noout -enddate)
    days=$((($(date -d "\${end#notAfter=}" +%s) - now) / 86400))
    printf 'groundwork_certificate_days_left{path="%s"} %s\\n' "$path" "$days"
  done
} >"$new"
chmod 644 "$new"
mv -f "$new" ${textfileFolder}/groundwork_certificates.prom
`;

const service = `[Unit]
Description=Days left of Groundwork's certificates

[Service]
Type=oneshot
ExecStart=${program}
`;

const timer = `[Unit]
Description=Days left of Groundwork's certificates, every hour

[Timer]
OnActiveSec=0
OnUnitActiveSec=1h

[Install]
WantedBy=timers.target
`;

/** The program and its timer, which runs it at once and then every hour. */
export const certificateDaysItems: ItemInput[] = [
  { kind: "file", path: program, content: certificateDaysProgram, mode: "0755" },
  { kind: "unit", name: `${unit}.service`, content: service },
  { kind: "unit", name: `${unit}.timer`, content: timer },
  {
    kind: "service",
    unit: `${unit}.timer`,
    restartOn: [`file:${program}`, `unit:${unit}.service`, `unit:${unit}.timer`],
  },
];
