import { createHash } from 'node:crypto';
import { type ContentFacts, losslessName } from '../../../../layer/index.ts';
import type { DebControl, DebEntry } from '../deb/index.ts';
import { DebianError } from '../errors.ts';
import { type DocumentEnd, documentStart, kinds, type Row, type RowDetails } from './format.ts';

/** Linux: PATH_MAX without its closing NUL. */
const maxLinkBytes = 4095;

const kindCodes: ReadonlyMap<string, number> = new Map(kinds.map((kind, code) => [kind, code]));

/** Writes an index row by row, so that the facts never stand in memory as objects. */
export class IndexWriter {
  readonly #name: string;
  readonly #limit: number;
  readonly #parts: Uint8Array[] = [];
  #pending = documentStart;
  #bytes = 0;
  #rows = 0;
  /** By path, what a hard link may name: the index of a file's row, or the whole row of anything else. */
  readonly #linkable = new Map<string, number | Row>();

  /** `name` is the package's, for errors; `limit` in bytes. */
  constructor(name: string, limit: number) {
    this.#name = name;
    this.#limit = limit;
  }

  /** @throws DebianError `DEBIAN_LIMIT`. */
  file(entry: DebEntry, size: number, { sha256, md5 = '', facts }: ContentFacts): void {
    this.#linkable.set(entry.path, this.#rows);
    this.#add(rowOf(entry, size, { ...detailsOf(entry), h: [sha256, md5], ...(facts && { f: facts }) }));
  }

  /** Anything but a file. @throws DebianError `DEBIAN_LIMIT`, `DEBIAN_MALFORMED` for a link that can't be made. */
  other(entry: DebEntry): void {
    const { path, linkPath } = entry;
    if (linkPath !== undefined) {
      this.#hardlink(path, linkPath);
      return;
    }
    if (entry.entry.linkNameBytes.length > maxLinkBytes)
      throw this.#malformed(`the target of the symbolic link ${path} is too long for Linux`);
    const row = rowOf(entry, 0, detailsOf(entry));
    if (entry.entry.type !== 'directory') this.#linkable.set(path, row);
    this.#add(row);
  }

  /** The document's parts, its checksum first. @throws DebianError `DEBIAN_LIMIT`. */
  finish(end: Omit<DocumentEnd, 'control'>, { files }: DebControl): readonly Uint8Array[] {
    const control = [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]);
    this.#pending += `\n],${JSON.stringify({ ...end, control }).slice(1)}`;
    this.#flush();
    const checksum = createHash('sha256');
    for (const part of this.#parts) checksum.update(part);
    return [checksum.digest(), ...this.#parts];
  }

  /** By name alone, as dpkg finds it. */
  #hardlink(path: string, linkPath: string): void {
    const target = this.#linkable.get(linkPath);
    if (target === undefined)
      throw this.#malformed(`the hard link ${path} names ${linkPath}, which is no file before it`);
    this.#linkable.set(path, target);
    if (typeof target === 'number') this.#add([kinds.indexOf('hardlink'), path, target, linkPath]);
    else this.#add(target.with(1, path) as unknown as Row);
  }

  #add(row: Row): void {
    this.#pending += `${this.#rows === 0 ? '' : ','}\n${JSON.stringify(row)}`;
    this.#rows += 1;
    if (this.#pending.length > 256 * 1024) this.#flush();
  }

  #flush(): void {
    const part = Buffer.from(this.#pending);
    this.#pending = '';
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= this.#limit) return;
    const what = `the facts of the files of ${this.#name} take more than the limit of ${this.#limit} bytes`;
    throw new DebianError('DEBIAN_LIMIT', what);
  }

  #malformed(problem: string): DebianError {
    return new DebianError('DEBIAN_MALFORMED', `${this.#name}: ${problem}`);
  }
}

function rowOf({ path, entry }: DebEntry, size: number, details: RowDetails): Row {
  const kind = kindCodes.get(entry.type) ?? 0;
  return [kind, path, entry.mode & 0o7777, entry.uid, entry.gid, entry.mtime, size, details];
}

function detailsOf({ xattrs, entry }: DebEntry): RowDetails {
  const { type, linkName, linkNameBytes, deviceMajor, deviceMinor } = entry;
  const isDevice = type === 'character-device' || type === 'block-device';
  return {
    ...(type === 'symlink' && { l: losslessName(linkName, linkNameBytes) }),
    ...(xattrs !== undefined && { x: xattrs }),
    ...(isDevice && { d: [deviceMajor, deviceMinor] as const }),
  };
}
