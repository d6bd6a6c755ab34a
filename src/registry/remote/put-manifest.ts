import { type Digest, digestOf } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import type { CallOptions } from '../types.ts';
import { type Access, type ApiCall, expectStatus } from './access.ts';
import { type Name, nameOf } from './name.ts';
import { confirmDigest } from './uploads.ts';

export interface ManifestContent {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** PUT of a manifest, by tag or by digest. Gives the digest of the bytes. */
export async function putManifest(
  access: Access,
  name: Name,
  manifest: ManifestContent,
  { tag, signal }: CallOptions & { readonly tag?: string } = {},
): Promise<Digest> {
  const { bytes, mediaType } = manifest;
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
    return digest;
  });
}
