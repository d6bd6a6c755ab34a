import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

const maxBytes = 2 ** 30;
const tailLines = 20;
const maxLine = 500;
const tailBytes = 64 * 1024;

/** The size that a log has now, bytes. */
export function logSize(path: string): number {
  if (!existsSync(path)) return 0;
  const file = openSync(path, 'r');
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

/** The last lines that were printed, at most 20, each cut to 500 characters; none where there's no log. */
export function logTail(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    const length = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8', 0, length).trimEnd().split(/\r?\n/);
    // Of the attempt that was the last.
    const start = lines.findLastIndex((line) => line.startsWith('== attempt '));
    return lines
      .slice(start + 1)
      .filter((line) => !/^== .* ==$/.test(line))
      .slice(-tailLines)
      .map((line) => (line.length > maxLine ? `${line.slice(0, maxLine)}…` : line));
  } finally {
    closeSync(file);
  }
}

/**
 * Writes what one attempt prints behind what others did. Where nothing more can be written, the step goes on all the same:
 * its log ends.
 */
export class StepLog {
  readonly #file: number | undefined;
  readonly #decoder = new StringDecoder('utf8');
  readonly #onText: (text: string) => void;
  #size: number;
  #full = false;
  #inLine = false;

  /** Cuts the log to `from` bytes: what's behind is of the same attempt, and comes again. */
  constructor(path: string, options: { readonly from: number; readonly onText: (text: string) => void }) {
    this.#onText = options.onText;
    this.#size = options.from;
    this.#file = openLog(path, options.from);
  }

  /** A line of armload's own, on a line of its own. */
  note(text: string): void {
    this.#append(Buffer.from(`${this.#inLine ? '\n' : ''}== ${text} ==\n`));
    this.#inLine = false;
  }

  /** What it prints. The chunk may be reused by the caller. */
  write(chunk: Uint8Array): void {
    this.#append(chunk);
    this.#inLine = chunk.at(-1) !== 10;
    const text = this.#decoder.write(Buffer.from(chunk));
    if (text !== '') this.#onText(text);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #append(bytes: Uint8Array): void {
    if (this.#file === undefined || this.#full) return;
    try {
      if (this.#size + bytes.length > maxBytes) {
        this.#full = true;
        writeSync(this.#file, `\n== the rest is left out: a log has at most ${maxBytes / 2 ** 30} GiB ==\n`);
        return;
      }
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
      this.#size += bytes.length;
    } catch {
      this.#full = true;
    }
  }
}

function openLog(path: string, from: number): number | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(path, 'a', 0o600);
    if (fstatSync(file).size > from) ftruncateSync(file, from);
    return file;
  } catch {
    return undefined;
  }
}
