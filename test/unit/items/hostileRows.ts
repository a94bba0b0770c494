import { createHash } from "node:crypto";
import { itemExamples } from "../../../docs/source/itemExamples.ts";
import type { ItemKindName } from "../../../provider/index.ts";
import { openPgpKey } from "./openPgpKey.ts";

/** Where on the machine a value has to be found: in a variable, or in `data`. */
export interface Place {
  name: string;
  /** What stands there, byte for byte. */
  form(value: string): string;
  /** It is a part of what stands there. */
  isPart?: boolean;
}

/** One field that takes text. */
export interface Row {
  /** Absent: no hostile text is accepted, or what is accepted stays on this computer. */
  place?: Place;
  /** A text as such a field has it, so that what it holds is not refused for its form. */
  dress?(text: string): string;
  /** Fields of an item with the value. Default: the field by its name, or its list with this one element. */
  fields?(value: string): object;
  /** It takes nearly any text. */
  isOpen?: boolean;
  /** Fields that a refusal may name instead: they do not go with this value. */
  blames?: string[];
}

const same = (value: string): string => value;

const variable = (name: string, more: Partial<Row> = {}, form = same): Row => ({
  place: { name, form },
  ...more,
});
const open = (name: string, more: Partial<Row> = {}, form = same): Row =>
  variable(name, { isOpen: true, ...more }, form);
const part = (name: string, form: (value: string) => string, more: Partial<Row> = {}): Row => ({
  place: { name, form, isPart: true },
  ...more,
});
const refused: Row = {};

const below = (folder: string) => (text: string) => `${folder}/${text}`;
const path = { dress: below("/srv") };
const unit = { dress: (text: string) => `${text}.service` };
const key = { dress: (text: string) => `file:/srv/${text}` };
const oneLine = (text: string): string => text.replaceAll("\n", " ");

const { authorizedKey, hostsEntry } = itemExamples;
const keyLine = (options: string, comment: string): string => `${options} ${authorizedKey.key} ${comment}`;
const options = (authorizedKey.options ?? []).join(",");
const hostNames = hostsEntry.names.join(" ");

