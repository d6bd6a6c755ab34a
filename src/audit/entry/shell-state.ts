import type { ShellWord } from './shell-commands.ts';
import type { Piece } from './shell-lexer.ts';
import { changedDirectory, type Surroundings, type Word, withUnknownPath } from './surroundings.ts';

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

/** Variables and directory of a shell while it goes through a text. */
export class ShellState {
  #around: Surroundings;
  /** Set in the text and not exported: programs don't see them. */
  readonly #own = new Set<string>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** What a program finds that is started now, with the assignments before its name. */
  aroundFor(assignments: readonly Assignment[]): Surroundings {
    const variables = new Map(this.#around.variables);
    for (const name of this.#own) variables.delete(name);
    for (const { name, value } of assignments) variables.set(name, value);
    return { ...this.#around, variables };
  }

  assign({ name, value }: Assignment, exported: boolean): void {
    const { variables } = this.#around;
    if (exported) this.#own.delete(name);
    else if (!variables.has(name)) this.#own.add(name);
    this.#around = { ...this.#around, variables: new Map(variables).set(name, value) };
  }

  export(name: string): void {
    this.#own.delete(name);
  }

  unset(name: string): void {
    this.assign({ name, value: undefined }, false);
  }

  changeDirectory(to: Word): void {
    this.#around = changedDirectory(this.#around, to);
  }

  forgetPath(): void {
    this.#around = withUnknownPath(this.#around);
  }

  /** A word with its variables' values; `undefined` where it is known only at run time, or may become several words. */
  expand(word: ShellWord): Word {
    let text = '';
    for (const piece of word) {
      const value = this.#valueOf(piece);
      if (value === undefined) return undefined;
      text += value;
    }
    return text;
  }

  /** `NAME=value` before a command's name. */
  assignment(word: ShellWord): Assignment | undefined {
    const [first, ...rest] = word;
    if (first?.kind !== 'text' || first.quoted) return undefined;
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(\+?)=/.exec(first.text);
    if (match === null) return undefined;
    const [written, name = '', plus] = match;
    const value: Piece = { ...first, text: first.text.slice(written.length) };
    // Values are not split into words, quoted or not.
    const pieces = [value, ...rest].map((piece) =>
      piece.kind === 'variable' ? { ...piece, quoted: true } : piece,
    );
    return { name, value: plus === '+' ? undefined : this.expand(pieces) };
  }

  #valueOf(piece: Piece): Word {
    if (piece.kind === 'text') return piece.text;
    if (piece.kind === 'dynamic') return undefined;
    const value = this.#around.variables.get(piece.name);
    // Without quotes a value is split at blanks, and its patterns stand for file names.
    return value === undefined || (!piece.quoted && (value === '' || /[\s*?[]/.test(value)))
      ? undefined
      : value;
  }
}
