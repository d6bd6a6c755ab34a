import type { ReadDocument } from '../document/index.ts';
import type { ProductDocument, ProductImage } from './product-schema.ts';
import { readVersion, type Version } from './versions.ts';

/** A product of the catalog, and where it's from. */
export interface Product extends ProductDocument {
  /** As shown to people. */
  readonly file: string;
  /** The catalog that it's of; absolute. */
  readonly folder: string;
}

/** A product's file as it was read. */
export interface ProductFile {
  readonly read: ReadDocument<ProductDocument>;
  /** Of its catalog; absolute. */
  readonly folder: string;
}

/** What a repository is to a product's image. */
export type ImagePlace = 'own' | 'former' | 'arch-name' | 'mirror';

/** Every repository of an image, by what it is. */
export function placesOf(
  image: ProductImage,
): readonly { readonly place: ImagePlace; readonly repository: string }[] {
  const named = (place: ImagePlace, repositories: readonly string[] | undefined) =>
    (repositories ?? []).map((repository) => ({ place, repository }));
  return [
    ...named('own', [image.reference]),
    ...named('former', image.formerly),
    ...named('arch-name', image.archNames),
    ...named('mirror', image.mirrors),
  ];
}

/** Can the product not do without it? What it only depends on has a state of its own. */
export function isRequired({ role, optional = false }: ProductImage): boolean {
  return !optional && role !== 'dependency';
}

/** The version that a tag of the image names. */
export function versionOfTag(
  tag: string,
  { tag: template = '{version}' }: Pick<ProductImage, 'tag'>,
): Version | undefined {
  const [before = '', after = ''] = template.split('{version}');
  const fits = tag.startsWith(before) && tag.endsWith(after) && tag.length > before.length + after.length;
  return fits ? readVersion(tag.slice(before.length, tag.length - after.length)) : readVersion(tag);
}

/** The tag that a version of the image has. */
export function tagOfVersion(version: string, { tag = '{version}' }: Pick<ProductImage, 'tag'>): string {
  return tag.replace('{version}', version);
}
