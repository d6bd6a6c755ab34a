import type { View } from '../bytes.ts';
import { Capture } from '../capture.ts';
import type { ElfFacts, FileContent, FileFacts } from '../facts.ts';
import type { Context, Handler } from '../handler.ts';
import { readZipBehind } from '../plain-handler.ts';
import { StreamSearch } from '../search.ts';
import { EmbeddedSearch } from './embedded.ts';
import { goMagic } from './go.ts';
import { type ElfHeader, readHeader, readSegments, segmentTypes } from './header.ts';
import { readElf } from './read-elf.ts';

const aarch64 = 183;
const headBytes = 4_096;
const jemallocText = Buffer.from('<jemalloc>: Unsupported system page size');
const helperText = Buffer.from('__aarch64_');
const helperName = /^__aarch64_(?:cas|swp|ldadd|ldclr|ldeor|ldset)[0-9]|^__aarch64_have_lse_atomics/;

/** Reads an ELF file, or says why what begins with its magic is none. */
export class ElfHandler implements Handler {
  readonly #context: Context;
  readonly #capture: Capture;
  readonly #embedded = new EmbeddedSearch();
  readonly #searches: StreamSearch[] = [];
  readonly #hints = { goPlaces: [] as number[], jemalloc: false, helpers: false };
  #begun = false;

  constructor(context: Context) {
    this.#context = context;
    this.#capture = new Capture(context.size, context.budget);
    this.#searches.push(
      new StreamSearch(jemallocText, jemallocText.length, () => {
        this.#hints.jemalloc = true;
      }),
    );
  }

  write(chunk: Buffer): void {
    if (!this.#begun) this.#begin(chunk);
    this.#capture.write(chunk);
    this.#embedded.write(chunk);
    for (const search of this.#searches) search.write(chunk);
  }

  finish(): FileContent & Pick<FileFacts, 'embedded' | 'embeddedOmitted'> {
    for (const search of this.#searches) search.finish();
    const embedded = this.#embedded.finish();
    const view = this.#capture.view();
    this.#nameUnopened(view);
    readZipBehind(view, this.#context);
    this.#capture.release();
    const header = readHeader(view.readSome(0, 64));
    if (typeof header === 'string') {
      this.#context.problems.add('malformed', 'ELF header', header);
      return { kind: 'data', ...embedded };
    }
    const { problems, budget } = this.#context;
    const countText = (length: number): boolean => budget.countText(length);
    const elf = readElf({ view, header, problems, countText, hints: this.#hints });
    return { kind: 'elf', elf: this.#withHints(elf, view), ...embedded };
  }

  #withHints(elf: ElfFacts, view: View): ElfFacts {
    const packed = view.readSome(0, headBytes).subarray(0, 1_024).includes('UPX!');
    return {
      ...elf,
      ...(this.#hints.jemalloc ? { jemalloc: true as const } : {}),
      ...(packed ? { packer: 'upx' as const } : {}),
    };
  }

  /** What is known to come is asked for before it passes. The first chunk holds 1 KiB where there is as much. */
  #begin(chunk: Buffer): void {
    this.#begun = true;
    const header = readHeader(chunk.subarray(0, 64));
    if (typeof header === 'string') return;
    if (header.machine === aarch64)
      this.#searches.push(
        new StreamSearch(helperText, 32, (_offset, bytes) => {
          this.#hints.helpers ||= helperName.test(bytes.toString('latin1'));
        }),
      );
    const { size, budget } = this.#context;
    if (size !== undefined && size <= budget.limits.wholeFileBytes) return;
    this.#wantParts(header, chunk);
  }

  #wantParts(header: ElfHeader, chunk: Buffer): void {
    const sectionSize = header.bits === 64 ? 64 : 40;
    this.#capture.want(header.sectionsAt, header.sectionCount * sectionSize);
    this.#searches.push(
      new StreamSearch(goMagic, 16, (offset) => {
        // Programs that read other programs' build information hold the magic too, but not aligned.
        if (offset % 16 !== 0 || this.#hints.goPlaces.length >= 8) return;
        this.#hints.goPlaces.push(offset);
        this.#capture.want(offset, 64 * 1024);
      }),
    );
    for (const segment of readSegments(viewOf(chunk), header) ?? []) {
      const { type, flags, offset, fileSize } = segment;
      if (type === segmentTypes.dynamic || type === segmentTypes.interpreter || type === segmentTypes.note)
        this.#capture.want(offset, Math.min(fileSize, 64 * 1024));
      if (type === segmentTypes.load && (flags & 3) === 2)
        this.#capture.want(offset, Math.min(fileSize, 256 * 1024));
    }
  }

  /** Payloads behind a program that are compressed, so that no search sees into them. */
  #nameUnopened(view: View): void {
    const unopened = (format: string): void =>
      this.#context.problems.add('unsupported', 'payload', `the ${format} payload is not opened`);
    const head = view.readSome(0, 16);
    if (head.toString('latin1', 8, 10) === 'AI' && (head[10] === 1 || head[10] === 2)) unopened('AppImage');
    const tail = view.readSome(Math.max(0, view.size - 4_096), 4_096);
    if (tail.includes(Buffer.from('MEI\x0c\x0b\x0a\x0b\x0e', 'latin1'))) unopened('PyInstaller');
  }
}

function viewOf(chunk: Buffer): View {
  const readSome = (offset: number, length: number): Buffer => chunk.subarray(offset, offset + length);
  return {
    size: chunk.length,
    whole: false,
    readSome,
    read: (offset, length) => (offset + length <= chunk.length ? readSome(offset, length) : undefined),
  };
}
