import { satisfies, valid } from 'semver';
import { UsageError } from '../../core/index.ts';
import type { NamedReplacement, Waiver } from '../../port/index.ts';
import { fillParameters, parseTemplate } from '../../recipe/index.ts';
import type { PortRecipe } from './read-port-recipe.ts';
import type { PortRecipeDocument, PortReplacement } from './schema.ts';

/** What a port recipe asks `port` for, with its parameters filled in. */
export interface PortPlan {
  readonly recipe: string;
  readonly product?: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The image that is ported. */
  readonly reference: string;
  readonly bases: readonly string[];
  readonly replacements: readonly NamedReplacement[];
  readonly waivers: readonly Waiver[];
  readonly publish: { readonly name: string; readonly tag: string };
}

type Values = Readonly<Record<string, string>>;

/**
 * What is to be put together for these parameters.
 * @throws UsageError `USAGE` for parameters, a version that the recipe is not for, and checksums that nobody knows: each with
 * the parameter to give; RecipeError `PATTERN_TOO_SLOW`
 */
export function planPortRecipe({ value: document }: PortRecipe, given: Values): PortPlan {
  const wanted = given['version'] ?? document.parameters?.['version']?.default;
  // First: of another version, nobody knows what else it needs.
  checkVersion(document, wanted);
  const parameters = filled(document, wanted, given);
  const isFor = ({ versions }: { readonly versions?: string | undefined }) =>
    versions === undefined || covers(versions, wanted);
  const { name, product, image, bases = [], replace, waive = [], publish } = document;
  return {
    recipe: name,
    ...(product !== undefined && { product }),
    parameters,
    reference: fill(image, parameters),
    bases: bases.map((base) => fill(base, parameters)).filter((base) => base !== ''),
    replacements: replacementsOf(replace.filter(isFor), { document, parameters, given }),
    waivers: waive.filter(isFor).map(({ path, reason }) => ({ path, reason })),
    publish: { name: fill(publish.name, parameters), tag: fill(publish.tag, parameters) },
  };
}

/** What the person gives goes before what the version decides, and that before a parameter's own default. */
function filled(document: PortRecipeDocument, version: string | undefined, given: Values): Values {
  const decided = (document.defaults ?? []).filter(({ versions }) => covers(versions, version));
  const known: Values = Object.assign({}, ...decided.map(({ values }) => values), given);
  return fillParameters(document, known).values;
}

function checkVersion({ name, versions }: PortRecipeDocument, version: string | undefined): void {
  if (versions === undefined || version === undefined || covers(versions, version)) return;
  throw new UsageError('USAGE', `the port recipe ${name} is for ${versions}, and ${version} is not`);
}

/** What is no version is in no range. */
function covers(range: string, version: string | undefined): boolean {
  return version !== undefined && valid(version) !== null && satisfies(version, range);
}

interface Filled {
  readonly document: PortRecipeDocument;
  readonly parameters: Values;
  /** What of the parameters the person gave. */
  readonly given: Values;
}

/** All checksums that are missing are asked for at once. What a parameter says nothing of is not replaced. */
function replacementsOf(
  replace: readonly PortReplacement[],
  { document, parameters, given }: Filled,
): readonly NamedReplacement[] {
  const missing: string[] = [];
  const replacements = replace.flatMap((replacement): readonly NamedReplacement[] => {
    const from = fill(replacement.from, parameters);
    if (from === '') return [];
    checkNamed(replacement, from, given);
    const sum = sumOf(replacement, document, parameters);
    if (sum === undefined && isAddress(from)) missing.push(unknownSum(replacement, from, parameters));
    const member = replacement.member === undefined ? '' : `!/${fill(replacement.member, parameters)}`;
    return [{ path: replacement.path, from: `${from}${member}`, ...(sum !== undefined && { sha256: sum }) }];
  });
  if (missing.length === 0) return replacements;
  throw new UsageError('USAGE', missing.join('\n'), {
    hint: 'A SHA-256 is 64 hexadecimal digits: of the file that you have looked at, or that its publisher tells.',
  });
}

/** A recipe may be anybody's: which files of this machine are read, the person says. */
function checkNamed({ path, from: template }: PortReplacement, from: string, given: Values): void {
  if (hasScheme(from)) return;
  const [part, ...more] = parseTemplate(template);
  const name = typeof part === 'object' && more.length === 0 ? part.path[1] : undefined;
  if (name !== undefined && Object.hasOwn(given, name)) return;
  throw new UsageError(
    'USAGE',
    `the recipe names a file of this machine for ${path}, "${from}", and only you may`,
    {
      hint: name === undefined ? 'It has to name an address.' : `Say --param ${name}=${from} if you mean it.`,
    },
  );
}

function sumOf(
  { sha256 }: PortReplacement,
  { sums = {} }: PortRecipeDocument,
  parameters: Values,
): string | undefined {
  if (sha256 === undefined) return undefined;
  if (typeof sha256 === 'string') return fill(sha256, parameters) || undefined;
  const given = parameters[sha256.parameter];
  if (given !== undefined && given !== '') return given;
  const table = sums[sha256.sums ?? ''];
  const row = sha256.of === undefined ? '' : fill(sha256.of, parameters);
  return table !== undefined && Object.hasOwn(table, row) ? table[row] : undefined;
}

/** An address that says its own SHA-256 is as good as one whose SHA-256 is told. */
function isAddress(from: string): boolean {
  return hasScheme(from) && !from.includes('#');
}

function hasScheme(from: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(from);
}

function unknownSum({ path, sha256 }: PortReplacement, from: string, parameters: Values): string {
  const row = typeof sha256 === 'object' && sha256.of !== undefined ? fill(sha256.of, parameters) : undefined;
  const of = row === undefined ? '' : ` of version ${row}`;
  const how = typeof sha256 === 'object' ? `: give --param ${sha256.parameter}=HEX` : '';
  return `the recipe knows no SHA-256 of ${from}${of}, for ${path}${how}`;
}

function fill(text: string, parameters: Values): string {
  return parseTemplate(text)
    .map((part) => (typeof part === 'string' ? part : (parameters[part.path[1] ?? ''] ?? '')))
    .join('');
}
