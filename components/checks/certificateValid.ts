import type { CheckInput } from "../../provider/index.ts";
import { script } from "./script.ts";

/** What must hold of a certificate on a machine. */
export interface CertificateExpectation {
  /** Folder and name without suffix: `NAME.crt` and `NAME.key` lie there. */
  path: string;
  /** Path of the authority's certificate. */
  authority: string;
  /** What it must be good for. */
  usage: "server" | "client";
  /** Days that must be left. Default 30. */
  daysLeft?: number;
}

const body = `
path=$1 authority=$2 purpose=$3 days=$4
openssl verify -x509_strict -CAfile "$authority" -no-CApath -purpose "$purpose" "$path.crt" 2>&1 || exit 1
openssl x509 -in "$path.crt" -noout -enddate
openssl x509 -in "$path.crt" -noout -checkend $((days * 86400)) >/dev/null || {
  echo "less than $days days are left"
  exit 1
}
[ "$(openssl x509 -in "$path.crt" -noout -pubkey)" = "$(openssl pkey -in "$path.key" -pubout)" ] || {
  echo "$path.key is not the certificate's key"
  exit 1
}
mode=$(stat -c %a "$path.key")
case $mode in
  400 | 440 | 600 | 640) echo "key mode 0$mode" ;;
  *)
    echo "$path.key has mode 0$mode: others may read it"
    exit 1
    ;;
esac`;

/** Passes when the certificate verifies, lives long enough, belongs to its key, and no other user reads the key. */
export function certificateValid(name: string, expected: CertificateExpectation): CheckInput {
  return { name, run: certificateValidScript(expected) };
}

export function certificateValidScript({
  path,
  authority,
  usage,
  daysLeft = 30,
}: CertificateExpectation): string {
  return script(body, path, authority, `ssl${usage}`, daysLeft);
}
