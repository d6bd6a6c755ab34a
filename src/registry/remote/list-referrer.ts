import { type Descriptor, type Digest, digestOf, mediaTypes } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import { headerOf } from '../http/message.ts';
import { factsOf, type ManifestFacts } from '../layout/referrers.ts';
import type { CallOptions, FetchedManifest } from '../types.ts';
import type { Access, ApiAnswer } from './access.ts';
import { type Name, nameOf } from './name.ts';
import { fromApi, fromTag, referrersTag } from './referrers.ts';

type Referrer = NonNullable<ManifestFacts['referrer']>;
type ManifestContent = Pick<FetchedManifest, 'mediaType' | 'bytes'>;

/** Times that a list is written again because another writer's came in between. */
const maxTries = 3;

/** What a manifest says of its subject; `undefined` where it has none, or is for the registry to judge. */
export function referrerOf({ bytes, mediaType }: ManifestContent): Referrer | undefined {
  try {
    return factsOf(bytes, { digest: digestOf(bytes), mediaType }).referrer;
  } catch {
    return undefined;
  }
}

/** Does the answer to a push say that the registry keeps the list of referrers itself? */
export function keepsReferrers(answer: ApiAnswer): boolean {
  return headerOf(answer.headers, 'oci-subject') !== undefined;
}

/**
 * Adds a manifest to the list that its subject's referrers are kept in, where the registry doesn't do so itself: the
 * index under the tag `sha256-HEX` (distribution-spec, "Pushing Manifests with Subject"). Writers of this process take
 * turns; one elsewhere is found out by reading the list back.
 * @throws RegistryError `malformed` where something else is under that tag; `network` where others keep overwriting it.
 */
export function listReferrer(
  access: Access,
  name: Name,
  referrer: Referrer,
  { signal, put }: CallOptions & { readonly put: (content: ManifestContent, tag: string) => Promise<void> },
): Promise<void> {
  const { subject, descriptor } = referrer;
  const options = signal === undefined ? {} : { signal };
  const tag = referrersTag(subject);
  const write = async (): Promise<void> => {
    if (!access.lacksReferrers) {
      const listed = await fromApi(access, name, subject, options);
      if (listed !== undefined && isListed(listed, descriptor.digest)) return;
    }
    for (let tries = 0; tries < maxTries; tries += 1) {
      const before = await fromTag(access, name, subject, options);
      if (isListed(before, descriptor.digest)) return;
      await put(listOf([...before, descriptor]), tag);
    }
    if (!isListed(await fromTag(access, name, subject, options), descriptor.digest)) throw lost(name, tag);
  };
  return inTurn(access.listWriters, `${name.repository}:${tag}`, write);
}

function isListed(descriptors: readonly Descriptor[], digest: Digest): boolean {
  return descriptors.some((descriptor) => descriptor.digest === digest);
}

function listOf(manifests: readonly Descriptor[]): ManifestContent {
  const mediaType = mediaTypes.ociIndex;
  return { mediaType, bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests })) };
}

function lost(name: Name, tag: string): RegistryError {
  return new RegistryError(
    'network',
    `Writing the list of referrers ${nameOf(name)}:${tag} failed: it was overwritten ${maxTries} times`,
    { repository: nameOf(name) },
    { hint: 'Somebody else writes to it at the same time; try again.' },
  );
}

async function inTurn(
  turns: Map<string, Promise<void>>,
  key: string,
  work: () => Promise<void>,
): Promise<void> {
  const done = (turns.get(key) ?? Promise.resolve()).then(work);
  const settled = done.catch(() => undefined);
  turns.set(key, settled);
  try {
    await done;
  } finally {
    if (turns.get(key) === settled) turns.delete(key);
  }
}
