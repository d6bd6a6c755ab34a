import { isDigest } from '../../oci/index.ts';
import { type DocumentEnd, documentStart, kinds, type Row } from './document.ts';
import type { LayerEntry, LayerFacts } from './types.ts';

/** Entries that eStargz adds for itself (stargz-snapshotter, estargz.md). */
const estargzFiles: ReadonlySet<string> = new Set([
  'stargz.index.json',
  '.prefetch.landmark',
  '.no.prefetch.landmark',
]);

/** Bytes of rows that are parsed at a time: the text of a whole document would take as much memory again. */
const blockBytes = 128 * 1024;
const newline = 0x0a;

/** Reads a document that DocumentWriter wrote; `undefined` for any other bytes, and for another version. */
export function readDocument(bytes: Uint8Array): LayerFacts | undefined {
  try {
    return factsIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch {
    return undefined;
  }
}

/** @throws SyntaxError where JSON was due. */
function factsIn(bytes: Buffer): LayerFacts | undefined {
  // Between the first newline and the last, each line is a row.
  const start = documentStart.length;
  const end = bytes.lastIndexOf(newline);
  if (end < start || bytes.toString('utf8', 0, start) !== documentStart) return undefined;
  if (bytes.toString('latin1', end + 1, end + 3) !== '],') return undefined;
  const rest = JSON.parse(`{${bytes.toString('utf8', end + 3)}`) as DocumentEnd;
  if (!isDigest(rest.diffId)) return undefined;
  const { contents, ...summary } = rest;
  const byRow = new Map(contents);
  const entries: LayerEntry[] = [];
  const kept = new Map<number, Uint8Array>();
  let index = 0;
  for (const row of rowsIn(bytes.subarray(start, end))) {
    const content = byRow.get(index++);
    if (summary.format === 'estargz' && estargzFiles.has(row[1])) continue;
    if (content !== undefined) kept.set(entries.length, Buffer.from(content, 'base64'));
    entries.push(entryOf(row));
  }
  return {
    diffId: summary.diffId,
    size: summary.size,
    compression: summary.compression,
    format: summary.format,
    entries,
    notes: summary.notes,
    notesOmitted: summary.notesOmitted,
    contents: kept,
  };
}

function* rowsIn(lines: Buffer): Generator<Row, void, undefined> {
  for (let at = 0; at < lines.length; ) {
    const next = lines.indexOf(newline, at + blockBytes);
    const end = next < 0 ? lines.length : next;
    // All but the last row end with a comma.
    const text = lines.toString('utf8', at, end).trim().replace(/,$/, '');
    yield* JSON.parse(`[${text}]`) as Row[];
    at = end;
  }
}

function entryOf(row: Row): LayerEntry {
  const [kind, path, mode, uid, gid, mtime, size, sha256, details] = row;
  return {
    path,
    kind: kinds[kind] ?? 'file',
    mode,
    uid,
    gid,
    size,
    mtime,
    ...(sha256 === '' ? undefined : { sha256 }),
    ...(details?.m === undefined ? undefined : { md5: details.m }),
    ...(details?.s === undefined ? undefined : { sha1: details.s }),
    ...(details?.l === undefined ? undefined : { linkName: details.l }),
    ...(details?.x === undefined ? undefined : { xattrs: details.x }),
    ...(details?.d === undefined ? undefined : { device: details.d }),
    ...(details?.f === undefined ? undefined : { facts: details.f }),
  };
}
