/** One row of the catalogue: what the code means and what to do about it. */
interface Entry {
  /** What the code stands for, in one sentence. */
  readonly title: string;
  /** How to mend it, in one sentence, used unless the thrower knows better. */
  readonly mend: string;
}

/**
 * Every error code of Groundwork. A code is never reused or renamed; `docs/errors.md` is this table.
 * Families: GW1 configuration, GW2 connection, GW3 items and transactions, GW4 checks and gates,
 * GW5 lab, GW6 tool chain, GW7 commands.
 */
export const catalogue = {
  GW101: { title: "The configuration is not valid", mend: "Correct the property that is named" },
  GW102: { title: "An item is not valid", mend: "Correct the field that is named" },
  GW103: {
    title: "Two streams want one item differently",
    mend: "Make both wants equal, or let one stream own it",
  },
  GW104: {
    title: "The state was written by a newer Groundwork",
    mend: "Use that version or a newer one",
  },
  GW201: { title: "A machine cannot be reached", mend: "Check address, port and power, then run again" },
  GW202: {
    title: "A machine's host key is not the pinned one",
    mend: "If the machine was reinstalled, run ./groundwork trust MACHINE; otherwise someone may be in between",
  },
  GW203: {
    title: "A machine has no pinned host key",
    mend: "Run ./groundwork trust MACHINE and compare the fingerprint",
  },
  GW204: { title: "The login was refused", mend: "Check user and privateKeyFile of the machine" },
  GW205: {
    title: "The user may not use sudo without a password",
    mend: "Allow it for this user, or log in as root",
  },
  GW206: {
    title: "Another machine answers at the address",
    mend: "If it was reinstalled, the next ./groundwork up replaces what ran on it",
  },
  GW301: {
    title: "An item could not be applied",
    mend: "Read the evidence, correct the item or the machine, and run again",
  },
  GW302: {
    title: "The pre-image could not be restored",
    mend: "Mend the cause that is named and run ./groundwork up, or put it back by hand: docs/recovery.md",
  },
  GW303: {
    title: "Another program claims the item with another value",
    mend: "Make both programs agree, or remove one of them; where one is gone for good: docs/recovery.md",
  },
  GW304: {
    title: "Another deployment holds the machine",
    mend: "Wait for it to end; where it is dead for certain: docs/recovery.md",
  },
  GW305: {
    title: "The machine's data was written by a newer Groundwork",
    mend: "Use that version or a newer one",
  },
  GW306: {
    title: "A program on the machine ran out of time",
    mend: "Raise the item's timeLimit, or see why it hangs",
  },
  GW307: {
    title: "A login could not be confirmed after the change",
    mend: "The dead-man timer puts the old state back; correct the item; more: docs/recovery.md",
  },
  GW308: {
    title: "A ticket could not be had from any machine",
    mend: "See why the issuers refuse; at least one must be healthy",
  },
  GW309: { title: "A fact could not be read", mend: "Look at the fact's source on the machine" },
  GW310: {
    title: "The operation was cancelled",
    mend: "Run it again when you like",
  },
  GW311: {
    title: "A program on the machine ended without a report",
    mend: "The next ./groundwork up settles what was begun; to look at the machine: docs/recovery.md",
  },
  GW312: {
    title: "A machine did not come back from a reboot",
    mend: "Look at its console; the next ./groundwork up goes on where it stopped",
  },
  GW313: {
    title: "A delete would take away the only login in use",
    mend: "Log in by another user or key first, or name the machine with --leave-locked",
  },
  GW314: {
    title: "Another program than systemd-networkd runs the machine's network",
    mend: "Let a service item start systemd-networkd.service before it, or write the files for later with live: false",
  },
  GW315: {
    title: "Groundwork cannot keep its records on the machine",
    mend: "Make room on its disk, or make it writable again; the next ./groundwork up begins with what was left",
  },
  GW401: { title: "A check failed", mend: "Read its evidence; the next ./groundwork up tries again" },
  GW402: { title: "A guard does not hold", mend: "Nothing was changed; bring about what the guard asks for" },
  GW403: {
    title: "A check was skipped and nobody waived it",
    mend: "Waive it by name with a reason, or make it possible",
  },
  GW501: { title: "The lab needs Linux", mend: "Run it on a Linux host, or list your machines as existing" },
  GW502: {
    title: "The lab needs root",
    mend: "Run as root (sudo ./groundwork …), or list your machines as existing",
  },
  GW504: { title: "A name does not fit an interface name", mend: "Choose a shorter name" },
  GW505: {
    title: "There is too little disk space for the lab",
    mend: "Make room on the file system that is named",
  },
  GW506: {
    title: "A lab network overlaps a route of this host",
    mend: "Choose a subnet that nothing on this host uses",
  },
  GW507: { title: "A lab machine did not boot in time", mend: "Read its last console lines, then run again" },
  GW508: {
    title: "The root image could not be built",
    mend: "See whether this host can install packages itself",
  },
  GW509: {
    title: "The lab already holds this name with other properties",
    mend: "Delete it first, or use another name",
  },
  GW510: {
    title: "The lab's artifact server did not start",
    mend: "Free the port that is named, or choose another",
  },
  GW511: {
    title: "A part of the lab is not there",
    mend: "Run ./groundwork up, it brings back what is missing",
  },
  GW512: { title: "A lab machine's root image is gone", mend: "Delete the machine and make it anew" },
  GW601: {
    title: "There is not enough disk space",
    mend: "Free some space, or set GROUNDWORK_CACHE to a folder on a larger disk",
  },
  GW602: {
    title: "A registry does not answer",
    mend: "Look at the network and at the client's settings, then run this again",
  },
  GW603: {
    title: "Go is missing or too old",
    mend: "Install Go of the version that is named and put it on PATH",
  },
  GW604: { title: "This needs root", mend: "Run it as root" },
  GW605: { title: "This system is not supported", mend: "Use Debian or another Linux of its family" },
  GW606: { title: "A digest differs", mend: "Find out who changed the file; it is not used" },
  GW607: { title: "A program could not be built", mend: "Read the lines of the compiler that are named" },
  GW608: {
    title: "Debian packages could not be installed",
    mend: "Read the lines of apt-get that are named, or install the packages by hand",
  },
  GW609: { title: "A file that is needed is missing", mend: "Bring it about as the message says" },
  GW702: {
    title: "Later streams stand on it",
    mend: "Roll them back first, or add --with-dependents",
  },
  GW703: {
    title: "Machines that are not of the lab would be changed back",
    mend: "Name each of them with --confirm",
  },
  GW704: {
    title: "Another operation holds the stack",
    mend: "Wait for it to end, or end that process; where it is gone for good: docs/recovery.md",
  },
  GW705: { title: "There is nothing deployed", mend: "Run ./groundwork up first" },
  GW706: {
    title: "The fingerprint is another one",
    mend: "Do not go on before you know which machine answers",
  },
  GW707: { title: "There is no such name", mend: "Use one of the names that are given" },
  GW708: {
    title: "A question has to be answered, and there is no terminal to ask on",
    mend: "Run it in a terminal, or add --yes, which answers yes",
  },
  GW709: {
    title: "The stack has no passphrase, or another one",
    mend: "Set PULUMI_CONFIG_PASSPHRASE_FILE to a file that only you can read",
  },
  GW710: {
    title: "The stack's file was changed meanwhile",
    mend: "Run it again: it asks with what the file says now",
  },
} as const satisfies Record<string, Entry>;
