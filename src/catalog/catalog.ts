import { compareText, nearestWord } from '../core/index.ts';
import type { Remedy } from '../results/index.ts';
import { nameKey } from './checks.ts';
import { CatalogError } from './errors.ts';
import { type ImagePlace, type Product, type ProductFile, placesOf } from './product.ts';
import type { ProductImage } from './product-schema.ts';
import { type RecipeChoice, recipesOf } from './recipes.ts';
import { type RemedyOptions, remediesOf } from './remedies.ts';
import { repositoryKey, splitReference } from './repositories.ts';

/** A repository that a product's image is, was or is copied to. */
export interface ImageMatch {
  readonly product: Product;
  readonly image: ProductImage;
  readonly place: ImagePlace;
}

/** The catalog, read. */
export interface Catalog {
  /** By name. */
  readonly products: readonly Product[];
  /** What a person should know of how it came about. */
  readonly notes: readonly string[];
  /** By name, alias, title or former name; case, spaces and hyphens make no difference. */
  find(name: string): Product | undefined;
  /** @throws CatalogError `PRODUCT_UNKNOWN`, with the name that may be meant. */
  get(name: string): Product;
  /** Whose image a repository or reference is, by today's and former names, names with an architecture in them, and copies. */
  byImage(reference: string): ImageMatch | undefined;
  /** Recipes for a version, or for any with `undefined`, in the order of the product's file. */
  recipesFor(product: Product, version: string | undefined): readonly RecipeChoice[];
  /** The first of them. */
  recipeFor(product: Product, version: string | undefined): RecipeChoice | undefined;
  /**
   * What the catalog knows to do about a canonical reference that isn't ready, best first; nothing where it doesn't know
   * the image, or for a platform that it says nothing of.
   */
  remediesFor(reference: string, options: RemedyOptions): readonly Remedy[];
}

interface Around {
  /** By catalog folder: recipes' files by name. */
  readonly recipes: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The folders in the order they were read. */
  readonly folders: readonly string[];
  readonly notes: readonly string[];
}

export function createCatalog(files: readonly ProductFile[], { recipes, folders, notes }: Around): Catalog {
  const products = files
    .map(({ read, folder }): Product => ({ ...read.value, file: read.file, folder }))
    .sort((left, right) => compareText(left.name, right.name));
  const names = new Map(
    products.flatMap((product) => namesOf(product).map((name) => [nameKey(name), product])),
  );
  const images = imagesOf(products);
  const recipeFile = (name: string, { folder }: Product) =>
    // The product's own catalog first, then the later ones before the earlier.
    [folder, ...folders.toReversed()].flatMap((one) => recipes.get(one)?.get(name) ?? [])[0];
  const find = (name: string) => names.get(nameKey(name));
  const byImage = (reference: string) => {
    const { repository } = splitReference(reference) ?? {};
    return repository === undefined ? undefined : images.get(repositoryKey(repository));
  };
  const recipesFor = (product: Product, version: string | undefined) =>
    recipesOf(product, version, (name) => recipeFile(name, product));
  return {
    products,
    notes: [...notes, ...missingRecipes(files, products, recipes, recipeFile)],
    find,
    get: (name) => find(name) ?? unknownProduct(name, products),
    byImage,
    recipesFor,
    recipeFor: (product, version) => recipesFor(product, version)[0],
    remediesFor: (reference, options) => {
      const match = byImage(reference);
      return match === undefined ? [] : remediesOf(reference, match, options);
    },
  };
}

function namesOf({ name, title, aliases = [], formerNames = [] }: Product): readonly string[] {
  return [name, title, ...aliases, ...formerNames];
}

function imagesOf(products: readonly Product[]): ReadonlyMap<string, ImageMatch> {
  const images = new Map<string, ImageMatch>();
  for (const product of products)
    for (const image of product.images ?? [])
      for (const { place, repository } of image.role === 'dependency' ? [] : placesOf(image))
        images.set(repositoryKey(repository), { product, image, place });
  return images;
}

/** A workaround whose recipe isn't there is still a fact; it's told, not fatal. */
function missingRecipes(
  files: readonly ProductFile[],
  products: readonly Product[],
  recipes: Around['recipes'],
  recipeFile: (name: string, product: Product) => string | undefined,
): readonly string[] {
  if ([...recipes.values()].every(({ size }) => size === 0)) return [];
  return files.flatMap(({ read }) => {
    const product = products.find(({ name }) => name === read.value.name);
    return (read.value.workarounds ?? []).flatMap(({ recipe }, index) => {
      if (recipe === undefined || product === undefined || recipeFile(recipe, product) !== undefined)
        return [];
      const line = read.placeOf(['workarounds', index, 'recipe'])?.line;
      return [`${read.file}${line === undefined ? '' : `:${line}`}: there is no recipe "${recipe}"`];
    });
  });
}

function unknownProduct(name: string, products: readonly Product[]): never {
  const meant = nearestWord(name, products.flatMap(namesOf));
  throw new CatalogError('PRODUCT_UNKNOWN', `the catalog has no product "${name}"`, {
    hint: meant === undefined ? 'armload catalog list shows what there is.' : `Did you mean "${meant}"?`,
  });
}