/** As the engine sends it. Source: Pulumi's provider protocol, sdk/go/common/resource/sig. */
const asset = (fields: object): object => ({
  content: undefined,
  asset: { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", ...fields },
});
const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

/** A field of several lines in a file of apt's: each behind one blank. */
const folded = (text: string): string =>
  `Signed-By:\n${text
    .split("\n")
    .map((line) => ` ${line.trim() || "."}\n`)
    .join("")}`;

const mode = variable("mode");
const owner = variable("owner");
const group = variable("group");

/** Every field of every kind that takes text. */
export const hostileRows: { readonly [K in ItemKindName]: Readonly<Record<string, Row>> } = {
  absent: { path: open("path", path) },
  allowedForward: { from: refused, to: refused },
  allowedPort: { protocol: refused, from: refused },
  aptSource: {
    name: variable("name"),
    "uris[]": part("stanza", (value) => `\nURIs: ${value}\n`, {
      isOpen: true,
      dress: below("https://a.example"),
    }),
    "suites[]": part("stanza", (value) => `\nSuites: ${value}\n`, { blames: ["components"] }),
    "components[]": part("stanza", (value) => `\nComponents: ${value}\n`),
    "architectures[]": part("stanza", (value) => `\nArchitectures: ${value}\n`),
    key: part("data", folded, {
      isOpen: true,
      dress: openPgpKey,
      fields: (value) => ({ key: value, keyring: undefined }),
    }),
    keyring: part("data", (value) => `\nSigned-By: ${value}\n`, { isOpen: true, ...path }),
  },
  authorizedKey: {
    user: variable("user"),
    key: refused,
    comment: open("line", {}, (value) => keyLine(options, value)),
    "options[]": open(
      "line",
      { dress: (text) => `environment="A=${text.replaceAll(/["\\]/g, "")}"` },
      (value) => keyLine(value, authorizedKey.comment ?? ""),
    ),
  },
  certificate: {
    folder: open("path", path, (value) => `${value}/server`),
    name: variable("path", {}, below("/etc/node-exporter")),
    commonName: variable("common_name"),
    "subjectAltNames[]": variable("alt_names"),
    authority: open("authority", path),
    ticket: variable("gw_ticket"),
    owner,
  },
  command: {
    name: open("name"),
    run: open("run"),
    unless: open("unless"),
    undo: open("undo"),
    ticket: variable("gw_ticket"),
  },
  directory: { path: open("path", path), mode, owner, group },
  download: {
    path: open("path", path),
    "urls[]": open("urls", { dress: below("https://a.example") }),
    sha256: refused,
    member: open("member"),
    mode,
  },
  file: {
    path: open("path", path),
    content: open("data"),
    "asset.hash": { fields: (value) => asset({ hash: value, text: "" }) },
    "asset.path": { fields: (value) => asset({ hash: sha256(""), path: value }) },
    "asset.text": open("data", { fields: (value) => asset({ hash: sha256(value), text: value }) }),
    mode,
    owner,
    group,
    validate: open("validate"),
  },
  firewallTable: {
    content: open("data", { dress: (text) => `table inet groundwork {\n# ${oneLine(text)}\n}\n` }),
  },
  group: { name: variable("name") },
  hostname: { name: variable("name") },
  hostsEntry: {
    address: variable("line", {}, (value) => `${value} ${hostNames}`),
    "names[]": variable("line", {}, (value) => `${hostsEntry.address} ${value}`),
  },
  kernelModule: {
    name: variable("name"),
    "parameters{name}": variable(
      "parameters",
      { fields: (value) => ({ parameters: { [value]: "1" } }) },
      (value) => `${value}=1`,
    ),
    "parameters{value}": variable(
      "parameters",
      { fields: (value) => ({ parameters: { a: value } }) },
      (value) => `a=${value}`,
    ),
  },
  kernelParameter: {
    name: variable("name"),
    value: variable("word", {}, (value) => `cgroup_enable=${value}`),
  },
  mount: {
    what: open("what"),
    where: open("where", path),
    type: variable("type"),
    options: open("options", { dress: (text) => `x-a=${text.replaceAll(/[\s,"'\\]/g, "")}` }),
  },
  network: {
    name: variable("name"),
    network: open("data", {
      dress: (text) => `[Match]\nName=${text}\n`,
      fields: (value) => ({ network: value, netdev: undefined }),
    }),
    netdev: open("data", {
      dress: (text) => `[NetDev]\nName=storage\nKind=bridge\n# ${oneLine(text)}`,
      fields: (value) => ({ netdev: value, network: undefined }),
    }),
    link: open("data", {
      dress: (text) => `[Match]\nName=a\n# ${text}`,
      fields: (value) => ({ link: value, network: undefined, netdev: undefined }),
    }),
  },
  nftablesTable: {
    family: refused,
    name: variable("name"),
    content: part("data", (value) => `\ntable ip uplink {\n${value}\n}\n`, {
      isOpen: true,
      dress: (text) => `# ${oneLine(text)}`,
    }),
  },
  package: { name: variable("name"), version: variable("version") },
  reboot: {
    name: open("gw_key", {}, (value) => `reboot:${value}`),
    "after[]": open("after", key),
  },
  service: {
    unit: variable("unit", unit),
    "restartOn[]": open("restart_on", key),
    "reloadOn[]": open("reload_on", key),
  },
  stateDirectory: { path: open("path", path), mode, owner, group },
  swap: { state: refused },
  symlink: {
    path: open("path", { ...path, blames: ["target"] }),
    target: open("target"),
  },
  sudoRule: { name: variable("name"), content: open("data", { dress: (text) => `${text}\n` }) },
  sysctl: { name: variable("name", { dress: (text) => `net.${text}` }), value: open("value") },
  timezone: { zone: variable("zone") },
  trustedCertificate: { name: variable("name"), certificate: refused },
  unit: {
    name: variable("name", unit),
    dropIn: variable("path", {}, (value) => `/etc/systemd/system/containerd.service.d/${value}.conf`),
    content: open("data"),
  },
  user: {
    name: variable("name", { blames: ["groups"] }),
    group: variable("group", { blames: ["groups"] }),
    "groups[]": variable("groups", { blames: ["groups"] }, (value) => `,${value},`),
    shell: open("shell", path),
    home: open("home", path),
    passwordHash: open("data", { dress: (text) => `$6$${text}0123456789` }),
  },
};
