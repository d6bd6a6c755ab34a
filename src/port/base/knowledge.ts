import * as z from 'zod';
import { compareText } from '../../core/index.ts';
import {
  type Digest,
  DocumentError,
  formatPlatform,
  isDigest,
  type Platform,
  parsePlatform,
  parseReference,
} from '../../oci/index.ts';

/** One platform's image of an index, by the chain-id of all its layers. */
export interface BaseRecord {
  readonly chainId: Digest;
  /** Number of layers. */
  readonly layers: number;
  readonly platform: Platform;
  /** Canonical, with the tag if it was found by one, without digest. */
  readonly reference: string;
  readonly indexDigest: Digest;
  readonly manifestDigest: Digest;
  /** When it was recorded, ISO 8601. */
  readonly added?: string;
}

/** What is known of popular bases. */
export interface BaseKnowledge {
  /** All images of exactly these layers; empty where none is known. */
  lookup(chainId: Digest): readonly BaseRecord[];
}

const maxRecords = 200_000;
const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
  message: 'is not a sha256 or sha512 digest',
});
const recordSchema = z.object({
  chainId: digest,
  layers: z.int().min(1).max(10_000),
  platform: z.string().transform((text, context): Platform => {
    const platform = parsePlatform(text);
    if (platform !== undefined) return platform;
    context.addIssue({ code: 'custom', message: 'is not a platform' });
    return z.NEVER;
  }),
  reference: z.string().refine(isReference, { message: 'is not an image reference' }),
  index: digest,
  manifest: digest,
  added: z.iso.datetime().optional(),
});
const documentSchema = z.object({
  schemaVersion: z.literal(1),
  bases: z.array(z.unknown()).max(maxRecords).pipe(z.array(recordSchema)),
});

/**
 * Reads a table of known bases: `{ "schemaVersion": 1, "bases": [{ chainId, layers, platform, reference, index, manifest,
 * added? }] }`.
 * @throws DocumentError `DOCUMENT_MALFORMED` naming the member.
 */
export function parseBaseRecords(text: string): readonly BaseRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DocumentError('DOCUMENT_MALFORMED', 'the table of known bases is not JSON', { cause });
  }
  const read = documentSchema.safeParse(value);
  if (!read.success) {
    const issue = read.error.issues[0];
    const where = issue?.path.join('.') || 'the document';
    throw new DocumentError(
      'DOCUMENT_MALFORMED',
      `the table of known bases is malformed: ${where} ${issue?.message ?? 'is invalid'}`,
    );
  }
  return read.data.bases.map(({ index, manifest, added, ...rest }) => ({
    ...rest,
    indexDigest: index,
    manifestDigest: manifest,
    ...(added === undefined ? {} : { added }),
  }));
}

/** The table as a document: sorted, each record once, a record a line so that a diff shows what came. */
export function formatBaseRecords(records: readonly BaseRecord[]): string {
  const lines = records.map((record) =>
    JSON.stringify({
      reference: record.reference,
      platform: formatPlatform(record.platform),
      index: record.indexDigest,
      manifest: record.manifestDigest,
      layers: record.layers,
      chainId: record.chainId,
      added: record.added,
    }),
  );
  const bases = [...new Set(lines)].sort(compareText).map((line) => `    ${line}`);
  return `{\n  "schemaVersion": 1,\n  "bases": [\n${bases.join(',\n')}\n  ]\n}\n`;
}

/** A table to look bases up in. Records are given back in the order they stand in. */
export function baseKnowledge(records: Iterable<BaseRecord>): BaseKnowledge {
  const byChain = new Map<Digest, BaseRecord[]>();
  for (const record of records) {
    const same = byChain.get(record.chainId);
    if (same === undefined) byChain.set(record.chainId, [record]);
    else same.push(record);
  }
  return { lookup: (chainId) => byChain.get(chainId) ?? [] };
}

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}
