import type { FileContent } from '../facts.ts';
import type { Child, Context, Handler } from '../handler.ts';
import { InflateSink } from './inflate-sink.ts';
import { type Parser, Pass, type Request, type Sink, StreamReader } from './stream-reader.ts';

const maxNameBytes = 4_096;

/** Looks into a gzip file (RFC 1952): mostly one tar, or one text of no interest. */
export class GzipHandler implements Handler {
  readonly #context: Context;
  readonly #reader = new StreamReader(() => this.#parse());
  #members = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  write(chunk: Buffer): void {
    this.#reader.write(chunk);
  }

  finish(): FileContent {
    this.#reader.finish();
    return { kind: 'archive', archive: { format: 'gzip', entries: this.#members } };
  }

  /** Several members are one file, cut into pieces. */
  *#parse(): Parser {
    let child: Child | undefined;
    for (;;) {
      const head = yield { take: 10 };
      if (head.length < 10 || head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8) break;
      const name = yield* this.#header(head[3] ?? 0);
      if (this.#members === 0) child = this.#context.open(name || innerName(this.#context.path), undefined);
      this.#members += 1;
      if (child === undefined) return;
      const sink = new InflateSink(child, this.#context);
      yield { feed: sink };
      const problem = sink.problem();
      if (problem !== undefined) this.#context.problems.add(problem.kind, 'gzip', problem.message);
      if (problem !== undefined || child.done) break;
      yield { take: 8 };
    }
    child?.finish();
  }

  *#header(flags: number): Generator<Request, string, Buffer> {
    if ((flags & 4) !== 0) {
      const size = yield { take: 2 };
      yield { feed: new Pass(size.length < 2 ? 0 : size.readUInt16LE(0)) };
    }
    const name = new CString();
    if ((flags & 8) !== 0) yield { feed: name };
    if ((flags & 16) !== 0) yield { feed: new CString() };
    if ((flags & 2) !== 0) yield { take: 2 };
    return name.text;
  }
}

/** Takes a text that ends with NUL. */
class CString implements Sink {
  text = '';
  done = false;

  accept(chunk: Buffer, ended: boolean): number {
    const end = chunk.indexOf(0);
    if (end < 0 && !ended && chunk.length < maxNameBytes) return 0;
    this.done = true;
    this.text = chunk.toString('utf8', 0, end < 0 ? Math.min(chunk.length, maxNameBytes) : end);
    return end < 0 ? chunk.length : end + 1;
  }
}

/** What gunzip would call the result. */
function innerName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/\.tgz$/i.test(name)) return name.replace(/\.tgz$/i, '.tar');
  return name.replace(/\.(?:gz|svgz)$/i, '');
}
