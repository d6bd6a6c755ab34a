import { type Digest, isDigest } from './digest.ts';
import { InvalidReferenceError, quote } from './errors.ts';

/**
 * An image reference after normalisation: `nginx` is `docker.io/library/nginx:latest`. At least one of `tag` and
 * `digest` is there; with both, the digest decides and the tag is context for advice.
 */
export interface Reference {
  /** Host, with port if any: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const maxRepositoryLength = 255;
const maxTextLength = 4096;
const dockerHub = 'docker.io';

/**
 * Parses by the grammar of distribution/reference, Docker Hub's short names included.
 * @throws InvalidReferenceError with the offset of what doesn't fit.
 */
export function parseReference(text: string): Reference {
  if (text === '') throw new InvalidReferenceError(text, 0, 'it is empty');
  if (text.length > maxTextLength)
    throw new InvalidReferenceError(text, maxTextLength, `it is longer than ${maxTextLength} characters`);
  if (/^[a-z]+:\/\//i.test(text))
    throw new InvalidReferenceError(text, 0, 'it is a URL; a reference has no scheme in front');
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : parseDigestPart(text, at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  // A colon before the last slash belongs to a port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const hasTag = colon >= 0 && !named.startsWith('[', named.lastIndexOf('/') + 1);
  const tag = hasTag ? parseTag(text, colon + 1, named.slice(colon + 1)) : undefined;
  const name = hasTag ? named.slice(0, colon) : named;
  return {
    ...parseName(text, name),
    ...(tag === undefined ? (digest === undefined ? { tag: 'latest' } : {}) : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function parseDigestPart(text: string, offset: number): Digest {
  const digest = text.slice(offset);
  if (!isDigest(digest))
    throw new InvalidReferenceError(
      text,
      offset,
      'what follows "@" is not a sha256 or sha512 digest in lower-case hex',
    );
  return digest;
}

function parseTag(text: string, offset: number, tag: string): string {
  if (tag === '') throw new InvalidReferenceError(text, offset, 'the tag is empty');
  const valid = /^[A-Za-z0-9_][A-Za-z0-9_.-]*/.exec(tag)?.[0].length ?? 0;
  if (valid < tag.length)
    throw new InvalidReferenceError(text, offset + valid, `${characterAt(tag, valid)} can't stand in a tag`);
  if (tag.length > 128)
    throw new InvalidReferenceError(text, offset + 128, 'the tag is longer than 128 characters');
  return tag;
}

function parseName(text: string, name: string): { registry: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const host = isHost(first) ? first : undefined;
  if (host !== undefined) checkHost(text, host);
  const path = host === undefined ? name : name.slice(slash + 1);
  const pathStart = name.length - path.length;
  checkPath(text, pathStart, path);
  // Docker's rule; with a host, a tag or a digest there is no doubt.
  if (/^[0-9a-f]{64}$/.test(text))
    throw new InvalidReferenceError(text, 0, 'it is 64 hex digits, which Docker takes for an image id');
  const named = normalizeHub(host ?? dockerHub, path);
  if (named.repository.length > maxRepositoryLength)
    throw new InvalidReferenceError(
      text,
      pathStart + maxRepositoryLength - (named.repository.length - path.length),
      `the repository is longer than ${maxRepositoryLength} characters`,
    );
  return named;
}

/** Docker Hub's names. Its API host has no short names, so `registry-1.docker.io/nginx` is not `library/nginx`. */
function normalizeHub(registry: string, path: string): { registry: string; repository: string } {
  const host = registry.toLowerCase();
  if (host === dockerHub || host === 'index.docker.io')
    return { registry: dockerHub, repository: path.includes('/') ? path : `library/${path}` };
  if (host === 'registry-1.docker.io' && path.includes('/')) return { registry: dockerHub, repository: path };
  return { registry, repository: path };
}

/** Docker's rule: the first component is a host if it has a dot, a colon or an upper-case letter, or is localhost. */
function isHost(first: string): boolean {
  return /[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
}

function checkHost(text: string, host: string): void {
  const match =
    /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)(?::([0-9]+))?$/.exec(
      host,
    );
  if (!match) {
    const plain = /^[A-Za-z0-9.-]*(?::[0-9]*)?/.exec(host)?.[0].length ?? 0;
    const offset = plain < host.length && !host.startsWith('[') ? plain : 0;
    throw new InvalidReferenceError(text, offset, `${quote(host)} is not a registry host`);
  }
  const port = match[2];
  if (port !== undefined && (Number(port) > 65535 || port.length > 5)) {
    throw new InvalidReferenceError(
      text,
      host.length - port.length,
      `port ${port.slice(0, 20)} does not exist`,
    );
  }
}

function checkPath(text: string, start: number, path: string): void {
  let offset = start;
  for (const component of path.split('/')) {
    checkComponent(text, offset, component);
    offset += component.length + 1;
  }
}

function checkComponent(text: string, offset: number, component: string): void {
  if (component === '') throw new InvalidReferenceError(text, offset, 'a part of the repository is empty');
  const valid = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*/.exec(component)?.[0].length ?? 0;
  if (valid === component.length) return;
  const why = /[A-Z]/.test(component.charAt(valid))
    ? 'a repository is written in lower case'
    : `${characterAt(component, valid)} can't stand here in a repository`;
  throw new InvalidReferenceError(text, offset + valid, why);
}

function characterAt(text: string, offset: number): string {
  return quote(String.fromCodePoint(text.codePointAt(offset) ?? 0));
}

/** The canonical text: `registry/repository[:tag][@digest]`. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The repository's full name: `docker.io/library/nginx`. */
export function repositoryName(reference: Pick<Reference, 'registry' | 'repository'>): string {
  return `${reference.registry}/${reference.repository}`;
}
