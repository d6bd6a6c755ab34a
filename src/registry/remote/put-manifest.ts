import { type Digest, digestOf } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import type { CallOptions } from '../types.ts';
import { type Access, type ApiCall, expectStatus } from './access.ts';
import { keepsReferrers, listReferrer, referrerOf } from './list-referrer.ts';
import { type Name, nameOf } from './name.ts';
import { confirmDigest } from './uploads.ts';

export interface ManifestContent {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

type PutOptions = CallOptions & { readonly tag?: string };

/**
 * PUT of a manifest, by tag or by digest. Gives the digest of the bytes. One with a subject is listed among its referrers
 * too, where the registry leaves that to its clients.
 */
export async function putManifest(
  access: Access,
  name: Name,
  manifest: ManifestContent,
  options: PutOptions = {},
): Promise<Digest> {
  const { digest, listed } = await send(access, name, manifest, options);
  const referrer = listed ? undefined : referrerOf(manifest);
  if (referrer === undefined) return digest;
  const { signal } = options;
  await listReferrer(access, name, referrer, {
    ...(signal === undefined ? {} : { signal }),
    put: async (list, tag) => {
      await send(access, name, list, { ...options, tag });
    },
  });
  return digest;
}

async function send(
  access: Access,
  name: Name,
  { bytes, mediaType }: ManifestContent,
  { tag, signal }: PutOptions,
): Promise<{ readonly digest: Digest; readonly listed: boolean }> {
  const digest = digestOf(bytes);
  const target = tag ?? digest;
  const what = `Writing the manifest of ${nameOf(name)}${tag === undefined ? '@' : ':'}${target}`;
  const { maxManifestBytes } = access.engine.limits;
  if (bytes.length > maxManifestBytes) {
    const said = `${what} failed: it has ${bytes.length} bytes, over the limit of ${maxManifestBytes}`;
    throw new RegistryError('malformed', said, { repository: nameOf(name) });
  }
  const call: ApiCall = {
    method: 'PUT',
    repository: name.repository,
    path: `manifests/${encodeURIComponent(target).replace('%3A', ':')}`,
    kind: 'manifest',
    what,
    headers: { 'content-type': mediaType },
    body: bytes,
    push: true,
    signal,
  };
  return access.home(call, (answer) => {
    expectStatus(answer, 201, 200);
    confirmDigest(answer, digest);
    return { digest, listed: keepsReferrers(answer) };
  });
}
