import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fileOf, folderOf } from './catalog.test-support.ts';
import type { Catalog } from './catalog.ts';
import { builtInCatalogFolder } from './folders.ts';
import { loadCatalog } from './load-catalog.ts';
import { productJsonSchema } from './product-schema.ts';

const drops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const drop of drops.splice(0)) await drop();
});

type Files = Readonly<Record<string, string | Uint8Array>>;

async function folder(files: Files): Promise<string> {
  const made = await folderOf(files);
  drops.push(made.drop);
  return made.folder;
}

async function load(files: Files): Promise<Catalog> {
  const cwd = await folder(files);
  return loadCatalog({ builtIn: false, folders: ['.'], cwd });
}

const problemsOf = (files: Files) =>
  load(files).then(
    () => 'nothing was wrong',
    (error: Error) => error.message,
  );

describe('the catalog of this package', () => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await loadCatalog();
  });

  test('has the products of the page and its history', () => {
    const listed = (table: string) =>
      catalog.products
        .filter(({ listings = [] }) => listings.some((listing) => listing.table === table))
        .map(({ name }) => name);
    expect(listed('workarounds')).toEqual([
      'alb-ingress-controller',
      'argo-cd',
      'aws-ebs-csi-driver',
      'aws-efs-csi-driver',
      'cluster-autoscaler',
      'ecs-cli',
      'external-dns',
      'firelens',
      'flatcar',
      'istio',
      'kube-bench',
      'kube-state-metrics',
      'metrics-server',
      'pulumi',
    ]);
    expect(listed('supported').length).toBe(54);
  });

  test('says of every image that nobody has confirmed its name, until somebody does', () => {
    const images = catalog.products.flatMap(({ images: all = [] }) => all);
    expect(images.length).toBeGreaterThan(45);
    expect(images.filter(({ confirmed }) => confirmed !== false)).toEqual([]);
  });

  test('names recipes that are there', async () => {
    const recipes = await readdir(join(await builtInCatalogFolder(), 'recipes')).catch(() => []);
    const named = catalog.products.flatMap((product) => catalog.recipesFor(product, undefined));
    expect(named.map(({ recipe }) => recipe)).toEqual(['argo-cd-source', 'argo-cd-assemble', 'istio']);
    if (recipes.some((file) => file.endsWith('.yaml'))) expect(catalog.notes).toEqual([]);
  });

  test.each([
    ['argo-cd', 'argo-cd'],
    ['ArgoCD', 'argo-cd'],
    ['Argo CD', 'argo-cd'],
    ['ARGOCD', 'argo-cd'],
    ['Flatcar Container Linux', 'flatcar'],
    ['aws-for-fluent-bit', 'firelens'],
    ['fluent bit', 'fluent-bit'],
  ])('finds %s', (text, name) => {
    expect(catalog.find(text)?.name).toBe(name);
  });

  test('suggests what may be meant', () => {
    expect(() => catalog.get('isto')).toThrow(
      expect.objectContaining({ code: 'PRODUCT_UNKNOWN', hint: 'Did you mean "istio"?' }),
    );
    expect(() => catalog.get('something quite else')).toThrow(
      expect.objectContaining({ hint: 'armload catalog list shows what there is.' }),
    );
  });

  test.each([
    ['quay.io/argoproj/argocd:v2.0.5', 'argo-cd', 'own'],
    ['docker.io/argoproj/argocd', 'argo-cd', 'former'],
    ['k8s.gcr.io/external-dns/external-dns:v0.7.4', 'external-dns', 'former'],
    ['datadog/agent-arm64', 'datadog-agent', 'arch-name'],
    ['gcr.io/istio-release/pilot:1.11.0', 'istio', 'mirror'],
    ['763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference-arm64:2.6.0', 'torchserve', 'own'],
    ['traefik', 'traefik', 'own'],
  ])('knows whose image %s is', (reference, product, place) => {
    const match = catalog.byImage(reference);
    expect([match?.product.name, match?.place]).toEqual([product, place]);
  });

  test('does not take for a product what it depends on, or what is no reference', () => {
    expect(catalog.byImage('docker.io/library/redis:6')).toBeUndefined();
    expect(catalog.byImage('Not A Reference')).toBeUndefined();
  });

  test('chooses recipes by version', () => {
    const argo = catalog.get('argo-cd');
    const names = (version?: string) => catalog.recipesFor(argo, version).map(({ recipe }) => recipe);
    expect(names('2.0.5')).toEqual(['argo-cd-source', 'argo-cd-assemble']);
    expect(names('v1.8.0')).toEqual(['argo-cd-source']);
    expect(names('2.3.0')).toEqual([]);
    expect(catalog.recipeFor(catalog.get('istio'), '1.14.1')?.recipe).toBe('istio');
    expect(() => names('newest')).toThrow('is no version of Argo CD');
  });

  test('is what its published schema says', async () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const valid = ajv.compile(productJsonSchema() as object);
    const products = join(await builtInCatalogFolder(), 'products');
    for (const name of await readdir(products)) {
      valid(parse(await readFile(join(products, name), 'utf8')));
      expect([name, valid.errors]).toEqual([name, null]);
    }
    expect(valid({ kind: 'product' })).toBe(false);
  });
});

