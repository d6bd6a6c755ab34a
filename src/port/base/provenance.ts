import * as z from 'zod';
import { DocumentError, formatPlatform, isAttestation, type Platform } from '../../oci/index.ts';
import { callOptions, type Reading, readChild, readSmallBlob } from '../../registry/index.ts';
import { type Clue, type ClueSource, clueOf } from './clues.ts';
import { parseImagePurl } from './purl.ts';
import type { PortableImage, UnreadEvidence } from './types.ts';
import { unknownBecause } from './unknown.ts';

const predicateTypeKey = 'in-toto.io/predicate-type';
const provenanceType = 'https://slsa.dev/provenance/';
const referenceKey = 'vnd.docker.reference.digest';
/** Images that a build took, looked at most; a build of many stages has some tens. */
const maxMaterials = 200;

/** What provenance says, and what of it could not be read. */
export interface ProvenanceClues {
  readonly clues: readonly Clue[];
  readonly unread: readonly UnreadEvidence[];
}

const material = z.object({
  uri: z.string(),
  digest: z.record(z.string(), z.string()).nullish(),
});
const materials = z
  .array(z.unknown())
  .max(100_000)
  .nullish()
  .transform((items) =>
    (items ?? []).flatMap((item) => {
      const read = material.safeParse(item);
      return read.success ? [read.data] : [];
    }),
  );
/** SLSA provenance v0.2 and v1, of each only what a build took. */
const statementSchema = z.object({
  predicate: z.object({
    materials,
    buildDefinition: z.object({ resolvedDependencies: materials }).nullish(),
  }),
});

/**
 * The images that a build took, by the provenance that BuildKit puts beside an image in its index (BuildKit, "Image
 * attestation storage" and "SLSA definitions"): the digest of each is the one that FROM resolved to, mostly an index's.
 */
export async function provenanceClues(
  at: Reading,
  image: PortableImage,
  via?: string,
): Promise<ProvenanceClues> {
  const clues: Clue[] = [];
  const unread: UnreadEvidence[] = [];
  for (const entry of image.index?.manifests ?? []) {
    if (!isAttestation(entry) || entry.annotations?.[referenceKey] !== image.digest) continue;
    const isLast = at.budget.left <= 0;
    try {
      const manifest = await readChild(at, entry);
      if (manifest.kind !== 'artifact' && manifest.kind !== 'image') continue;
      for (const layer of manifest.layers) {
        if (!layer.annotations?.[predicateTypeKey]?.startsWith(provenanceType)) continue;
        const bytes = await readSmallBlob(at.repository, layer, callOptions(at));
        clues.push(...cluesIn(bytes, image.platform, via));
      }
    } catch (error) {
      const { reason, why } = unknownBecause(error, at.signal);
      unread.push({ evidence: 'provenance', of: image.reference, reason, why });
      if (isLast) break;
    }
  }
  return { clues, unread };
}

/** @throws DocumentError `DOCUMENT_MALFORMED`. */
function cluesIn(bytes: Uint8Array, platform: Platform, via: string | undefined): readonly Clue[] {
  const { predicate } = parseStatement(bytes);
  const taken = [...predicate.materials, ...(predicate.buildDefinition?.resolvedDependencies ?? [])];
  const source: ClueSource = { evidence: 'provenance', ...(via === undefined ? {} : { via }) };
  return taken
    .flatMap(({ uri, digest }) => {
      const purl = parseImagePurl(uri);
      return purl === undefined ? [] : [{ ...purl, digest: digestIn(digest) ?? purl.digest }];
    })
    .slice(0, maxMaterials)
    .flatMap((purl): readonly Clue[] => {
      const name = purl.tag === undefined ? purl.name : `${purl.name}:${purl.tag}`;
      if (purl.platform === undefined || isSameMachine(purl.platform, platform))
        return clueOf({ name, digest: purl.digest }, source);
      const why = `the build took it for ${formatPlatform(purl.platform)}`;
      return [{ ...source, reference: name, outcome: 'rejected', why }];
    });
}

function parseStatement(bytes: Uint8Array): z.output<typeof statementSchema> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw malformed('it is not JSON', error);
  }
  const read = statementSchema.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw malformed(`${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'invalid'}`, read.error);
}

function malformed(problem: string, cause: unknown): DocumentError {
  return new DocumentError('DOCUMENT_MALFORMED', `the provenance statement is malformed: ${problem}`, {
    cause,
  });
}

/** in-toto writes digests as `{ "sha256": "…" }`. */
function digestIn(digest: Readonly<Record<string, string>> | null | undefined): string | undefined {
  const hex = digest?.['sha256'];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

function isSameMachine(left: Platform, right: Platform): boolean {
  return left.os === right.os && left.architecture === right.architecture;
}
