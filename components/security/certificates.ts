import { GroundworkError } from "../../errors/index.ts";
import type { Connection, ItemInput, TicketInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import { script } from "../checks/script.ts";
import type { Machine } from "../machine.ts";

/** Folder of the authority on its machine; only root enters it. */
export const authorityFolder = "/etc/groundwork/authority";
/** Folder of the certificates that every machine has. */
export const certificatesFolder = "/etc/groundwork/certificates";
/** The authority's certificate on every machine. */
export const authorityCertificateFile = `${certificatesFolder}/authority.crt`;

/** Years of the authority and days of a leaf. */
const authorityDays = 3650;
const leafDays = 365;

/** Who signs, and whom to trust: what a stream needs to have certificates. */
export interface CertificateAuthority {
  /** PEM. */
  certificate: pulumi.Output<string>;
  /** The machine with the authority's key. */
  issuer: pulumi.Output<Connection>;
}

/** An authority that was saved from its machine, to go on with after that machine is lost. */
export interface AuthorityBackup {
  /** PEM of the certificate. */
  certificate: pulumi.Input<string>;
  /** PEM of the private key; a secret. */
  key: pulumi.Input<string>;
}

/** A leaf certificate that a machine shall have. */
export interface Leaf {
  /** Folder that gets `NAME.crt` and `NAME.key`. */
  folder: string;
  /** File name without suffix, unique on its machine: `node-exporter`. */
  name: string;
  /** `server` proves who answers, `client` who asks; one is not good for the other. */
  usage: "server" | "client";
  /** User who reads the key. Default `root`. */
  owner?: string;
  /** Names beside the machine's own: `DNS:localhost`. Default none. */
  names?: string[];
}

/** The item that a leaf is, and the ticket that signs it, by its name. */
export interface LeafParts {
  item: ItemInput;
  tickets: Record<string, TicketInput>;
}

/**
 * A leaf certificate for a machine. The names are said twice from one source: the machine asks for them and the
 * issuer certifies these and no others, whatever the request says.
 */
export function leafCertificate(authority: CertificateAuthority, machine: Machine, leaf: Leaf): LeafParts {
  const names = pulumi
    .all([machine.address, machine.address6])
    .apply(([address, address6]) => subjectAltNames(machine.name, [address, address6], leaf.names));
  const ticket = `${camelCase(leaf.name)}Certificate`;
  return {
    item: {
      kind: "certificate",
      folder: leaf.folder,
      name: leaf.name,
      commonName: machine.name,
      subjectAltNames: names,
      authority: authorityCertificateFile,
      ticket,
      owner: leaf.owner ?? "root",
      days: leafDays,
    },
    tickets: {
      [ticket]: {
        from: [authority.issuer],
        issue: names.apply((known) => issueScript(machine.name, known, leaf.usage)),
      },
    },
  };
}

const camelCase = (name: string): string =>
  name.replace(/[.-]+(.)?/g, (_, next: string = "") => next.toUpperCase());

/** The machine's own names as a certificate holds them, then the others. */
export function subjectAltNames(
  name: string,
  addresses: (string | undefined)[],
  others: string[] = [],
): string[] {
  const own = addresses.flatMap((address) => (address === undefined ? [] : [`IP:${address}`]));
  const all = [...new Set([`DNS:${name}`, ...own, ...others])];
  for (const entry of all) {
    // What is not of this form could end the line in openssl's configuration.
    if (!/^(DNS:[A-Za-z0-9.*-]+|IP:[0-9A-Fa-f.:]+)$/.test(entry)) {
      throw new GroundworkError("GW101", {
        what: `${JSON.stringify(entry)} is no name for a certificate; it must be DNS:name or IP:address`,
        where: `machine ${name}`,
      });
    }
  }
  return all;
}

const issueBody = `
set -eu
umask 077
name=$1 names=$2 usage=$3 days=$4
cd ${authorityFolder}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/request"
openssl req -in "$work/request" -noout -pubkey >"$work/public"
openssl pkey -pubin -in "$work/public" -noout -text | grep -q 'ASN1 OID: prime256v1' || {
  echo 'the key of the request is not of the curve P-256' >&2
  exit 1
}
cat >"$work/leaf" <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = $usage
subjectAltName = $names
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
serial=0x7$(openssl rand -hex 15)
openssl x509 -req -in "$work/request" -CA authority.crt -CAkey authority.key -set_serial "$serial" -days "$days" \\
  -sha256 -subj "/O=Groundwork/CN=$name" -extfile "$work/leaf" -out "$work/certificate"
printf '%s %s %s %s %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$serial" "$name" "$usage" "$names" >>issued
cat "$work/certificate"`;

/**
 * Script for the issuer: signs the request on its standard input and prints the certificate. Only the public key is
 * taken from the request, which must prove that it has the private one; every name comes from here. What was
 * issued is noted in the file `issued` beside the authority.
 */
export function issueScript(name: string, names: string[], usage: Leaf["usage"]): string {
  return script(issueBody, name, names.join(","), `${usage}Auth`, leafDays);
}

// A key that is there is never written over: certificates all over the platform hang on it.
const makeBody = `
set -eu
umask 077
cd ${authorityFolder}
if [ ! -s authority.key ]; then
  [ ! -s authority.crt ] || {
    echo '${authorityFolder}/authority.key is gone, and its certificate is there: put the key back from a copy'
    exit 1
  }
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.new
  mv key.new authority.key
fi
if [ ! -s authority.crt ]; then
  cat >settings <<'END'
[req]
distinguished_name = subject
x509_extensions = authority
prompt = no
[subject]
O = Groundwork
CN = Groundwork certificate authority
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
  openssl req -x509 -new -config settings -key authority.key -sha256 -days ${authorityDays} -set_serial "0x7$(openssl rand -hex 15)" -out certificate.new
  rm settings
  mv certificate.new authority.crt
fi
[ "$(openssl x509 -in authority.crt -noout -pubkey)" = "$(openssl pkey -in authority.key -pubout)" ] || {
  echo 'the key in ${authorityFolder} does not belong to its certificate: put the pair back from a copy'
  exit 1
}
chown root:root authority.key authority.crt
chmod 600 authority.key
chmod 644 authority.crt`;

const recoverBody = `
set -eu
umask 077
cd ${authorityFolder}
printf '%s\\n' "$1" >certificate.new
printf '%s\\n' "$2" >key.new
refuse() {
  rm -f key.new certificate.new
  echo "$1"
  exit 1
}
public=$(openssl pkey -in key.new -pubout)
[ "$(openssl x509 -in certificate.new -noout -pubkey)" = "$public" ] ||
  refuse 'the key of the backup does not belong to its certificate'
other='another authority lies in ${authorityFolder}: move its files away to go on with the backup'
[ ! -s authority.key ] || [ "$(openssl pkey -in authority.key -pubout)" = "$public" ] || refuse "$other"
[ ! -s authority.crt ] || [ "$(openssl x509 -in authority.crt -noout -pubkey)" = "$public" ] || refuse "$other"
mv key.new authority.key
mv certificate.new authority.crt
chmod 644 authority.crt`;

// An authority from a backup is recognised by its certificate; any whole one does otherwise. One that has expired is
// whole: a check names it, and a wrong clock is enough to see one.
const completeBody = `
cd ${authorityFolder} 2>/dev/null || exit 1
[ "$(stat -c '%a %U' authority.key)" = '600 root' ] || exit 1
[ "$(openssl x509 -in authority.crt -noout -pubkey)" = "$(openssl pkey -in authority.key -pubout)" ] || exit 1
[ -z "$1" ] || [ "$1" = "$(openssl x509 -in authority.crt)" ]`;

/**
 * Makes the authority (ECDSA P-256, ten years), or brings one back. It stays with its folder: a rollback moves that
 * aside, since what the authority signed may still be around.
 */
export function authorityItems(backup: AuthorityBackup | undefined): ItemInput[] {
  return [
    { kind: "stateDirectory", path: authorityFolder, mode: "0700" },
    {
      kind: "command",
      name: "the certificate authority exists",
      run: backup === undefined ? makeBody : recovery(backup),
      // Kept on the machine in clear: the key has no place in it.
      unless: pulumi.output(backup?.certificate).apply((pem) => script(completeBody, pem?.trim() ?? "")),
      undo: ":\n",
      timeLimit: 30,
    },
  ];
}

function recovery({ certificate, key }: AuthorityBackup): pulumi.Output<string> {
  const known = pulumi.all([certificate, key]);
  return pulumi.secret(known.apply((pair) => script(recoverBody, ...pair.map((pem) => pem.trim()))));
}

/** Facts of the authority's machine. */
export const authorityFacts = {
  authorityCertificate: { file: `${authorityFolder}/authority.crt` },
  authorityKey: { file: `${authorityFolder}/authority.key`, secret: true },
};

/** Scripts for the tests of this file. */
export const authorityScripts = { make: makeBody, recover: recoverBody, complete: completeBody };

/** Succeeds when the authority's own certificate has time left and its key is root's alone. Argument: days. */
export const authorityIsSound = `
days=$1
cd ${authorityFolder} || exit 1
openssl verify -x509_strict -CAfile authority.crt -no-CApath authority.crt || exit 1
openssl x509 -in authority.crt -noout -enddate -checkend $((days * 86400)) || {
  echo "less than $days days are left"
  exit 1
}
mode=$(stat -c '%a %U' authority.key)
echo "key $mode, folder $(stat -c '%a %U' .)"
[ "$mode" = '600 root' ] && [ "$(stat -c '%a %U' .)" = '700 root' ]`;
