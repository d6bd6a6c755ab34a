import type { Content } from './content.ts';

/** Content by key, the least recently used dropped when the sum of the bytes passes the bound. */
export class BoundedMemory {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Content>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): Content | undefined {
    const found = this.#entries.get(key);
    if (found) {
      // A Map keeps the order of insertion: the first is the least recently used.
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    return found;
  }

  set(key: string, content: Content): void {
    this.#drop(key);
    this.#entries.set(key, content);
    this.#bytes += content.bytes.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes.length ?? 0;
    this.#entries.delete(key);
  }
}
