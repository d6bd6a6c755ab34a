const scratchBytes = 16 * 1024 * 1024;

/**
 * Memory that files are kept in while they are looked at, one file after the other. Memory of its own for each would
 * leave the process's heap in pieces: tens of megabytes over a big layer, and as many page faults as it has bytes.
 */
export class Scratch {
  #bytes: Buffer | undefined;
  #taken = 0;

  /** A part nobody else has, with anything in it; `undefined` where there isn't as much left. */
  take(size: number): Buffer | undefined {
    if (this.#taken + size > scratchBytes) return undefined;
    this.#bytes ??= Buffer.allocUnsafeSlow(scratchBytes);
    this.#taken += size;
    return this.#bytes.subarray(this.#taken - size, this.#taken);
  }

  /** All that was taken is free again. */
  reset(): void {
    this.#taken = 0;
  }
}
