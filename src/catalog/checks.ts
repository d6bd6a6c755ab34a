import type { DocumentError } from '../document/index.ts';
import { type ProductFile, placesOf } from './product.ts';
import type { Listing, ProductDocument } from './product-schema.ts';
import { repositoryKey } from './repositories.ts';

interface Wrong {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Names are one where only case, spaces and hyphens tell them apart: people write `ArgoCD`, `Argo CD` and `argo-cd`. */
export function nameKey(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

/** What a schema can't say of one product. */
export function checkAlone(product: ProductDocument, stem: string): readonly Wrong[] {
  const { name, images = [], channels, overrides = [], listings = [] } = product;
  const references = new Set(images.map(({ reference }) => reference));
  return [
    ...(name === stem ? [] : [{ path: ['name'], message: `"${name}" stands in a file named "${stem}"` }]),
    ...overrides.flatMap(({ images: set = [] }, at) =>
      set.flatMap((reference, index) =>
        references.has(reference)
          ? []
          : [
              {
                path: ['overrides', at, 'images', index],
                message: `"${reference}" is none of the product's images`,
              },
            ],
      ),
    ),
    ...listings.flatMap((listing, at) => checkListing(listing, at)),
    ...checkChannels(channels),
  ];
}

function checkChannels(channels: ProductDocument['channels']): readonly Wrong[] {
  const names = channels?.list.map(({ name }) => name) ?? [];
  return names.flatMap((name, at) =>
    names.indexOf(name) === at
      ? []
      : [{ path: ['channels', 'list', at, 'name'], message: `"${name}" is named twice` }],
  );
}

function checkListing({ rows, left }: Listing, at: number): readonly Wrong[] {
  const starts = rows.map(({ from, seen }) => from ?? seen ?? '');
  const disorder = starts.findIndex((start, index) => index > 0 && start <= (starts[index - 1] ?? ''));
  return [
    ...(disorder < 0
      ? []
      : [
          {
            path: ['listings', at, 'rows', disorder],
            message: 'rows stand in the order of their days, oldest first',
          },
        ]),
    ...(left !== undefined && left < (starts.at(-1) ?? '')
      ? [{ path: ['listings', at, 'left'], message: `it left on ${left}, before its last row came` }]
      : []),
  ];
}

/** What is wrong between products: two of one name, two with one image, and those that name what isn't there. */
export function checkAmong(products: readonly ProductFile[]): readonly DocumentError[] {
  const names = new Map<string, ProductFile>();
  const repositories = new Map<string, ProductFile>();
  const known = new Set(products.map(({ read }) => read.value.name));
  return products.flatMap((product) => {
    const wrong = [
      ...takeAll(namesOf(product), names, product),
      ...takeAll(repositoriesOf(product), repositories, product),
      ...unknownProducts(product, known),
    ];
    return wrong.length === 0 ? [] : [product.read.error(wrong)];
  });
}

interface Named {
  readonly key: string;
  readonly text: string;
  readonly path: Wrong['path'];
}

function namesOf({ read: { value } }: ProductFile): readonly Named[] {
  const { name, title, aliases = [], formerNames = [] } = value;
  const named = (text: string, path: Wrong['path']) => ({ key: nameKey(text), text, path });
  return [
    named(name, ['name']),
    named(title, ['title']),
    ...aliases.map((text, index) => named(text, ['aliases', index])),
    ...formerNames.map((text, index) => named(text, ['formerNames', index])),
  ];
}

/** What a product depends on may be another one's own, or that of several. */
function repositoriesOf({ read: { value } }: ProductFile): readonly Named[] {
  return (value.images ?? []).flatMap((image, index) =>
    image.role === 'dependency'
      ? []
      : placesOf(image).map(({ repository }) => ({
          key: repositoryKey(repository),
          text: repository,
          path: ['images', index, 'reference'],
        })),
  );
}

function takeAll(
  all: readonly Named[],
  taken: Map<string, ProductFile>,
  product: ProductFile,
): readonly Wrong[] {
  return all.flatMap(({ key, text, path }) => {
    const before = taken.get(key);
    taken.set(key, before ?? product);
    // A product may repeat its own names: a title is often an alias.
    return before === undefined || before === product
      ? []
      : [{ path, message: `"${text}" is in ${before.read.file} already` }];
  });
}

function unknownProducts({ read: { value } }: ProductFile, known: ReadonlySet<string>): readonly Wrong[] {
  const { successor, forks = [] } = value;
  const named: readonly (readonly [string | undefined, Wrong['path']])[] = [
    [successor?.product, ['successor', 'product']],
    ...forks.map(({ product }, index) => [product, ['forks', index, 'product']] as const),
  ];
  return named.flatMap(([name, path]) =>
    name === undefined || known.has(name) ? [] : [{ path, message: `there is no product "${name}"` }],
  );
}
