import { StringDecoder } from 'node:string_decoder';
import { DebianError } from './errors.ts';

/** One field of a paragraph. */
export interface ControlField {
  /** As written. */
  readonly name: string;
  /** The lines of the value joined by newlines: the first trimmed, of the others the one blank they begin with removed. */
  readonly value: string;
  /** Where the field starts, from 1. */
  readonly line: number;
  /** The comment lines right above it, without their `#`. */
  readonly comments: readonly string[];
}

/** A paragraph of deb822(5): the fields of one package, source or release. */
export interface Paragraph {
  /** Its first line, from 1. */
  readonly line: number;
  /** By name in lower case, in order. */
  readonly fields: ReadonlyMap<string, ControlField>;
}

/** Bounds of one input. */
export interface ControlLimits {
  readonly lineBytes: number;
  readonly paragraphBytes: number;
  readonly paragraphs: number;
}

export interface ControlOptions {
  /** What is read, for errors: "var/lib/dpkg/status". */
  readonly name: string;
  /** Names in lower case: fields to keep. All unless told. */
  readonly fields?: ReadonlySet<string>;
  readonly limits?: Partial<ControlLimits>;
}

const defaultLimits: ControlLimits = {
  lineBytes: 1024 * 1024,
  // A Release file is one paragraph with a line for each file of the archive.
  paragraphBytes: 32 * 1024 * 1024,
  paragraphs: 1_000_000,
};

/** The value of a field; `undefined` where the paragraph has none. The name's case doesn't matter. */
export function fieldOf(paragraph: Paragraph, name: string): string | undefined {
  return paragraph.fields.get(name.toLowerCase())?.value;
}

/**
 * Reads paragraphs out of a text that is at hand: deb822(5), Debian Policy 5.1. Lines that start with `#` are comments.
 * @throws DebianError `DEBIAN_MALFORMED` with the line, or `DEBIAN_LIMIT`.
 */
export function parseControl(text: string | Uint8Array, options: ControlOptions): readonly Paragraph[] {
  const reader = new ControlReader(options);
  const whole = typeof text === 'string' ? Buffer.from(text) : text;
  return [...reader.write(whole), ...reader.finish()];
}

/**
 * The same for a stream: no more than a piece of it and one paragraph is held. Paragraphs come in lists, as one piece
 * holds many.
 * @throws as `parseControl`, and what the input throws.
 */
export async function* readControl(
  input: AsyncIterable<Uint8Array>,
  options: ControlOptions,
): AsyncGenerator<readonly Paragraph[], void, undefined> {
  const reader = new ControlReader(options);
  for await (const chunk of input) {
    const paragraphs = reader.write(chunk);
    if (paragraphs.length > 0) yield paragraphs;
  }
  const rest = reader.finish();
  if (rest.length > 0) yield rest;
}

