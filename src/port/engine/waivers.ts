import { UsageError } from '../../core/index.ts';
import type { Waiver } from '../options.ts';
import type { Refusal } from '../origin-types.ts';

/** A person's decisions, and which of them were needed. */
export class Waivers {
  readonly #reasons: ReadonlyMap<string, string>;
  readonly #used = new Set<string>();

  /** @throws UsageError `USAGE` for one that is no absolute path, gives no reason, or stands twice. */
  constructor(waivers: readonly Waiver[] = []) {
    const reasons = new Map<string, string>();
    for (const { path, reason } of waivers) {
      if (!path.startsWith('/') || path === '/')
        throw new UsageError('USAGE', `a waiver names an absolute path of the image, and "${path}" is none`);
      if (reason.trim() === '')
        throw new UsageError('USAGE', `the waiver of ${path} gives no reason`, {
          hint: 'The reason is recorded in the provenance of what is published.',
        });
      if (reasons.has(path)) throw new UsageError('USAGE', `${path} is waived twice`);
      reasons.set(path, reason.trim());
    }
    this.#reasons = reasons;
  }

  /** Those that nobody waived. */
  left(refusals: readonly Refusal[]): readonly Refusal[] {
    return refusals.filter((refusal) => !this.lifts(refusal));
  }

  lifts({ path, waivable }: Pick<Refusal, 'path' | 'waivable'>): boolean {
    if (path === undefined || !waivable || !this.#reasons.has(`/${path}`)) return false;
    this.#used.add(`/${path}`);
    return true;
  }

  /** The reason of a waiver that was needed. */
  reasonFor(path: string): string | undefined {
    return this.#used.has(`/${path}`) ? this.#reasons.get(`/${path}`) : undefined;
  }

  results(): { path: string; reason: string; used: boolean }[] {
    return [...this.#reasons].map(([path, reason]) => ({ path, reason, used: this.#used.has(path) }));
  }
}
