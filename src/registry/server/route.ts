import { type Digest, isDigest } from '../../oci/index.ts';
import { Refusal } from './refusal.ts';

/** What a path names. `name` has been checked against the grammar, so it can't climb out of a folder. */
export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'token' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: Digest }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: Digest };

/**
 * Reads a path (distribution-spec, "Endpoints"). Repository names may contain the words `manifests` or `blobs`
 * themselves, so it is read from its end.
 * @throws Refusal 404 where there is no such endpoint, 400 for a wrong name or digest.
 */
export function parseRoute(path: string): Route {
  const segments = decode(path).split('/');
  if (path === '/token') return { kind: 'token' };
  if (segments[0] !== '' || segments[1] !== 'v2') throw notFound(path);
  const rest = segments.slice(2);
  if (rest.length === 0 || (rest.length === 1 && rest[0] === '')) return { kind: 'base' };
  if (rest.length === 1 && rest[0] === '_catalog') return { kind: 'catalog' };
  const last = rest.at(-1) ?? '';
  const before = rest.at(-2);
  if (before === 'tags' && last === 'list') return { kind: 'tags', name: nameOf(rest.slice(0, -2)) };
  if (before === 'blobs' && last === 'uploads') return { kind: 'uploads', name: nameOf(rest.slice(0, -2)) };
  if (before === 'uploads' && rest.at(-3) === 'blobs') {
    const name = nameOf(rest.slice(0, -3));
    return last === '' ? { kind: 'uploads', name } : { kind: 'upload', name, id: last };
  }
  if (before === 'manifests') return { kind: 'manifest', name: nameOf(rest.slice(0, -2)), reference: last };
  if (before === 'blobs') return { kind: 'blob', name: nameOf(rest.slice(0, -2)), digest: digestOf(last) };
  if (before === 'referrers')
    return { kind: 'referrers', name: nameOf(rest.slice(0, -2)), digest: digestOf(last) };
  throw notFound(path);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw notFound(path);
  }
}

function notFound(path: string): Refusal {
  return new Refusal(404, 'UNSUPPORTED', `there is no endpoint ${path.slice(0, 300)}`);
}

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** The grammar of distribution-spec, "Pulling manifests"; 255 characters at most, as in docker-registry. */
export function isRepositoryName(name: string): boolean {
  return name.length <= 255 && name.split('/').every((part) => component.test(part));
}

export function isTag(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text);
}

function nameOf(segments: readonly string[]): string {
  const name = segments.join('/');
  if (isRepositoryName(name)) return name;
  throw new Refusal(400, 'NAME_INVALID', `"${name.slice(0, 300)}" is not a repository name`);
}

/** @throws Refusal 400 */
export function digestOf(text: string): Digest {
  if (isDigest(text)) return text;
  throw new Refusal(400, 'DIGEST_INVALID', `"${text.slice(0, 200)}" is not a sha256 or sha512 digest`);
}
