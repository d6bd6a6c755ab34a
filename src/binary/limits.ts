import type { Scratch } from './scratch.ts';

/** Bounds on what one file (with everything inside it) may cost. */
export interface Limits {
  /** Bytes of one file kept whole; of a bigger one, the head, the tail and the ranges its headers name. */
  readonly wholeFileBytes: number;
  /** Bytes kept at one time, over all levels of nesting. */
  readonly keptBytes: number;
  /** Archives within archives. */
  readonly depth: number;
  /** Entries over all levels. */
  readonly entries: number;
  /** Inflated bytes over all levels. */
  readonly inflatedBytes: number;
  /** Inflated bytes for each compressed one, counted beyond the first 8 MiB of an entry. */
  readonly ratio: number;
  /** Characters of names and texts taken into the facts, over all levels. */
  readonly textLength: number;
}

export const defaultLimits: Limits = {
  wholeFileBytes: 16 * 1024 * 1024,
  keptBytes: 64 * 1024 * 1024,
  depth: 4,
  entries: 100_000,
  inflatedBytes: 256 * 1024 * 1024,
  ratio: 200,
  textLength: 4 * 1024 * 1024,
};

/** What many files together may cost; it gets less with each. */
export interface Allowance {
  inflatedBytes: number;
}

/** What is left of the limits, shared by a file and everything inside it. */
export class Budget {
  readonly limits: Limits;
  readonly scratch: Scratch | undefined;
  readonly #allowance: Allowance | undefined;
  #kept = 0;
  #entries = 0;
  #inflated = 0;
  #text = 0;

  constructor(limits: Limits, scratch?: Scratch, allowance?: Allowance) {
    this.#allowance = allowance;
    this.limits = limits;
    this.scratch = scratch;
  }

  /** Asks for memory; what was granted is given back with `release`. */
  keep(bytes: number): boolean {
    if (this.#kept + bytes > this.limits.keptBytes) return false;
    this.#kept += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#kept -= bytes;
  }

  countEntry(): boolean {
    this.#entries += 1;
    return this.#entries <= this.limits.entries;
  }

  countInflated(bytes: number): boolean {
    this.#inflated += bytes;
    if (this.#allowance === undefined) return this.#inflated <= this.limits.inflatedBytes;
    this.#allowance.inflatedBytes -= bytes;
    return this.#inflated <= this.limits.inflatedBytes && this.#allowance.inflatedBytes >= 0;
  }

  countText(length: number): boolean {
    this.#text += length;
    return this.#text <= this.limits.textLength;
  }
}
