import { authorityCertificateFile } from "../security/certificates.ts";

/** Folder of what monitoring needs on a machine. */
export const monitoringFolder = "/etc/groundwork/monitoring";

/**
 * Configuration of Prometheus's and its exporters' HTTPS: nobody without a client certificate of the authority.
 * exporter-toolkit, web-configuration.md
 */
export function renderWebTls(certificate: string): string {
  return `# Groundwork: TLS for both sides.
tls_server_config:
  cert_file: ${monitoringFolder}/${certificate}.crt
  key_file: ${monitoringFolder}/${certificate}.key
  client_ca_file: ${authorityCertificateFile}
  client_auth_type: RequireAndVerifyClientCert
  min_version: TLS13
`;
}
