import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Observation } from '../results/index.ts';
import type { Product } from './product.ts';
import { type ProductDocument, productSchema, productSchemaVersion } from './product-schema.ts';

/** A product of one image, `registry.example/app`, whose tags are its versions. */
export function productOf(members: Partial<ProductDocument> = {}): Product {
  const document = productSchema.parse({
    schemaVersion: productSchemaVersion,
    kind: 'product',
    name: 'app',
    title: 'App',
    delivery: ['image'],
    images: [{ reference: 'registry.example/app', role: 'server' }],
    ...members,
  });
  return { ...document, file: 'products/app.yaml', folder: '/catalog' };
}

export const issue = { kind: 'issue', url: 'https://forge.example/app/issues/1' } as const;
export const claimed = {
  text: 'supported since 2.0.0',
  says: 'supported',
  versions: '>=2.0.0',
  source: 'https://app.example/',
  date: '2024-01-01',
} as const;

const results = { audit: 'audit', manifest: 'manifest', run: 'run', build: 'build' } as const;

/** `seen('1.0.0', 'multi-arch', '2025-01-02')`: an audit at noon; a reference where the first word has a slash. */
export function seen(
  tag: string,
  result: Observation['result'],
  day: string,
  more: Partial<Observation> & { readonly method?: keyof typeof results } = {},
): Observation {
  return {
    reference: tag.includes('/') ? tag : `registry.example/app:${tag}`,
    platform: 'linux/arm64',
    at: `${day}T12:00:00.000Z`,
    method: 'audit',
    result,
    ...(result === 'unknown' ? { reason: 'network' } : {}),
    why: `it is ${result}`,
    ...more,
  };
}

/** Midnight at the end of the day. */
export function endOf(day: string): number {
  return Date.parse(`${day}T23:59:59.999Z`);
}

/** A folder with these files, gone with `drop`. */
export async function folderOf(files: Readonly<Record<string, string | Uint8Array>>) {
  const folder = await mkdtemp(join(tmpdir(), 'armload-catalog-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return { folder, drop: () => rm(folder, { recursive: true, force: true }) };
}

/** A product's file with what every one needs, and more lines after them (from line 6 on). */
export function fileOf(name: string, more = ''): string {
  return `schemaVersion: 1\nkind: product\nname: ${name}\ntitle: The ${name}\ndelivery: [image]\n${more}`;
}
