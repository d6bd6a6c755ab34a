import type { EmbeddedElf } from '../facts.ts';
import { elfArchitecture, elfMachine, isKnownElfMachine } from '../machines.ts';
import { StreamSearch } from '../search.ts';
import { fieldsOf, readHeader, typeName } from './header.ts';

export const elfMagic = Buffer.from('\x7fELF', 'latin1');
const headerBytes = 64;
const maxListed = 32;

/** Finds ELF headers behind the first byte of a stream: self-extracting scripts, packed programs, firmware. */
export class EmbeddedSearch {
  readonly #search = new StreamSearch(elfMagic, headerBytes, (offset, bytes) => this.#found(offset, bytes));
  readonly #list: EmbeddedElf[] = [];
  #omitted = 0;

  write(chunk: Uint8Array): void {
    this.#search.write(chunk);
  }

  finish(): { readonly embedded?: readonly EmbeddedElf[]; readonly embeddedOmitted?: number } {
    this.#search.finish();
    if (this.#list.length === 0) return {};
    return { embedded: this.#list, ...(this.#omitted === 0 ? {} : { embeddedOmitted: this.#omitted }) };
  }

  #found(offset: number, bytes: Buffer): void {
    if (offset === 0) return;
    const elf = plausible(bytes);
    if (elf === undefined) return;
    if (this.#list.length < maxListed) this.#list.push({ offset, ...elf });
    else this.#omitted += 1;
  }
}

/** Programs hold the magic in their constants, so everything else a real header fixes is asked for too. */
function plausible(bytes: Buffer): Omit<EmbeddedElf, 'offset'> | undefined {
  if (bytes[6] !== 1) return undefined;
  const header = readHeader(bytes);
  if (typeof header === 'string') return undefined;
  const [size, segmentSize, sectionSize] = header.bits === 64 ? [64, 56, 64] : [52, 32, 40];
  const fields = fieldsOf(bytes, header);
  const sizeAt = header.bits === 64 ? 52 : 40;
  const fits =
    fields.u32(20) === 1 &&
    fields.u16(sizeAt) === size &&
    header.type >= 1 &&
    header.type <= 4 &&
    isKnownElfMachine(header.machine) &&
    (header.segmentCount === 0 || header.segmentSize === segmentSize) &&
    (header.sectionCount === 0 || header.sectionSize === sectionSize) &&
    header.segmentCount + header.sectionCount > 0;
  if (!fits) return undefined;
  const { bits, endian, flags } = header;
  const machine = elfMachine(header.machine);
  const architecture = elfArchitecture({ bits, endian, flags, machine });
  return {
    bits,
    endian,
    type: typeName(header.type),
    machine,
    ...(architecture === undefined ? {} : { architecture }),
  };
}
