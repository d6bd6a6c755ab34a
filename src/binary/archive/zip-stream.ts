import type { ArchiveFacts } from '../facts.ts';
import type { Child, Context } from '../handler.ts';
import { InflateSpace } from './inflate.ts';
import { InflateSink } from './inflate-sink.ts';
import { MavenNames } from './maven-names.ts';
import { isEmpty, isSkippedName, tooMany } from './read-zip.ts';
import { type Parser, Pass, type Sink, StreamReader } from './stream-reader.ts';
import { localHeaderBytes, localSignature, readDirectory } from './zip-directory.ts';

const tailBytes = 4 * 1024 * 1024;
const signatures = ['PK\x03\x04', 'PK\x01\x02', 'PK\x07\x08', 'PK\x05\x06', 'PK\x06\x06'].map((text) =>
  Buffer.from(text, 'latin1'),
);

interface LocalHeader {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  /** 0 and unknown where a data descriptor behind the entry has it. */
  readonly compressedSize: number;
  readonly size: number;
  readonly isKnown: boolean;
}

/**
 * Reads a zip that is too big to be kept, entry by entry as it streams by, and compares with the central directory at its
 * end. Where an entry's size comes only behind it, the next signature is searched.
 */
export class ZipStream {
  readonly #context: Context;
  readonly #reader: StreamReader;
  readonly #space = new InflateSpace();
  /** Offsets of the local headers met. */
  readonly #seen = new Set<number>();
  #tail: Buffer = Buffer.alloc(0);
  #passed = 0;
  #skipped = 0;
  readonly #maven = new MavenNames();

  constructor(context: Context) {
    this.#context = context;
    this.#reader = new StreamReader((reader) => this.#parse(reader));
  }

