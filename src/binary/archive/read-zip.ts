import type { ArchiveFacts } from '../facts.ts';
import type { Context } from '../handler.ts';
import { InflateSpace } from './inflate.ts';
import { InflateSink } from './inflate-sink.ts';
import { MavenNames } from './maven-names.ts';
import { localHeaderBytes, localSignature, readDirectory, type ZipEntry } from './zip-directory.ts';

/** A JVM loads nothing but classes from such names, and they are most of a jar's entries. */
export function isSkippedName(name: string): boolean {
  return name.endsWith('.class');
}

/**
 * Reads the entries a zip's central directory names, and says where the local headers tell another story: unzip and the JVM
 * go by the one, programs that read a stream by the other. `undefined` where there is no central directory.
 */
export function readZip(bytes: Buffer, context: Context): ArchiveFacts | undefined {
  const directory = readDirectory(bytes, 0, context.budget.limits.entries);
  if (directory === undefined) return undefined;
  for (const problem of directory.problems) context.problems.add('malformed', 'central directory', problem);
  if (directory.isCut) tooMany(context);
  const names = new Set<string>();
  const space = new InflateSpace();
  const maven = new MavenNames();
  let skipped = 0;
  let reached = 0;
  for (const entry of [...directory.entries].sort((left, right) => left.offset - right.offset)) {
    if (names.has(entry.name)) hidden(context, `the entry ${entry.name} is there twice`);
    names.add(entry.name);
    maven.add(entry.name);
    const place = placeOf(bytes, entry, context);
    if (place === undefined) continue;
    if (entry.offset < reached) {
      hidden(context, `the entry ${entry.name} overlaps the one before: it was not read`);
      continue;
    }
    if (!directory.isCut) checkGap(bytes.subarray(reached, entry.offset), context);
    reached = place.end;
    if (entry.name.endsWith('/') || isEmpty(entry)) continue;
    if (isSkippedName(entry.name)) skipped += 1;
    else if (!readEntry(bytes.subarray(place.start, place.end), entry, { context, space })) break;
  }
  if (!directory.isCut) checkGap(bytes.subarray(reached, directory.start), context);
  return {
    format: 'zip',
    entries: directory.entries.length,
    ...(skipped === 0 ? {} : { skippedByName: skipped }),
    ...maven.facts(),
  };
}

/** Takes down that entries are left out. */
export function tooMany(context: Context): void {
  const { entries } = context.budget.limits;
  context.problems.add('limit', 'zip', `more than ${entries} entries: the rest was not read`);
}

/** Nothing deflates to two bytes. A size of 0 alone is not believed. */
export function isEmpty({ size, compressedSize }: Pick<ZipEntry, 'size' | 'compressedSize'>): boolean {
  return size === 0 && compressedSize <= 2;
}

function hidden(context: Context, message: string): void {
  context.problems.add('hidden', 'zip', message);
}

/** Where the entry's data lies, by its local header. */
function placeOf(
  bytes: Buffer,
  entry: ZipEntry,
  context: Context,
): { readonly start: number; readonly end: number } | undefined {
  const { offset } = entry;
  const isThere =
    Number.isSafeInteger(offset) &&
    offset >= 0 &&
    offset + localHeaderBytes <= bytes.length &&
    bytes.readUInt32LE(offset) === localSignature;
  if (!isThere) {
    context.problemInside(entry.name, {
      kind: 'malformed',
      where: 'zip',
      message: 'there is no local header for it',
    });
    return undefined;
  }
  const nameSize = bytes.readUInt16LE(offset + 26);
  const start = offset + localHeaderBytes + nameSize + bytes.readUInt16LE(offset + 28);
  const name = bytes.toString('utf8', offset + localHeaderBytes, offset + localHeaderBytes + nameSize);
  if (name !== entry.name) hidden(context, `the entry ${entry.name} is called ${name} in its local header`);
  const method = bytes.readUInt16LE(offset + 8);
  if (method !== entry.method)
    hidden(context, `the entry ${entry.name} has method ${entry.method}, and ${method} in its local header`);
  const end = start + entry.compressedSize;
  if (end <= bytes.length) return { start, end };
  context.problemInside(entry.name, {
    kind: 'truncated',
    where: 'zip',
    message: 'its data ends beyond the file',
  });
  return undefined;
}

/** Between entries stand data descriptors and padding; another local header is an entry only stream readers see. */
function checkGap(gap: Buffer, context: Context): void {
  if (gap.length < localHeaderBytes || !gap.includes('PK\x03\x04')) return;
  hidden(context, 'there is an entry that the central directory does not name');
}

/** False where a limit ends the reading. */
function readEntry(
  data: Buffer,
  entry: ZipEntry,
  { context, space }: { readonly context: Context; readonly space: InflateSpace },
): boolean {
  const problem = (kind: 'unsupported' | 'malformed', message: string): boolean => {
    context.problemInside(entry.name, { kind, where: 'zip', message });
    return true;
  };
  if (entry.encrypted) return problem('unsupported', 'it is encrypted');
  if (entry.method !== 0 && entry.method !== 8)
    return problem('unsupported', `compression method ${entry.method} is not read`);
  const child = context.open(entry.name, entry.size);
  if (child === undefined) return false;
  if (entry.method === 0) child.write(data);
  else {
    const sink = new InflateSink(child, context, space);
    sink.accept(data, true);
    const found = sink.problem();
    if (found !== undefined) context.problemInside(entry.name, { ...found, where: 'zip' });
  }
  child.finish();
  return true;
}
