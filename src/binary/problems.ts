import type { Problem } from './facts.ts';

const maxProblems = 32;

/** Collects problems up to a bound, each sentence once. */
export class Problems {
  readonly #list: Problem[] = [];
  readonly #seen = new Set<string>();
  #omitted = 0;

  add(kind: Problem['kind'], where: string, message: string): void {
    this.adopt({ kind, where, message });
  }

  adopt(problem: Problem): void {
    const key = `${problem.kind}\0${problem.where}\0${problem.message}\0${problem.path ?? ''}`;
    if (this.#seen.has(key)) return;
    if (this.#list.length >= maxProblems) {
      this.#omitted += 1;
      return;
    }
    this.#seen.add(key);
    this.#list.push(problem);
  }

  omit(count: number): void {
    this.#omitted += count;
  }

  facts(): { readonly problems?: readonly Problem[]; readonly problemsOmitted?: number } {
    if (this.#list.length === 0) return {};
    return { problems: this.#list, ...(this.#omitted === 0 ? {} : { problemsOmitted: this.#omitted }) };
  }
}
