import {
  type Digest,
  formatReference,
  InvalidReferenceError,
  isDigest,
  parseReference,
  type Reference,
} from '../../oci/index.ts';
import type { BaseCandidate, BaseEvidence, PortableImage } from './types.ts';

/** A reference that may name the base, to be looked at. */
export interface Lead {
  readonly reference: Reference;
  readonly evidence: BaseEvidence;
  readonly via?: string;
}

/** A lead, or a candidate that needs no look to be judged. */
export type Clue = Lead | BaseCandidate;

export function isLead(clue: Clue): clue is Lead {
  return !('outcome' in clue);
}

/** Where a clue comes from. */
export type ClueSource = Pick<Lead, 'evidence' | 'via'>;

const nameKey = 'org.opencontainers.image.base.name';
const digestKey = 'org.opencontainers.image.base.digest';

/**
 * What an image says of its base by the annotations of image-spec annotations.md: in its manifest, its index and the
 * entry there, or as labels.
 */
export function baseAnnotations(image: PortableImage, via?: string): readonly Clue[] {
  const entry = image.index?.manifests.find(({ digest }) => digest === image.digest);
  const places: readonly (readonly [BaseEvidence, Readonly<Record<string, string>> | undefined])[] = [
    ['annotation', image.manifest.annotations],
    ['annotation', entry?.annotations],
    ['annotation', image.index?.annotations],
    ['label', image.config.labels],
  ];
  return places.flatMap(([evidence, said]) => {
    const [name, digest] = [said?.[nameKey], said?.[digestKey]];
    return clueOf({ name, digest }, { evidence, ...(via === undefined ? {} : { via }) });
  });
}

/** At most one clue from a name, a digest, or both; the digest decides where the name has another. */
export function clueOf(
  { name = '', digest = '' }: { name?: string | undefined; digest?: string | undefined },
  source: ClueSource,
): readonly Clue[] {
  if (name === '' && digest === '') return [];
  if (name === '') {
    const why = 'only a digest is named, and a registry can not be asked which repository holds it';
    return [{ ...source, reference: digest, outcome: 'unknown', reason: 'unsupported', why }];
  }
  if (digest !== '' && !isDigest(digest)) {
    const why = 'the digest named beside it is not a sha256 or sha512 digest';
    return [{ ...source, reference: name, outcome: 'unknown', reason: 'malformed', why }];
  }
  return [leadOf(name, isDigest(digest) ? digest : undefined, source)];
}

function leadOf(name: string, digest: Digest | undefined, source: ClueSource): Clue {
  try {
    const parsed = parseReference(name);
    if (digest === undefined) return { ...source, reference: parsed };
    return { ...source, reference: { ...parsed, digest } };
  } catch (error) {
    if (!(error instanceof InvalidReferenceError)) throw error;
    return { ...source, reference: name, outcome: 'unknown', reason: 'malformed', why: error.message };
  }
}

/** What was named, as candidates show it. */
export function nameOf(lead: Lead): string {
  return formatReference(lead.reference);
}
