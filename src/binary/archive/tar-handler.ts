import type { FileContent } from '../facts.ts';
import type { Context, Handler } from '../handler.ts';
import { type Parser, Pass, StreamReader } from './stream-reader.ts';

const blockSize = 512;
const maxNameBytes = 64 * 1024;

/** Is this block a tar header? By its checksum, since old tars have no magic. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < blockSize || block[0] === 0) return false;
  const stored = octal(block, 148, 156);
  if (stored === undefined) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < blockSize; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum === stored;
}

/** Looks into the files of a tar inside an image. Only names, sizes and contents matter here. */
export class TarHandler implements Handler {
  readonly #context: Context;
  readonly #reader: StreamReader;
  #entries = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#reader = new StreamReader((reader) => this.#parse(reader));
  }

  write(chunk: Buffer): void {
    this.#reader.write(chunk);
  }

  finish(): FileContent {
    this.#reader.finish();
    return { kind: 'archive', archive: { format: 'tar', entries: this.#entries } };
  }

  *#parse(reader: StreamReader): Parser {
    let longName: string | undefined;
    let longSize: number | undefined;
    for (;;) {
      const at = reader.offset;
      const block = yield { take: blockSize };
      if (block.length === 0 || block[0] === 0) return;
      if (block.length < blockSize) return this.#truncated('a header', blockSize - block.length);
      if (!isTarHeader(block)) return this.#malformed(`no valid header at byte ${at}`);
      const size = octal(block, 124, 136);
      if (size === undefined) return this.#malformed(`the header at byte ${at} has no size`);
      const type = String.fromCharCode(block[156] ?? 0);
      if ((type === 'L' || type === 'x') && size <= maxNameBytes) {
        const body = yield { take: padded(size) };
        if (type === 'L') longName = cString(body, 0, size);
        else ({ name: longName = longName, size: longSize } = paxFields(body.subarray(0, size)));
        continue;
      }
      if (type === 'S') yield* this.#sparseMap(block);
      const isFile = type === '0' || type === '\0' || type === '7';
      const stored = longSize ?? size;
      if (isFile) this.#entries += 1;
      yield* this.#body(isFile ? (longName ?? nameOf(block)) : undefined, hasBody(type) ? stored : 0);
      longName = undefined;
      longSize = undefined;
    }
  }

  /** Old GNU sparse files continue their map in further blocks, which the size doesn't count. */
  *#sparseMap(header: Buffer): Parser {
    let more = header[482] !== 0;
    while (more) more = ((yield { take: blockSize })[504] ?? 0) !== 0;
  }

  *#body(name: string | undefined, size: number): Parser {
    const child = name === undefined || size === 0 ? undefined : this.#context.open(name, size);
    const pass = new Pass(size, (bytes) => {
      if (child !== undefined && !child.done) child.write(bytes);
    });
    yield { feed: pass };
    child?.finish();
    if (pass.left > 0) this.#truncated(name ?? 'an entry', pass.left);
    yield { feed: new Pass(padded(size) - size) };
  }

  #truncated(name: string, missing: number): void {
    this.#context.problems.add(
      'truncated',
      'tar',
      `the archive ends ${missing} bytes before the end of ${name}`,
    );
  }

  #malformed(message: string): void {
    this.#context.problems.add('malformed', 'tar', message);
  }
}

/** Links, devices, directories and FIFOs have none, whatever their size field says. */
function hasBody(type: string): boolean {
  return !'123456'.includes(type);
}

function padded(size: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}

function nameOf(block: Buffer): string {
  const name = cString(block, 0, 100);
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? cString(block, 345, 500) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function cString(bytes: Buffer, start: number, end: number): string {
  const zero = bytes.subarray(start, end).indexOf(0);
  return bytes.toString('utf8', start, zero < 0 ? end : start + zero);
}

/** An octal number, or GNU's binary form of big ones. */
function octal(block: Buffer, start: number, end: number): number | undefined {
  if (((block[start] ?? 0) & 0x80) !== 0) {
    let value = (block[start] ?? 0) & 0x7f;
    for (let at = start + 1; at < end; at++) value = value * 256 + (block[at] ?? 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = block
    .toString('latin1', start, end)
    .replace(/[\0 ]+$/, '')
    .trim();
  return /^[0-7]{1,12}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** `path` and `size` of a pax extended header. */
function paxFields(body: Buffer): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const length = space < 0 || space - at > 10 ? 0 : Number(body.toString('latin1', at, space));
    if (!Number.isInteger(length) || length <= space - at) return found;
    const [key, ...value] = body.toString('utf8', space + 1, at + length - 1).split('=');
    const text = value.join('=');
    if (key === 'path') found.name = text;
    if (key === 'size' && /^[0-9]{1,15}$/.test(text)) found.size = Number(text);
    at += length;
  }
  return found;
}
