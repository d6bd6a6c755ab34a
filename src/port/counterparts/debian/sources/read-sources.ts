import { compareText, messageOf } from '../../../../core/index.ts';
import type { MergedView } from '../../../../layer/index.ts';
import { fieldOf, type Paragraph, parseControl } from '../control.ts';
import { imageFile, imageFolder } from '../image-text.ts';
import { parseOneLine, snapshot } from './one-line.ts';
import { listOf, makeSource, type RawSource } from './options.ts';
import type { AptSource, SourceProblem, SourcesReading } from './types.ts';

/**
 * The sources that an image's own apt would install from: `sources.list`, `sources.list.d/*.list` and `*.sources`
 * (sources.list(5)), for packages, not for their source code. What the image says of proxies and passwords is left
 * alone. `architecture` stands in for `$(ARCH)`.
 */
export function readSources(view: MergedView, architecture: string): SourcesReading {
  const parts = imageFolder(view, 'etc/apt/sources.list.d')
    .map(({ path }) => path)
    // apt takes names of these characters only (apt.conf(5), "Files").
    .filter((path) => /\/[A-Za-z0-9_.-]+\.(?:list|sources)$/.test(path))
    .sort(compareText);
  const readings = ['etc/apt/sources.list', ...parts].map((path) => readFile(view, path, architecture));
  return {
    sources: readings.flatMap(({ sources }) => sources),
    problems: readings.flatMap(({ problems }) => problems),
  };
}

function readFile(view: MergedView, path: string, architecture: string): SourcesReading {
  const file = imageFile(view, path);
  if (file.kind === 'missing') return { sources: [], problems: [] };
  if (file.kind === 'unread')
    return { sources: [], problems: [{ file: path, line: 0, text: 'its content was not kept' }] };
  return parseSources(Buffer.from(file.bytes).toString('utf8'), path, architecture);
}

/** Reads one file of sources: deb822 where its name ends in `.sources`, one-line otherwise. */
export function parseSources(text: string, file: string, architecture: string): SourcesReading {
  const raw = file.endsWith('.sources') ? parseStanzas(text, file) : parseOneLine(text, file);
  const sources: AptSource[] = [];
  const problems = [...raw.problems];
  for (const one of raw.sources) {
    const making = makeSource(one, architecture);
    if (making === undefined) continue;
    if ('source' in making) sources.push(making.source);
    else problems.push({ file, line: one.line, text: making.problem });
  }
  return { sources, problems };
}

function parseStanzas(
  text: string,
  file: string,
): { readonly sources: readonly RawSource[]; readonly problems: readonly SourceProblem[] } {
  try {
    const stanzas = parseControl(text, { name: file });
    return {
      sources: stanzas.flatMap((stanza) => sourcesIn(stanza, file)),
      problems: stanzas.flatMap((stanza) => problemsIn(stanza, file)),
    };
  } catch (error) {
    return { sources: [], problems: [{ file, line: 0, text: messageOf(error) }] };
  }
}

function problemsIn(stanza: Paragraph, file: string): readonly SourceProblem[] {
  const missing = ['Types', 'URIs', 'Suites'].filter((name) => fieldOf(stanza, name) === undefined);
  if (missing.length === 0) return [];
  return [{ file, line: stanza.line, text: `the source has no ${missing.join(' and no ')}` }];
}

/** One for each pair of an address and a suite. */
function sourcesIn(stanza: Paragraph, file: string): readonly RawSource[] {
  const list = (name: string): readonly string[] => listOf(fieldOf(stanza, name) ?? '');
  if (!list('Types').includes('deb')) return [];
  const uris = list('URIs');
  const comments = stanza.fields.get('uris')?.comments ?? [];
  const options = new Map([...stanza.fields].map(([name, { value }]) => [name, value]));
  return uris.flatMap((uri) =>
    list('Suites').map((suite) => ({
      file,
      line: stanza.line,
      uri,
      suite,
      components: list('Components'),
      options,
      // Which of several addresses a comment means can't be told.
      snapshotUri: uris.length === 1 ? snapshot(comments.at(-1), uri) : undefined,
    })),
  );
}
