import type { EventSink } from '../core/index.ts';
import type { Digest } from '../oci/index.ts';
import type { WritableRepository } from '../registry/index.ts';
import type { PublishResult } from '../results/index.ts';
import { attachedReferrers } from './attest/attached.ts';
import { type BlobOutcome, copyBlobs, foreseeBlobs } from './copy-blobs.ts';
import { DocumentReader, type Origin, originOf } from './documents.ts';
import { PublishError } from './errors.ts';
import { documentsBelow, type IndexDocument, indexDocument } from './index-document.ts';
import { type InspectedImage, inspectImages } from './inspection.ts';
import { type Joined, join } from './join.ts';
import { type Plan, planFor } from './plan.ts';
import { pushManifests, readBack, readBackTag } from './push-manifests.ts';
import { type ReadSource, readSource } from './read-source.ts';
import { type FoundReferrers, findReferrers } from './referrers.ts';
import { type Ending, resultOf } from './result.ts';
import { signatures } from './sign-index.ts';
import type { PublishImagesOptions } from './types.ts';

/**
 * Joins opened sources into one index and publishes it: blobs, then manifests by digest, then the index by digest; all of
 * it is read back; the tag moves last, and only if it still points where it did. Whatever ends the work, the tag is as it
 * was or as it should be, and the next run sends only what is missing.
 * @throws PublishError; RegistryError, DocumentError; the signal's reason.
 */
export async function publishImages(options: PublishImagesOptions): Promise<PublishResult> {
  const { destination, onEvent, signal } = options;
  const call = signal === undefined ? {} : { signal };
  onEvent?.({ type: 'phase', phase: 'reading the sources' });
  const previous = await destination.current(call);
  const reader = new DocumentReader(signal);
  const { joined, index } = await joinSources(reader, options, previous);
  const base = { destination, previous, index, joined };
  if (index.digest === previous && options.sign === undefined) {
    const images = await inspectImages(joined.parts, { kept: new Set(joined.parts) });
    const why = `${destination.name} points to this index already`;
    return resultOf({ ...base, images, outcome: 'unchanged', why });
  }
  const found = await referrersFor(reader, { index, joined, options });
  const images = await inspect(joined, options);
  const refused = refusalOf(images);
  if (refused !== undefined)
    return resultOf({ ...base, referrers: found, images, outcome: 'refused', why: refused });
  const referrers = await withAttachments(found, { index, joined, options });
  const plan = planFor(index, joined.parts, referrers);
  const known = { ...base, referrers, plan, images };
  return resultOf({ ...known, ...(await carryOut(plan, previous, options)) });
}

async function joinSources(
  reader: DocumentReader,
  options: PublishImagesOptions,
  previous: Digest | undefined,
): Promise<{ readonly joined: Joined; readonly index: IndexDocument }> {
  const sources: ReadSource[] = [];
  for (const source of options.sources) {
    const { image, platform } = source;
    const { digest, tag } = image.subject;
    const origin = originOf(source);
    sources.push(await readSource(reader, { origin, target: digest ?? tag ?? 'latest', platform }));
  }
  const existing = await readExisting(reader, options, previous);
  const joined = join(sources, { existing, replace: options.replace });
  const root = existing?.root.manifest;
  const index = indexDocument(joined.parts, {
    candidates: [...(existing === undefined ? [] : [existing]), ...sources],
    indexType: options.indexType,
    // An index that is added to stays what its annotations say; one that is made new says nothing yet.
    annotations: root?.kind === 'index' ? root.annotations : undefined,
  });
  return { joined, index };
}

async function readExisting(
  reader: DocumentReader,
  { append = false, destination }: PublishImagesOptions,
  previous: Digest | undefined,
): Promise<ReadSource | undefined> {
  const { existing, home, name } = destination;
  if (!append || previous === undefined || existing === undefined) return undefined;
  const origin: Origin = {
    name,
    repository: existing,
    layers: existing,
    ...(home === undefined ? {} : { home }),
  };
  return readSource(reader, { origin, target: previous });
}

/** An index that is published as it is brings its own referrers; those of one that is made anew are others'. */
async function referrersFor(
  reader: DocumentReader,
  { index, joined, options }: { index: IndexDocument; joined: Joined; options: PublishImagesOptions },
): Promise<FoundReferrers> {
  if (options.referrers === false) return { levels: [], omitted: [] };
  options.onEvent?.({ type: 'phase', phase: 'looking for what refers to the images' });
  const own = index.own === undefined ? [] : [index.own.root];
  return findReferrers(reader, [...documentsBelow(index, joined.parts), ...own]);
}

