import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import type { Problem } from "../../foundation/problem.ts";
import {
  type BastionSettings,
  type Configuration,
  configurationError,
  localPath,
} from "../../stacks/configuration.ts";

/** Refuses private keys that cannot be used, before the first login is tried with them. Errors: GW101. */
export async function requireLoginKeys(configuration: Configuration): Promise<void> {
  const problems = await Promise.all(namedKeys(configuration).map(problemOf));
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw configurationError(found);
}

interface NamedKey {
  /** Such as `machines.web-1.existing.privateKeyFile`. */
  path: string;
  file: string;
}

function namedKeys({ machines }: Configuration): NamedKey[] {
  return Object.entries(machines).flatMap(([name, machine]) => {
    if (!("existing" in machine)) return [];
    const place = `machines.${name}.existing`;
    return [...keyOf(place, machine.existing), ...keyOf(`${place}.bastion`, machine.existing.bastion)];
  });
}

function keyOf(place: string, login: BastionSettings | undefined): NamedKey[] {
  return login?.privateKeyFile === undefined
    ? []
    : [{ path: `${place}.privateKeyFile`, file: login.privateKeyFile }];
}

async function problemOf({ path, file }: NamedKey): Promise<Problem | undefined> {
  const why = await refusal(localPath(file));
  return why === undefined
    ? undefined
    : {
        code: "GW101",
        path,
        what: `${file} ${why}`,
        mend: "Name a private key of this computer that you may read, or leave it out for OpenSSH's agent and own keys",
      };
}

/** Of a key that an agent holds, OpenSSH needs the public half alone, beside where the private one would be. */
async function refusal(file: string): Promise<string | undefined> {
  const [own, publicHalf] = await Promise.all([faultOf(file), faultOf(`${file}.pub`)]);
  return publicHalf === undefined ? undefined : own;
}

async function faultOf(file: string): Promise<string | undefined> {
  try {
    if ((await stat(file)).isDirectory()) return "is a folder";
    await access(file, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "is not there" : `cannot be read (${code})`;
  }
}
