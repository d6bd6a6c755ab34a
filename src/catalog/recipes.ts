import { CatalogError } from './errors.ts';
import type { Product } from './product.ts';
import type { Workaround } from './product-schema.ts';
import { covers, readScope } from './versions.ts';

/** A recipe that a product's file names for a version. */
export interface RecipeChoice {
  readonly product: Product;
  readonly recipe: string;
  /** Absolute; absent where no catalog folder has it. */
  readonly file?: string;
  readonly workaround: Workaround;
}

/**
 * The recipes for a version; with `undefined`, all.
 * @throws CatalogError `VERSION_INVALID`
 */
export function recipesOf(
  product: Product,
  version: string | undefined,
  fileOf: (recipe: string) => string | undefined,
): readonly RecipeChoice[] {
  const scope = version === undefined ? undefined : readScope(version);
  if (version !== undefined && scope === undefined)
    throw new CatalogError('VERSION_INVALID', `"${version}" is no version of ${product.title}`, {
      hint: `Write it like ${product.name}@1.2.3.`,
    });
  return (product.workarounds ?? []).flatMap((workaround) => {
    const { recipe, versions } = workaround;
    if (recipe === undefined || (scope !== undefined && !covers(versions, scope))) return [];
    const file = fileOf(recipe);
    return [{ product, recipe, workaround, ...(file === undefined ? {} : { file }) }];
  });
}