/** What is made for this index comes last: the signatures speak for all that is there. A dry run signs nothing. */
async function withAttachments(
  { levels, omitted }: FoundReferrers,
  { index, joined, options }: { index: IndexDocument; joined: Joined; options: PublishImagesOptions },
): Promise<FoundReferrers> {
  const signed = options.dryRun === true ? [] : await signatures(index, joined.parts, options);
  const made = attachedReferrers([...(options.attachments ?? []), ...signed]);
  const known = new Set(levels.flat().map(({ document }) => document.digest));
  const own = made.filter(({ document }) => !known.has(document.digest));
  return own.length === 0 ? { levels, omitted } : { levels: [...levels, own], omitted };
}

function inspect(joined: Joined, options: PublishImagesOptions): Promise<readonly InspectedImage[]> {
  const { signal } = options;
  return inspectImages(joined.parts, { inspect: options.inspect, kept: joined.kept, signal });
}

/** Why nothing may be published; `undefined` where nothing speaks against it. */
function refusalOf(images: readonly InspectedImage[]): string | undefined {
  const against = images.filter(({ state }) => state === 'refused' || state === 'unknown');
  const worst = against.find(({ state }) => state === 'refused') ?? against[0];
  if (worst === undefined) return undefined;
  const { digest } = worst.part.entry;
  const rest = against.length === 1 ? '' : `, and ${against.length - 1} more`;
  return `the audit of ${digest} of ${worst.part.document.origin.name} says ${worst.why}${rest}`;
}

type Conclusion = Pick<Ending, 'outcome' | 'why'> & { readonly blobs: readonly BlobOutcome[] };

async function carryOut(
  plan: Plan,
  previous: Digest | undefined,
  options: PublishImagesOptions,
): Promise<Conclusion> {
  const { destination, onEvent, signal } = options;
  if (options.dryRun === true) {
    const blobs = await foreseeBlobs(plan.blobs, { destination, signal });
    return { outcome: 'planned', why: `${destination.name} would point to this index`, blobs };
  }
  const call = signal === undefined ? {} : { signal };
  try {
    const repository = await destination.begin(call);
    onEvent?.({ type: 'phase', phase: 'copying blobs' });
    const blobs = await copyBlobs(repository, plan.blobs, { destination, onEvent, signal });
    onEvent?.({ type: 'phase', phase: 'writing manifests' });
    await pushManifests(repository, plan, { signal });
    onEvent?.({ type: 'phase', phase: 'reading back what was written' });
    await readBack(repository, plan, { signal });
    await moveTag(repository, plan.index, { previous, options, onEvent });
    return { outcome: 'published', why: `${destination.name} points to this index`, blobs };
  } finally {
    await destination.discard();
  }
}

interface Move {
  readonly previous: Digest | undefined;
  readonly options: PublishImagesOptions;
  readonly onEvent: EventSink | undefined;
}

/** Registries have no compare-and-swap: looking right before the write is as near as one can get. */
async function moveTag(
  repository: WritableRepository,
  { digest, mediaType, bytes }: IndexDocument,
  { previous, options, onEvent }: Move,
): Promise<void> {
  const { destination, force = false, signal } = options;
  const call = signal === undefined ? {} : { signal };
  const { tag } = destination;
  onEvent?.({ type: 'phase', phase: 'moving the tag' });
  const now = await destination.current(call);
  if (now !== previous && now !== digest && !force) throw moved(destination.name, previous, now);
  signal?.throwIfAborted();
  if (tag !== undefined && (now !== digest || repository !== destination.existing)) {
    await repository.putManifest({ mediaType, bytes }, { ...call, tag });
    await readBackTag(repository, { tag, digest }, { signal });
  }
  await destination.finish(call);
}

function moved(name: string, was: Digest | undefined, now: Digest | undefined): PublishError {
  return new PublishError(
    'PUBLISH_TAG_MOVED',
    `${name} was not moved: it pointed to ${was ?? 'nothing'} when the work began, and to ${now ?? 'nothing'} now`,
    {
      hint: 'Somebody else published there meanwhile. Look at it, and run again; --force moves it all the same.',
      facts: { was, now },
    },
  );
}
