import type { FileFacts } from '../../binary/index.ts';
import { LayerError } from '../errors.ts';
import type { ContentFacts } from './content.ts';
import type { EntryKind, LayerEntry, LayerFacts } from './types.ts';

/** Raised when a document of an older armload must not be read any more. */
export const documentVersion = 2;

/** In the order of their codes in a document. */
export const kinds: readonly EntryKind[] = [
  'file',
  'directory',
  'symlink',
  'hardlink',
  'character-device',
  'block-device',
  'fifo',
  'whiteout',
  'opaque',
];
const kindCodes = new Map(kinds.map((kind, index) => [kind, index]));

interface RowDetails {
  l?: string;
  x?: Readonly<Record<string, string>>;
  d?: readonly [number, number];
  f?: FileFacts;
  m?: string;
  s?: string;
}
/** One entry: kind, path, mode, uid, gid, mtime, size, sha256 and what only some entries have. */
export type Row = [number, string, number, number, number, number, number, string, RowDetails?];

/** What is known once a layer is read. */
export type LayerSummary = Pick<
  LayerFacts,
  'diffId' | 'size' | 'compression' | 'format' | 'notes' | 'notesOmitted'
>;

/** What a document begins with. A line for each row follows, and then a DocumentEnd. */
export const documentStart = `{"version":${documentVersion},"entries":[`;

export interface DocumentEnd extends LayerSummary {
  /** Index of the entry, base64. */
  readonly contents: readonly (readonly [number, string])[];
}

/** Writes a layer's facts as one JSON document, entry by entry, so that they never stand in memory as objects. */
export class DocumentWriter {
  readonly #limit: number;
  readonly #parts: Uint8Array[] = [];
  readonly #contents: (readonly [number, string])[] = [];
  #pending = documentStart;
  #bytes = 0;
  #entries = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws LayerError `LAYER_LIMIT` where the document gets too large. */
  add(entry: LayerEntry, read: Partial<ContentFacts> = {}): void {
    const { content } = read;
    if (content !== undefined) {
      this.#contents.push([this.#entries, Buffer.from(content).toString('base64')]);
      this.#bytes += content.length * 1.4;
    }
    this.#pending += `${this.#entries === 0 ? '' : ','}\n${JSON.stringify(rowOf(entry, read))}`;
    this.#entries++;
    if (this.#pending.length > 256 * 1024) this.#flush();
  }

  /** The document has its memory for itself, and can be handed to another thread. */
  finish(summary: LayerSummary): Uint8Array<ArrayBuffer> {
    const rest = JSON.stringify({ ...summary, contents: this.#contents });
    this.#pending += `\n],${rest.slice(1)}`;
    this.#flush();
    const document = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      document.set(part, at);
      at += part.length;
    }
    return document;
  }

  #flush(): void {
    const part = Buffer.from(this.#pending);
    this.#parts.push(part);
    this.#pending = '';
    this.#bytes += part.length;
    if (this.#bytes > this.#limit)
      throw new LayerError(
        'LAYER_LIMIT',
        `the facts of the layer's files take more than the limit of ${this.#limit} bytes`,
      );
  }
}

function rowOf(entry: LayerEntry, { sha256 = '', md5, sha1, facts }: Partial<ContentFacts>): Row {
  const { linkName, xattrs, device } = entry;
  const base: Row = [
    kindCodes.get(entry.kind) ?? 0,
    entry.path,
    entry.mode,
    entry.uid,
    entry.gid,
    entry.mtime,
    entry.size,
    sha256,
  ];
  const isPlain = linkName === undefined && xattrs === undefined && device === undefined;
  if (isPlain && facts === undefined && md5 === undefined && sha1 === undefined) return base;
  const details: RowDetails = {};
  if (linkName !== undefined) details.l = linkName;
  if (xattrs !== undefined) details.x = xattrs;
  if (device !== undefined) details.d = device;
  if (facts !== undefined) details.f = facts;
  if (md5 !== undefined) details.m = md5;
  if (sha1 !== undefined) details.s = sha1;
  base.push(details);
  return base;
}
