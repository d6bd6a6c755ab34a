import { parseReference } from '../../oci/index.ts';
import { maxUsesPerFile } from '../limits.ts';
import { LineIndex } from '../line-index.ts';
import { ownText } from '../own-text.ts';
import { foundUse, templateReason } from '../reference-text.ts';
import { baseName } from '../source-name.ts';
import type { ExtractOptions, Extractor, FoundUse, Inventory, SourceText } from '../types.ts';

/**
 * A plain list: one reference a line, `#` comments (whole lines, or after a blank), blank lines. What `kubectl`,
 * `docker images --format` and people's own scripts print. Lists of paths, words and passwords look much the same,
 * so a list nobody named is only believed in a text file whose lines have what only references have.
 */
export const listExtractor: Extractor = { kind: 'list', recognizes, extract };

/** Lines looked at to recognise a list. */
const probedLines = 200;

function recognizes(source: SourceText): boolean {
  const name = baseName(source.path);
  if (!/\.(?:txt|list|lst)$/.test(name)) return false;
  const entries = probe(source.text);
  if (name.includes('image')) return mostly(entries, looksLikeReference);
  return mostly(entries, looksLikeReference) && mostly(entries, isUnmistakable);
}

/** For a text that a person named or piped in: could it be a list at all? */
export function mayBeList(text: string): boolean {
  return mostly(probe(text), looksLikeReference);
}

function probe(text: string): string[] {
  const lines = text
    .slice(0, 65_536)
    .split(/\r\n|\r|\n/)
    .slice(0, probedLines);
  return lines.map(entryOf).filter((entry) => entry !== '');
}

/** At least three of four, so that a few broken lines are reported as such and don't hide the list. */
function mostly(entries: readonly string[], test: (entry: string) => boolean): boolean {
  return entries.length > 0 && entries.filter(test).length * 4 >= entries.length * 3;
}

/** A path with a tag, a digest or a host name: hardly anything but a reference. */
function isUnmistakable(entry: string): boolean {
  return entry.includes('/') && /[:@][^/]*$|^[^/]*\./.test(entry);
}

/** The line without its comment and surrounding blanks. */
function entryOf(line: string): string {
  const comment = /(?:^|\s)#/.exec(line);
  return (comment === null ? line : line.slice(0, comment.index)).trim();
}

function looksLikeReference(entry: string): boolean {
  if (/\s/.test(entry) || entry.length > 4096) return false;
  if (templateReason(entry) !== undefined) return true;
  try {
    parseReference(entry);
    return true;
  } catch {
    return false;
  }
}

async function extract(source: SourceText, options: ExtractOptions): Promise<Inventory> {
  options.signal?.throwIfAborted();
  const { path, text } = source;
  const lines = new LineIndex(text);
  const uses: FoundUse[] = [];
  for (const match of text.matchAll(/[^\r\n]+/g)) {
    const [line] = match;
    const entry = entryOf(line);
    if (entry === '') continue;
    if (uses.length >= maxUsesPerFile) {
      const message = `it lists more than ${maxUsesPerFile} references; the rest was not read`;
      return { uses, workloads: [], problems: [{ file: path, ...lines.at(match.index), message }] };
    }
    const offset = match.index + line.indexOf(entry);
    uses.push(foundUse({ written: ownText(entry) }, { source: 'list', file: path, ...lines.at(offset) }));
  }
  return { uses, workloads: [], problems: [] };
}
