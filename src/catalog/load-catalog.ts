import { open } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { messageOf } from '../core/index.ts';
import { DocumentError, readDocument } from '../document/index.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import { checkAlone, checkAmong } from './checks.ts';
import { CatalogError } from './errors.ts';
import { builtInCatalogFolder, stemOf, yamlFiles } from './folders.ts';
import type { ProductFile } from './product.ts';
import { productSchema } from './product-schema.ts';

export interface CatalogOptions {
  /** People's own catalogs, which add products or take the place of those of the same name; later ones win. */
  readonly folders?: readonly string[];
  /** Where relative folders start, and how files are shown. */
  readonly cwd?: string;
  /** The catalog to add to: the package's own unless told, none with `false`. */
  readonly builtIn?: string | false;
  readonly signal?: AbortSignal;
}

const maxBytes = 256 * 1024;
const maxTotalBytes = 32 * 1024 * 1024;
const filesAtATime = 32;

/**
 * Reads the catalog: the package's, and people's own beside it.
 * @throws CatalogError `CATALOG_UNREADABLE` for a folder or file that can't be read, `CATALOG_INVALID` for files that are
 * no products, with every problem and its line.
 */
export async function loadCatalog(options: CatalogOptions = {}): Promise<Catalog> {
  const { folders = [], cwd = process.cwd(), builtIn, signal } = options;
  const first = builtIn === false ? [] : [builtIn ?? (await builtInCatalogFolder())];
  const places = [...first, ...folders.map((folder) => resolve(cwd, folder))];
  const recipes = new Map<string, ReadonlyMap<string, string>>();
  const problems: DocumentError[] = [];
  const layers: (readonly ProductFile[])[] = [];
  const budget = { left: maxTotalBytes };
  for (const folder of places) {
    const files = await yamlFiles(join(folder, 'products'), { required: true });
    const shownFrom = folder === first[0] ? join(folder, '..') : cwd;
    layers.push(await readProducts(files, { folder, shownFrom, problems, budget, signal }));
    const found = await yamlFiles(join(folder, 'recipes'), { required: false });
    recipes.set(folder, new Map(found.map((file) => [stemOf(file), file])));
  }
  const { products, notes } = merged(layers);
  problems.push(...(problems.length > 0 ? [] : checkAmong(products)));
  if (problems.length > 0) throw invalid(problems);
  return createCatalog(products, { recipes, folders: places, notes });
}

interface Reading {
  readonly folder: string;
  readonly shownFrom: string;
  readonly problems: DocumentError[];
  readonly budget: { left: number };
  readonly signal: AbortSignal | undefined;
}

async function readProducts(files: readonly string[], reading: Reading): Promise<readonly ProductFile[]> {
  const products: ProductFile[] = [];
  for (let start = 0; start < files.length; start += filesAtATime) {
    reading.signal?.throwIfAborted();
    const batch = files.slice(start, start + filesAtATime);
    const texts = await Promise.all(batch.map((path) => readText(path, reading)));
    for (const [index, path] of batch.entries())
      products.push(...readProduct(path, { ...reading, text: texts[index] ?? '' }));
  }
  return products;
}

function readProduct(path: string, reading: Reading & { readonly text: string }): readonly ProductFile[] {
  const file = relative(reading.shownFrom, path);
  try {
    const read = readDocument(productSchema, { text: reading.text, file, maxBytes });
    const wrong = checkAlone(read.value, stemOf(path));
    if (wrong.length > 0) throw read.error(wrong);
    return [{ read, folder: reading.folder }];
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    reading.problems.push(error);
    return [];
  }
}

/** Reads no more than is allowed, whatever size the file says it has. */
async function readText(path: string, { budget, shownFrom }: Reading): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(maxBytes + 1), 0, maxBytes + 1, 0);
      budget.left -= bytesRead;
      if (bytesRead > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
      if (budget.left < 0) throw new Error(`the catalog is larger than ${maxTotalBytes} bytes`);
      return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new CatalogError(
      'CATALOG_UNREADABLE',
      `can't read ${relative(shownFrom, path)}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** A later file takes the place of the whole of an earlier one: two halves of a product could say what nobody meant. */
function merged(layers: readonly (readonly ProductFile[])[]): {
  readonly products: readonly ProductFile[];
  readonly notes: readonly string[];
} {
  const byName = new Map<string, ProductFile>();
  const notes: string[] = [];
  for (const product of layers.flat()) {
    const { name } = product.read.value;
    const before = byName.get(name);
    if (before !== undefined)
      notes.push(`${product.read.file} takes the place of ${before.read.file}, whole`);
    byName.set(name, product);
  }
  return { products: [...byName.values()], notes };
}

function invalid(problems: readonly DocumentError[]): CatalogError {
  const shown = problems.slice(0, 10).map(({ message }) => message);
  const rest = problems.length - shown.length;
  return new CatalogError(
    'CATALOG_INVALID',
    [...shown, ...(rest > 0 ? [`and ${rest} more files`] : [])].join('\n'),
    {
      cause: problems[0],
      facts: { problems: problems.map(({ file, problems: all }) => ({ file, problems: all })) },
    },
  );
}
