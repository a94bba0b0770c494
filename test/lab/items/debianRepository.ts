import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A Debian package of a few bytes. */
export interface SmallPackage {
  name: string;
  version: string;
  /** Further fields of its control file: `Depends: other`. */
  fields?: string;
  /** Files by path. */
  files?: Record<string, string>;
  /** Maintainer scripts by name. */
  scripts?: Record<string, string>;
}

/** Packages that bring about what real ones do: dependencies, versions, conflicts, data of their own. */
const packages: SmallPackage[] = [
  { name: "gw-library", version: "1.0" },
  {
    name: "gw-server",
    version: "1.0-1",
    fields: "Depends: gw-library",
    files: { "etc/gw-server.conf": "from the package\n", "usr/share/gw-server/version": "1.0\n" },
    scripts: {
      postinst:
        "mkdir -p /var/lib/gw-server; [ -e /var/lib/gw-server/data ] || echo made >/var/lib/gw-server/data",
      postrm: "[ $1 != purge ] || rm -rf /var/lib/gw-server",
      conffiles: "/etc/gw-server.conf",
    },
  },
  {
    name: "gw-server",
    version: "1:2.0-1",
    fields: "Depends: gw-library, gw-extra",
    files: { "etc/gw-server.conf": "from the package\n", "usr/share/gw-server/version": "2.0\n" },
    scripts: {
      postinst: "mkdir -p /var/lib/gw-server",
      postrm: "[ $1 != purge ] || rm -rf /var/lib/gw-server",
      conffiles: "/etc/gw-server.conf",
    },
  },
  { name: "gw-extra", version: "1.0" },
  { name: "gw-tool", version: "1.0", fields: "Depends: gw-library" },
  { name: "gw-plus+", version: "1.0" },
  { name: "gw-clock", version: "1.0", fields: "Provides: gw-time\nConflicts: gw-time\nReplaces: gw-time" },
  {
    name: "gw-other-clock",
    version: "1.0",
    fields: "Provides: gw-time\nConflicts: gw-time\nReplaces: gw-time",
  },
  { name: "gw-part", version: "1.0" },
  { name: "gw-part", version: "2.0", fields: "Conflicts: gw-rival" },
  { name: "gw-engine", version: "1.0", fields: "Depends: gw-part (= 1.0)" },
  { name: "gw-engine", version: "2.0", fields: "Depends: gw-part (= 2.0)" },
  { name: "gw-user", version: "1.0", fields: "Depends: gw-part (>= 2.0)" },
  { name: "gw-rival", version: "1.0" },
  { name: "gw-broken", version: "1.0", scripts: { postinst: "echo the disk is made of cheese; exit 1" } },
];

/** Makes a folder that apt can use as a source: `deb [trusted=yes] URL ./`. */
export async function makeRepository(folder: string, offered = packages): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries = await Promise.all(offered.map((small) => build(folder, small)));
  await writeFile(join(folder, "Packages"), entries.join("\n"));
}

/** A key that signs archives, in a folder of its own. */
export interface ArchiveKey {
  /** The public half, armored. */
  readonly text: string;
  /** Signs a folder that {@link makeRepository} made. */
  sign(folder: string): Promise<void>;
  /** Ends what keeps the private half. */
  close(): Promise<void>;
}

/** Makes a key with gpg. The path of the folder is short: a socket lies in it. */
export async function makeArchiveKey(home: string): Promise<ArchiveKey> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const gpg = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute("gpg", ["--homedir", home, "--batch", "--quiet", "--yes", ...args]);
    return stdout;
  };
  await gpg(
    "--passphrase",
    "",
    "--quick-generate-key",
    "archive@example.invalid",
    "ed25519",
    "sign",
    "never",
  );
  return {
    text: await gpg("--armor", "--export"),
    async sign(folder) {
      const list = await readFile(join(folder, "Packages"));
      const digest = createHash("sha256").update(list).digest("hex");
      const release = `Date: ${new Date().toUTCString()}\nSHA256:\n ${digest} ${list.length} Packages\n`;
      await writeFile(join(folder, "Release.new"), release);
      await gpg("--clearsign", "--output", join(folder, "InRelease"), join(folder, "Release.new"));
    },
    close: async () => {
      await execute("gpgconf", ["--homedir", home, "--kill", "all"]);
    },
  };
}

async function build(folder: string, small: SmallPackage): Promise<string> {
  const file = `${small.name}_${small.version.replace(":", "%3a")}_all.deb`;
  const tree = join(folder, `${file}.tree`);
  const control = `Package: ${small.name}
Version: ${small.version}
Architecture: all
Maintainer: Test <test@example.invalid>
Description: for tests
${small.fields === undefined ? "" : `${small.fields}\n`}`;
  await mkdir(join(tree, "DEBIAN"), { recursive: true });
  await writeFile(join(tree, "DEBIAN/control"), control);
  for (const [name, text] of Object.entries(small.scripts ?? {})) {
    const script = join(tree, "DEBIAN", name);
    await writeFile(script, name === "conffiles" ? `${text}\n` : `#!/bin/sh\nset -e\n${text}\n`);
    await chmod(script, name === "conffiles" ? 0o644 : 0o755);
  }
  for (const [path, text] of Object.entries(small.files ?? {})) {
    await mkdir(join(tree, path, ".."), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  await execute("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, join(folder, file)]);
  const digest = createHash("sha256")
    .update(await readFile(join(folder, file)))
    .digest("hex");
  const { size } = await stat(join(folder, file));
  return `${control}Filename: ./${file}\nSize: ${size}\nSHA256: ${digest}\n`;
}
