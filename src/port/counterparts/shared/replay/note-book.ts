const shown = 5;

/** Gathers paths under sentences, so that a thousand of a kind are one note. */
export class NoteBook {
  readonly #paths = new Map<string, string[]>();
  readonly #sentences: string[] = [];

  say(sentence: string): void {
    this.#sentences.push(sentence);
  }

  /** `what` says what was done: "kept as altered". */
  about(what: string, path: string): void {
    const known = this.#paths.get(what);
    if (known === undefined) this.#paths.set(what, [path]);
    else known.push(path);
  }

  get notes(): readonly string[] {
    const gathered = [...this.#paths].map(([what, paths]) => {
      const names = paths.slice(0, shown).map((path) => `/${path}`);
      const more = paths.length > shown ? ` and ${paths.length - shown} more` : '';
      return `${what}: ${names.join(', ')}${more}`;
    });
    return [...this.#sentences, ...gathered];
  }
}
