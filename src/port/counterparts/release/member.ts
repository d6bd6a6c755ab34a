import { ReleaseError } from './errors.ts';
import type { ReleaseLimits } from './limits.ts';

export interface ExtractOptions {
  /** The archive's, for errors. */
  readonly name: string;
  /** Without a leading slash. */
  readonly member: string;
  readonly limits: ReleaseLimits;
  readonly signal?: AbortSignal | undefined;
}

export function problem({ name }: Pick<ExtractOptions, 'name'>, what: string): ReleaseError {
  return new ReleaseError('RELEASE_ARCHIVE', `nothing can be taken out of ${name}: ${what}`);
}

const maxNames = 5;

/** A few names of an archive's files, best those that end as what was looked for. */
export class NearNames {
  readonly #name: string;
  readonly #same: string[] = [];
  readonly #others: string[] = [];

  constructor(member: string) {
    this.#name = member.slice(member.lastIndexOf('/') + 1);
  }

  add(path: string): void {
    const names = path === this.#name || path.endsWith(`/${this.#name}`) ? this.#same : this.#others;
    if (names.length < maxNames) names.push(path.slice(0, 200));
  }

  hint(): string {
    const names = this.#same.length > 0 ? this.#same : this.#others;
    return names.length === 0 ? '' : `; it has ${names.join(', ')}`;
  }
}
