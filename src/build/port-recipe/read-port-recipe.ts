import { createHash } from 'node:crypto';
import { type DocumentText, type MemberPath, type ReadDocument, readDocument } from '../../document/index.ts';
import {
  checkParameters,
  expressionsIn,
  Problems,
  parseTemplate,
  RecipeError,
  unknownWord,
} from '../../recipe/index.ts';
import { type PortRecipeDocument, type PortReplacement, portRecipeSchema } from './schema.ts';
import { portTexts } from './texts.ts';

/** A port recipe whose parts fit together, as its document has it. */
export interface PortRecipe extends ReadDocument<PortRecipeDocument> {
  /** Of the text in UTF-8, hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads a port recipe and holds its parts against each other. All that's wrong is said at once, with lines.
 * @throws DocumentError `DOCUMENT_MALFORMED` for what is no YAML, `DOCUMENT_INVALID` for what is no port recipe.
 */
export function readPortRecipe(source: DocumentText): PortRecipe {
  const read = readDocument(portRecipeSchema, source);
  const problems = new Problems();
  checkParameters(read.value, problems);
  checkNoSecrets(read.value, problems);
  checkTexts(read.value, problems);
  checkDefaults(read.value, problems);
  checkVersion(read.value, problems);
  checkReplacements(read.value, problems);
  checkWaivers(read.value, problems);
  if (problems.found.length > 0) throw read.error(problems.found);
  return { ...read, sha256: createHash('sha256').update(source.text).digest('hex') };
}

/** All that a port takes is recorded in its provenance. */
function checkNoSecrets({ parameters = {} }: PortRecipeDocument, problems: Problems): void {
  for (const [name, { type }] of Object.entries(parameters))
    if (type === 'secret')
      problems.add(
        ['parameters', name, 'type'],
        'a port recipe has no secrets: what it is given is recorded with the image',
      );
}

function checkTexts(document: PortRecipeDocument, problems: Problems): void {
  const known = Object.keys(document.parameters ?? {});
  for (const { path, text } of portTexts(document))
    try {
      for (const { text: written, path: parts } of expressionsIn(parseTemplate(text))) {
        const [root, name = '', ...rest] = parts;
        if (root !== 'parameters' || rest.length > 0)
          problems.add(path, `"${written}": a port recipe knows parameters alone, as parameters.NAME`);
        else checkName(name, { known, path, problems });
      }
    } catch (error) {
      if (!(error instanceof RecipeError)) throw error;
      problems.add(path, error.message);
    }
}

interface Naming {
  readonly known: readonly string[];
  readonly path: MemberPath;
  readonly problems: Problems;
  readonly what?: string;
}

function checkName(name: string, { known, path, problems, what = 'parameter' }: Naming): void {
  if (!known.includes(name)) problems.add(path, () => unknownWord(what, name, known));
}

function checkDefaults({ defaults = [], parameters = {} }: PortRecipeDocument, problems: Problems): void {
  const known = Object.keys(parameters);
  for (const [index, { values }] of defaults.entries())
    for (const name of Object.keys(values)) {
      const path = ['defaults', index, 'values', name];
      checkName(name, { known, path, problems });
      if (name === 'version') problems.add(path, 'the version decides the others, and not itself');
    }
}

/** What the version decides needs one. */
function checkVersion(document: PortRecipeDocument, problems: Problems): void {
  const { defaults = [], replace, waive = [], parameters = {} } = document;
  if (Object.hasOwn(parameters, 'version')) return;
  const message = 'what the version decides needs a parameter "version"';
  if (defaults.length > 0) problems.add(['defaults'], message);
  for (const [member, list] of Object.entries({ replace, waive }))
    for (const [index, { versions }] of list.entries())
      if (versions !== undefined) problems.add([member, index, 'versions'], message);
}

function checkReplacements({ replace, parameters = {}, sums = {} }: PortRecipeDocument, problems: Problems) {
  for (const [index, replacement] of replace.entries()) {
    const path = ['replace', index];
    const first = replace.findIndex(
      (other) => other.path === replacement.path && other.versions === replacement.versions,
    );
    if (first < index) problems.add([...path, 'path'], `"${replacement.path}" is named twice`);
    checkSum(replacement.sha256, { parameters, sums, path: [...path, 'sha256'], problems });
    if (replacement.sha256 === undefined && isAddress(replacement.from) && !replacement.from.includes('#'))
      problems.add([...path, 'from'], 'an address needs a "sha256": what others publish may change');
  }
}

interface Summing {
  readonly parameters: NonNullable<PortRecipeDocument['parameters']>;
  readonly sums: NonNullable<PortRecipeDocument['sums']>;
  readonly path: MemberPath;
  readonly problems: Problems;
}

function checkSum(sum: PortReplacement['sha256'], { parameters, sums, path, problems }: Summing): void {
  if (sum === undefined || typeof sum === 'string') return;
  checkName(sum.parameter, { known: Object.keys(parameters), path: [...path, 'parameter'], problems });
  if ((sum.sums === undefined) !== (sum.of === undefined))
    problems.add(path, '"sums" names a table and "of" its row: neither says anything alone');
  if (sum.sums !== undefined)
    checkName(sum.sums, {
      known: Object.keys(sums),
      path: [...path, 'sums'],
      problems,
      what: 'table of sums',
    });
}

function checkWaivers({ waive = [] }: PortRecipeDocument, problems: Problems): void {
  const paths = waive.map(({ path }) => path);
  for (const [index, path] of paths.entries())
    if (paths.indexOf(path) < index) problems.add(['waive', index, 'path'], `"${path}" is named twice`);
}

/** Written out, and not a parameter's value. */
function isAddress(text: string): boolean {
  return /^https?:\/\//.test(text);
}
