/** What a `$` begins. `other`: a value that is known only at run time. */
export type Expansion =
  | { readonly kind: 'literal' }
  | { readonly kind: 'variable'; readonly name: string; readonly end: number }
  | { readonly kind: 'other'; readonly end: number };

const namePattern = /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/y;

/** Reads an expansion at a `$` (POSIX "Shell Command Language", 2.6); `undefined` where its end can't be told for sure. */
export function readExpansion(text: string, at: number): Expansion | undefined {
  namePattern.lastIndex = at;
  const match = namePattern.exec(text);
  if (match !== null)
    return { kind: 'variable', name: match[1] ?? match[2] ?? '', end: at + match[0].length };
  const next = text.charAt(at + 1);
  if (next === '(' || next === '{') return other(skipNested(text, at + 2, next === '(' ? ')' : '}'));
  if ('@*#?-$!0123456789'.includes(next) && next !== '') return { kind: 'other', end: at + 2 };
  // $'…' and $"…" of bash.
  if (next === "'" || next === '"') return undefined;
  return { kind: 'literal' };
}

function other(end: number | undefined): Expansion | undefined {
  return end === undefined ? undefined : { kind: 'other', end };
}

export function skipBackticks(text: string, start: number): number | undefined {
  for (let at = start; at < text.length; at++) {
    if (text.charAt(at) === '\\') at++;
    else if (text.charAt(at) === '`') return at + 1;
  }
  return undefined;
}

/** Goes to the end of `$(…)` or `${…}`, quotes and further expansions inside left aside. */
function skipNested(text: string, start: number, close: ')' | '}'): number | undefined {
  /** The closing characters awaited, the next one last. */
  const open: string[] = [close];
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    const awaited = open.at(-1);
    if (character === '\\') at++;
    else if (character === awaited) {
      open.pop();
      if (open.length === 0) return certain(text.slice(start, at)) ? at + 1 : undefined;
    } else if (character === '"' || character === '`') open.push(character);
    else if (character === "'" && awaited !== '"') {
      at = text.indexOf("'", at + 1);
      if (at < 0) return undefined;
    } else if (character === '$' && text.charAt(at + 1) === '(') {
      open.push(')');
      at++;
    } else if (character === '$' && text.charAt(at + 1) === '{') {
      open.push('}');
      at++;
    } else if (character === '(' && awaited === ')') open.push(')');
  }
  return undefined;
}

/** Comments, `case` and texts that stand in the script may hold closing characters that close nothing. */
function certain(inner: string): boolean {
  return !/<<|#|\bcase\b/.test(inner);
}
