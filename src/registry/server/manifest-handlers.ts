import {
  algorithmOf,
  type Descriptor,
  type Digest,
  DocumentError,
  digestOf,
  isDigest,
  type Manifest,
  maxManifestBytes,
  parseManifest,
} from '../../oci/index.ts';
import { factsOf } from '../layout/referrers.ts';
import { type Context, methodNotAllowed, requireRepository } from './context.ts';
import { Refusal } from './refusal.ts';
import type { RepositoryStore } from './repository-store.ts';
import { isTag } from './route.ts';

interface Target {
  readonly name: string;
  readonly reference: string;
}

/** `/v2/NAME/manifests/REFERENCE` */
export async function handleManifest(context: Context, target: Target): Promise<void> {
  switch (context.exchange.method) {
    case 'GET':
    case 'HEAD':
      return getManifest(context, target);
    case 'PUT':
      return putManifest(context, target);
    case 'DELETE':
      return deleteManifest(context, target);
    default:
      return methodNotAllowed('GET, HEAD, PUT, DELETE');
  }
}

/** Serves what is stored, whatever the client accepts: nothing is converted, as docker-registry converts no more. */
async function getManifest(context: Context, target: Target): Promise<void> {
  const { exchange } = context;
  const repository = await requireRepository(context, target.name);
  const found = await repository.find(target.reference);
  if (found === undefined) throw unknownManifest(target);
  const headers = {
    'Content-Type': found.mediaType || 'application/octet-stream',
    'Docker-Content-Digest': found.digest,
    ETag: `"${found.digest}"`,
  };
  if (exchange.header('if-none-match')?.includes(headers.ETag)) return exchange.empty(304, headers);
  if (exchange.method === 'GET') return exchange.bytes(200, await repository.manifest(found.digest), headers);
  if ((await repository.blobs.size(found.digest)) === undefined) throw unknownManifest(target);
  return exchange.empty(200, { ...headers, 'Content-Length': String(found.size) });
}

function unknownManifest(target: Target): Refusal {
  const { name, reference } = target;
  return new Refusal(404, 'MANIFEST_UNKNOWN', `${name} has no manifest ${reference.slice(0, 200)}`);
}

async function putManifest(context: Context, target: Target): Promise<void> {
  const { exchange } = context;
  const tags = tagsOf(context, target.reference);
  const bytes = await exchange.readBody(maxManifestBytes);
  const digest = checkedDigest(target.reference, bytes);
  const manifest = readManifest(bytes, exchange.header('content-type'));
  await checkReferences(await context.store.repository(target.name), manifest, context.sparseIndexes);
  const repository = await context.store.createRepository(target.name);
  const { mediaType } = manifest;
  const descriptor = { digest, mediaType, size: bytes.length };
  await repository.blobs.write(descriptor, once(bytes));
  const facts = factsOf(bytes, descriptor);
  await repository.list({ ...descriptor, facts }, tags);
  exchange.empty(201, {
    Location: `/v2/${target.name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(facts.referrer === undefined ? {} : { 'OCI-Subject': facts.referrer.subject }),
    ...(exchange.query.has('tag') ? { 'OCI-Tag': tags.join(', ') } : {}),
  });
}

/** The tag of the path, or those of the query of a push by digest (distribution-spec after 1.1). @throws Refusal 400 */
function tagsOf(context: Context, reference: string): readonly string[] {
  const tags = isDigest(reference) ? context.exchange.query.getAll('tag') : [reference];
  const wrong = tags.find((tag) => !isTag(tag));
  if (reference.includes(':') && !isDigest(reference))
    throw new Refusal(400, 'DIGEST_INVALID', `"${reference.slice(0, 200)}" is not a sha256 or sha512 digest`);
  if (wrong !== undefined)
    throw new Refusal(400, 'MANIFEST_INVALID', `"${wrong.slice(0, 200)}" is not a tag`);
  if (tags.length > 100) throw new Refusal(400, 'MANIFEST_INVALID', 'more than 100 tags in one request');
  return [...new Set(tags)];
}

function checkedDigest(reference: string, bytes: Uint8Array): Digest {
  if (!isDigest(reference)) return digestOf(bytes);
  const actual = digestOf(bytes, algorithmOf(reference));
  if (actual === reference) return actual;
  throw new Refusal(400, 'DIGEST_INVALID', `the manifest has digest ${actual}, not ${reference}`);
}

/** @throws Refusal 400 where it is no manifest, or not of the type that the request names. */
function readManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const header = contentType?.split(';')[0]?.trim().toLowerCase();
  const manifest = parse(bytes, contentType);
  const declared: unknown = (JSON.parse(Buffer.from(bytes).toString()) as { mediaType?: unknown }).mediaType;
  if (header?.includes('vnd.') === true && typeof declared === 'string' && declared.toLowerCase() !== header)
    throw new Refusal(
      400,
      'MANIFEST_INVALID',
      `the Content-Type is ${header.slice(0, 200)}, the manifest says ${declared.slice(0, 200)}`,
    );
  return manifest;
}

function parse(bytes: Uint8Array, contentType: string | undefined): Manifest {
  try {
    return parseManifest(bytes, contentType);
  } catch (error) {
    if (error instanceof DocumentError) throw new Refusal(400, 'MANIFEST_INVALID', error.message);
    throw error;
  }
}

/**
 * As docker-registry does, a manifest is taken only when all it is made of is there: so a tag that can be pulled can be
 * pulled whole. The specification lets a registry take them earlier, which `sparseIndexes` allows for indexes. A
 * `subject` need not be there (it may come later), and layers that may not be distributed never are.
 */
async function checkReferences(
  repository: RepositoryStore | undefined,
  manifest: Manifest,
  sparseIndexes: boolean,
): Promise<void> {
  const missing: Digest[] = [];
  for (const descriptor of referencesOf(manifest, sparseIndexes)) {
    const there =
      manifest.kind === 'index'
        ? (await repository?.find(descriptor.digest)) !== undefined
        : (await repository?.blobs.size(descriptor.digest)) !== undefined;
    if (!there) missing.push(descriptor.digest);
  }
  if (missing.length === 0) return;
  throw new Refusal(400, 'MANIFEST_BLOB_UNKNOWN', `the manifest refers to what is not there: ${missing[0]}`, {
    detail: missing.slice(0, 100).map((digest) => ({ digest })),
  });
}

function referencesOf(manifest: Manifest, sparseIndexes: boolean): readonly Descriptor[] {
  switch (manifest.kind) {
    case 'index':
      return sparseIndexes ? [] : manifest.manifests;
    case 'image':
    case 'artifact':
      return [
        ...(manifest.config === undefined ? [] : [manifest.config]),
        ...manifest.layers.filter((layer) => !/\.(nondistributable|foreign)\./.test(layer.mediaType)),
      ];
    case 'schema1':
      return [];
  }
}

async function deleteManifest(context: Context, target: Target): Promise<void> {
  const repository = await requireRepository(context, target.name);
  const { reference } = target;
  const removed = isDigest(reference)
    ? await repository.removeManifest(reference)
    : await repository.untag(reference);
  if (!removed) throw unknownManifest(target);
  context.exchange.empty(202);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
