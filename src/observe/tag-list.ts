import { formatReference, parseReference } from '../oci/index.ts';
import { unknownBecause } from '../readiness/index.ts';
import type { LookOptions } from './types.ts';

/** Tags that are read of one repository, at most. */
const maxTags = 20_000;

/** A repository's tags, or why they aren't known. */
export type TagList =
  | { readonly tags: readonly string[]; readonly isWhole: boolean }
  | { readonly reason: string; readonly why: string };

/**
 * Reads the tags of a repository (`docker.io/library/nginx`), up to a bound.
 * @throws only what an abort threw.
 */
export async function listTags(
  repository: string,
  { access, signal }: Pick<LookOptions, 'access' | 'signal'>,
): Promise<TagList> {
  const reference = parseReference(`${repository}:latest`);
  const tags: string[] = [];
  try {
    const opened = await access.open({ transport: 'registry', reference });
    for await (const tag of opened.repository.tags(signal === undefined ? {} : { signal })) {
      if (tags.length >= maxTags) return { tags, isWhole: false };
      tags.push(tag);
    }
    return { tags, isWhole: true };
  } catch (error) {
    const { readiness, evidence } = unknownBecause(error, { name: formatReference(reference), signal });
    return { reason: readiness.reason ?? 'unsupported', why: evidence[0]?.text ?? 'nothing was said' };
  }
}