describe("people's own catalogs", () => {
  test('add products, and take the place of others whole, and say so', async () => {
    const first = await folder({
      'products/app.yaml': fileOf('app', 'aliases: [Applet]\n'),
      'products/other.yaml': fileOf('other'),
    });
    const second = await folder({ 'products/app.yaml': fileOf('app', 'homepage: https://app.example/\n') });
    const catalog = await loadCatalog({ builtIn: first, folders: [second], cwd: second });
    expect(catalog.products.map(({ name }) => name)).toEqual(['app', 'other']);
    expect(catalog.get('app')).toMatchObject({ homepage: 'https://app.example/', file: 'products/app.yaml' });
    expect(catalog.find('Applet')).toBeUndefined();
    expect(catalog.notes).toHaveLength(1);
    expect(catalog.notes[0]).toMatch(/^products\/app.yaml takes the place of .*products\/app.yaml, whole$/);
  });

  test('bring recipes, which go before those of the package for their own products', async () => {
    const workaround = (recipe: string) =>
      `workarounds:\n  - kind: recipe\n    text: build it\n    recipe: ${recipe}\n`;
    const first = await folder({
      'products/app.yaml': fileOf('app', workaround('app')),
      'recipes/app.yaml': '',
      'recipes/tool.yaml': '',
    });
    const second = await folder({
      'products/own.yaml': fileOf('own', workaround('tool')),
      'recipes/tool.yaml': '',
    });
    const catalog = await loadCatalog({ builtIn: first, folders: [second], cwd: second });
    expect(catalog.recipeFor(catalog.get('app'), '1.0.0')?.file).toBe(join(first, 'recipes', 'app.yaml'));
    expect(catalog.recipeFor(catalog.get('own'), undefined)?.file).toBe(join(second, 'recipes', 'tool.yaml'));
  });

  test('that name a recipe which is not there are told of its line', async () => {
    const catalog = await load({
      'products/app.yaml': fileOf(
        'app',
        'workarounds:\n  - kind: recipe\n    text: build it\n    recipe: ap\n',
      ),
      'recipes/app.yaml': '',
    });
    expect(catalog.notes).toEqual(['products/app.yaml:9: there is no recipe "ap"']);
    expect(catalog.recipeFor(catalog.get('app'), undefined)).toMatchObject({ recipe: 'ap' });
    expect(catalog.recipeFor(catalog.get('app'), undefined)?.file).toBeUndefined();
  });

  test('that are no catalogs are told', async () => {
    const cwd = await folder({ 'elsewhere/x': '' });
    await expect(loadCatalog({ builtIn: false, folders: ['elsewhere'], cwd })).rejects.toMatchObject({
      code: 'CATALOG_UNREADABLE',
      hint: expect.stringContaining('products/*.yaml'),
    });
  });
});

