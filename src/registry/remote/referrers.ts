import { type Descriptor, type Digest, mediaTypes, parseManifest } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import { errorOf } from '../http/failure.ts';
import { headerOf } from '../http/message.ts';
import type { CallOptions } from '../types.ts';
import { type Access, type ApiAnswer, type ApiCall, expectStatus } from './access.ts';
import { fetchManifest } from './manifests.ts';
import { type Name, nameOf } from './name.ts';
import { nextQuery, pageFailure } from './pages.ts';

export interface ReferrersOptions extends CallOptions {
  readonly artifactType?: string;
}

interface Page {
  readonly descriptors: readonly Descriptor[];
  readonly filtered: boolean;
  readonly next: string | undefined;
  readonly answer: ApiAnswer;
}

/** Statuses of registries from before the referrers API (distribution-spec, "Listing Referrers"). */
const unsupported: ReadonlySet<number> = new Set([400, 404, 405, 501]);

/** What refers to a digest: by the referrers API, or by the referrers tag where the registry lacks the API. */
export async function listReferrers(
  access: Access,
  name: Name,
  digest: Digest,
  options: ReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  const listed = access.lacksReferrers ? undefined : await fromApi(access, name, digest, options);
  return listed ?? fromTag(access, name, digest, options);
}

/** Asks the referrers API; `undefined` where the registry has none. */
export async function fromApi(
  access: Access,
  name: Name,
  digest: Digest,
  options: ReferrersOptions,
): Promise<readonly Descriptor[] | undefined> {
  const { artifactType } = options;
  const found = new Map<string, Descriptor>();
  const queries = new Set<string>();
  let query: string | undefined =
    artifactType === undefined ? '' : `artifactType=${encodeURIComponent(artifactType)}`;
  while (query !== undefined) {
    queries.add(query);
    const page: Page | undefined = await access.home(
      referrersCall(access, name, digest, { ...options, query }),
      readPage,
    );
    if (page === undefined) return noApi(access, queries.size);
    const wanted = page.filtered ? page.descriptors : ofType(page.descriptors, artifactType);
    for (const descriptor of wanted) found.set(descriptor.digest, descriptor);
    query = page.next;
    if (query === undefined) break;
    if (queries.has(query)) throw pageFailure(page.answer, 'pages of referrers that go round in a circle');
    const { maxReferrerPages } = access.engine.limits;
    if (queries.size >= maxReferrerPages) {
      throw pageFailure(page.answer, `more than the limit of ${maxReferrerPages} pages of referrers`);
    }
  }
  return [...found.values()];
}

function noApi(access: Access, pages: number): undefined {
  if (pages === 1) access.lacksReferrers = true;
  return undefined;
}

function referrersCall(
  access: Access,
  name: Name,
  digest: Digest,
  { query, signal }: ReferrersOptions & { readonly query: string },
): ApiCall {
  return {
    method: 'GET',
    repository: name.repository,
    path: `referrers/${digest}`,
    query,
    kind: 'referrers',
    what: `Listing the referrers of ${nameOf(name)}@${digest}`,
    headers: { accept: mediaTypes.ociIndex },
    maxBytes: access.engine.limits.maxManifestBytes,
    signal,
  };
}

/** `undefined` where the registry has no such API. */
function readPage(answer: ApiAnswer): Page | undefined {
  const noRepository = answer.status === 404 && errorOf(answer.bytes).code === 'NAME_UNKNOWN';
  if (unsupported.has(answer.status) && !noRepository) return undefined;
  expectStatus(answer, 200);
  // Registries that answer any path with a page for people do so with 200.
  if (!(headerOf(answer.headers, 'content-type') ?? '').startsWith(mediaTypes.ociIndex)) return undefined;
  const applied = headerOf(answer.headers, 'oci-filters-applied') ?? '';
  return {
    descriptors: readIndex(answer.bytes) ?? fail(answer),
    filtered: applied.split(',').some((filter) => filter.trim() === 'artifactType'),
    next: nextQuery(answer),
    answer,
  };
}

function fail(answer: ApiAnswer): never {
  throw pageFailure(answer, 'a list of referrers that is not an index');
}

function readIndex(bytes: Uint8Array): readonly Descriptor[] | undefined {
  try {
    const manifest = parseManifest(bytes, mediaTypes.ociIndex);
    return manifest.kind === 'index' ? manifest.manifests : undefined;
  } catch {
    return undefined;
  }
}

/** The tag under which clients keep referrers for such registries: `sha256-HEX` (distribution-spec). */
export function referrersTag(digest: Digest): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

/** Reads the list under the referrers tag; empty where there is none. */
export async function fromTag(
  access: Access,
  name: Name,
  digest: Digest,
  { signal, artifactType }: ReferrersOptions,
): Promise<readonly Descriptor[]> {
  const tag = referrersTag(digest);
  try {
    const { bytes } = await fetchManifest(access, name, tag, signal === undefined ? {} : { signal });
    const descriptors = readIndex(bytes);
    if (descriptors !== undefined) return ofType(descriptors, artifactType);
    throw new RegistryError(
      'malformed',
      `${nameOf(name)}:${tag}, which should list referrers, is not an index`,
      {
        repository: nameOf(name),
      },
    );
  } catch (error) {
    if (error instanceof RegistryError && error.reason === 'not-found') return [];
    throw error;
  }
}

function ofType(descriptors: readonly Descriptor[], artifactType: string | undefined): readonly Descriptor[] {
  return artifactType === undefined
    ? descriptors
    : descriptors.filter((descriptor) => descriptor.artifactType === artifactType);
}
