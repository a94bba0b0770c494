import { type AbsentItem, absent } from "./absent.ts";
import { type AllowedForwardItem, allowedForward } from "./allowedForward.ts";
import { type AllowedPortItem, allowedPort } from "./allowedPort.ts";
import { type AptSourceItem, aptSource } from "./aptSource.ts";
import { type AuthorizedKeyItem, authorizedKey } from "./authorizedKey.ts";
import { type CertificateItem, certificate } from "./certificate.ts";
import { type CommandItem, command } from "./command.ts";
import { type DirectoryItem, directory } from "./directory.ts";
import { type DownloadItem, download } from "./download.ts";
import { type FileItem, file } from "./file.ts";
import { type FirewallTableItem, firewallTable } from "./firewallTable.ts";
import { type GroupItem, group } from "./group.ts";
import { type HostnameItem, hostname } from "./hostname.ts";
import { type HostsEntryItem, hostsEntry } from "./hostsEntry.ts";
import { type KernelModuleItem, kernelModule } from "./kernelModule.ts";
import { type KernelParameterItem, kernelParameter } from "./kernelParameter.ts";
import type { ItemKind } from "./kind.ts";
import { unmerged } from "./mergedUsr.ts";
import { type MountItem, mount } from "./mount.ts";
import { type NetworkItem, network } from "./network.ts";
import { type NftablesTableItem, nftablesTable } from "./nftablesTable.ts";
import { aptPackage, type PackageItem } from "./package.ts";
import { type RebootItem, reboot } from "./reboot.ts";
import { type ServiceItem, service } from "./service.ts";
import { type StateDirectoryItem, stateDirectory } from "./stateDirectory.ts";
import { type SudoRuleItem, sudoRule } from "./sudoRule.ts";
import { type SwapItem, swap } from "./swap.ts";
import { type SymlinkItem, symlink } from "./symlink.ts";
import { type SysctlItem, sysctl } from "./sysctl.ts";
import { type TimezoneItem, timezone } from "./timezone.ts";
import { type TrustedCertificateItem, trustedCertificate } from "./trustedCertificate.ts";
import { type UnitItem, unit } from "./unit.ts";
import { type UserItem, user } from "./user.ts";

export type {
  AbsentItem,
  AllowedForwardItem,
  AllowedPortItem,
  AptSourceItem,
  AuthorizedKeyItem,
  CertificateItem,
  CommandItem,
  DirectoryItem,
  DownloadItem,
  FileItem,
  FirewallTableItem,
  GroupItem,
  HostnameItem,
  HostsEntryItem,
  KernelModuleItem,
  KernelParameterItem,
  MountItem,
  NetworkItem,
  NftablesTableItem,
  PackageItem,
  RebootItem,
  ServiceItem,
  StateDirectoryItem,
  SudoRuleItem,
  SwapItem,
  SymlinkItem,
  SysctlItem,
  TimezoneItem,
  TrustedCertificateItem,
  UnitItem,
  UserItem,
};

/** The smallest desired state on a machine. */
export type Item =
  | AbsentItem
  | AllowedForwardItem
  | AllowedPortItem
  | AptSourceItem
  | AuthorizedKeyItem
  | CertificateItem
  | CommandItem
  | DirectoryItem
  | DownloadItem
  | FileItem
  | FirewallTableItem
  | GroupItem
  | HostnameItem
  | HostsEntryItem
  | KernelModuleItem
  | KernelParameterItem
  | MountItem
  | NetworkItem
  | NftablesTableItem
  | PackageItem
  | RebootItem
  | ServiceItem
  | StateDirectoryItem
  | SwapItem
  | SymlinkItem
  | SudoRuleItem
  | SysctlItem
  | TimezoneItem
  | TrustedCertificateItem
  | UnitItem
  | UserItem;

export type ItemKindName = Item["kind"];

/** Every kind by name: a new kind is a TypeScript file, a shell file and its row here. */
export const itemKinds: { readonly [K in ItemKindName]: ItemKind<Extract<Item, { kind: K }>> } = {
  absent,
  allowedForward,
  allowedPort,
  aptSource,
  authorizedKey,
  certificate,
  command,
  directory,
  download,
  file,
  firewallTable,
  group,
  hostname,
  hostsEntry,
  kernelModule,
  kernelParameter,
  mount,
  network,
  nftablesTable,
  package: aptPackage,
  reboot,
  service,
  stateDirectory,
  swap,
  symlink,
  sudoRule,
  sysctl,
  timezone,
  trustedCertificate,
  unit,
  user,
};

/** The kind of an item. */
export function kindOf(item: Item): ItemKind<Item> {
  // Sound because each kind is only ever given items of its own name.
  return itemKinds[item.kind] as unknown as ItemKind<Item>;
}

/** The name by which an item is known on a machine: `file:/etc/hosts`. */
export function keyOf(item: Item): string {
  return `${item.kind}:${subjectOf(item)}`;
}

function subjectOf(item: Item): string {
  const kind = kindOf(item);
  return kind.subject?.(item) ?? kind.subjectFields.flatMap((field) => item[field] ?? []).join("/");
}

/** What it decides alone on a machine: {@link ItemKind.places} in one spelling. */
export function placesOf(item: Item): string[] {
  const places = kindOf(item).places?.(item) ?? ("path" in item ? [item.path] : []);
  return places.map((place) => unmerged(String(place)));
}
