/** One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1). Names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly token68: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

const maxHeaderLength = 16_384;
const maxChallenges = 16;
const tokenCharacter = /[!#$%&'*+.^_`|~0-9A-Za-z-]/;
const token68Text = /^[A-Za-z0-9._~+/-]+=*$/;

/**
 * Reads all challenges of all headers: several in one header, quoted commas and escapes, token68. What can't be read
 * ends that header, and what came before it stays.
 */
export function parseChallenges(header: string | readonly string[] | undefined): readonly Challenge[] {
  const headers = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  return headers
    .flatMap((text) => new Scanner(text.slice(0, maxHeaderLength)).challenges())
    .slice(0, maxChallenges);
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  challenges(): Challenge[] {
    const found: Challenge[] = [];
    for (;;) {
      this.#skip(/[\s,]/);
      const scheme = this.#token();
      if (scheme === '' || found.length >= maxChallenges) return found;
      this.#skip(/\s/);
      const token68 = this.#token68();
      const parameters = token68 === undefined ? this.#parameters() : {};
      found.push({ scheme: scheme.toLowerCase(), token68, parameters });
    }
  }

  #parameters(): Record<string, string> {
    const parameters: Record<string, string> = {};
    for (;;) {
      const start = this.#at;
      this.#skip(/[\s,]/);
      const name = this.#token().toLowerCase();
      this.#skip(/\s/);
      if (name === '' || this.#text[this.#at] !== '=') {
        // Not "name =": the next challenge begins here.
        this.#at = start;
        return parameters;
      }
      this.#at += 1;
      this.#skip(/\s/);
      const value = this.#text[this.#at] === '"' ? this.#quoted() : this.#token();
      // The first wins: a repeated parameter must not change what was announced.
      if (!Object.hasOwn(parameters, name)) parameters[name] = value;
    }
  }

  #token68(): string | undefined {
    const end = this.#text.indexOf(',', this.#at);
    const text = this.#text.slice(this.#at, end < 0 ? undefined : end).trim();
    // `realm=` is a parameter without value, not token68, but nobody sends that; `a=b` has text after its "=".
    if (text === '' || !token68Text.test(text)) return undefined;
    // A lone word before a comma may also be the next scheme of a challenge without parameters: same reading.
    this.#at = end < 0 ? this.#text.length : end;
    return text;
  }

  #token(): string {
    const start = this.#at;
    this.#skip(tokenCharacter);
    return this.#text.slice(start, this.#at);
  }

  #quoted(): string {
    let value = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      let character = this.#text[this.#at] as string;
      if (character === '"') break;
      if (character === '\\') {
        this.#at += 1;
        character = this.#text[this.#at] ?? '';
      }
      value += character;
    }
    this.#at += 1;
    return value;
  }

  #skip(what: RegExp): void {
    while (this.#at < this.#text.length && what.test(this.#text[this.#at] as string)) this.#at += 1;
  }
}
