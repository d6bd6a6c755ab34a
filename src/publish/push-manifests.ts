import type { Digest } from '../oci/index.ts';
import { RegistryError, type WritableRepository } from '../registry/index.ts';
import type { Document } from './documents.ts';
import { PublishError } from './errors.ts';
import { inParallel } from './in-parallel.ts';
import type { Plan } from './plan.ts';

type Manifest = Pick<Document, 'digest' | 'mediaType' | 'bytes'> & Partial<Pick<Document, 'manifest'>>;

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

const manifestsAtOnce = 4;
const looksAtOnce = 8;

/** Pushes the manifests by digest, the index last; what is there is left alone. Gives the number of those sent. */
export async function pushManifests(
  repository: WritableRepository,
  plan: Plan,
  { signal }: CallOptions,
): Promise<number> {
  let sent = 0;
  for (const group of [...plan.groups, [plan.index]]) {
    await inParallel<Manifest, void>(group, { limit: manifestsAtOnce, signal }, async (manifest, own) => {
      if (await isThere(repository, manifest, own)) return;
      const { mediaType, bytes } = manifest;
      await repository.putManifest({ mediaType, bytes }, { signal: own });
      sent += 1;
    });
  }
  return sent;
}

/** A referrer that isn't listed as one is pushed again, so that it gets into the list. */
async function isThere(
  repository: WritableRepository,
  { digest, manifest }: Manifest,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    // A registry that refuses HEAD says nothing; pushing again changes nothing.
    if ((await repository.resolve(digest, { signal })) === undefined) return false;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  const subject = manifest === undefined || manifest.kind === 'schema1' ? undefined : manifest.subject;
  if (subject === undefined) return true;
  const listed = await repository.referrers(subject.digest, { signal });
  return listed.some((descriptor) => descriptor.digest === digest);
}

/**
 * Reads everything back, before the tag moves: each manifest whole, of each blob the size.
 * @throws PublishError `PUBLISH_NOT_READ_BACK`; RegistryError where the destination gives other content or no answer.
 */
export async function readBack(
  repository: WritableRepository,
  plan: Plan,
  { signal }: CallOptions,
): Promise<void> {
  const manifests: readonly Manifest[] = [...plan.groups.flat(), plan.index];
  await inParallel(manifests, { limit: looksAtOnce, signal }, async ({ digest, bytes }, own) => {
    const there = await found(() => repository.manifest(digest, { signal: own }));
    if (there === undefined) throw notThere(repository, `the manifest ${digest}`);
    if (there.digest !== digest || there.bytes.length !== bytes.length)
      throw notThere(repository, `the manifest ${digest} as it was sent`);
  });
  await inParallel(plan.blobs, { limit: looksAtOnce, signal }, async (blob, own) => {
    if (!(await repository.hasBlob(blob, { signal: own })))
      throw notThere(repository, `the blob ${blob.digest} with its ${blob.size} bytes`);
  });
}

/**
 * Does the tag say what it should?
 * @throws PublishError `PUBLISH_NOT_READ_BACK`
 */
export async function readBackTag(
  repository: WritableRepository,
  { tag, digest }: { readonly tag: string; readonly digest: Digest },
  { signal }: CallOptions,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const there = await found(() => repository.manifest(tag, options));
  if (there?.digest === digest) return;
  throw new PublishError(
    'PUBLISH_NOT_READ_BACK',
    `the tag ${tag} of ${repository.name} was moved to ${digest} and now names ${there?.digest ?? 'nothing'}`,
    { hint: 'Somebody else may have moved it in the same moment.', facts: { digest, found: there?.digest } },
  );
}

async function found<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof RegistryError && error.reason === 'not-found';
}

function notThere({ name }: WritableRepository, what: string): PublishError {
  return new PublishError(
    'PUBLISH_NOT_READ_BACK',
    `${name} took all that was sent, and now does not have ${what}; the tag was not moved`,
    { hint: 'Run it again; what is there already is not sent again.' },
  );
}
