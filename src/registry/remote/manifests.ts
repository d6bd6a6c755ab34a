import {
  acceptedManifestTypes,
  algorithmOf,
  type Digest,
  digestOf,
  isDigest,
  mediaTypes,
} from '../../oci/index.ts';
import { failure } from '../http/failure.ts';
import { headerOf } from '../http/message.ts';
import type { CallOptions, FetchedManifest, ResolvedManifest } from '../types.ts';
import { type Access, type ApiAnswer, type ApiCall, expectStatus } from './access.ts';
import { type Name, nameOf } from './name.ts';

const accept = { accept: acceptedManifestTypes.join(', ') };

/** Statuses by which registries say that they don't do HEAD on manifests. */
const headRefused: ReadonlySet<number> = new Set([400, 405, 406, 501]);

/** HEAD of a manifest; not counted as a pull by Docker Hub. `undefined` where no usable digest came. */
export async function resolveManifest(
  access: Access,
  name: Name,
  target: string,
  { signal }: CallOptions = {},
): Promise<ResolvedManifest | undefined> {
  return access.read(manifestCall(access, name, target, { method: 'HEAD', signal }), (answer) => {
    if (headRefused.has(answer.status)) return undefined;
    expectStatus(answer, 200);
    return readHead(answer, target);
  });
}

function readHead(answer: ApiAnswer, target: string): ResolvedManifest | undefined {
  const announced = headerOf(answer.headers, 'docker-content-digest');
  const digest = announced !== undefined && isDigest(announced) ? announced : undefined;
  if (
    isDigest(target) &&
    digest !== undefined &&
    digest !== target &&
    algorithmOf(digest) === algorithmOf(target)
  ) {
    throw otherDigest(answer, target, digest);
  }
  const found = isDigest(target) ? target : digest;
  if (found === undefined) return undefined;
  const mediaType = headerOf(answer.headers, 'content-type');
  const size = Number(headerOf(answer.headers, 'content-length') ?? '0');
  return {
    digest: found,
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(Number.isSafeInteger(size) && size > 0 ? { size } : {}),
  };
}

/** GET of a manifest, checked: against the digest asked for, or the one announced for a tag. */
export async function fetchManifest(
  access: Access,
  name: Name,
  target: string,
  { signal }: CallOptions = {},
): Promise<FetchedManifest> {
  return access.read(manifestCall(access, name, target, { method: 'GET', signal }), (answer) => {
    expectStatus(answer, 200);
    return readManifest(answer, target);
  });
}

function manifestCall(
  access: Access,
  name: Name,
  target: string,
  { method, signal }: { method: 'GET' | 'HEAD'; signal: AbortSignal | undefined },
): ApiCall {
  const separator = isDigest(target) ? '@' : ':';
  return {
    method,
    repository: name.repository,
    path: `manifests/${encodeURIComponent(target).replace('%3A', ':')}`,
    kind: 'manifest',
    what: `Reading the manifest of ${nameOf(name)}${separator}${target}`,
    headers: accept,
    maxBytes: access.engine.limits.maxManifestBytes,
    signal,
  };
}

function readManifest(answer: ApiAnswer, target: string): FetchedManifest {
  const { bytes, headers } = answer;
  const mediaType = headerOf(headers, 'content-type') ?? '';
  if (!looksLikeJson(bytes)) {
    throw failure(answer.request, {
      reason: 'malformed',
      outcome: `answered 200 with something that is not JSON (${mediaType || 'no content type'}, ${bytes.length} bytes)`,
      answer,
      hint: 'A proxy or a login page may stand between you and the registry.',
    });
  }
  const expected = isDigest(target)
    ? target
    : announcedDigest(headerOf(headers, 'docker-content-digest'), mediaType);
  const digest = digestOf(bytes, expected === undefined ? 'sha256' : algorithmOf(expected));
  if (expected !== undefined && digest !== expected) throw otherDigest(answer, expected, digest);
  return { mediaType, digest, bytes };
}

/** Schema 1's digest leaves the signatures inside the document out, so it isn't that of the bytes. */
function announcedDigest(header: string | undefined, mediaType: string): Digest | undefined {
  if (header === undefined || !isDigest(header)) return undefined;
  return mediaType.startsWith(mediaTypes.dockerSchema1Signed) ? undefined : header;
}

function looksLikeJson(bytes: Uint8Array): boolean {
  const space = (byte: number | undefined) =>
    byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
  let start = 0;
  while (space(bytes[start])) start += 1;
  return bytes[start] === 0x7b;
}

function otherDigest(answer: ApiAnswer, expected: Digest, actual: Digest) {
  return failure(answer.request, {
    reason: 'malformed',
    outcome: `sent other content than it should: its digest is ${actual}, expected ${expected}`,
    answer,
    facts: { expected, actual },
    hint: 'The content was changed on its way or in the registry; nothing of it was used.',
  });
}
