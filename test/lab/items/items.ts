import { after, before, describe } from "node:test";
import { absenceTests } from "./absences.ts";
import { accountTests } from "./accounts.ts";
import { bootTests } from "./boots.ts";
import { certificateTests } from "./certificates.ts";
import { commandTests } from "./commands.ts";
import { downloadTests } from "./downloads.ts";
import { firewallTests } from "./firewalls.ts";
import { networkTests } from "./networks.ts";
import { packageTests } from "./packages.ts";
import { pathTests } from "./paths.ts";
import { serviceTests } from "./services.ts";
import { sourceTests } from "./sources.ts";
import { openSubject, type Subject, type SubjectOptions } from "./subject.ts";
import { systemNameTests } from "./systemNames.ts";
import { tableTests } from "./tables.ts";

/** What every kind of item does on a real machine of its own. */
export function itemTests(options: SubjectOptions): void {
  let opened: Subject | undefined;
  before(async () => {
    opened = await openSubject(options);
  });
  after(() => opened?.close());

  const subject = (): Subject => {
    if (opened === undefined) throw new Error("the machine was not made");
    return opened;
  };

  describe("items about paths", () => pathTests(subject));
  describe("items about links and absences", () => absenceTests(subject));
  describe("items about names, time zones and authorities", () => systemNameTests(subject));
  describe("items about commands and settings", () => commandTests(subject));
  describe("items about units", () => serviceTests(subject));
  describe("items about packages", () => packageTests(subject));
  describe("items about downloads", () => downloadTests(subject));
  describe("items about the firewall", () => firewallTests(subject));
  describe("items about tables of nftables", () => tableTests(subject));
  describe("items about sources of packages", () => sourceTests(subject));
  describe("items about accounts", () => accountTests(subject));
  describe("items about the network", () => networkTests(subject));
  describe("items about mounts and restarts", () => bootTests(subject));
  describe("items about certificates", () => certificateTests(subject));
}
