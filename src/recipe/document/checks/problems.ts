import { nearestWord } from '../../../core/index.ts';
import type { MemberPath } from '../../../document/index.ts';

export interface Problem {
  readonly path: MemberPath;
  readonly message: string;
}

/** More than anybody reads at once, and few enough to be found in no time. */
const maxProblems = 100;
/** Names that are compared with one that isn't known. */
const maxWords = 200;

/** What's wrong with a recipe, each member named once. */
export class Problems {
  readonly #found = new Map<string, Problem>();

  get found(): readonly Problem[] {
    return [...this.#found.values()];
  }

  /** Is there enough to say? */
  get full(): boolean {
    return this.#found.size >= maxProblems;
  }

  /** A message that takes time to find is given as a function. */
  add(path: MemberPath, message: string | (() => string)): void {
    const key = JSON.stringify(path);
    if (this.full || this.#found.has(key)) return;
    this.#found.set(key, { path, message: typeof message === 'string' ? message : message() });
  }
}

/** `there is no step "biuld"; did you mean "build"?` */
export function unknownWord(what: string, word: string, words: readonly string[]): string {
  const near = nearestWord(word, words.slice(0, maxWords));
  const few = words.length > 0 && words.length <= 12 ? `; there are ${words.join(', ')}` : '';
  return `there is no ${what} "${word.slice(0, 100)}"${near === undefined ? few : `; did you mean "${near}"?`}`;
}
