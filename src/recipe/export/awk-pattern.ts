/** A pattern for awk. */
export interface AwkPattern {
  readonly pattern: string;
  /** Does it count characters? awk counts bytes, so that on other text than ASCII it would tell something else. */
  readonly counts: boolean;
}

/** More than anybody writes for a version, also when repetitions are written out. */
const maxLength = 4000;

class Untranslatable extends Error {}

/**
 * The regular expression of JavaScript for awk, held against a text as a whole; `undefined` where awk has no equal: what looks
 * ahead or behind, refers back, or names classes of Unicode. Lazy or greedy, a text matches or not all the same.
 */
export function awkPattern(pattern: string): AwkPattern | undefined {
  try {
    const translator = new Translator(pattern);
    const translated = translator.whole();
    return translated.length > maxLength ? undefined : { pattern: translated, counts: translator.counts };
  } catch (error) {
    if (error instanceof Untranslatable) return undefined;
    throw error;
  }
}

type Members = ReadonlySet<number>;

const codes = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const digits: Members = new Set(codes(48, 57));
const wordCodes: Members = new Set([...digits, ...codes(65, 90), ...codes(97, 122), 95]);
const spaces: Members = new Set([9, 10, 11, 12, 13, 32]);
const classes: Readonly<Record<string, Members>> = { d: digits, w: wordCodes, s: spaces };
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

class Translator {
  readonly #characters: readonly string[];
  #at = 0;
  counts = false;

  constructor(pattern: string) {
    this.#characters = Array.from(pattern);
  }

  whole(): string {
    const translated = this.#alternatives();
    if (this.#at < this.#characters.length) throw new Untranslatable();
    return translated;
  }

  #alternatives(): string {
    const branches = [this.#branch()];
    while (this.#takes('|')) branches.push(this.#branch());
    // POSIX leaves open what an empty one means.
    if (branches.includes('')) throw new Untranslatable();
    return branches.join('|');
  }

  #branch(): string {
    let translated = '';
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      translated += this.#term();
      if (translated.length > maxLength) throw new Untranslatable();
    }
    return translated;
  }

  #term(): string {
    if (this.#takes('^')) return '^';
    if (this.#takes('$')) return '$';
    const { atom, counts } = this.#atom();
    const repeated = this.#repeated(atom);
    if (counts && !repeated.many) this.counts = true;
    return repeated.text;
  }

  #atom(): { readonly atom: string; readonly counts: boolean } {
    const character = this.#next();
    if (character === '(') return { atom: this.#group(), counts: false };
    if (character === '[') return this.#bracket();
    if (character === '.') return { atom: '[^\n\r]', counts: true };
    if (character === '\\') return this.#escape();
    if (character.charCodeAt(0) > 127) return { atom: `(${character})`, counts: false };
    return { atom: literal(character.charCodeAt(0)), counts: false };
  }

  #group(): string {
    if (this.#takes('?') && !this.#takes(':')) throw new Untranslatable();
    const inner = this.#alternatives();
    if (!this.#takes(')')) throw new Untranslatable();
    return `(${inner})`;
  }

  #escape(): { readonly atom: string; readonly counts: boolean } {
    const members = this.#escaped();
    const negated = members.negated;
    return { atom: bracket(members.codes, negated), counts: negated };
  }

  #escaped(): { readonly codes: Members; readonly negated: boolean } {
    const character = this.#next();
    const named = classes[character.toLowerCase()];
    // What JavaScript holds to be no space isn't ASCII's alone.
    if (character === 'S') throw new Untranslatable();
    if (named !== undefined) return { codes: named, negated: character !== character.toLowerCase() };
    const control = controls[character];
    if (control !== undefined) return { codes: new Set([control]), negated: false };
    if (!/[\^$\\.*+?()[\]{}|/-]/.test(character)) throw new Untranslatable();
    return { codes: new Set([character.charCodeAt(0)]), negated: false };
  }

  #bracket(): { readonly atom: string; readonly counts: boolean } {
    const negated = this.#takes('^');
    const members = new Set<number>();
    while (!this.#takes(']')) {
      const first = this.#member();
      const isRange = first.size === 1 && this.#peek() === '-' && this.#characters[this.#at + 1] !== ']';
      if (isRange) {
        this.#at += 1;
        const last = this.#member();
        if (last.size !== 1) throw new Untranslatable();
        for (const code of codes([...first][0] ?? 0, [...last][0] ?? 0)) members.add(code);
      } else for (const code of first) members.add(code);
    }
    if (members.size === 0) throw new Untranslatable();
    return { atom: bracket(members, negated), counts: negated };
  }

  #member(): Members {
    const character = this.#next();
    if (character !== '\\') {
      if (character.charCodeAt(0) > 127) throw new Untranslatable();
      return new Set([character.charCodeAt(0)]);
    }
    const { codes: escaped, negated } = this.#escaped();
    if (negated) throw new Untranslatable();
    return escaped;
  }

  /** `many`: whether it's one character or its several bytes makes no difference then. */
  #repeated(atom: string): { readonly text: string; readonly many: boolean } {
    const next = this.#peek();
    let text = atom;
    let many = false;
    if (next === '*' || next === '+' || next === '?') {
      this.#at += 1;
      text = `${atom}${next}`;
      many = next !== '?';
    } else if (next === '{') text = this.#counted(atom);
    else return { text, many };
    this.#takes('?');
    return { text, many };
  }

  /** Written out: not every awk knows braces. */
  #counted(atom: string): string {
    const [whole, least = '', comma, most = ''] =
      /^\{(\d{1,3})(,(\d{1,3})?)?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join('')) ?? [];
    if (whole === undefined) throw new Untranslatable();
    this.#at += whole.length;
    const [from, to] = [Number(least), Number(most)];
    if (Math.max(from, to) * atom.length > maxLength) throw new Untranslatable();
    const rest =
      comma === undefined ? '' : most === '' ? `${atom}*` : `${atom}?`.repeat(Math.max(0, to - from));
    const text = `${atom.repeat(from)}${rest}`;
    if (text === '') throw new Untranslatable();
    return text;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) throw new Untranslatable();
    this.#at += 1;
    return character;
  }

  #takes(character: string): boolean {
    if (this.#characters[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
}

function literal(code: number): string {
  const character = String.fromCharCode(code);
  if (code === 0) throw new Untranslatable();
  return /[A-Za-z0-9 _:,=@#%&~"'<>;!/-]/.test(character) ? character : bracket(new Set([code]), false);
}

/** A bracket expression in one spelling that no awk misreads: "]" first, "^" and "-" last, a backslash doubled. */
function bracket(members: Members, negated: boolean): string {
  if (members.has(0)) throw new Untranslatable();
  if (!negated && members.size === 1 && members.has(94)) return '\\^';
  const character = (code: number): string => (code === 92 ? '\\\\' : String.fromCharCode(code));
  const special = [93, 91, 94, 45];
  const plain = [...members].filter((code) => !special.includes(code)).sort((left, right) => left - right);
  const [close, open, caret, hyphen] = special.map((code) => (members.has(code) ? character(code) : ''));
  // A caret in first place would negate it.
  const first = close !== '' || plain.length > 0 || open !== '' || negated;
  const body = `${close}${plain.map(character).join('')}${open}`;
  return `[${negated ? '^' : ''}${first ? `${body}${caret}${hyphen}` : `${hyphen}${caret}`}]`;
}
