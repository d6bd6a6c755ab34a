import type { ByteSource } from '../byte-source.ts';
import { LzmaDecoder } from './lzma.ts';
import type { LzmaWindow } from './window.ts';

/** Of one chunk, decompressed. */
const maxChunk = 2 * 1024 * 1024;
/** The literals' context counts positions modulo this at most, so the window moves by multiples of it. */
const alignment = 16;

/**
 * Decodes one LZMA2 stream, up to its end marker (xz-file-format 5.3.1). Its chunks have 64 KiB compressed and 2 MiB
 * decompressed at most, so each is read whole. Pieces are copies.
 * @throws DebianError `DEBIAN_MALFORMED`.
 */
export async function* decodeLzma2(
  source: ByteSource,
  dictionaryBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const window = new Window(dictionaryBytes);
  const lzma = new LzmaDecoder();
  let hasDictionary = false;
  let hasProperties = false;
  for (;;) {
    const control = (await source.exactly(1))[0] ?? 0;
    if (control === 0) return;
    if (control === 1 || control >= 0xe0) {
      window.reset();
      hasDictionary = true;
      hasProperties = false;
    } else if (control > 2 && control < 0x80)
      throw source.malformed(`an LZMA2 chunk of the unknown kind ${control}`);
    if (!hasDictionary) throw source.malformed('its first LZMA2 chunk does not reset the dictionary');
    if (control <= 2) {
      yield await plainChunk(source, window);
      continue;
    }
    const head = await chunkHead(source, control);
    if (head.properties !== undefined) hasProperties = lzma.setProperties(head.properties);
    if (!hasProperties) throw source.malformed('an LZMA2 chunk has wrong properties, or none');
    if (control >= 0xa0) lzma.resetState();
    window.makeRoom(head.size);
    const from = window.position;
    const problem = lzma.decode(await source.exactly(head.packed), window, head.size);
    if (problem !== undefined) throw source.malformed(`an LZMA2 chunk is wrong: ${problem}`);
    yield window.bytes.slice(from, window.position);
  }
}

interface ChunkHead {
  readonly size: number;
  readonly packed: number;
  readonly properties: number | undefined;
}

async function chunkHead(source: ByteSource, control: number): Promise<ChunkHead> {
  const [a = 0, b = 0, c = 0, d = 0, properties] = await source.exactly(control >= 0xc0 ? 5 : 4);
  return { size: ((control & 0x1f) << 16) + (a << 8) + b + 1, packed: (c << 8) + d + 1, properties };
}

async function plainChunk(source: ByteSource, window: Window): Promise<Uint8Array> {
  const [high = 0, low = 0] = await source.exactly(2);
  const size = (high << 8) + low + 1;
  window.makeRoom(size);
  const bytes = await source.exactly(size);
  window.bytes.set(bytes, window.position);
  window.position += size;
  return bytes.slice();
}

/** The bytes that matches may reach, and room behind them. Memory grows with what is decoded, up to a bound. */
class Window implements LzmaWindow {
  bytes: Uint8Array = new Uint8Array(0);
  position = 0;
  start = 0;
  readonly #dictionary: number;

  constructor(dictionaryBytes: number) {
    this.#dictionary = Math.max(4096, dictionaryBytes);
  }

  reset(): void {
    this.position = 0;
    this.start = 0;
  }

  makeRoom(size: number): void {
    if (this.position + size <= this.bytes.length) return;
    const most = this.#dictionary + maxChunk + alignment + (this.#dictionary >> 2);
    if (this.position + size > most) this.#slide();
    if (this.position + size <= this.bytes.length) return;
    const grown = new Uint8Array(Math.min(most, Math.max(2 * this.bytes.length, this.position + size)));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
  }

  #slide(): void {
    const dropped = Math.floor((this.position - this.#dictionary) / alignment) * alignment;
    this.bytes.copyWithin(0, dropped, this.position);
    this.position -= dropped;
  }
}
