import { archiveAddressProblem, gitAddressProblem, isCommit, refProblem } from '../addresses.ts';
import { normalizePath, pathProblem } from '../paths.ts';
import type { RecipeDocument, SourceDocument } from '../schema.ts';
import { literalOf } from '../template.ts';
import type { Problems } from './problems.ts';

export function checkSources({ sources = {} }: RecipeDocument, problems: Problems): void {
  for (const [name, source] of Object.entries(sources)) {
    const path = ['sources', name];
    if ('git' in source && (source.commit === undefined) === (source.ref === undefined))
      problems.add(path, `the source "${name}" needs either "commit" or "ref"`);
    for (const [member, problem] of sourceProblems(source)) problems.add([...path, member], problem);
  }
  checkNesting(sources, problems);
}

/**
 * What is wrong with members whose text is known; the others are looked at when the parameters are. The same rules for a
 * document and for a plan.
 */
export function* sourceProblems(
  source: SourceDocument,
): Generator<readonly [member: string, problem: string]> {
  const path = literalOf(source.path);
  if (path !== undefined && normalizePath(path) === '') yield ['path', 'it is the workspace itself'];
  if (/\.partial\/*$/.test(source.path))
    yield ['path', 'a name ending in ".partial" is used while sources are fetched'];
  // What git, tar and curl would read as an option or as another machine's file.
  if (/^-|:/.test(source.path)) yield ['path', 'the path of a source neither begins with "-" nor holds ":"'];
  if ('file' in source) {
    const problem = literalOf(source.file) === undefined ? 'takes no expressions' : pathProblem(source.file);
    if (problem !== undefined)
      yield ['file', `"${source.file.slice(0, 100)}" ${problem.replace('the workspace', 'the recipe')}`];
  } else if ('git' in source) yield* gitProblems(source);
  else {
    const problem = textProblem(source.url, archiveAddressProblem);
    if (problem !== undefined) yield ['url', problem];
    const sum = literalOf(source.sha256);
    if (sum !== undefined && !/^[0-9a-f]{64}$/.test(sum)) yield ['sha256', 'it is not 64 hexadecimal digits'];
    if (source.strip !== undefined && source.unpack === undefined)
      yield ['strip', 'only what is unpacked has folders to strip'];
    if (source.executable !== undefined && source.unpack !== undefined)
      yield ['executable', 'what is unpacked has the modes that the archive says'];
  }
}

function* gitProblems(
  source: Extract<SourceDocument, { git: string }>,
): Generator<readonly [member: string, problem: string]> {
  const address = textProblem(source.git, gitAddressProblem);
  if (address !== undefined) yield ['git', address];
  const commit = source.commit === undefined ? undefined : literalOf(source.commit);
  if (commit !== undefined && !isCommit(commit))
    yield ['commit', 'it is not a commit of 40 hexadecimal digits'];
  const ref = source.ref === undefined ? undefined : textProblem(source.ref, refProblem);
  if (ref !== undefined) yield ['ref', ref];
  const branch = source.branch === undefined ? undefined : branchProblem(source.branch);
  if (branch !== undefined) yield ['branch', branch];
}

function branchProblem(branch: string): string | undefined {
  if (literalOf(branch) === undefined) return 'it takes no expressions';
  const problem = branch === 'HEAD' ? 'is no name of a branch' : refProblem(branch);
  return problem === undefined ? undefined : `"${branch.slice(0, 100)}" ${problem}`;
}

function textProblem(text: string, problemOf: (text: string) => string | undefined): string | undefined {
  const literal = literalOf(text);
  const problem = literal === undefined ? undefined : problemOf(literal);
  // A password may be in it.
  const shown = problem?.includes('password') ? 'it' : `"${literal?.slice(0, 200)}"`;
  return problem === undefined ? undefined : `${shown} ${problem}`;
}

/** A source is put in place whole: one inside it has to come after it. */
function checkNesting(sources: Readonly<Record<string, SourceDocument>>, problems: Problems): void {
  const places = Object.entries(sources).map(([name, { path }]) => ({ name, path: normalizePath(path) }));
  const later = new Map(places.map(({ path }, index) => [path, index]));
  // A longer one is refused for that.
  for (const [index, { name, path }] of places.entries())
    for (
      let slash = path.indexOf('/');
      slash >= 0 && path.length <= 1024;
      slash = path.indexOf('/', slash + 1)
    ) {
      const around = later.get(path.slice(0, slash));
      if (around !== undefined && around > index)
        problems.add(
          ['sources', name, 'path'],
          `it is inside the source "${places[around]?.name}", which has to stand above it`,
        );
    }
}
