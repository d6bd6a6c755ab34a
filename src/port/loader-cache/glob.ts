import type { MergedView } from '../../layer/index.ts';

const maxPaths = 1000;

/**
 * The paths that a pattern of an `include` line stands for, sorted, as glob(3) finds them: `*`, `?` and `[…]` within a
 * name, and names that begin with a dot only where the pattern has the dot. The pattern is absolute.
 */
export function pathsLike(view: MergedView, pattern: string): readonly string[] {
  let paths = [''];
  for (const part of pattern.split('/')) {
    if (part === '') continue;
    paths = /[*?[\\]/.test(part)
      ? paths.flatMap((path) => childrenLike(view, path, part)).slice(0, maxPaths)
      : paths.map((path) => `${path}/${part}`);
  }
  return paths.filter((path) => view.resolve(path).found);
}

function childrenLike(view: MergedView, path: string, pattern: string): string[] {
  const folder = view.resolve(path === '' ? '/' : path);
  if (!folder.found) return [];
  const tokens = tokensOf(pattern);
  return view
    .list(folder.entry.path)
    .map((child) => child.path.slice(child.path.lastIndexOf('/') + 1))
    .filter((name) => (!name.startsWith('.') || pattern.startsWith('.')) && matches(tokens, name))
    .map((name) => `${path}/${name}`);
}

/** A star, or a test for one character. */
type Token = 'star' | ((character: string) => boolean);

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    const end = character === '[' ? setEnd(characters, at) : -1;
    if (character === '*') tokens.push('star');
    else if (character === '?') tokens.push(() => true);
    else if (end > 0) {
      tokens.push(setOf(characters.slice(at + 1, end)));
      at = end;
    } else {
      if (character === '\\' && at + 1 < characters.length) at += 1;
      const literal = characters[at];
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

/** Where the set that begins here has its closing bracket, which may not be its first character; -1 where it's no set. */
function setEnd(characters: readonly string[], start: number): number {
  const first = /[!^]/.test(characters[start + 1] ?? '') ? start + 2 : start + 1;
  return characters.indexOf(']', first + 1);
}

function setOf(written: readonly string[]): (character: string) => boolean {
  const isNegated = written[0] === '!' || written[0] === '^';
  const inner = isNegated ? written.slice(1) : written;
  const ranges: [string, string][] = [];
  for (let at = 0; at < inner.length; at += 1) {
    const from = inner[at] ?? '';
    const isRange = inner[at + 1] === '-' && at + 2 < inner.length;
    ranges.push([from, isRange ? (inner[at + 2] ?? '') : from]);
    if (isRange) at += 2;
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== isNegated;
}

/** Goes back to the last star only, so that a hostile pattern costs no more than the product of both lengths. */
function matches(tokens: readonly Token[], name: string): boolean {
  const characters = Array.from(name);
  let at = 0;
  let token = 0;
  let star = -1;
  let starAt = 0;
  while (at < characters.length) {
    const current = tokens[token];
    if (current === 'star') {
      star = token;
      starAt = at;
      token += 1;
    } else if (current?.(characters[at] ?? '') === true) {
      at += 1;
      token += 1;
    } else if (star >= 0) {
      token = star + 1;
      starAt += 1;
      at = starAt;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === 'star');
}
