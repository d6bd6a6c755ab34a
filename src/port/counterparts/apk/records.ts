import { pathBytes } from '../../assembly/write/path-bytes.ts';
import { linesOf } from '../debian/image-text.ts';
import { PackagesError } from '../shared/packages/errors.ts';

/** A package's lines in `installed` or in an index: a letter, a colon, a value (apk-tools' `apk-v2` format). */
export interface ApkRecord {
  /** About the package itself, in order, by their letters. */
  readonly fields: ReadonlyMap<string, string>;
  /** Those lines, the ones about files, and all as they were. */
  readonly head: readonly string[];
  readonly files: readonly string[];
  readonly lines: readonly string[];
}

/** The letters of lines about files and folders. */
const fileLetters = 'FMRaZ';

/** @throws PackagesError `PACKAGES_MALFORMED`, with the line. */
export function parseRecords(bytes: Uint8Array, name: string): readonly ApkRecord[] {
  const records: ApkRecord[] = [];
  for (const lines of paragraphs(bytes)) records.push(recordOf(lines, name));
  return records;
}

function* paragraphs(bytes: Uint8Array): Generator<readonly string[], void, undefined> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < buffer.length; ) {
    const end = buffer.indexOf('\n\n', at, 'latin1');
    const stop = end < 0 ? buffer.length : end + 1;
    const lines = linesOf(buffer.subarray(at, stop));
    if (lines.length > 0) yield lines;
    at = stop + 1;
  }
}

function recordOf(lines: readonly string[], name: string): ApkRecord {
  const fields = new Map<string, string>();
  const head: string[] = [];
  const files: string[] = [];
  for (const line of lines) {
    const letter = line[0] ?? '';
    if (line[1] !== ':' || !/[A-Za-z]/.test(letter))
      throw new PackagesError(
        'PACKAGES_MALFORMED',
        `${name} has the line "${line.slice(0, 100)}", which is no field`,
      );
    if (fileLetters.includes(letter)) files.push(line);
    else {
      head.push(line);
      fields.set(letter, line.slice(2));
    }
  }
  if (!fields.has('P') || !fields.has('V'))
    throw new PackagesError('PACKAGES_MALFORMED', `${name} has a record without a name or version`);
  return { fields, head, files, lines };
}

/** Records as apk writes them: a blank line behind each. */
export function bytesOfRecords(records: readonly (readonly string[])[]): Uint8Array {
  return pathBytes(records.map((lines) => `${lines.join('\n')}\n\n`).join(''));
}

/** Names that are needed or given, without versions; conflicts (`!name`) left out. */
export function dependencyNames(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).flatMap((word) => {
    const name = /^[^=<>~@]+/.exec(word)?.[0] ?? '';
    return name === '' || name.startsWith('!') ? [] : [name];
  });
}
