import type { Descriptor, Digest } from '../oci/index.ts';
import { RegistryError } from '../registry/index.ts';
import type { Document, DocumentReader, Origin } from './documents.ts';
import { PublishError } from './errors.ts';
import { inParallel } from './in-parallel.ts';

/** A manifest that speaks of another one: a signature, an SBOM, an attestation. */
export interface Referrer {
  readonly document: Document;
  readonly subject: Digest;
  readonly artifactType?: string;
  /** What it lists, where it is an index. */
  readonly below: readonly Document[];
}

/** Something that a list of referrers names and that is none. */
export interface NoReferrer {
  readonly digest: Digest;
  readonly subject: Digest;
  readonly origin: Origin;
  /** A sentence. */
  readonly why: string;
}

export interface FoundReferrers {
  /** What they refer to comes before them: one list for each step away from the images. */
  readonly levels: readonly (readonly Referrer[])[];
  readonly omitted: readonly NoReferrer[];
}

/** A referrer can have referrers: the signature of an SBOM. More than so many steps from an image are refused. */
const maxDepth = 4;
const listsAtOnce = 8;

/**
 * Finds all that refers to the documents in the places that they come from, directly or through others. A list that names
 * what isn't there, or what speaks of something else, is told in `omitted`: clients keep such lists, and forget them.
 * @throws RegistryError where a list or a manifest can't be read; PublishError where they go too deep.
 */
export async function findReferrers(
  reader: DocumentReader,
  documents: readonly Document[],
): Promise<FoundReferrers> {
  const levels: Referrer[][] = [];
  const omitted: NoReferrer[] = [];
  const seen = new Set<Digest>(documents.map(({ digest }) => digest));
  let subjects = documents;
  while (subjects.length > 0) {
    const options = { limit: listsAtOnce, signal: reader.signal };
    const found = await inParallel(subjects, options, (subject) => referrersOf(reader, subject));
    const level = found.flat().filter(({ referrer, none }) => {
      if (none !== undefined) omitted.push(none);
      if (referrer === undefined || seen.has(referrer.document.digest)) return false;
      return seen.add(referrer.document.digest);
    });
    const referrers = level.flatMap(({ referrer }) => (referrer === undefined ? [] : [referrer]));
    if (referrers.length > 0) levels.push(referrers);
    if (levels.length > maxDepth) throw tooDeep(referrers);
    subjects = referrers.map(({ document }) => document);
  }
  return { levels, omitted };
}

interface Answer {
  readonly referrer?: Referrer;
  readonly none?: NoReferrer;
}

async function referrersOf(reader: DocumentReader, subject: Document): Promise<readonly Answer[]> {
  const { origin, digest } = subject;
  const listed = await listOf(reader, subject);
  const answers: Answer[] = [];
  for (const descriptor of listed) {
    const none = (why: string) =>
      answers.push({ none: { digest: descriptor.digest, subject: digest, origin, why } });
    const document = await unlessMissing(() => reader.child(origin, descriptor));
    if (document === undefined) none('it is listed among the referrers and is not there');
    else if (subjectOf(document) !== digest) none('it is listed among the referrers and speaks of another');
    else answers.push({ referrer: await referrerOf(reader, document, digest, descriptor.artifactType) });
  }
  return answers;
}

/** @throws RegistryError as the repository does, with the way around. */
async function listOf(reader: DocumentReader, { origin, digest }: Document): Promise<readonly Descriptor[]> {
  try {
    return await origin.repository.referrers(digest, reader.options());
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new RegistryError(error.reason, error.message, error.request, {
      cause: error,
      hint: [error.hint, '--no-referrers publishes without what refers to the images.']
        .filter((part) => part !== undefined)
        .join(' '),
    });
  }
}

function subjectOf({ manifest }: Document): Digest | undefined {
  return manifest.kind === 'schema1' ? undefined : manifest.subject?.digest;
}

async function referrerOf(
  reader: DocumentReader,
  document: Document,
  subject: Digest,
  artifactType: string | undefined,
): Promise<Referrer> {
  const below = await belowIndex(reader, document, 1);
  return { document, subject, below, ...(artifactType === undefined ? {} : { artifactType }) };
}

async function belowIndex(
  reader: DocumentReader,
  { manifest, origin }: Document,
  depth: number,
): Promise<readonly Document[]> {
  if (manifest.kind !== 'index') return [];
  if (depth > maxDepth)
    throw new PublishError('PUBLISH_TOO_LARGE', `a referrer in ${origin.name} nests indexes too deep`);
  const documents: Document[] = [];
  for (const entry of manifest.manifests) {
    const child = await reader.child(origin, entry);
    documents.push(...(await belowIndex(reader, child, depth + 1)), child);
  }
  return documents;
}

async function unlessMissing(read: () => Promise<Document>): Promise<Document | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RegistryError && error.reason === 'not-found') return undefined;
    throw error;
  }
}

function tooDeep(referrers: readonly Referrer[]): PublishError {
  const name = referrers[0]?.document.origin.name ?? 'a source';
  return new PublishError(
    'PUBLISH_TOO_LARGE',
    `what refers to the images of ${name} is more than ${maxDepth} steps away from them`,
    { hint: '--no-referrers leaves all of it out.' },
  );
}
