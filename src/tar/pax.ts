import { TarError } from './errors.ts';
import { text } from './header.ts';

/** Records of an extended header. Values are bytes: extended attributes need not be text. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

/** Keys whose values name files or people: a NUL in them would be cut off by other readers. */
const textKeys: ReadonlySet<string> = new Set(['path', 'linkpath', 'uname', 'gname']);

/**
 * Reads the body of an extended header: `LENGTH KEY=VALUE\n`, the length counting the whole record (POSIX pax, "pax
 * Extended Header"). The last of several records with one key wins; the values are views into the body. GNU's sparse
 * format 0.0 repeats two keys for the map: they are joined to the one record of format 0.1.
 * @throws TarError `TAR_MALFORMED`; `offset` is where the body starts in the archive.
 */
export function parsePax(body: Uint8Array, offset: number): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  let position = 0;
  const sparse: string[] = [];
  while (position < body.length) {
    const record = parseRecord(body, position, offset);
    if (record.key === 'GNU.sparse.offset' || record.key === 'GNU.sparse.numbytes')
      sparse.push(text(record.value));
    records.set(record.key, record.value);
    position = record.end;
  }
  if (sparse.length > 0) records.set('GNU.sparse.map', Buffer.from(sparse.join(',')));
  return records;
}

function parseRecord(
  body: Uint8Array,
  start: number,
  offset: number,
): { key: string; value: Uint8Array; end: number } {
  const fail = (problem: string): TarError =>
    new TarError('TAR_MALFORMED', offset + start, `an extended header record ${problem}`);
  const space = body.indexOf(0x20, start);
  const digits = space < 0 ? '' : text(body.subarray(start, Math.min(space, start + 16)));
  if (!/^[0-9]{1,12}$/.test(digits)) throw fail('does not start with its length');
  const end = start + Number(digits);
  if (end > body.length || end <= space + 1) throw fail(`has length ${digits}, which reaches outside`);
  if (body[end - 1] !== 0x0a) throw fail('does not end in a newline where its length says');
  const equals = body.indexOf(0x3d, space + 1);
  if (equals < 0 || equals >= end - 1) throw fail('has no "="');
  const key = text(body.subarray(space + 1, equals));
  const value = body.subarray(equals + 1, end - 1);
  if (key === '') throw fail('has an empty key');
  if (textKeys.has(key) && value.includes(0)) throw fail(`has a NUL in its ${key}`);
  return { key, value, end };
}

/** The body of an extended header, its records sorted by key so that equal facts give equal bytes. */
export function encodePax(records: PaxRecords): Uint8Array {
  const sorted = [...records].sort(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.concat(sorted.map(([key, value]) => encodeRecord(key, value)));
}

function encodeRecord(key: string, value: Uint8Array): Uint8Array {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
