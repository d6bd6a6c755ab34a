import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { PackagesError } from '../shared/packages/errors.ts';
import { formatChecksum } from './checksum.ts';
import { firstMember } from './gzip-members.ts';
import type { ApkOffer } from './index-file.ts';
import { limits } from './limits.ts';
import { type ApkKey, checkSignatures } from './signature.ts';
import { filesInTar } from './tar-files.ts';

/** What a package says of itself, and where its files begin. */
export interface ApkFile {
  /** Of `.PKGINFO`, by key; a key may stand there more than once. */
  readonly info: ReadonlyMap<string, readonly string[]>;
  /** Scripts by their kind: `post-install`, `trigger`. */
  readonly scripts: ReadonlyMap<string, Uint8Array>;
  /** Of the data part. */
  readonly dataOffset: number;
  readonly dataBytes: number;
  /** Of the whole file, hexadecimal. */
  readonly sha256: string;
}

export interface ApkFileOptions {
  readonly offer: ApkOffer;
  readonly keys: ReadonlyMap<string, readonly ApkKey[]>;
}

/**
 * Reads a package's first parts and checks all of it: the control part is what the index promised, and vouches for the
 * data. Where a trusted key signed the package itself, that must be right too.
 * @throws PackagesError `PACKAGES_HASH`, `PACKAGES_SIGNATURE`, `PACKAGES_MALFORMED` or `PACKAGES_LIMIT`.
 */
export async function readApk(path: string, { offer, keys }: ApkFileOptions): Promise<ApkFile> {
  const name = offer.url;
  const head = await headOf(path);
  const part = (bytes: Uint8Array) => firstMember(bytes, { name, maxBytes: limits.controlInflated });
  const first = part(head);
  const isSigned = [...(await filesInTar(first.content, name)).keys()].some((file) =>
    file.startsWith('.SIGN.'),
  );
  const start = isSigned ? first.stored : 0;
  const control = isSigned ? part(head.subarray(start)) : first;
  const stored = head.subarray(start, start + control.stored);
  const checksum = formatChecksum(createHash('sha1').update(stored).digest('hex'));
  if (checksum !== offer.checksum)
    throw new PackagesError('PACKAGES_HASH', `${name} is ${checksum}; its index says ${offer.checksum}`, {
      hint: 'The mirror is being updated, or something on the way changes files: try again, or another mirror.',
    });
  if (isSigned) await checkSignatures(first.content, stored, { keys, name });
  const files = await filesInTar(control.content, name);
  const info = parseInfo(files.get('.PKGINFO'), name);
  const dataOffset = start + control.stored;
  const { sha256, dataSha256, size } = await sumsOf(path, dataOffset);
  if (info.get('datahash')?.[0] !== dataSha256)
    throw new PackagesError(
      'PACKAGES_HASH',
      `the files of ${name} are not those that its control part vouches for`,
    );
  checkIdentity(info, offer);
  return { info, scripts: scriptsIn(files), dataOffset, dataBytes: size - dataOffset, sha256 };
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, limits.control));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function sumsOf(
  path: string,
  dataOffset: number,
): Promise<{ readonly sha256: string; readonly dataSha256: string; readonly size: number }> {
  const [whole, data] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  for await (const piece of createReadStream(path)) {
    const chunk = piece as Buffer;
    whole.update(chunk);
    data.update(chunk.subarray(Math.min(chunk.length, Math.max(0, dataOffset - size))));
    size += chunk.length;
  }
  return { sha256: whole.digest('hex'), dataSha256: data.digest('hex'), size };
}

/** `key = value`, a line each; `#` begins a comment. */
function parseInfo(bytes: Uint8Array | undefined, name: string): ReadonlyMap<string, readonly string[]> {
  if (bytes === undefined) throw new PackagesError('PACKAGES_MALFORMED', `${name} has no .PKGINFO`);
  const info = new Map<string, string[]>();
  for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
    const [, key = '', value = ''] = /^([a-z_]+) = (.*)$/.exec(line) ?? [];
    if (key !== '') info.set(key, [...(info.get(key) ?? []), value]);
  }
  return info;
}

function checkIdentity(info: ApkFile['info'], { name, version, architecture, url }: ApkOffer): void {
  const [found, own] = [
    `${info.get('pkgname')?.[0]} ${info.get('pkgver')?.[0]}`,
    info.get('arch')?.[0] ?? 'noarch',
  ];
  const isRight = found === `${name} ${version}` && (own === architecture || own === 'noarch');
  if (isRight) return;
  throw new PackagesError(
    'PACKAGES_MALFORMED',
    `${url} says of itself that it is ${found} (${own}), and its index that it is ${name} ${version} (${architecture})`,
  );
}

const scriptNames = /^\.((?:pre|post)-(?:install|upgrade|deinstall)|trigger)$/;

function scriptsIn(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const scripts = new Map<string, Uint8Array>();
  for (const [name, bytes] of files) {
    const kind = scriptNames.exec(name)?.[1];
    if (kind !== undefined) scripts.set(kind, bytes);
  }
  return scripts;
}
