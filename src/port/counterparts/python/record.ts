/** One line of a RECORD (Recording installed projects, "The RECORD file"). */
export interface RecordLine {
  /** As written: relative to the folder that the dist-info folder is in, or absolute. */
  readonly path: string;
  /** `sha256=…` as written; empty for none. */
  readonly hash: string;
  readonly size: string;
}

const maxLines = 500_000;

/** `undefined` where it is no such file. */
export function parseRecord(text: string): readonly RecordLine[] | undefined {
  const rows = parseCsv(text);
  if (rows === undefined) return undefined;
  const lines: RecordLine[] = [];
  for (const [path = '', hash = '', size = ''] of rows) {
    if (path === '') return undefined;
    lines.push({ path, hash, size });
  }
  return lines;
}

/** Rows of RFC 4180, whose quoted fields may hold anything. */
function parseCsv(text: string): readonly (readonly string[])[] | undefined {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row = readRow(text, at);
    if (row === undefined || rows.length >= maxLines) return undefined;
    if (row.fields.length > 1 || row.fields[0] !== '') rows.push(row.fields);
    at = row.end;
  }
  return rows;
}

function readRow(
  text: string,
  from: number,
): { readonly fields: string[]; readonly end: number } | undefined {
  const fields: string[] = [];
  let at = from;
  for (;;) {
    const field = text[at] === '"' ? readQuoted(text, at + 1) : readPlain(text, at);
    if (field === undefined) return undefined;
    fields.push(field.text);
    at = field.end;
    if (text[at] !== ',') break;
    at += 1;
  }
  if (at >= text.length || text[at] === '\n') return { fields, end: at + 1 };
  return text[at] === '\r' ? { fields, end: text[at + 1] === '\n' ? at + 2 : at + 1 } : undefined;
}

interface Field {
  readonly text: string;
  readonly end: number;
}

function readPlain(text: string, from: number): Field {
  let end = from;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { text: text.slice(from, end), end };
}

function readQuoted(text: string, from: number): Field | undefined {
  const pieces: string[] = [];
  let at = from;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) return undefined;
    pieces.push(text.slice(at, end));
    if (text[end + 1] !== '"') return { text: pieces.join('"'), end: end + 1 };
    at = end + 2;
  }
}

/** The lines as a file, with the line ends that it had. */
export function formatRecord(lines: readonly RecordLine[], end: '\n' | '\r\n'): string {
  return lines.map(({ path, hash, size }) => `${[path, hash, size].map(quoted).join(',')}${end}`).join('');
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** `sha256=BASE64` without padding, for a hexadecimal sum. */
export function recordHash(sha256: string): string {
  return `sha256=${Buffer.from(sha256, 'hex').toString('base64url')}`;
}

/** The hexadecimal SHA-256 that a line gives; `undefined` for other algorithms, or none. */
export function sha256In({ hash }: Pick<RecordLine, 'hash'>): string | undefined {
  const [, sum = ''] = /^sha256=([A-Za-z0-9_-]{43})=?$/.exec(hash) ?? [];
  return sum === '' ? undefined : Buffer.from(sum, 'base64url').toString('hex');
}
