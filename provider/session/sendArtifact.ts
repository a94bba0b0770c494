import { createReadStream } from "node:fs";
import { GroundworkError } from "../../errors/index.ts";
import type { Input, SshResult } from "../ssh/sshPool.ts";
import { reconnecting } from "./reconnecting.ts";

/** A file of this computer that a machine needs. */
export interface Artifact {
  /** Where it lies here. */
  file: string;
  /** Of its content, in lower-case hexadecimal. */
  sha256: string;
  /** Bytes. */
  size: number;
  /** Short name of the HostState that needs it (`ownerOf`): it alone takes it away. */
  owner: string;
}

/** Who is to be told of the sending, and who may end it. */
export interface Sending {
  /** Called for each try with the byte from which it goes on. */
  begun(from: number): void;
  cancelled: AbortSignal;
}

/** Runs a command on the machine as root. */
type Shell = (command: string, input: Input) => Promise<SshResult>;

const downloads = "/var/lib/groundwork/downloads";
/** Exit codes of {@link receiveCommand}. */
const cutShort = 3;
const otherBytes = 4;

/** Says `whole`, or how many bytes of it are there. What is longer than the whole is no part of it. */
const lookCommand = ({ sha256, size, owner }: Artifact): string =>
  [
    `file=${downloads}/sent-${sha256}-${owner}`,
    'if [ -f "$file" ]; then echo whole; exit; fi',
    'there=$(stat -c %s "$file.part" 2>/dev/null) || there=0',
    `[ "$there" -le ${size} ] || { rm -f "$file.part"; there=0; }`,
    'echo "$there"',
  ].join("\n");

/**
 * Writes what comes at its place in the part, so that a try which was thought dead cannot spoil a later one: both
 * bring the same bytes. The file has its own name once it is whole, on the disk and of the right digest.
 */
const receiveCommand = ({ sha256, size, owner }: Artifact, from: number): string =>
  [
    "umask 077",
    `file=${downloads}/sent-${sha256}-${owner}`,
    `mkdir -p ${downloads} || exit 1`,
    `dd of="$file.part" bs=64K seek=${from} oflag=seek_bytes conv=notrunc status=none || exit 1`,
    `[ "$(stat -c %s "$file.part")" -eq ${size} ] || exit ${cutShort}`,
    'sync "$file.part" || exit 1',
    'sum=$(sha256sum <"$file.part")',
    `[ "\${sum%% *}" = ${sha256} ] || { rm -f "$file.part"; exit ${otherBytes}; }`,
    'mv -fT "$file.part" "$file"',
  ].join("\n");

/**
 * Puts a file among a machine's downloads over its open connection, where download.sh finds it. A try that was cut is
 * gone on with where it stopped. Errors: GW201, GW301.
 */
export async function sendArtifact(
  shell: Shell,
  machine: string,
  artifact: Artifact,
  sending: Sending,
): Promise<void> {
  let reached = 0;
  let spoilt = false;
  await reconnecting(machine, async (progressed) => {
    const look = await shell(lookCommand(artifact), "");
    if (look.code === 255) return undefined;
    const there = look.stdout.trim();
    if (there === "whole") return true;
    if (look.code !== 0 || !/^\d+$/.test(there)) throw refused(machine, look);
    const from = Number(there);
    if (from > reached) progressed();
    reached = from;
    sending.begun(from);
    const result = await shell(receiveCommand(artifact, from), () =>
      createReadStream(artifact.file, { start: from, signal: sending.cancelled }),
    );
    if (result.code === 0) return true;
    if (result.code === 255 || result.code === cutShort) return undefined;
    // A power cut can leave a part with other bytes than were sent; sent whole, it is something else.
    if (result.code !== otherBytes || spoilt) throw refused(machine, result);
    spoilt = true;
    return undefined;
  });
}

function refused(machine: string, { code, stderr }: SshResult): GroundworkError {
  const words = stderr.trim().split("\n").slice(-3).join("; ");
  return new GroundworkError("GW301", {
    what:
      code === otherBytes
        ? "what was sent arrived with another digest, twice; nothing was changed"
        : `an artifact could not be written to ${downloads} (exit ${code}${words === "" ? "" : `: ${words}`}); nothing was changed`,
    where: machine,
  });
}
