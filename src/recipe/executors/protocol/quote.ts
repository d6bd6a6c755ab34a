/** One word for sh, whatever it holds but NUL. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words for sh. */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/** Assignments that sh evaluates; with `export`, for the programs it starts. */
export function assignments(values: Readonly<Record<string, string>>, prefix: '' | 'export ' = ''): string {
  return Object.entries(values)
    .map(([name, value]) => `${prefix}${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
}
