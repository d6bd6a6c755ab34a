import * as z from 'zod';
import { type Digest, isDigest } from './digest.ts';
import { DocumentError, escapeControls } from './errors.ts';
import { normalizePlatform, type Platform } from './platform.ts';

/** Manifests and configs above 4 MiB are refused (distribution-spec, "Pushing Manifests", names that size). */
export const maxManifestBytes = 4 * 1024 * 1024;
/** Entries of one index, and items of any other list (layers, history). More is refused before a schema looks at each. */
export const maxIndexEntries = 10_000;

/**
 * Reads bytes as a JSON object, strictly: no byte order mark, no broken UTF-8. Of a key that stands twice the last
 * one counts, as in every container runtime.
 * @throws DocumentError `DOCUMENT_TOO_LARGE`, or `DOCUMENT_MALFORMED` with what the JSON parser says.
 */
export function parseJsonObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  if (bytes.length > maxManifestBytes) {
    throw new DocumentError(
      'DOCUMENT_TOO_LARGE',
      `the ${what} has ${bytes.length} bytes, over the limit of ${maxManifestBytes}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new DocumentError('DOCUMENT_MALFORMED', `the ${what} is not JSON: ${escapeControls(said)}`, {
      cause: error,
    });
  }
  if (!isObject(value)) throw malformed(what, 'it is not a JSON object');
  return value;
}

/** Applies a schema; the error names the member. */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw malformed(what, `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'invalid'}`);
}

export function malformed(what: string, problem: string): DocumentError {
  return new DocumentError('DOCUMENT_MALFORMED', `the ${what} is malformed: ${problem}`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that may be absent. Producers write null or "" for absent members (Go's encoder does). */
export const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);

/** A digest armload can check. One it can't check makes the document malformed, never the entry absent. */
export const digestSchema = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
  message: 'is not a sha256 or sha512 digest',
});

/** A bounded array; null and absent are empty. The length is checked first, so that a flood costs no more than a count. */
export function list<Schema extends z.ZodType>(item: Schema) {
  return z
    .array(z.unknown(), { message: 'is not an array' })
    .max(maxIndexEntries, { message: `has more than ${maxIndexEntries} items` })
    .nullish()
    .transform((value) => value ?? [])
    .pipe(z.array(item));
}

/** String to string; what is no string is left out, for no runtime reads it. */
export const stringMap = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => (value ? Object.fromEntries(Object.entries(value).filter(isStringPair)) : undefined));

function isStringPair(pair: [string, unknown]): pair is [string, string] {
  return typeof pair[1] === 'string';
}

// Words only: a slash would make `linux` + `arm64/v9` look like linux/arm64 in variant v9.
const platformWord = z
  .string()
  .regex(/^[\w.-]{0,64}$/, { message: 'is not a platform name' })
  .nullish()
  .transform((value) => value || undefined);

/** The members that index entries and configs say their platform with (image-spec image-index.md, config.md). */
export const platformFields = {
  os: platformWord,
  architecture: platformWord,
  variant: platformWord,
  'os.version': text,
  'os.features': z.array(z.unknown()).nullish(),
};
const platformSchema = z.object(platformFields);

/**
 * The platform, normalised; `undefined` where os or architecture is missing or `unknown`: that is not known, and
 * never a default. `unknown/unknown` stays, for it is how BuildKit marks attestations.
 */
export function readPlatform(
  value: z.output<typeof platformSchema> | null | undefined,
): Platform | undefined {
  if (!value?.os || !value.architecture) return undefined;
  const platform = normalizePlatform({
    os: value.os,
    architecture: value.architecture,
    ...optional('variant', value.variant),
    ...optional('osVersion', value['os.version']),
    ...optional(
      'osFeatures',
      value['os.features']?.filter((feature) => typeof feature === 'string'),
    ),
  });
  const unknowns = [platform.os, platform.architecture].filter((name) => name === 'unknown').length;
  return unknowns === 1 ? undefined : platform;
}

/** A member for a spread, absent where the value is. */
export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
}
