import type { Scratch } from '../../binary/index.ts';
import { messageOf } from '../../core/index.ts';
import type { EntryHead, TarSink } from '../../tar/index.ts';
import type { LayerLimits } from '../limits.ts';
import { ContentReader } from './content.ts';
import type { DocumentWriter } from './document.ts';
import { Notes } from './notes.ts';
import { losslessName, splitPath, tarPath } from './path.ts';
import type { EntryKind, LayerEntry } from './types.ts';

export interface CollectorOptions {
  readonly limits: LayerLimits;
  readonly isWanted: (path: string) => boolean;
  readonly md5: boolean;
  readonly sha1: boolean;
  readonly document: DocumentWriter;
  readonly scratch: Scratch;
}

const xattrPrefix = 'SCHILY.xattr.';
const whiteoutPrefix = '.wh.';
/** Linux: PATH_MAX without its closing NUL. */
const maxPath = 4095;

/** Turns the entries of a layer's tar, as they go by, into the rows of its document. */
export class EntryCollector implements TarSink {
  readonly notes = new Notes();
  /** The path of the entry that came last. */
  lastPath = '';
  readonly #options: CollectorOptions;
  #entry: LayerEntry | undefined;
  #content: ContentReader | undefined;
  #sparseBytes = 0;
  #contentsBytes = 0;
  readonly #allowance: { inflatedBytes: number };

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#allowance = { inflatedBytes: options.limits.inflatedBytes };
  }

  entry(head: EntryHead): void {
    this.#entry = this.#describe(head);
    this.#content = undefined;
    if (this.#entry?.kind !== 'file') return;
    this.#content = this.#reader(head, this.#entry);
  }

  data(chunk: Uint8Array): void {
    this.#content?.data(chunk);
  }

  end(): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    const read = this.#content?.finish();
    if (read?.failure !== undefined)
      this.notes.add(
        'inspection-failed',
        `the file could not be inspected: ${messageOf(read.failure)}`,
        entry.path,
      );
    this.#options.document.add(entry, read);
    this.#entry = undefined;
    this.#content = undefined;
  }

  #describe(head: EntryHead): LayerEntry | undefined {
    const path = this.#path(head.name, head.nameBytes, 'entry');
    if (path === undefined) return undefined;
    this.lastPath = path;
    const place = this.#whiteout(path);
    if (place === undefined) return undefined;
    const kind = place.kind ?? kindOf(head);
    if (kind === undefined) {
      const type = JSON.stringify(head.typeflag);
      this.notes.add('unknown-type', `the entry's type ${type} has no meaning and is left out`, path);
      return undefined;
    }
    const entry = { path: place.path, kind, ...metadataOf(head, kind) };
    if (kind === 'symlink') return this.#symlink(entry, head);
    if (kind !== 'hardlink') return entry;
    const linkName = this.#path(head.linkName, head.linkNameBytes, `target of the hard link ${path}`);
    return linkName === undefined ? undefined : { ...entry, linkName };
  }

  /** Linux makes no link with a longer target, so no engine unpacks one. */
  #symlink(entry: LayerEntry, { linkName, linkNameBytes }: EntryHead): LayerEntry | undefined {
    if (linkNameBytes.length <= maxPath) return { ...entry, linkName: losslessName(linkName, linkNameBytes) };
    this.notes.add(
      'path-too-long',
      'the target of the symbolic link is too long for Linux, and it is left out',
      entry.path,
    );
    return undefined;
  }

  /** The normal path; `undefined`, with a note, where there is none. */
  #path(name: string, bytes: Uint8Array, what: string): string | undefined {
    // Told first: what is too long anyway isn't worth decoding.
    const tooLong = bytes.length > maxPath;
    const lossless = tooLong ? name : losslessName(name, bytes);
    const result = tooLong ? ({ ok: false, reason: 'path-too-long' } as const) : tarPath(lossless);
    if (!result.ok) {
      const shown = lossless.slice(0, 300);
      const problem = result.reason === 'path-escapes' ? 'leads out of the root' : 'is too long for Linux';
      this.notes.add(result.reason, `the ${what} ${problem} and is left out`, shown);
      return undefined;
    }
    if (lossless !== name)
      this.notes.add('name-not-utf8', `the ${what} has a name that is not UTF-8`, result.path);
    return result.path;
  }

  /** The path that a whiteout is about; `undefined` where the entry is to be left out. */
  #whiteout(path: string): { readonly path: string; readonly kind?: EntryKind } | undefined {
    const [parent, name] = splitPath(path);
    if (!name.startsWith(whiteoutPrefix)) return { path };
    if (name === '.wh..wh..opq') return { path: parent, kind: 'opaque' };
    // What AUFS keeps for itself.
    if (name.startsWith('.wh..wh.')) return undefined;
    const hidden = name.slice(whiteoutPrefix.length);
    if (hidden === '' || hidden === '.' || hidden === '..') {
      this.notes.add(
        'bad-whiteout',
        'the whiteout names nothing that could be hidden, and is left out',
        path,
      );
      return undefined;
    }
    return { path: parent === '' ? hidden : `${parent}/${hidden}`, kind: 'whiteout' };
  }

  /** `undefined`, with a note, where the content's size is only claimed. */
  #reader(head: EntryHead, entry: LayerEntry): ContentReader | undefined {
    const { limits, isWanted } = this.#options;
    if (head.sparse !== undefined) {
      const holes = Math.max(0, entry.size - head.size);
      if (this.#sparseBytes + holes > limits.sparseBytes) {
        this.notes.add(
          'sparse-too-large',
          `the sparse file claims ${entry.size} bytes, which goes over the limit of ${limits.sparseBytes} bytes of holes: its content was not read`,
          entry.path,
        );
        return undefined;
      }
      this.#sparseBytes += holes;
    }
    return new ContentReader({
      path: entry.path,
      size: entry.size,
      keep: isWanted(entry.path) && this.#mayKeep(entry),
      md5: this.#options.md5,
      sha1: this.#options.sha1,
      sparse: head.sparse,
      stored: head,
      scratch: this.#options.scratch,
      allowance: this.#allowance,
    });
  }

  #mayKeep(entry: LayerEntry): boolean {
    const { contentBytes, contentsBytes } = this.#options.limits;
    if (entry.size <= contentBytes && this.#contentsBytes + entry.size <= contentsBytes) {
      this.#contentsBytes += entry.size;
      return true;
    }
    this.notes.add(
      'content-too-large',
      `the file has ${entry.size} bytes, too many to be kept by content`,
      entry.path,
    );
    return false;
  }
}

function kindOf(head: EntryHead): EntryKind | undefined {
  if (head.type === 'sparse') return 'file';
  return head.type === 'other' ? undefined : head.type;
}

function metadataOf(head: EntryHead, kind: EntryKind): Omit<LayerEntry, 'path' | 'kind'> {
  const isDevice = kind === 'character-device' || kind === 'block-device';
  const xattrs = xattrsOf(head);
  return {
    mode: head.mode & 0o7777,
    uid: head.uid,
    gid: head.gid,
    size: kind === 'file' ? (head.sparse?.realSize ?? head.size) : 0,
    mtime: head.mtime,
    ...(xattrs && { xattrs }),
    ...(isDevice && { device: [head.deviceMajor, head.deviceMinor] as const }),
  };
}

function xattrsOf(head: EntryHead): Record<string, string> | undefined {
  let xattrs: Record<string, string> | undefined;
  for (const [key, value] of head.pax) {
    if (!key.startsWith(xattrPrefix)) continue;
    xattrs ??= {};
    xattrs[key.slice(xattrPrefix.length)] = Buffer.from(value).toString('base64');
  }
  return xattrs;
}
