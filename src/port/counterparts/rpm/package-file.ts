import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf } from '../../../core/index.ts';
import { DebianError } from '../debian/errors.ts';
import type { Keyring } from '../debian/trust/index.ts';
import { verifySigned } from '../debian/trust/verify.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import { RpmHeader } from './header.ts';
import { digestNames, tags } from './tags.ts';

/** A package: its two headers, and where its files begin. */
export interface RpmFile {
  readonly signature: RpmHeader;
  readonly header: RpmHeader;
  readonly payloadOffset: number;
  readonly payloadBytes: number;
  /** Of the whole file, hexadecimal. */
  readonly sha256: string;
  /** Fingerprints of the keys that signed it. */
  readonly signers: readonly string[];
  readonly notes: readonly string[];
}

export interface RpmFileOptions {
  /** For errors: its address. */
  readonly name: string;
  /** What the repository says of it. */
  readonly expected: { readonly algorithm: string; readonly hex: string };
  readonly keyrings: readonly Keyring[];
  readonly allowUnsigned: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const leadBytes = 96;
const magic = Buffer.from([0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0]);
/** Of both headers together. */
const maxHeadBytes = 256 * 1024 ** 2;

/**
 * Reads a package's headers and checks all of it: the file is the repository's, a trusted key signed the header, and the
 * header vouches for the payload.
 * @throws PackagesError `PACKAGES_HASH`, `PACKAGES_SIGNATURE`, `PACKAGES_MALFORMED`, `PACKAGES_UNSUPPORTED`.
 */
export async function readRpm(path: string, options: RpmFileOptions): Promise<RpmFile> {
  const { name, expected } = options;
  const { signature, header, payloadOffset } = await headersOf(path, name);
  const payload = payloadDigest(header, name);
  const sums = await sumsOf(path, {
    offset: payloadOffset,
    whole: expected.algorithm,
    payload: payload.algorithm,
  });
  if (sums.whole !== expected.hex)
    throw new PackagesError(
      'PACKAGES_HASH',
      `${name} has the ${expected.algorithm} ${sums.whole}; its repository says ${expected.hex}`,
      {
        hint: 'The mirror is being updated, or something on the way changes files: try again, or another mirror.',
      },
    );
  if (sums.payload !== payload.hex)
    throw new PackagesError(
      'PACKAGES_HASH',
      `the files of ${name} are not those that its header vouches for`,
    );
  const { signers, notes } = await checkSignature(signature, header, options);
  const payloadBytes = sums.size - payloadOffset;
  return { signature, header, payloadOffset, payloadBytes, sha256: sums.sha256, signers, notes };
}

async function headersOf(
  path: string,
  name: string,
): Promise<Pick<RpmFile, 'signature' | 'header' | 'payloadOffset'>> {
  const file = await open(path);
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, offset);
    if (bytesRead < length) throw new PackagesError('PACKAGES_MALFORMED', `${name} ends early`);
    return buffer;
  };
  const headerAt = async (offset: number): Promise<RpmHeader> => {
    const start = Buffer.from(await read(offset, 16));
    if (!start.subarray(0, 8).equals(magic))
      throw new PackagesError('PACKAGES_MALFORMED', `${name} has no header at byte ${offset}`);
    const length = 8 + 16 * start.readUInt32BE(8) + start.readUInt32BE(12);
    if (length > maxHeadBytes)
      throw new PackagesError('PACKAGES_LIMIT', `${name} has a header of more than ${maxHeadBytes} bytes`);
    return RpmHeader.read(await read(offset + 8, length), name);
  };
  try {
    const lead = Buffer.from(await read(0, leadBytes));
    if (lead.readUInt32BE(0) !== 0xedabeedb)
      throw new PackagesError('PACKAGES_MALFORMED', `${name} is no RPM package`);
    if (lead[4] !== 3)
      throw new PackagesError(
        'PACKAGES_UNSUPPORTED',
        `${name} is an RPM package of the version ${lead[4] ?? 0}`,
      );
    const signature = await headerAt(leadBytes);
    // The signature part is filled up to eight bytes.
    const start = leadBytes + 8 + Math.ceil(signature.length / 8) * 8;
    const header = await headerAt(start);
    return { signature, header, payloadOffset: start + 8 + header.length };
  } finally {
    await file.close();
  }
}

/** @throws PackagesError `PACKAGES_UNSUPPORTED` for packages of before rpm 4.14, whose header doesn't vouch for the payload. */
function payloadDigest(
  header: RpmHeader,
  name: string,
): { readonly algorithm: string; readonly hex: string } {
  const hex = header.text(tags.payloadDigest);
  const algorithm = digestNames[header.number(tags.payloadDigestAlgorithm) ?? 0];
  if (hex !== undefined && algorithm !== undefined && algorithm !== 'md5' && algorithm !== 'sha1')
    return { algorithm, hex: hex.toLowerCase() };
  throw new PackagesError(
    'PACKAGES_UNSUPPORTED',
    `the header of ${name} doesn't vouch for its files: it was made before rpm 4.14`,
  );
}

async function sumsOf(
  path: string,
  {
    offset,
    whole: algorithm,
    payload: payloadAlgorithm,
  }: { readonly offset: number; readonly whole: string; readonly payload: string },
): Promise<{
  readonly whole: string;
  readonly payload: string;
  readonly sha256: string;
  readonly size: number;
}> {
  const [whole, payload, sha256] = [
    createHash(algorithm),
    createHash(payloadAlgorithm),
    createHash('sha256'),
  ];
  let size = 0;
  for await (const piece of createReadStream(path)) {
    const chunk = piece as Buffer;
    whole.update(chunk);
    sha256.update(chunk);
    payload.update(chunk.subarray(Math.min(chunk.length, Math.max(0, offset - size))));
    size += chunk.length;
  }
  return { whole: whole.digest('hex'), payload: payload.digest('hex'), sha256: sha256.digest('hex'), size };
}

async function checkSignature(
  signature: RpmHeader,
  header: RpmHeader,
  { name, keyrings, allowUnsigned, now }: RpmFileOptions,
): Promise<Pick<RpmFile, 'signers' | 'notes'>> {
  const packet = [tags.openPgp, tags.rsaHeader, tags.dsaHeader].flatMap(
    (tag) => signatureBytes(signature, tag) ?? [],
  )[0];
  const unsigned = { signers: [], notes: ['taken unsigned'] };
  if (packet === undefined) {
    if (allowUnsigned) return unsigned;
    throw new PackagesError(
      'PACKAGES_SIGNATURE',
      `no trusted key signed ${name}: it has no signature of its header`,
      {
        hint: 'Take it unsigned with --allow-unsigned.',
      },
    );
  }
  try {
    const bytes = Buffer.concat([magic, header.blob]);
    const trust = { keyrings, missing: [] };
    const { signers } = await verifySigned(
      { kind: 'detached', bytes, signature: packet },
      { name, trust, now },
    );
    return { signers, notes: [] };
  } catch (error) {
    if (!(error instanceof DebianError)) throw error;
    if (allowUnsigned && error.facts['signature'] === 'untrusted') return unsigned;
    throw new PackagesError('PACKAGES_SIGNATURE', messageOf(error), {
      cause: error,
      hint: 'Name the key of the repository with --keyring.',
    });
  }
}

/** One signature; newer packages have several as texts in base64. */
function signatureBytes(signature: RpmHeader, tag: number): Uint8Array | undefined {
  if (tag !== tags.openPgp) return signature.bytes(tag);
  const text = signature.text(tag);
  return text === undefined ? undefined : Buffer.from(text, 'base64');
}
