import { DocumentError, formatReference, type Reference } from '../../oci/index.ts';
import {
  collectOffers,
  type OpenedImage,
  type Reading,
  readChild,
  readConfig,
  readManifest,
} from '../../registry/index.ts';
import { chainIds } from './chain-id.ts';
import type { BaseRecord } from './knowledge.ts';

/** Requests that one index may cost: a manifest and a config for each platform. */
const maxRequests = 200;

/**
 * Makes the records of a base from its index: one for each platform that has layers.
 * @throws DocumentError where the reference names no index, or a document can't be believed; RegistryError.
 */
export async function recordsOfIndex(
  opened: Pick<OpenedImage, 'repository'>,
  reference: Reference,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly BaseRecord[]> {
  const at: Reading = { repository: opened.repository, budget: { left: maxRequests }, ...options };
  const { fetched, manifest } = await readManifest(at, reference.digest ?? reference.tag ?? 'latest');
  const name = formatReference(reference);
  if (manifest.kind !== 'index') {
    throw new DocumentError(
      'DOCUMENT_MALFORMED',
      `${name} is not an index, so it holds no image for another platform`,
      { hint: 'Name a base by a tag or digest that lists several platforms.' },
    );
  }
  const { digest: _digest, ...named } = reference;
  const { images } = await collectOffers(at, manifest);
  const records: BaseRecord[] = [];
  for (const { entry, platform } of images) {
    const child = await readChild(at, entry);
    if (child.kind !== 'image' || platform === undefined) continue;
    const { diffIds } = await readConfig(at, child.config);
    const chainId = chainIds(diffIds).at(-1);
    if (chainId === undefined) continue;
    records.push({
      chainId,
      layers: diffIds.length,
      platform,
      reference: formatReference(named),
      indexDigest: fetched.digest,
      manifestDigest: entry.digest,
    });
  }
  return records;
}
