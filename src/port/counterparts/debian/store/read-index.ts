import { createHash } from 'node:crypto';
import type { FileFacts } from '../../../../binary/index.ts';
import { tarPath } from '../../../../layer/index.ts';
import { controlOf, type DebControl } from '../deb/index.ts';
import { checksumBytes, documentStart, kinds } from './format.ts';
import type { StoredFile } from './types.ts';

/** A path as its index has it. */
export interface IndexedFile extends Omit<StoredFile, 'content'> {
  /** Where its body starts; absent for what has none. */
  readonly offset?: number;
}

export interface PackageIndex {
  readonly control: DebControl;
  /** Bytes of the file of bodies. */
  readonly bodyBytes: number;
  readonly files: readonly IndexedFile[];
}

/**
 * Reads the index of a package, by its SHA-256. `undefined` for what is damaged, of another version or package, or anything
 * else: then the package is to be unpacked again.
 */
export function readIndex(bytes: Uint8Array, sha256: string): PackageIndex | undefined {
  const document = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(checksumBytes);
  const checksum = createHash('sha256').update(document).digest();
  if (!checksum.equals(bytes.subarray(0, checksumBytes))) return undefined;
  if (document.toString('latin1', 0, documentStart.length) !== documentStart) return undefined;
  try {
    return indexIn(JSON.parse(document.toString()), sha256);
  } catch {
    return undefined;
  }
}

/** @throws Error where anything is not as it's written. */
function indexIn(document: unknown, sha256: string): PackageIndex {
  const { package: name, bodyBytes, control, rows } = recordOf(document);
  if (name !== sha256) throw new Error('the index is of another package');
  const files: IndexedFile[] = [];
  let end = 0;
  for (const row of listOf(rows)) {
    const file = fileOf(listOf(row), { files, offset: end });
    if (file.kind === 'file') end += file.size;
    files.push(file);
  }
  if (bodyBytes !== end) throw new Error('the files have other sizes than their bodies');
  const parts = listOf(control).map((pair) => {
    const [part, content] = listOf(pair);
    return [textOf(part), Buffer.from(textOf(content), 'base64')] as const;
  });
  return { control: controlOf(new Map(parts), sha256), bodyBytes: end, files };
}

interface Before {
  readonly files: readonly IndexedFile[];
  readonly offset: number;
}

function fileOf(row: readonly unknown[], { files, offset }: Before): IndexedFile {
  const kind = kinds[naturalOf(row[0])];
  if (kind === undefined) throw new Error('an unknown kind');
  const path = pathOf(row[1]);
  if (kind === 'hardlink') {
    const target = files[naturalOf(row[2])];
    if (target?.kind !== 'file') throw new Error('a hard link to no file');
    return { ...target, kind, path, linkName: pathOf(row[3]) };
  }
  const [, , mode, uid, gid, mtime, size, details] = row;
  if (typeof mtime !== 'number') throw new Error('no time');
  return {
    path,
    kind,
    mode: naturalOf(mode),
    uid: integerOf(uid),
    gid: integerOf(gid),
    mtime,
    size: kind === 'file' ? naturalOf(size) : 0,
    ...detailsOf(recordOf(details), kind),
    ...(kind === 'file' && { offset }),
  };
}

function detailsOf({ h, l, x, d, f }: Readonly<Record<string, unknown>>, kind: StoredFile['kind']) {
  const [sha256, md5] = kind === 'file' ? listOf(h) : [];
  const [major, minor] = d === undefined ? [] : listOf(d);
  return {
    ...(kind === 'file' && { sha256: hexOf(sha256, 64), md5: hexOf(md5, 32) }),
    ...(kind === 'symlink' && { linkName: textOf(l) }),
    ...(x !== undefined && { xattrs: textsOf(x) }),
    ...(d !== undefined && { device: [integerOf(major), integerOf(minor)] as const }),
    // Its own program wrote it, as the checksum says: what is inside is as inspected.
    ...(f !== undefined && { facts: recordOf(f) as unknown as FileFacts }),
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new Error('no object');
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error('no list');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error('no text');
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const record = recordOf(value);
  for (const text of Object.values(record)) textOf(text);
  return record as Readonly<Record<string, string>>;
}

function hexOf(value: unknown, digits: number): string {
  const text = textOf(value);
  if (text.length === digits && /^[0-9a-f]*$/.test(text)) return text;
  throw new Error('no hash');
}

function integerOf(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new Error('no integer');
}

function naturalOf(value: unknown): number {
  const number = integerOf(value);
  if (number >= 0) return number;
  throw new Error('a negative number');
}

/** One that leads into the root, in its normal form. */
function pathOf(value: unknown): string {
  const text = textOf(value);
  const path = tarPath(text);
  if (path.ok && path.path === text && text !== '') return text;
  throw new Error('no path');
}
