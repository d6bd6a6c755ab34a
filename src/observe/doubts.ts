import { isAbort, messageOf } from '../core/index.ts';
import type { Digest } from '../oci/index.ts';
import { RegistryError, type Repository } from '../registry/index.ts';

/** Tags that are read to find one, at most. */
const maxListed = 20_000;

interface Call {
  readonly signal?: AbortSignal;
}

export interface Doubt {
  readonly answer: 'yes' | 'no' | 'unknown';
  /** Half a sentence. */
  readonly why: string;
}

/**
 * Is the tag on its repository's list? A 404 for a manifest alone proves little: registries give it for what is private,
 * too. A list that the same caller gets, whole and without the tag, is an answer; an empty one is not, because some
 * registries have one for whatever they don't show.
 * @throws only what an abort threw.
 */
export async function namesTag(repository: Repository, tag: string, call: Call): Promise<Doubt> {
  const { name } = repository;
  let read = 0;
  try {
    for await (const listed of repository.tags(call)) {
      read += 1;
      if (listed === tag) return { answer: 'yes', why: `${name} lists the tag all the same` };
      if (read >= maxListed) {
        return { answer: 'unknown', why: `${name} has over ${maxListed} tags, and not all were read` };
      }
    }
  } catch (error) {
    return { answer: 'unknown', why: `it may be gone or hidden: ${messageUnlessAborted(error, call)}` };
  }
  if (read === 0) return { answer: 'unknown', why: `it may be gone or hidden: ${name} lists no tag at all` };
  return {
    answer: 'no',
    why: `${name} lists ${read} ${read === 1 ? 'tag' : 'tags'}, and "${tag}" is not among them`,
  };
}

/**
 * Is what an index names there? A copy that took only some platforms along still lists them all. One HEAD; a "no" is
 * asked again with a GET.
 * @throws only what an abort threw.
 */
export async function isThere(repository: Repository, digest: Digest, call: Call): Promise<Doubt> {
  try {
    const missing =
      (await isMissing(() => repository.resolve(digest, call))) &&
      (await isMissing(() => repository.manifest(digest, call)));
    if (!missing) return { answer: 'yes', why: `the repository has ${digest}` };
    return { answer: 'no', why: `the repository doesn't have ${digest}, so nobody can pull it` };
  } catch (error) {
    const why = messageUnlessAborted(error, call);
    return { answer: 'unknown', why: `whether ${digest} is there was not found out: ${why}` };
  }
}

async function isMissing(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return false;
  } catch (error) {
    if (error instanceof RegistryError && error.reason === 'not-found') return true;
    throw error;
  }
}

/** @throws what an abort threw. */
function messageUnlessAborted(error: unknown, { signal }: Call): string {
  if (isAbort(error) || signal?.aborted) throw error;
  return messageOf(error);
}