/** Printable ASCII but the colon, beginning with neither `#` nor `-` (Debian Policy 5.1). */
const fieldName = /^(?![#-])[!-9;-~]+$/;

class ControlReader {
  readonly #options: ControlOptions;
  readonly #limits: ControlLimits;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #line = 0;
  #count = 0;
  #paragraph: ParagraphBuilder | undefined;
  #comments: string[] = [];

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  write(chunk: Uint8Array): Paragraph[] {
    const text = this.#rest + this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    return this.#lines(text);
  }

  finish(): Paragraph[] {
    const text = `${this.#rest}${this.#decoder.end()}`;
    const done = text === '' ? [] : this.#lines(`${text}\n`);
    return [...done, ...this.#end()];
  }

  #lines(text: string): Paragraph[] {
    const done: Paragraph[] = [];
    let at = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      this.#line += 1;
      if (end - at > this.#limits.lineBytes) throw this.#limit(`a line over ${this.#limits.lineBytes} bytes`);
      if (end === at || (end === at + 1 && text[at] === '\r')) done.push(...this.#end());
      else this.#takeLine(text, at, end);
      at = end + 1;
    }
    this.#rest = text.slice(at);
    if (this.#rest.length > this.#limits.lineBytes)
      throw this.#limit(`a line over ${this.#limits.lineBytes} bytes`);
    return done;
  }

  #takeLine(text: string, start: number, end: number): void {
    const first = text.charCodeAt(start);
    if (first === 0x23) {
      this.#comments.push(text.slice(start + 1, end).trim());
      return;
    }
    if (first === 0x20 || first === 0x09) this.#continuation(text, start + 1, end);
    else this.#field(text, start, end);
    this.#comments = [];
  }

  #field(text: string, start: number, end: number): void {
    const colon = text.indexOf(':', start);
    const name = colon < 0 || colon > end ? '' : text.slice(start, colon).trimEnd();
    if (!fieldName.test(name)) throw this.#malformed('the line is no field "Name: value"');
    this.#paragraph ??= new ParagraphBuilder(this.#line, this.#options.fields);
    const isNew = this.#paragraph.begin(name, { line: this.#line, comments: this.#comments });
    if (!isNew) throw this.#malformed(`the paragraph has the field ${name} twice`);
    this.#grow(end - start);
    if (this.#paragraph.wanted) this.#paragraph.add(text.slice(colon + 1, end).trim());
  }

  #continuation(text: string, start: number, end: number): void {
    if (this.#paragraph === undefined)
      throw this.#malformed('the line goes on with a field that never began');
    this.#grow(end - start);
    // Some readers take such a line for the paragraph's end, some don't.
    if (text.slice(start, end).trim() === '') throw this.#malformed('the line holds nothing but blanks');
    if (this.#paragraph.wanted) this.#paragraph.add(text.slice(start, end).trimEnd());
  }

  #grow(bytes: number): void {
    const total = this.#paragraph?.grow(bytes + 1) ?? 0;
    if (total > this.#limits.paragraphBytes)
      throw this.#limit(`a paragraph over ${this.#limits.paragraphBytes} bytes`);
  }

  #end(): Paragraph[] {
    const paragraph = this.#paragraph?.finish();
    this.#paragraph = undefined;
    this.#comments = [];
    if (paragraph === undefined) return [];
    this.#count += 1;
    if (this.#count > this.#limits.paragraphs)
      throw this.#limit(`more than ${this.#limits.paragraphs} paragraphs`);
    return [paragraph];
  }

  #malformed(problem: string): DebianError {
    const { name } = this.#options;
    return new DebianError('DEBIAN_MALFORMED', `${name} line ${this.#line}: ${problem}`, {
      facts: { name, line: this.#line },
    });
  }

  #limit(what: string): DebianError {
    const { name } = this.#options;
    return new DebianError('DEBIAN_LIMIT', `${name} line ${this.#line}: it has ${what}, the limit`);
  }
}

class ParagraphBuilder {
  /** The field that is being read is one to keep. */
  wanted = false;
  readonly #line: number;
  readonly #keep: ReadonlySet<string> | undefined;
  readonly #seen = new Set<string>();
  readonly #fields = new Map<string, ControlField>();
  #key = '';
  #name = '';
  #place: Pick<ControlField, 'line' | 'comments'> = { line: 0, comments: [] };
  #value: string[] = [];
  #bytes = 0;

  constructor(line: number, keep: ReadonlySet<string> | undefined) {
    this.#line = line;
    this.#keep = keep;
  }

  /** False where the paragraph has the field already. */
  begin(name: string, place: Pick<ControlField, 'line' | 'comments'>): boolean {
    this.#flush();
    this.#key = name.toLowerCase();
    this.#name = name;
    this.#place = place;
    this.wanted = this.#keep?.has(this.#key) ?? true;
    if (this.#seen.has(this.#key)) return false;
    this.#seen.add(this.#key);
    return true;
  }

  add(line: string): void {
    this.#value.push(line);
  }

  grow(bytes: number): number {
    this.#bytes += bytes;
    return this.#bytes;
  }

  finish(): Paragraph {
    this.#flush();
    return { line: this.#line, fields: this.#fields };
  }

  #flush(): void {
    if (this.wanted) {
      const value = this.#value.length === 1 ? (this.#value[0] ?? '') : this.#value.join('\n');
      this.#fields.set(this.#key, { name: this.#name, value, ...this.#place });
    }
    this.#value = [];
    this.wanted = false;
  }
}
