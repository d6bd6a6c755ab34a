import { readZip } from './archive/read-zip.ts';
import { readDirectory } from './archive/zip-directory.ts';
import type { View } from './bytes.ts';
import { Capture } from './capture.ts';
import { EmbeddedSearch, elfMagic } from './elf/embedded.ts';
import type { FileContent, FileFacts } from './facts.ts';
import type { Context, Handler } from './handler.ts';

const zipEnd = 'PK\x05\x06';
const endBytes = 22;
const endWindow = 1_024;

/** False where a PlainHandler would find nothing in these bytes, if they are a whole file. */
export function mayHoldMore(bytes: Buffer): boolean {
  const end = bytes.length - endBytes;
  return bytes.includes(elfMagic) || bytes.toString('latin1', Math.max(0, end), end + 4) === zipEnd;
}

/** A file that's text or data to us, in which an ELF file may hide all the same. */
export class PlainHandler implements Handler {
  readonly #context: Context;
  readonly #content: FileContent;
  readonly #search = new EmbeddedSearch();
  #tail: Buffer = Buffer.alloc(0);

  constructor(context: Context, content: FileContent) {
    this.#context = context;
    this.#content = content;
  }

  write(chunk: Buffer): void {
    this.#search.write(chunk);
    const end = chunk.subarray(-endBytes);
    this.#tail =
      end.length === endBytes ? Buffer.from(end) : Buffer.concat([this.#tail, end]).subarray(-endBytes);
  }

  finish(): FileContent & Pick<FileFacts, 'embedded' | 'embeddedOmitted'> {
    if (this.#tail.toString('latin1', 0, 4) === zipEnd)
      this.#context.problems.add('unsupported', 'payload', 'the zip behind other data is not opened');
    return { ...this.#content, ...this.#search.finish() };
  }
}

/** A file that is kept, as far as it can be, and read at its end. */
export class KeptHandler implements Handler {
  readonly #context: Context;
  readonly #capture: Capture;
  readonly #search = new EmbeddedSearch();
  readonly #read: (view: View) => FileContent;

  constructor(context: Context, read: (view: View) => FileContent) {
    this.#context = context;
    this.#capture = new Capture(context.size, context.budget);
    this.#read = read;
  }

  write(chunk: Buffer): void {
    this.#capture.write(chunk);
    this.#search.write(chunk);
  }

  finish(): FileContent & Pick<FileFacts, 'embedded' | 'embeddedOmitted'> {
    const view = this.#capture.view();
    const content = this.#read(view);
    readZipBehind(view, this.#context);
    this.#capture.release();
    return { ...content, ...this.#search.finish() };
  }
}

/** Reads the zip that stands behind a program or a script, if one does: Python's zipapp, Spring Boot's executable jars. */
export function readZipBehind(view: View, context: Context): void {
  const tail = view.readSome(Math.max(0, view.size - endWindow), endWindow);
  if (!tail.includes(zipEnd)) return;
  if (!view.whole) {
    context.problems.add('limit', 'payload', 'the zip behind it is too big to be kept, and was not read');
    return;
  }
  const bytes = view.readSome(0, view.size);
  const directory = readDirectory(bytes, 0, context.budget.limits.entries);
  if (directory !== undefined && directory.entries.length > 0) readZip(bytes, context);
}
