import { limits } from './limits.ts';

/** Sentences on what could not be told, as many as a person reads. */
export class Notes {
  readonly #notes: string[] = [];
  #omitted = 0;

  add(note: string): void {
    if (this.#notes.length < limits.notes) this.#notes.push(note);
    else this.#omitted += 1;
  }

  all(): readonly string[] {
    return this.#omitted === 0 ? this.#notes : [...this.#notes, `and ${this.#omitted} more of this kind`];
  }
}
