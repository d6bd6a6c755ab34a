import type { MergedView } from '../../layer/index.ts';
import type { ArchitectureWords } from './architecture-words.ts';

/** Longer ones are no paths of Linux (PATH_MAX). */
const maxPath = 4096;
/** What is there is the host's, or made when the container starts. */
const mounted = ['/proc', '/sys', '/dev', '/run', '/var/run', '/tmp'];
/** An absolute path in a value, a list or a line of shell: after a delimiter or an option letter, `//` of URLs left out. */
const absolutePath = /(?<=^|[\s"'`=:;,|&<>({[]|(?:^|\s)-[A-Za-z])\/(?!\/)[^\s"'`=:;,|&<>(){}[\]$*?\\]*/g;
const patternMarks = new Set(['$', '*', '?', '{', '[', '\\']);

/** A text with its paths spelled for the new architecture. */
export interface MappedText {
  readonly text: string;
  /** Paths that are not in the new image, as they stand in the new text. */
  readonly missing: readonly string[];
}

export interface PathMapper {
  /** Respells each absolute path that is not there, where its counterpart is. */
  map(text: string): MappedText;
}

export interface PathMapperParts {
  readonly view: MergedView;
  readonly originalView?: MergedView | undefined;
  readonly words: ArchitectureWords;
  /** Absolute paths of volumes. */
  readonly volumes: readonly string[];
}

export function pathMapper({ view, originalView, words, volumes }: PathMapperParts): PathMapper {
  const places = new Set([...mounted, ...volumes.map(withoutEndSlash)]);
  const isThere = (path: string) => isUnder(places, path) || view.resolve(path).found;
  const wasThere = (path: string) => originalView === undefined || originalView.resolve(path).found;

  function mapped(path: string): string | undefined {
    if (path.length > maxPath || isThere(path)) return path;
    if (!words.isSpelledIn(path)) return undefined;
    return words.respelled(path).find(isThere);
  }

  return {
    map(text) {
      const missing: string[] = [];
      const result = text.replace(absolutePath, (found: string, at: number) => {
        const path = wholeNames(found, text[at + found.length]);
        const now = mapped(path);
        if (now !== undefined) return `${now}${found.slice(path.length)}`;
        if (wasThere(path)) missing.push(path);
        return found;
      });
      return { text: result, missing };
    },
  };
}

/** What stands before a pattern is a path only as far as its last slash. */
function wholeNames(path: string, next: string | undefined): string {
  if (next === undefined || !patternMarks.has(next)) return path;
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function isUnder(places: ReadonlySet<string>, path: string): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    if (places.has(path.slice(0, end))) return true;
  return false;
}

function withoutEndSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
