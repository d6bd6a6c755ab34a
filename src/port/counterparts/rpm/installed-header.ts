import { keyOf } from '../shared/replay/spelling.ts';
import type { HeaderEntry, RpmHeader } from './header.ts';
import type { HeaderFile } from './header-files.ts';
import { fileFlags, fileStates, installedSignatureTags, tags } from './tags.ts';

const [entryBytes, binType, charType] = [16, 7, 1];
const alignments: Readonly<Record<number, number>> = { 3: 2, 4: 4, 5: 8 };

export interface InstalledParts {
  /** The package's own header and its signature part. */
  readonly header: RpmHeader;
  readonly signature: RpmHeader;
  /** What the database has of the package that it takes the place of. */
  readonly old: RpmHeader | undefined;
  readonly states: readonly number[];
}

/**
 * A package's header as rpm keeps it in a database: the package's own part byte for byte, which is what was signed, and
 * behind it the fields of the signature part under other numbers, and those of the installation.
 */
export function installedHeader({ header, signature, old, states }: InstalledParts): Uint8Array {
  const more = [...signatureFields(signature), ...stateFields(old), statesField(states)];
  const unique = new Map(more.flatMap((entry) => (entry === undefined ? [] : [[entry.tag, entry] as const])));
  const dribbles = [...unique.values()].sort((left, right) => left.tag - right.tag);
  const ownIndex = header.blob.subarray(8, 8 + entryBytes * header.indexLength);
  const ownData = header.blob.subarray(8 + entryBytes * header.indexLength);
  const index: Uint8Array[] = [];
  const data: Uint8Array[] = [ownData];
  let length = ownData.length;
  for (const entry of dribbles) {
    const padding = -length & ((alignments[entry.type] ?? 1) - 1);
    data.push(new Uint8Array(padding), entry.data);
    index.push(indexEntry(entry, length + padding));
    length += padding + entry.data.length;
  }
  const start = Buffer.alloc(8);
  start.writeUInt32BE(header.indexLength + dribbles.length, 0);
  start.writeUInt32BE(length, 4);
  return Buffer.concat([start, ownIndex, ...index, ...data]);
}

function indexEntry({ tag, type, count }: HeaderEntry, offset: number): Uint8Array {
  const bytes = Buffer.alloc(entryBytes);
  for (const [at, value] of [tag, type, offset, count].entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

function signatureFields({ entries }: RpmHeader): readonly HeaderEntry[] {
  return [...entries.values()].flatMap((entry) => {
    const isModern = entry.tag >= 256 && entry.tag < 1000;
    const tag = isModern ? entry.tag : installedSignatureTags.get(entry.tag);
    return tag === undefined ? [] : [{ ...entry, tag }];
  });
}

/** What rpm noted when the old package was installed: its time, its transaction. Files have states of their own. */
function stateFields(old: RpmHeader | undefined): readonly HeaderEntry[] {
  if (old === undefined) return [];
  const region = regionTags(old);
  return [...old.entries.values()].filter(
    ({ tag }) => tag >= 1000 && !region.has(tag) && tag !== tags.fileStates && tag !== tags.archiveSize,
  );
}

/** The fields of the package's own part, which its first entry counts. */
function regionTags(header: RpmHeader): ReadonlySet<number> {
  const view = new DataView(header.blob.buffer, header.blob.byteOffset, header.blob.length);
  const [tag, type] = [view.getUint32(8), view.getUint32(12)];
  const trailer = header.entries.get(tags.immutable)?.data;
  if (tag !== tags.immutable || type !== binType || trailer?.length !== entryBytes) return new Set();
  const last = new DataView(trailer.buffer, trailer.byteOffset, trailer.length);
  const count = Math.min(header.indexLength, Math.max(0, -last.getInt32(8) / entryBytes));
  return new Set(Array.from({ length: count }, (_, at) => view.getUint32(8 + entryBytes * at)));
}

function statesField(states: readonly number[]): HeaderEntry | undefined {
  if (states.length === 0) return undefined;
  return { tag: tags.fileStates, type: charType, count: states.length, data: Uint8Array.from(states) };
}

/**
 * The states of a new package's files: of a path that the old one had, what it was; documentation that is left out in the
 * image stays left out.
 */
export function newStates(files: readonly HeaderFile[], old: readonly HeaderFile[]): readonly number[] {
  const known = new Map(old.map((file) => [keyOf(file.path), file.state]));
  for (const { path, state } of old) known.set(path, state);
  const isWithoutDocs = old.some(
    ({ flags, state }) => (flags & fileFlags.doc) !== 0 && state === fileStates.notInstalled,
  );
  return files.map(({ path, flags }) => {
    const state = known.get(path) ?? known.get(keyOf(path));
    if (state !== undefined) return state;
    const isDoc = (flags & fileFlags.doc) !== 0;
    return isDoc && isWithoutDocs ? fileStates.notInstalled : fileStates.normal;
  });
}
