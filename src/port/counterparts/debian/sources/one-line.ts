import type { RawSource } from './options.ts';
import type { SourceProblem } from './types.ts';

/** One-line sources, `deb [option=value …] uri suite component…` (sources.list(5)). */
export function parseOneLine(
  text: string,
  file: string,
): { readonly sources: readonly RawSource[]; readonly problems: readonly SourceProblem[] } {
  const sources: RawSource[] = [];
  const problems: SourceProblem[] = [];
  let above: string | undefined;
  text.split('\n').forEach((whole, index) => {
    const line = index + 1;
    const written = withoutComment(whole).trim();
    const comment = /^\s*#+\s*(?:deb\s+)?(?:\[[^\]]*\]\s+)?(https?:\/\/\S+)/i.exec(whole)?.[1];
    const parsed = written === '' ? undefined : sourceIn(written);
    if (parsed === 'malformed') problems.push({ file, line, text: 'the line is no source' });
    else if (parsed !== undefined)
      sources.push({ ...parsed, file, line, snapshotUri: snapshot(above, parsed.uri) });
    above = written === '' ? comment : undefined;
  });
  return { sources, problems };
}

/** A comment begins at a `#` that follows a blank or begins the line; not in brackets, whose values may have one. */
function withoutComment(line: string): string {
  const at = line.search(/(?:^|\s)#/);
  return at < 0 ? line : line.slice(0, at);
}

/** Only what says of itself to be a snapshot, by a time in its path. */
export function snapshot(candidate: string | undefined, uri: string): string | undefined {
  if (candidate === undefined || candidate === uri) return undefined;
  return /\/[0-9]{8}T[0-9]{6}Z(?:\/|$)/.test(candidate) ? candidate : undefined;
}

type Parsed = Pick<RawSource, 'uri' | 'suite' | 'components' | 'options'>;

/** `undefined` for sources of source packages. */
function sourceIn(line: string): Parsed | 'malformed' | undefined {
  const match = /^(\S+)\s+(?:\[([^\]]*)\]\s*)?(.*)$/.exec(line);
  const [, type = '', optionText = '', rest = ''] = match ?? [];
  if (type === 'deb-src') return undefined;
  const [uri = '', suite = '', ...components] = rest.split(/\s+/).filter((word) => word !== '');
  if (type !== 'deb' || suite === '') return 'malformed';
  const options = new Map<string, string>();
  for (const option of optionText.split(/\s+/).filter((word) => word !== '')) {
    const [, name = '', value = ''] = /^([A-Za-z-]+)[+-]?=(.*)$/.exec(option) ?? [];
    if (name === '') return 'malformed';
    options.set(name.toLowerCase(), value);
  }
  return { uri, suite, components, options };
}
