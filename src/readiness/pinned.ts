import { type Digest, DocumentError, formatReference, type Index, runsOn } from '../oci/index.ts';
import { callOptions, collectOffers, RegistryError, readManifest } from '../registry/index.ts';
import type { Case } from './types.ts';

/** Tags read from a repository when looking for an index, at most. */
const maxListedTags = 1_000;

/** The index that a digest is a child of, and whether it has the target. */
export interface ParentIndex {
  readonly tag: string;
  readonly digest: Digest;
  readonly hasTarget: boolean;
  readonly hasChild: boolean;
}

/**
 * Looks for the index that lists this digest: the reference's own tag first, then the repository's tags within the
 * budget. A registry can't be asked for a manifest's parents. `undefined`: not found, which proves nothing.
 */
export async function findParentIndex(at: Case, child: Digest): Promise<ParentIndex | undefined> {
  const own = at.reference.tag === undefined ? undefined : await tryTag(at, at.reference.tag, child);
  if (own?.hasChild) return own;
  for (const tag of await candidateTags(at)) {
    const parent = await tryTag(at, tag, child);
    if (parent?.hasChild) return parent;
  }
  return own;
}

/** A tag that names no readable index is no parent; a registry that stops answering ends the search. */
async function tryTag(at: Case, tag: string, child: Digest): Promise<ParentIndex | undefined> {
  try {
    const { fetched, manifest } = await readManifest(at, tag);
    if (manifest.kind !== 'index') return undefined;
    const hasChild = lists(manifest, child);
    const asked = hasChild || tag === at.reference.tag;
    return { tag, digest: fetched.digest, hasChild, hasTarget: asked && (await offersTarget(at, manifest)) };
  } catch (error) {
    const isNoParent =
      error instanceof DocumentError || (error instanceof RegistryError && error.reason === 'not-found');
    if (isNoParent) return undefined;
    throw error;
  }
}

function lists(index: Index, child: Digest): boolean {
  return index.manifests.some((entry) => entry.digest === child);
}

async function offersTarget(at: Case, index: Index): Promise<boolean> {
  const { images } = await collectOffers(at, index, { wanted: at.options.platform });
  return images.some(({ platform }) => platform !== undefined && runsOn(platform, at.options.platform));
}

/** Version-like and moving tags first: an index is more likely there than under a build's commit id. */
async function candidateTags(at: Case): Promise<string[]> {
  const limit = at.options.maxTagLookups ?? 20;
  if (limit === 0) return [];
  const listed: string[] = [];
  for await (const tag of at.repository.tags(callOptions(at))) {
    if (tag !== at.reference.tag && !/^sha(256|512)-/.test(tag)) listed.push(tag);
    if (listed.length >= maxListedTags) break;
  }
  return listed.sort((left, right) => rank(left) - rank(right) || newestFirst(left, right)).slice(0, limit);
}

function rank(tag: string): number {
  if (tag === 'latest' || tag === 'stable') return 0;
  return /^v?[0-9]+([._-]|$)/.test(tag) ? 1 : 2;
}

const byNumber = new Intl.Collator('en', { numeric: true });

function newestFirst(left: string, right: string): number {
  return byNumber.compare(right, left);
}

/** The reference to write instead: the tag for people, the index's digest for machines. */
export function indexReference(at: Case, parent: ParentIndex): string {
  const { registry, repository } = at.reference;
  if (registry === undefined || repository === undefined) return `${at.repository.name}@${parent.digest}`;
  return formatReference({ registry, repository, tag: parent.tag, digest: parent.digest });
}
