import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../core/index.ts';
import { CatalogError } from './errors.ts';

const maxFiles = 2000;

/**
 * `catalog/` of this package, wherever it is installed and however it was built.
 * @throws CatalogError `CATALOG_MISSING`
 */
export async function builtInCatalogFolder(from: string = fileURLToPath(import.meta.url)): Promise<string> {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const catalog = join(folder, 'catalog');
    // In the sources, `src/catalog` is the code.
    if ((await isFile(join(folder, 'package.json'))) && (await isFolder(join(catalog, 'products'))))
      return catalog;
    if (dirname(folder) === folder)
      throw new CatalogError('CATALOG_MISSING', 'the catalog folder of this package is gone', {
        hint: 'Install armload again.',
      });
  }
}

/**
 * `$XDG_STATE_HOME/armload/observations`, or `~/.local/state/armload/observations` (XDG Base Directory Specification:
 * relative paths are ignored).
 */
export function defaultObservationsFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  const base = environment['XDG_STATE_HOME'];
  return join(base && isAbsolute(base) ? base : join(home, '.local', 'state'), 'armload', 'observations');
}

/**
 * The YAML files of a folder, by name; none where there is no such folder and `required` is false.
 * @throws CatalogError `CATALOG_UNREADABLE`
 */
export async function yamlFiles(
  folder: string,
  { required }: { readonly required: boolean },
): Promise<readonly string[]> {
  const names = (await entries(folder, required))
    .filter((entry) => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
  if (names.length > maxFiles)
    throw new CatalogError(
      'CATALOG_UNREADABLE',
      `${folder} has ${names.length} files, over the limit of ${maxFiles}`,
    );
  return names.map((name) => join(folder, name));
}

async function entries(folder: string, required: boolean): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CatalogError(
      'CATALOG_UNREADABLE',
      `can't read the catalog's folder ${folder}: ${messageOf(error)}`,
      {
        cause: error,
        hint: 'A catalog is a folder with products/*.yaml in it, and recipes/*.yaml if it has any.',
      },
    );
  }
}

/** `istio` of `recipes/istio.yaml`. */
export function stemOf(file: string): string {
  return basename(file).replace(/\.ya?ml$/, '');
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
