import { ByteSource } from '../debian/byte-source.ts';
import { PackagesError } from '../shared/packages/errors.ts';

/** An entry of a payload. */
export interface CpioEntry {
  /** As written, with `./` before it as a rule; absent where the package's header has it. */
  readonly name?: string;
  /** Its place in the header's list of files, in the form for large files. */
  readonly index?: number;
  /** Absent where the header has it. */
  readonly size?: number;
  /** Reads the content, which must be done before the next entry. `size` is the header's, where the entry has none. */
  body(size: number): AsyncIterable<Uint8Array>;
}

const headBytes = 110;
const maxName = 16_384;

/**
 * Reads a payload: cpio's new ASCII form (`070701`, `070702`), and rpm's own for large files (`07070X`), whose entries
 * name a file of the header and nothing else.
 * @throws PackagesError `PACKAGES_MALFORMED`; what the input throws.
 */
export async function* readCpio(
  input: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<CpioEntry, void, undefined> {
  const source = new ByteSource(input, name);
  const fill = async (): Promise<void> => {
    const padding = -source.offset & 3;
    if (padding > 0) await source.exactly(padding);
  };
  try {
    for (;;) {
      await fill();
      const magic = text(await source.exactly(6));
      if (magic === '07070X') {
        const index = hex(text(await source.exactly(8)), name);
        await fill();
        let isRead = false;
        yield {
          index,
          body: (size) => {
            isRead = true;
            return source.stream(size);
          },
        };
        if (!isRead) throw damaged(name, 'the content of a file was left out');
        continue;
      }
      if (magic !== '070701' && magic !== '070702') throw damaged(name, `an entry begins with "${magic}"`);
      const head = text(await source.exactly(headBytes - 6));
      const field = (at: number): number => hex(head.slice(8 * at, 8 * at + 8), name);
      const [size, nameSize] = [field(6), field(11)];
      if (nameSize === 0 || nameSize > maxName) throw damaged(name, `a name has ${nameSize} bytes`);
      const written = Buffer.from((await source.exactly(nameSize)).subarray(0, nameSize - 1)).toString(
        'utf8',
      );
      if (written === 'TRAILER!!!') return;
      await fill();
      const end = source.offset + size;
      yield { name: written, size, body: () => source.stream(size) };
      if (source.offset < end) for await (const _ of source.stream(end - source.offset));
    }
  } finally {
    await source.close();
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function hex(digits: string, name: string): number {
  if (!/^[0-9a-fA-F]{8}$/.test(digits)) throw damaged(name, `"${digits}" is no number`);
  return Number.parseInt(digits, 16);
}

function damaged(name: string, problem: string): PackagesError {
  return new PackagesError('PACKAGES_MALFORMED', `the payload of ${name} is damaged: ${problem}`);
}
