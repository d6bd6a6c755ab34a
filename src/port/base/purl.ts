import { type Digest, isDigest, type Platform, parsePlatform } from '../../oci/index.ts';

/** An image as a package URL names it. */
export interface ImagePurl {
  /** `debian`, `ghcr.io/team/app`: as people write it. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: Digest;
  readonly platform?: Platform;
}

const maxLength = 4096;
const prefix = 'pkg:docker/';

/**
 * Reads `pkg:docker/NAMESPACE/NAME@VERSION?platform=…&digest=…` (package-url, type `docker`): the version is a tag or a
 * digest, and the host is in the namespace, as BuildKit writes it, or in `repository_url`. `undefined` where the text
 * is no such URL.
 */
export function parseImagePurl(text: string): ImagePurl | undefined {
  if (text.length > maxLength || !text.startsWith(prefix)) return undefined;
  const [path = '', query = ''] = before(text.slice(prefix.length), '#').split('?', 2);
  const at = path.lastIndexOf('@');
  const name = decoded(at < 0 ? path : path.slice(0, at));
  const version = at < 0 ? '' : decoded(path.slice(at + 1));
  if (name === undefined || name === '' || version === undefined) return undefined;
  const qualifiers = new URLSearchParams(query);
  const host = qualifiers.get('repository_url')?.replace(/^https?:\/\//, '');
  const digest = [version, qualifiers.get('digest') ?? ''].find(isDigest);
  const platform = parsePlatform(qualifiers.get('platform') ?? '');
  return {
    name: host ? `${host}${host.endsWith('/') ? '' : '/'}${name}` : name,
    ...(version === '' || isDigest(version) ? {} : { tag: version }),
    ...(digest === undefined ? {} : { digest }),
    ...(platform === undefined ? {} : { platform }),
  };
}

function before(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at < 0 ? text : text.slice(0, at);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
