import { readFile, stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import semver from 'semver';
import * as z from 'zod';
import type { Catalog, RecipeChoice } from '../catalog/index.ts';
import { messageOf, UsageError } from '../core/index.ts';
import { DocumentError, type DocumentText, readDocument } from '../document/index.ts';
import { type Recipe, readRecipe } from '../recipe/index.ts';
import { type PortRecipe, readPortRecipe } from './port-recipe/read-port-recipe.ts';

/** A document, found and read. */
interface Found {
  readonly text: string;
  /** Absolute: files of the recipe's sources are beside it. */
  readonly directory: string;
  /** What the person's words say of its parameters: the version, where it takes one. */
  readonly parameters: Readonly<Record<string, string>>;
  /** A product's other recipes for that version, by name. */
  readonly others: readonly string[];
}

/** A recipe of steps. */
export interface FoundRecipe extends Found {
  readonly kind: 'recipe';
  readonly recipe: Recipe;
}

/** A recipe that has an image put together from what exists. */
export interface FoundPortRecipe extends Found {
  readonly kind: 'port';
  readonly recipe: PortRecipe;
}

export interface RecipeSearch {
  readonly cwd: string;
  /** Read only where a product is named. */
  readonly catalog: () => Promise<Catalog>;
  /** Which of a product's recipes, by its name; the first unless told. */
  readonly way?: string | undefined;
}

const maxBytes = 1 << 20;

/**
 * The recipe of steps that a person means, as `findBuild` finds it.
 * @throws as `findBuild` does; UsageError for one that has no steps
 */
export async function findRecipe(what: string, search: RecipeSearch): Promise<FoundRecipe> {
  const found = await findBuild(what, search);
  if (found.kind === 'recipe') return found;
  throw new UsageError('USAGE', `${found.recipe.value.name} is a port recipe, which has no steps`, {
    hint: 'armload build does it, on this machine.',
  });
}

/**
 * The recipe that a person means: `istio`, `argo-cd@2.0.5` by the catalog, or a file, told by its slash or its ending.
 * @throws UsageError for what isn't there, CatalogError, RecipeError, DocumentError
 */
export async function findBuild(what: string, search: RecipeSearch): Promise<FoundRecipe | FoundPortRecipe> {
  if (what.includes('/') || /\.ya?ml$/.test(what)) return readFound(resolve(search.cwd, what), search.cwd);
  const [name, version] = splitVersion(what);
  const catalog = await search.catalog();
  const product = catalog.get(name);
  const choices = catalog.recipesFor(product, version);
  const choice = chosen(choices, {
    what,
    way: search.way,
    anyVersion: catalog.recipesFor(product, undefined),
  });
  if (choice.file === undefined)
    throw new UsageError(
      'INPUT_NOT_FOUND',
      `the catalog names the recipe "${choice.recipe}", and no folder has it`,
    );
  const found = await readFound(choice.file, search.cwd);
  const others = choices.filter((one) => one !== choice).map(({ recipe }) => recipe);
  return { ...found, others, parameters: versionParameter(found.recipe, { what, version }) };
}

/** `argo-cd@2.0.5`; an `@` at the beginning is no version's. */
function splitVersion(what: string): readonly [string, string | undefined] {
  const at = what.lastIndexOf('@');
  return at <= 0 ? [what, undefined] : [what.slice(0, at), what.slice(at + 1)];
}

interface Wanted {
  readonly what: string;
  readonly way: string | undefined;
  readonly anyVersion: readonly RecipeChoice[];
}

function chosen(choices: readonly RecipeChoice[], { what, way, anyVersion }: Wanted): RecipeChoice {
  const choice = way === undefined ? choices[0] : choices.find(({ recipe }) => recipe === way);
  if (choice !== undefined) return choice;
  const name = what.replace(/@.*/, '');
  if (anyVersion.length === 0)
    throw new UsageError('INPUT_NOT_FOUND', `the catalog has no recipe for ${name}`, {
      hint: `armload catalog show ${name} says what else helps; a recipe of your own is named by its file.`,
    });
  const listed = anyVersion.map(
    ({ recipe, workaround }) => `${recipe} (${workaround.versions ?? 'all versions'})`,
  );
  const sentence =
    way === undefined
      ? `no recipe of ${name} is for the version in "${what}"`
      : `${what} has no recipe "${way}"`;
  throw new UsageError('INPUT_NOT_FOUND', sentence, { hint: `There are ${listed.join(', ')}.` });
}

/** A recipe with a parameter `version` is told it; another one must at least be for it. */
function versionParameter(
  { value }: Recipe | PortRecipe,
  { what, version }: { readonly what: string; readonly version: string | undefined },
): Readonly<Record<string, string>> {
  if (version === undefined) return {};
  const plain = version.replace(/^v(?=\d)/, '');
  if (
    value.versions !== undefined &&
    semver.valid(plain) !== null &&
    !semver.satisfies(plain, value.versions)
  )
    throw new UsageError('USAGE', `the recipe ${value.name} is for ${value.versions}, and "${what}" is not`);
  return value.parameters !== undefined && Object.hasOwn(value.parameters, 'version')
    ? { version: plain }
    : {};
}

async function readFound(path: string, cwd: string): Promise<FoundRecipe | FoundPortRecipe> {
  const file = relative(cwd, path).startsWith('..') ? path : relative(cwd, path);
  const text = await readText(path, file);
  const around = { text, directory: dirname(path), parameters: {}, others: [] };
  return saysPort({ text, file })
    ? { kind: 'port', recipe: readPortRecipe({ text, file }), ...around }
    : { kind: 'recipe', recipe: readRecipe({ text, file }), ...around };
}

/** What is no document at all is read as a recipe, which says what's wrong with it. */
function saysPort(source: DocumentText): boolean {
  try {
    return readDocument(z.looseObject({ kind: z.unknown() }), source).value.kind === 'port';
  } catch (error) {
    if (error instanceof DocumentError) return false;
    throw error;
  }
}

async function readText(path: string, file: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError('INPUT_NOT_FOUND', `can't read the recipe ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
