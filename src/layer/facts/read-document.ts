import { isDigest } from '../../oci/index.ts';
import { documentVersion, kinds, type LayerDocument, type Row } from './document.ts';
import type { LayerEntry, LayerFacts } from './types.ts';

/** Entries that eStargz adds for itself (stargz-snapshotter, estargz.md). */
const estargzFiles: ReadonlySet<string> = new Set([
  'stargz.index.json',
  '.prefetch.landmark',
  '.no.prefetch.landmark',
]);

/** Reads a document that DocumentWriter wrote; `undefined` for any other bytes, and for another version. */
export function readDocument(bytes: Uint8Array): LayerFacts | undefined {
  let document: LayerDocument;
  try {
    document = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch {
    return undefined;
  }
  if (document?.version !== documentVersion || !isDigest(document.diffId)) return undefined;
  const { entries: rows, contents, ...summary } = document;
  const byRow = new Map(contents);
  const entries: LayerEntry[] = [];
  const kept = new Map<number, Uint8Array>();
  for (const [index, row] of rows.entries()) {
    if (summary.format === 'estargz' && estargzFiles.has(row[1])) continue;
    const content = byRow.get(index);
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
    ...(details?.l === undefined ? undefined : { linkName: details.l }),
    ...(details?.x === undefined ? undefined : { xattrs: details.x }),
    ...(details?.d === undefined ? undefined : { device: details.d }),
    ...(details?.f === undefined ? undefined : { facts: details.f }),
  };
}