  write(chunk: Buffer): void {
    this.#reader.write(chunk);
    this.#passed += chunk.length;
    const size = this.#context.size;
    // The last bytes are kept where it's known which are the last.
    if (size !== undefined && this.#passed <= size - tailBytes) return;
    const joined = Buffer.concat([this.#tail, chunk]);
    this.#tail = joined.length > 2 * tailBytes ? Buffer.from(joined.subarray(-tailBytes)) : joined;
  }

  finish(): ArchiveFacts {
    this.#reader.finish();
    this.#compare();
    const skipped = this.#skipped;
    return {
      format: 'zip',
      entries: this.#seen.size,
      ...(skipped === 0 ? {} : { skippedByName: skipped }),
      ...this.#maven.facts(),
    };
  }

  #compare(): void {
    const { problems, budget } = this.#context;
    const directory = readDirectory(this.#tail, this.#passed - this.#tail.length, budget.limits.entries);
    if (directory === undefined) {
      problems.add(
        'incomplete',
        'central directory',
        'it is missing or too long to be kept: entries were read as they came',
      );
      return;
    }
    if (directory.isCut) {
      tooMany(this.#context);
      return;
    }
    const named = new Set(directory.entries.map(({ offset }) => offset));
    const unnamed = [...this.#seen].filter((offset) => !named.has(offset)).length;
    const unseen = directory.entries.filter(({ offset }) => !this.#seen.has(offset));
    if (unnamed > 0)
      problems.add(
        'hidden',
        'zip',
        `${unnamed} entries stand in the file that the central directory does not name`,
      );
    if (unseen.length > 0)
      problems.add(
        'incomplete',
        'zip',
        `${unseen.length} entries of the central directory were not met, ${unseen[0]?.name} the first`,
      );
  }

  *#parse(reader: StreamReader): Parser {
    for (;;) {
      const found = new SignatureSearch();
      yield { feed: found };
      if (!found.done) return;
      const at = reader.offset;
      const bytes = yield { take: 4 };
      if (bytes.length < 4 || bytes.readUInt32LE(0) === 0x0605_4b50) return;
      if (bytes.readUInt32LE(0) !== localSignature) continue;
      const header = yield* this.#header();
      if (header === undefined) continue;
      this.#seen.add(at);
      if (this.#seen.size > this.#context.budget.limits.entries) {
        tooMany(this.#context);
        return;
      }
      yield* this.#entry(header);
    }
  }

  *#header(): Generator<{ readonly take: number }, LocalHeader | undefined, Buffer> {
    const head = yield { take: localHeaderBytes - 4 };
    if (head.length < localHeaderBytes - 4) return undefined;
    const flags = head.readUInt16LE(2);
    const nameSize = head.readUInt16LE(22);
    const fields = {
      method: head.readUInt16LE(4),
      encrypted: (flags & 1) === 1,
      compressedSize: head.readUInt32LE(14),
      size: head.readUInt32LE(18),
    };
    const rest = yield { take: nameSize + head.readUInt16LE(24) };
    const name = rest.toString('utf8', 0, nameSize);
    const isKnown = (flags & 8) === 0 && fields.compressedSize !== 0xffff_ffff;
    return { name, ...fields, isKnown };
  }

  *#entry(header: LocalHeader): Parser {
    const { name, method, encrypted, isKnown, compressedSize, size } = header;
    this.#maven.add(name);
    const isReadable = !encrypted && (method === 8 || (method === 0 && isKnown));
    const isWanted = !name.endsWith('/') && !(isKnown && isEmpty(header));
    if (isSkippedName(name)) this.#skipped += 1;
    else if (isWanted && !isReadable) this.#unsupported(header);
    else if (isWanted) {
      const child = this.#context.open(name, isKnown ? size : undefined);
      if (child !== undefined) return yield* this.#content(header, child);
    }
    if (isKnown) yield { feed: new Pass(compressedSize) };
  }

  *#content(header: LocalHeader, child: Child): Parser {
    const { name, isKnown, compressedSize } = header;
    if (header.method === 0) {
      const pass = new Pass(compressedSize, (bytes) => {
        if (!child.done) child.write(bytes);
      });
      yield { feed: pass };
      if (pass.left > 0) this.#problem(name, 'truncated', 'the archive ends inside it');
    } else {
      const sink = new InflateSink(child, this.#context, this.#space);
      const counted = new Counted(sink, isKnown ? compressedSize : Number.POSITIVE_INFINITY);
      yield { feed: counted };
      const problem = sink.problem();
      if (problem !== undefined) this.#problem(name, problem.kind, problem.message);
      if (isKnown) yield { feed: new Pass(compressedSize - counted.used) };
    }
    child.finish();
  }

  #unsupported({ name, encrypted, method }: LocalHeader): void {
    const message = encrypted ? 'it is encrypted' : `compression method ${method} is not read here`;
    this.#problem(name, 'unsupported', message);
  }

  #problem(
    name: string,
    kind: 'truncated' | 'unsupported' | 'malformed' | 'limit' | 'hidden' | 'incomplete',
    message: string,
  ): void {
    this.#context.problemInside(name, { kind, where: 'zip', message });
  }
}

/** Gives a sink no more than an entry has. */
class Counted implements Sink {
  used = 0;
  readonly #sink: Sink;
  readonly #size: number;
  #over = false;

  constructor(sink: Sink, size: number) {
    this.#sink = sink;
    this.#size = size;
  }

  get done(): boolean {
    return this.#over || this.#sink.done;
  }

  accept(chunk: Buffer, ended: boolean): number {
    const part = chunk.subarray(0, this.#size - this.used);
    const isLast = ended || this.used + part.length === this.#size;
    const used = this.#sink.accept(part, isLast);
    this.used += used;
    if (isLast) this.#over = true;
    return used;
  }
}

/** Passes everything over up to the next record of a zip. */
class SignatureSearch implements Sink {
  done = false;

  accept(chunk: Buffer, ended: boolean): number {
    let at = chunk.indexOf('PK');
    while (at >= 0 && at + 4 <= chunk.length) {
      if (isSignature(chunk, at)) {
        this.done = true;
        return at;
      }
      at = chunk.indexOf('PK', at + 1);
    }
    if (ended) return chunk.length;
    return Math.max(0, chunk.length - 3);
  }
}

function isSignature(chunk: Buffer, at: number): boolean {
  return signatures.some((signature) => chunk.compare(signature, 0, 4, at, at + 4) === 0);
}
