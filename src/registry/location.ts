import { UsageError } from '../core/index.ts';
import { type Digest, formatReference, isDigest, parseReference, type Reference } from '../oci/index.ts';
import { isRefName } from './layout/find-entry.ts';

/** Where images are read from or written to: a reference with the transports that skopeo knows. */
export type Location = RegistryLocation | LocalLocation;

export interface RegistryLocation {
  readonly transport: 'registry';
  readonly reference: Reference;
}

/** A folder or file. With neither `tag` nor `digest`, its only image is meant. */
export interface LocalLocation {
  readonly transport: 'oci' | 'oci-archive' | 'docker-archive';
  /** As written; relative to where the person is. */
  readonly path: string;
  /** An OCI `ref.name`; for `docker-archive` a canonical reference, `docker.io/library/nginx:1.27`. */
  readonly tag?: string;
  readonly digest?: Digest;
}

const foreignTransports = /^(dir|docker-daemon|containers-storage|ostree|sif|tarball|atomic):/;

/**
 * Parses `REFERENCE`, `docker://REFERENCE`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` and `docker-archive:FILE[:REF]`.
 * As in skopeo (containers-transports(5)) the first colon after the transport ends the path, so a path can't hold one.
 * A digest can stand in the tag's place, `oci:DIR@sha256:…`, and wins over a tag before it.
 * @throws UsageError for a transport armload doesn't know or a path or tag that can't be; InvalidReferenceError for a
 * registry reference.
 */
export function parseLocation(text: string): Location {
  const local = /^(oci|oci-archive|docker-archive):/.exec(text);
  if (local !== null)
    return parseLocal(text, local[1] as LocalLocation['transport'], text.slice(local[0].length));
  if (text.startsWith('docker://'))
    return { transport: 'registry', reference: parseReference(text.slice('docker://'.length)) };
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(text)) throw unknownTransport(text, text.slice(0, text.indexOf(':')));
  return { transport: 'registry', reference: parseBare(text) };
}

/** `dir:latest` may well be an image called `dir`; what can't be a reference gets the better message. */
function parseBare(text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    const foreign = foreignTransports.exec(text)?.[1];
    throw foreign === undefined ? error : unknownTransport(text, foreign);
  }
}

function parseLocal(text: string, transport: LocalLocation['transport'], rest: string): LocalLocation {
  const { before, digest } = splitDigest(rest);
  const colon = before.indexOf(':');
  const path = colon < 0 ? before : before.slice(0, colon);
  const name = colon < 0 ? '' : before.slice(colon + 1);
  if (path === '') throw new UsageError('USAGE', `"${shown(text)}" names no path after ${transport}:`);
  if (path.includes('\0')) throw new UsageError('USAGE', `"${shown(text)}" has a NUL in its path`);
  const tag = name === '' ? undefined : parseName(text, transport, name);
  return {
    transport,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function splitDigest(rest: string): { before: string; digest?: Digest } {
  const at = rest.lastIndexOf('@');
  const digest = rest.slice(at + 1);
  return at >= 0 && isDigest(digest) ? { before: rest.slice(0, at), digest } : { before: rest };
}

function parseName(text: string, transport: LocalLocation['transport'], name: string): string {
  if (/^@[0-9]+$/.test(name))
    throw new UsageError(
      'USAGE',
      `"${shown(text)}" picks an image by its number, which armload does not support`,
      { hint: 'Name it by its tag or digest.' },
    );
  if (transport === 'docker-archive') return formatReference(parseReference(name));
  if (isRefName(name)) return name;
  throw new UsageError(
    'USAGE',
    `"${shown(name)}" in "${shown(text)}" is not an image name of an OCI layout: it has letters and digits, joined by single - . _ : @ + and /`,
    { hint: 'The first colon after the transport ends the path, so a path with a colon can not be written.' },
  );
}

function unknownTransport(text: string, transport: string): UsageError {
  return new UsageError(
    'USAGE',
    `"${shown(text)}" uses the transport ${transport}, which armload does not know`,
    {
      hint: 'Known are none or docker://, oci:, oci-archive: and docker-archive:.',
    },
  );
}

/** The text of a location, as one would write it. */
export function formatLocation(location: Location): string {
  if (location.transport === 'registry') return formatReference(location.reference);
  const { transport, path, tag, digest } = location;
  return `${transport}:${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
