import type { MergedView } from '../../../../../layer/index.ts';
import { imageFile, imageFolder, linesOf } from '../../image-text.ts';

/** Files that dpkg was told to leave out when it unpacks packages. */
export const filterFiles: readonly string[] = ['etc/dpkg/dpkg.cfg', 'etc/dpkg/dpkg.cfg.d/*'];

interface Filter {
  readonly keeps: boolean;
  readonly pattern: string;
}

/**
 * A test for paths that the image's dpkg leaves out: `path-exclude` and `path-include` of dpkg.cfg(5), of which the last
 * that matches decides.
 */
export function leftOutByDpkg(view: MergedView): (path: string) => boolean {
  const parts = imageFolder(view, 'etc/dpkg/dpkg.cfg.d')
    .map(({ path }) => path)
    // As run-parts takes names.
    .filter((path) => /\/[A-Za-z0-9_-]+$/.test(path));
  const filters = [...parts, 'etc/dpkg/dpkg.cfg'].flatMap((path) => {
    const file = imageFile(view, path);
    return file.kind === 'read' ? filtersIn(linesOf(file.bytes)) : [];
  });
  if (filters.length === 0) return () => false;
  return (path) => filters.findLast(({ pattern }) => matchesGlob(pattern, `/${path}`))?.keeps === false;
}

function filtersIn(lines: readonly string[]): readonly Filter[] {
  return lines.flatMap((line) => {
    const match = /^\s*path-(exclude|include)\s*(?:=|\s)\s*(\S.*?)\s*$/.exec(line);
    const pattern = match?.[2]?.replace(/^"(.*)"$/, '$1') ?? '';
    return pattern === '' || pattern.length > 4096 ? [] : [{ keeps: match?.[1] === 'include', pattern }];
  });
}

/** As fnmatch(3) without flags: `*` and `?` match slashes too. The time is bounded by the product of the lengths. */
export function matchesGlob(pattern: string, text: string): boolean {
  const parts = partsOf(pattern);
  let [at, part, star, starAt] = [0, 0, -1, 0];
  while (at < text.length) {
    const wanted = parts[part];
    if (wanted === '*') {
      star = part++;
      starAt = at;
    } else if (wanted?.(text.charAt(at))) {
      part += 1;
      at += 1;
    } else if (star >= 0) {
      part = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (parts[part] === '*') part += 1;
  return part === parts.length;
}

type Part = '*' | ((character: string) => boolean);

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const end = character === '[' ? pattern.indexOf(']', at + 2) : -1;
    if (character === '*') parts.push('*');
    else if (character === '?') parts.push(() => true);
    else if (end > 0) {
      parts.push(setOf(pattern.slice(at + 1, end)));
      at = end;
    } else {
      const literal = character === '\\' && at + 1 < pattern.length ? pattern.charAt(++at) : character;
      parts.push((other) => other === literal);
    }
  }
  return parts;
}

function setOf(text: string): (character: string) => boolean {
  const isNegated = /^[!^]/.test(text);
  const members = isNegated ? text.slice(1) : text;
  const holds = (character: string): boolean => {
    for (let at = 0; at < members.length; at += 1) {
      const [first, last] = [members.charAt(at), members.charAt(at + 2)];
      if (members.charAt(at + 1) === '-' && last !== '') {
        if (character >= first && character <= last) return true;
        at += 2;
      } else if (character === first) return true;
    }
    return false;
  };
  return (character) => holds(character) !== isNegated;
}
