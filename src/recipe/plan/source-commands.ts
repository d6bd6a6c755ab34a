import type { PlannedSource, SourceFacts } from './types.ts';

/** One command of what puts a source in place. */
export interface SourceCommand {
  readonly words: readonly string[];
  /** Below the workspace; empty for the workspace itself, where all of these are run. */
  readonly workdir: string;
}

type GitSource = Extract<PlannedSource, { kind: 'git' }>;
type ArchiveSource = Extract<PlannedSource, { kind: 'archive' }>;

/**
 * What puts the source in its place, command by command. They can be begun again after any of them: all happens beside the
 * place, in `PATH.partial`, until the last one moves it there. What was in the place is gone then, so it's the caller who
 * knows that it isn't wanted. Armload's own runs fetch archives where armload is, to keep them; these commands come to the
 * same for who has no armload. None for a file beside the recipe, which is handed over.
 */
export function sourceCommands(source: PlannedSource): readonly SourceCommand[] {
  const words =
    source.kind === 'git' ? gitWords(source) : source.kind === 'archive' ? archiveWords(source) : [];
  return words.map((command) => ({ words: command, workdir: '' }));
}

/** What prints, of a git source in its place, its commit and its tree, a line each; nothing is asked of other sources. */
export function sourceReading(source: PlannedSource): SourceCommand | undefined {
  if (source.kind !== 'git') return undefined;
  return { words: ['git', '-C', source.path, 'rev-parse', 'HEAD', 'HEAD^{tree}'], workdir: '' };
}

/**
 * What the source is, from what `sourceReading` printed; `undefined` where that isn't a commit and its tree, or is another
 * commit than the recipe names.
 */
export function sourceFactsOf(source: PlannedSource, printed = ''): SourceFacts | undefined {
  if (source.kind !== 'git') return { path: source.path, content: source.sha256 };
  const [, commit, tree] = /^([0-9a-f]{40})\n([0-9a-f]{40})\n?$/.exec(printed) ?? [];
  if (commit === undefined || tree === undefined) return undefined;
  if (source.commit !== undefined && source.commit !== commit) return undefined;
  return { path: source.path, commit, content: tree };
}

/** Programs that the place needs for the source. Archives are fetched and held against their checksum where armload runs. */
export function sourceTools(source: PlannedSource): readonly string[] {
  if (source.kind === 'git') return ['git'];
  return source.kind === 'archive' && source.unpack ? ['tar'] : [];
}

function gitWords({ url, commit, ref, branch, submodules, path }: GitSource): string[][] {
  const partial = `${path}.partial`;
  const git = ['git', '-C', partial];
  // The clone brings the branches; what a pull request or a commit that no branch has any more needs is asked for by itself.
  const wanted = commit ?? ref ?? 'HEAD';
  const start = commit ?? 'FETCH_HEAD';
  return [
    ['rm', '-rf', '--', partial],
    ['git', 'clone', '--no-checkout', '--', url, partial],
    [...git, 'fetch', 'origin', wanted],
    [...git, 'checkout', ...(branch === undefined ? ['--detach', start] : ['-B', branch, start])],
    ...(submodules ? [[...git, 'submodule', 'update', '--init', '--recursive']] : []),
    ['rm', '-rf', '--', path],
    ['mv', '--', partial, path],
  ];
}

function archiveWords({ url, sha256, path, unpack, strip, executable }: ArchiveSource): string[][] {
  const partial = `${path}.partial`;
  const archive = unpack ? `${partial}/archive` : partial;
  const folder = parentOf(path);
  const content = unpack ? `${partial}/content` : partial;
  return [
    ['rm', '-rf', '--', partial],
    ...(unpack ? [['mkdir', '-p', '--', content]] : folder === '' ? [] : [['mkdir', '-p', '--', folder]]),
    [
      'curl',
      '--fail',
      '--silent',
      '--show-error',
      '--location',
      '--globoff',
      '--retry',
      '3',
      '--output',
      archive,
      '--',
      url,
    ],
    // The program reads what it compares from its input; the words are handed to the shell, never put into its text.
    ['sh', '-c', 'printf "%s  %s\\n" "$1" "$2" | sha256sum -c -', 'sh', sha256, archive],
    ...(unpack ? [['tar', '-x', '-f', archive, '-C', content, `--strip-components=${strip}`]] : []),
    ...(executable ? [['chmod', '+x', '--', partial]] : []),
    ['rm', '-rf', '--', path],
    ['mv', '--', content, path],
    ...(unpack ? [['rm', '-rf', '--', partial]] : []),
  ];
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
