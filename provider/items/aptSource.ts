import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { keyFingerprints } from "./openPgp.ts";

/**
 * A source of Debian packages: `/etc/apt/sources.list.d/NAME.sources` with its key inside. Its lists are fetched and
 * their signatures checked at once, so that packages after it come from it; other sources are not asked. Drift shows
 * the fingerprint of the key. Restored exactly, with apt's lists. sources.list(5), deb822-style
 */
export interface AptSourceItem extends CommonItem {
  kind: "aptSource";
  /** File name without suffix: letters, digits, dots, dashes and underscores. */
  name: string;
  /** HTTP or HTTPS addresses of the archive and its mirrors, without a login. */
  uris: string[];
  /** `bookworm`, or for an archive without `dists` its folder with a slash at the end: `./`. */
  suites: string[];
  /** `main`; none for a suite that ends with a slash. */
  components?: string[];
  /** As dpkg names them: `amd64`. Default: those of the machine. */
  architectures?: string[];
  /** The armored OpenPGP public key that signs the archive; text, at most 64 KiB. */
  key?: string;
  /**
   * Instead of `key`: a keyring that is on the machine, such as `/usr/share/keyrings/debian-archive-keyring.gpg`. With
   * neither, any key that the machine's apt trusts will do; an `http` source must have one of the two.
   */
  keyring?: string;
}

const words = (schema: z.ZodString) => z.array(schema).min(1);
const isFlat = (suite: string): boolean => suite.endsWith("/");

/** An address as apt takes it: a blank, a variable or a login in it would not be what it says. */
const uri = field.line
  .regex(/^https?:\/\/[A-Za-z0-9[\]][!-~]*$/, { error: "must be an HTTP or HTTPS address in ASCII" })
  .regex(/^[^$@?#\\]+$/, {
    error: "must hold no `$`, `?`, `#` or login; a login belongs into /etc/apt/auth.conf.d",
  });

/** The fields that say where packages come from. */
function stanza(item: AptSourceItem): string {
  const fields: [string, string[] | undefined][] = [
    ["Types", ["deb"]],
    ["URIs", item.uris],
    ["Suites", item.suites],
    ["Components", item.components],
    ["Architectures", item.architectures],
  ];
  return fields
    .map(([name, values]) => (values === undefined ? "" : `${name}: ${values.join(" ")}\n`))
    .join("");
}

/** A field of several lines has a blank before each, and a dot for an empty one. */
function signedBy({ key, keyring }: AptSourceItem): string {
  if (key === undefined) return keyring === undefined ? "" : `Signed-By: ${keyring}\n`;
  const lines = key.trim().split(/\r?\n/);
  return `Signed-By:\n${lines.map((line) => ` ${line.trim() || "."}\n`).join("")}`;
}

const sourceFile = (item: AptSourceItem): string => stanza(item) + signedBy(item);

/** What drift shows of the key. */
const keyText = (item: AptSourceItem): string =>
  item.key === undefined ? (item.keyring ?? "none") : keyFingerprints(item.key).join(",");

/**
 * How the names of a suite's files below /var/lib/apt/lists begin: the address without its scheme, quoted.
 * Source: apt, URItoFileName and debReleaseIndex::MetaIndexURI.
 */
function listPrefixes({ uris, suites }: AptSourceItem): string[] {
  const place = (suite: string): string => (suite === "/" ? "" : isFlat(suite) ? suite : `dists/${suite}/`);
  const base = (address: string): string => address.replace(/^https?:\/\//, "").replace(/\/?$/, "/");
  return uris.flatMap((address) => suites.map((suite) => listName(base(address) + place(suite))));
}

const listName = (text: string): string =>
  text
    .replace(/[\\|{}[\]<>"^~_=!@#$%^&*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
    .replaceAll("/", "_");

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

export const aptSource: ItemKind<AptSourceItem> = {
  kind: "aptSource",
  schema: z
    .strictObject({
      kind: z.literal("aptSource"),
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, {
        error: "must be a file name of letters, digits, dots, dashes and underscores, without suffix",
      }),
      uris: words(uri),
      suites: words(
        z.string().regex(/^(\/|[A-Za-z0-9.][A-Za-z0-9._~+:/-]*)$/, {
          error: "must be a suite such as `bookworm` or `./`",
        }),
      ),
      components: words(
        z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, { error: "must be a component such as `main`" }),
      ).optional(),
      architectures: words(
        z.string().regex(/^[a-z0-9][a-z0-9-]*$/, { error: "must be an architecture such as `amd64`" }),
      ).optional(),
      key: field.text
        .max(65_536)
        .refine((text) => keyFingerprints(text).length > 0, {
          error: "must be one armored OpenPGP public key block (gpg --armor --export)",
        })
        .optional(),
      keyring: field.path
        .refine((path) => !/[\s,]/.test(path), { error: "must hold neither blanks nor commas" })
        .optional(),
      timeLimit: field.timeLimit,
    })
    .refine((item) => item.key === undefined || item.keyring === undefined, {
      error: "must not stand beside `key`",
      path: ["keyring"],
    })
    .refine(
      (item) =>
        item.key !== undefined ||
        item.keyring !== undefined ||
        item.uris.every((value) => !value.startsWith("http:")),
      {
        error:
          "must be given for a source over http, or `keyring`: anybody on the way could change what it serves",
        path: ["key"],
      },
    )
    .refine((item) => item.suites.every((suite) => isFlat(suite) === (item.components === undefined)), {
      error: "must be given for suites that do not end with a slash, and only for those",
      path: ["components"],
    }),
  subjectFields: ["name"],
  places: ({ name }) => [`/etc/apt/sources.list.d/${name}.sources`],
  restores: () => "exactly",
  timeLimit: 300,
  variables: (item) => ({
    name: item.name,
    stanza: stanza(item),
    source_digest: sha256(sourceFile(item)),
    key_text: keyText(item),
    prefixes: listPrefixes(item).join("\n"),
  }),
  data: (item) => Buffer.from(sourceFile(item), "utf8"),
  desired: (item) => `source=${sha256(sourceFile(item))} key=${keyText(item)} lists=yes`,
  endangersLogin: () => false,
};
