import { createHash } from "node:crypto";

const armor =
  /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n((?:[^\r\n:]+: [^\r\n]*\r?\n)*)\s*\r?\n([A-Za-z0-9+/=\r\n]+?)(?:\r?\n=[A-Za-z0-9+/]{4})?\s*\r?\n-----END PGP PUBLIC KEY BLOCK-----\s*$/;

/** Tag of a packet that begins a key of its own; 14 is that of its subkeys. RFC 9580, 5 */
const publicKey = 6;

/**
 * Fingerprints of the keys in one armored block, without their subkeys, in upper-case hexadecimal digits; empty when
 * the text is no such block. Keys of version 4 and 6. RFC 9580, 5.5.4 and 6.2
 */
export function keyFingerprints(text: string): string[] {
  const [, , body] = armor.exec(text) ?? [];
  if (body === undefined) return [];
  const found: string[] = [];
  let rest: Buffer = Buffer.from(body, "base64");
  while (rest.length > 0) {
    const packet = packetOf(rest);
    if (packet === undefined) return [];
    if (packet.tag === publicKey) {
      const fingerprint = fingerprintOf(packet.body);
      if (fingerprint === undefined) return [];
      found.push(fingerprint);
    }
    rest = packet.rest;
  }
  return found;
}

interface Packet {
  tag: number;
  body: Buffer;
  rest: Buffer;
}

/** The first packet; undefined when the bytes do not begin with a whole one. RFC 9580, 4.2 */
function packetOf(bytes: Buffer): Packet | undefined {
  const first = bytes[0] ?? 0;
  if ((first & 0x80) === 0) return undefined;
  const isNew = (first & 0x40) !== 0;
  const size = isNew ? newSize(bytes) : oldSize(bytes, first & 3);
  if (size === undefined || size.start + size.length > bytes.length) return undefined;
  return {
    tag: isNew ? first & 0x3f : (first >> 2) & 0xf,
    body: bytes.subarray(size.start, size.start + size.length),
    rest: bytes.subarray(size.start + size.length),
  };
}

interface Size {
  start: number;
  length: number;
}

/** Length of one, two or five bytes; a partial one does not occur in keys. */
function newSize(bytes: Buffer): Size | undefined {
  const [, one = 0, two = 0] = bytes;
  if (one < 192) return { start: 2, length: one };
  if (one < 224) return { start: 3, length: (one - 192) * 256 + two + 192 };
  return one === 255 && bytes.length >= 6 ? { start: 6, length: bytes.readUInt32BE(2) } : undefined;
}

function oldSize(bytes: Buffer, kind: number): Size | undefined {
  const width = [1, 2, 4][kind];
  if (width === undefined || bytes.length < 1 + width) return undefined;
  return { start: 1 + width, length: bytes.readUIntBE(1, width) };
}

function fingerprintOf(body: Buffer): string | undefined {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const hash = (name: string, mark: number, size: Buffer): string =>
    createHash(name).update(Buffer.of(mark)).update(size).update(body).digest("hex").toUpperCase();
  if (body[0] === 4 && body.length < 65_536) return hash("sha1", 0x99, length.subarray(2));
  if (body[0] === 6) return hash("sha256", 0x9b, length);
  return undefined;
}
