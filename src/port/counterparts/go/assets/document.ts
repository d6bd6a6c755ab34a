import * as z from 'zod';
import { compareText, messageOf } from '../../../../core/index.ts';
import { DocumentError, formatPlatform, parsePlatform } from '../../../../oci/index.ts';
import type { GoAsset } from '../../../options.ts';
import { type Named, readNames } from '../../release/names.ts';

const maxAssets = 10_000;
const name = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^[^\s\p{Cc}]+$/u, 'has spaces or control characters');

const assetSchema = z
  .strictObject({
    module: name,
    version: name.optional(),
    package: name.optional(),
    platform: z.string().refine((text) => parsePlatform(text) !== undefined, 'is no platform'),
    from: z.string().min(1).max(4000),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256'),
    added: z.iso.datetime().optional(),
  })
  .superRefine((asset, context) => {
    try {
      namedBy(asset);
    } catch (error) {
      context.addIssue({ code: 'custom', path: ['from'], message: `can't be used: ${messageOf(error)}` });
    }
  });

const documentSchema = z.strictObject({
  schemaVersion: z.literal(1),
  assets: z.array(assetSchema).max(maxAssets),
});

/** Where an asset is to be had. @throws UsageError where that is no place. */
export function namedBy({
  module,
  package: path,
  from,
  sha256,
}: {
  readonly module: string;
  readonly package?: string | undefined;
  readonly from: string;
  readonly sha256: string;
}): Named {
  const [named] = readNames([{ path: `/${nameOf(path ?? module)}`, from, sha256 }]);
  if (named === undefined) throw new DocumentError('DOCUMENT_MALFORMED', 'no place is named');
  return named;
}

function nameOf(path: string): string {
  return path.split('/').findLast((part) => !['', '.', '..'].includes(part)) ?? 'program';
}

/**
 * Reads a table of release assets.
 * @throws DocumentError `DOCUMENT_MALFORMED` with the place of the first mistake.
 */
export function parseAssets(text: string): readonly GoAsset[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DocumentError('DOCUMENT_MALFORMED', 'it is not JSON', { cause });
  }
  const read = documentSchema.safeParse(value);
  if (read.success) return read.data.assets.map(withoutAbsent);
  const issue = read.error.issues[0];
  const where = issue?.path.join('.') || 'the document';
  throw new DocumentError('DOCUMENT_MALFORMED', `${where}: ${issue?.message ?? 'is invalid'}`);
}

function withoutAbsent(asset: z.infer<typeof assetSchema>): GoAsset {
  const { version, package: path, added, ...rest } = asset;
  return {
    ...rest,
    platform: spelled(rest.platform),
    ...(version === undefined ? {} : { version }),
    ...(path === undefined ? {} : { package: path }),
    ...(added === undefined ? {} : { added }),
  };
}

/** One spelling for each platform. */
export function spelled(platform: string): string {
  const read = parsePlatform(platform);
  return read === undefined ? platform : formatPlatform(read);
}

/** The table as a document: sorted, an asset a line so that a diff shows what came. */
export function formatAssets(assets: readonly GoAsset[]): string {
  const lines = assets.map(({ module, version, package: path, platform, from, sha256, added }) =>
    JSON.stringify({ module, version, package: path, platform, from, sha256, added }),
  );
  const sorted = [...new Set(lines)].sort(compareText).map((line) => `    ${line}`);
  return `{\n  "schemaVersion": 1,\n  "assets": [\n${sorted.join(',\n')}\n  ]\n}\n`;
}