describe('what is wrong in a product is told with its line:', () => {
  const listing = (rows: string, more = '') =>
    `listings:\n  - table: supported\n    wording: short\n    rows:\n${rows}${more}`;
  test.each<[string, string, RegExp]>([
    [
      'an unknown member',
      'hompage: https://a.example/\n',
      /app.yaml:6: "hompage" is unknown; did you mean "homepage"\?/,
    ],
    [
      'a version that is a number',
      'claims:\n  - text: a\n    says: supported\n    source: https://a.example/\n    date: 2025-01-01\n    versions: 1.10\n',
      /app.yaml:11: "claims.0.versions" is wrong/,
    ],
    [
      'no range',
      "claims:\n  - text: a\n    says: supported\n    source: https://a.example/\n    date: 2025-01-01\n    versions: 'since 1'\n",
      /app.yaml:11: .*not a range of versions/,
    ],
    [
      'no day',
      'claims:\n  - text: a\n    says: supported\n    source: https://a.example/\n    date: 2025-02-30\n',
      /app.yaml:10: .*YYYY-MM-DD/,
    ],
    ['an address that runs', 'homepage: "javascript:alert(1)"\n', /app.yaml:6: "homepage" is wrong/],
    [
      'an address with a password',
      'homepage: https://me:secret@a.example/\n',
      /app.yaml:6: "homepage" is wrong/,
    ],
    [
      'a reference with a tag',
      'images:\n  - reference: quay.io/a/b:1\n    role: server\n',
      /app.yaml:7: .*the repository's full name is "quay.io\/a\/b", without a tag/,
    ],
    [
      'a short name',
      'images:\n  - reference: nginx\n    role: server\n',
      /app.yaml:7: .*"docker.io\/library\/nginx"/,
    ],
    ['no reference', 'images:\n  - reference: Quay.io/A/b\n    role: server\n', /app.yaml:7: .*lower case/],
    [
      'a tag of no version',
      'images:\n  - reference: quay.io/a/b\n    role: server\n    tag: v1\n',
      /app.yaml:9: .*\{version\}/,
    ],
    [
      'an image of others without an end',
      'workarounds:\n  - kind: third-party-image\n    text: a\n    image: { reference: quay.io/a/b, trust: personal }\n',
      /app.yaml:7: .*needs "until"/,
    ],
    [
      'a recipe without a name',
      'workarounds:\n  - kind: recipe\n    text: a\n',
      /app.yaml:7: .*needs "recipe"/,
    ],
    [
      'a channel of a recipe',
      'workarounds:\n  - kind: recipe\n    text: a\n    recipe: b\n    channel: c\n',
      /app.yaml:10: .*says nothing for the kind recipe/,
    ],
    [
      'a successor that is none',
      'successor:\n  product: nobody\n',
      /app.yaml:7: there is no product "nobody"/,
    ],
    [
      'an override of another image',
      'overrides:\n  - tool: helm\n    path: a\n    images: [quay.io/a/b]\n',
      /app.yaml:9: .*none of the product's images/,
    ],
    [
      'rows in disorder',
      listing('      - { from: 2025-02-01, name: a }\n      - { from: 2025-01-01, name: a }\n'),
      /app.yaml:11: rows stand in the order of their days/,
    ],
    [
      'a row that left before it came',
      listing('      - { from: 2025-02-01, name: a }\n', '    left: 2025-01-01\n'),
      /app.yaml:11: it left on 2025-01-01/,
    ],
    [
      'a cell that runs',
      listing(
        '      - from: 2025-02-01\n        name: a\n        comment: { text: a, link: "javascript:x" }\n',
      ),
      /app.yaml:12/,
    ],
    ['no YAML', 'a: [\n', /app.yaml:\d+: not valid YAML/],
  ])('%s', async (_name, text, expected) => {
    expect(await problemsOf({ 'products/app.yaml': fileOf('app', text) })).toMatch(expected);
  });

  test('another name than its file has', async () => {
    expect(await problemsOf({ 'products/app.yaml': fileOf('ap') })).toBe(
      'products/app.yaml:3: "ap" stands in a file named "app"',
    );
  });

  test('names and images that two products have', async () => {
    const image = 'images:\n  - reference: quay.io/a/b\n    role: server\n';
    const message = await problemsOf({
      'products/app.yaml': fileOf('app', `aliases: [Two Words]\n${image}`),
      'products/bpp.yaml': fileOf('bpp', `aliases: [two-words]\n${image}`),
    });
    expect(message).toContain('products/bpp.yaml:6: "two-words" is in products/app.yaml already');
    expect(message).toContain('products/bpp.yaml:8: "quay.io/a/b" is in products/app.yaml already');
  });

  test('all files at once', async () => {
    const message = await problemsOf({ 'products/app.yaml': fileOf('ap'), 'products/bpp.yaml': 'x: 1\n' });
    expect(message).toMatch(/app.yaml:3.*\n(.*\n)*.*bpp.yaml:1: "x" is unknown/);
  });
});

describe('files that are no honest ones', () => {
  let made: Awaited<ReturnType<typeof folderOf>>;
  beforeAll(async () => {
    made = await folderOf({});
  });
  afterAll(() => made.drop());

  test.each<[string, string | Uint8Array]>([
    ['large', `${fileOf('app')}# ${'x'.repeat(300_000)}`],
    ['no text', Uint8Array.of(0xff, 0xfe, 0xfd)],
    ['deep', `${fileOf('app')}notes: ${'['.repeat(50_000)}`],
    ['long lists', `${fileOf('app')}notes: [${'a, '.repeat(500)}]`],
  ])('%s are refused', async (_name, text) => {
    expect(await problemsOf({ 'products/app.yaml': text })).not.toBe('nothing was wrong');
  });

  test('a folder in the place of a file, and one that is not there, are told', async () => {
    await mkdir(join(made.folder, 'products', 'app.yaml'), { recursive: true });
    expect((await loadCatalog({ builtIn: false, folders: [made.folder] })).products).toEqual([]);
    await symlink('/nowhere/at/all', join(made.folder, 'products', 'gone.yaml'));
    await expect(loadCatalog({ builtIn: false, folders: [made.folder] })).rejects.toMatchObject({
      code: 'CATALOG_UNREADABLE',
    });
  });

  test('a stop is a stop', async () => {
    await expect(loadCatalog({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
