import { asBuffer, type Range, RangeView, type View } from './bytes.ts';
import type { Budget } from './limits.ts';

/** Names and versions of libraries stand here, behind a program's own names: in Node's, the largest seen, up to 7.5 MiB. */
const headBytes = 10 * 1024 * 1024;
const tailBytes = 2 * 1024 * 1024;
const namedBytes = 4 * 1024 * 1024;
const leastBytes = 64 * 1024;

interface Window {
  readonly start: number;
  end: number;
  bytes: Buffer | undefined;
  filled: number;
}

/**
 * Keeps what passes by once. A file up to the limit is kept whole; of a bigger one, or one of unknown size that turns out
 * bigger, the head, the tail (where the size is known), and ranges that were asked for before they passed.
 */
export class Capture {
  /** False where only parts of a file of this size will be kept. */
  readonly keepsAll: boolean;
  readonly #budget: Budget;
  readonly #windows: Window[] = [];
  #granted = 0;
  #named = 0;
  #passed = 0;

  constructor(size: number | undefined, budget: Budget) {
    this.#budget = budget;
    const whole = budget.limits.wholeFileBytes;
    this.keepsAll = size !== undefined && size <= whole && this.#open(0, size);
    if (this.keepsAll) return;
    // Headers are kept even where the budget has no room left.
    const heads = size === undefined ? [Math.max(whole, headBytes), headBytes] : [headBytes];
    if (!heads.some((head) => this.#open(0, head))) this.#windows.push(windowOf(0, leastBytes));
    if (size !== undefined) this.#open(Math.max(0, size - tailBytes), size);
  }

  /** Asks for a range that has not passed yet; at most 4 MiB of such ranges are kept. */
  want(start: number, length: number): void {
    if (length <= 0 || start < this.#passed || !Number.isSafeInteger(start + length)) return;
    if (this.#named + length > namedBytes) return;
    if (this.#windows.some((window) => start >= window.start && start + length <= window.end)) return;
    this.#named += length;
    this.#open(start, start + length);
  }

  write(chunk: Uint8Array): void {
    const end = this.#passed + chunk.length;
    if (this.keepsAll) this.#stretch(end);
    for (const window of this.#windows) {
      const from = Math.max(this.#passed, window.start + window.filled);
      const to = Math.min(end, window.end);
      if (from >= to) continue;
      this.#store(window, chunk.subarray(from - this.#passed, to - this.#passed));
    }
    this.#passed = end;
  }

  view(): View {
    const ranges: Range[] = this.#windows.map(({ start, bytes, filled }) => ({
      start,
      bytes: (bytes ?? Buffer.alloc(0)).subarray(0, filled),
    }));
    return new RangeView(this.#passed, ranges);
  }

  /** Gives the memory back to the budget. The view made before stays readable. */
  release(): void {
    this.#budget.release(this.#granted);
    this.#granted = 0;
  }

  #open(start: number, end: number): boolean {
    if (!this.#budget.keep(end - start)) return false;
    this.#granted += end - start;
    this.#windows.push(windowOf(start, end));
    return true;
  }

  /** More comes than was announced: an archive may lie about its entries. */
  #stretch(end: number): void {
    const [window] = this.#windows;
    const more = this.#budget.limits.wholeFileBytes - (window?.end ?? 0);
    if (window === undefined || end <= window.end || more <= 0 || !this.#budget.keep(more)) return;
    this.#granted += more;
    window.end += more;
  }

  /** Memory grows with what came, not with what was announced. */
  #store(window: Window, piece: Uint8Array): void {
    const wanted = window.filled + piece.length;
    window.bytes ??= this.#budget.scratch?.take(window.end - window.start);
    if (window.bytes === undefined || window.bytes.length < wanted) {
      const room = Math.min(window.end - window.start, Math.max(wanted, 4 * (window.bytes?.length ?? 0)));
      const grown = Buffer.allocUnsafeSlow(room);
      if (window.bytes !== undefined) window.bytes.copy(grown, 0, 0, window.filled);
      window.bytes = grown;
    }
    window.bytes.set(asBuffer(piece), window.filled);
    window.filled = wanted;
  }
}

function windowOf(start: number, end: number): Window {
  return { start, end, bytes: undefined, filled: 0 };
}
