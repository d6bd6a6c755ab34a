/** One file of a project, as an index lists it (Simple repository API). */
export interface ProjectFile {
  readonly file: string;
  /** Absolute, with the index's credentials where it's on the same host. */
  readonly url: string;
  /** Hexadecimal; absent where the index gives none. */
  readonly sha256?: string;
  /** The reason; empty where none is given. */
  readonly yanked?: string;
}

/** Where a page was read from, for the addresses on it. */
export interface PagePlace {
  /** Absolute, with credentials. */
  readonly url: string;
  readonly maxFiles: number;
}

const sum = /^[0-9a-f]{64}$/i;

/** A file's sum, if it is one. */
export function sumOf(text: unknown): string | undefined {
  return typeof text === 'string' && sum.test(text) ? text.toLowerCase() : undefined;
}

/**
 * The address of a file on a page; `undefined` for what is no web address. Credentials go to the page's own host alone, and
 * nothing that was asked for safely is taken in the clear.
 */
export function fileAddress(href: string, { url }: PagePlace): URL | undefined {
  if (!URL.canParse(href, url)) return undefined;
  const [page, file] = [new URL(url), new URL(href, url)];
  if (file.protocol !== 'https:' && !(file.protocol === 'http:' && page.protocol === 'http:'))
    return undefined;
  if (file.origin !== page.origin) {
    file.username = '';
    file.password = '';
  } else if (file.username === '' && file.password === '') {
    file.username = page.username;
    file.password = page.password;
  }
  return file;
}
