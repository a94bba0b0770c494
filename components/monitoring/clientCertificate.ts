import { authorityCertificateFile } from "../security/certificates.ts";
import { prometheusClientCertificate } from "./prometheus.ts";
import { monitoringFolder } from "./webTls.ts";

/**
 * Succeeds when a server answers who has a client certificate, and ends the connection of who has none: by an alert,
 * or by closing it before curl has read the alert (35, 52, 55, 56 in curl's words). Arguments: URL.
 */
export const clientCertificateNeeded = `
ask() {
  curl --silent --show-error --http1.1 --max-time 10 --output /dev/null --cacert ${authorityCertificateFile} "$@" 2>&1
}
said=$(ask --fail --cert ${monitoringFolder}/${prometheusClientCertificate}.crt \\
  --key ${monitoringFolder}/${prometheusClientCertificate}.key "$1") || {
  echo "$1 does not even answer with a certificate: $said"
  exit 1
}
said=$(ask "$1")
case $? in
  35 | 52 | 55 | 56) echo "$1 without a client certificate: $said" ;;
  0)
    echo "$1 answers without a client certificate"
    exit 1
    ;;
  *)
    echo "$1 failed, but not for want of a certificate: $said"
    exit 1
    ;;
esac`;
