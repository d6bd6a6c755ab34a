import { UsageError } from '../../../core/index.ts';
import { tarPath } from '../../../layer/index.ts';
import type { NamedReplacement } from '../../options.ts';

/** Where a replacement is to be had. */
export type Place =
  | { readonly kind: 'file'; readonly file: string; readonly sha256?: string; readonly member?: string }
  | { readonly kind: 'address'; readonly url: string; readonly sha256: string; readonly member?: string };

export interface Named {
  /** In the image, without a leading slash, `.` and `..` resolved. */
  readonly path: string;
  /** As the person wrote it: absolute. */
  readonly written: string;
  readonly place: Place;
}

/**
 * Reads what a person named: `from` may end in `#sha256:HEX` or `#HEX`, and then in `!/MEMBER` for a file in an archive.
 * @throws UsageError `USAGE`, which names the replacement that can't be meant.
 */
export function readNames(replacements: readonly NamedReplacement[]): readonly Named[] {
  const known = new Map<string, string>();
  return replacements.map((replacement) => {
    const path = pathOf(replacement);
    const before = known.get(path);
    if (before !== undefined)
      throw usage(`two files are named for ${replacement.path}: ${before} and ${replacement.from}`);
    known.set(path, replacement.from);
    return { path, written: replacement.path, place: placeOf(replacement) };
  });
}

function pathOf({ path }: NamedReplacement): string {
  if (!path.startsWith('/')) throw usage(`the path "${path}" to be replaced is not absolute`);
  const inner = path.includes('\0') ? undefined : tarPath(path);
  if (inner?.ok !== true || inner.path === '')
    throw usage(`the path "${path}" to be replaced is no file's path`);
  return inner.path;
}

function placeOf(replacement: NamedReplacement): Place {
  const { from, sha256, member } = parts(replacement);
  const more = member === undefined ? {} : { member };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(from)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    if (from === '' || from.includes('\0')) throw usage(`no file is named for ${replacement.path}`);
    return { kind: 'file', file: from, ...(sha256 !== undefined && { sha256 }), ...more };
  }
  const url = URL.canParse(from) ? new URL(from) : undefined;
  if (url === undefined || !isSafeAddress(url))
    throw usage(`${from}, named for ${replacement.path}, is no https address`);
  if (sha256 === undefined)
    throw usage(
      `${from}, named for ${replacement.path}, has no SHA-256`,
      'Write it behind the address: #sha256: and 64 hexadecimal digits. What others publish may change.',
    );
  return { kind: 'address', url: url.href, sha256, ...more };
}

interface Parts {
  readonly from: string;
  readonly sha256?: string;
  readonly member?: string;
}

function parts({ path, from: written, sha256: apart }: NamedReplacement): Parts {
  const [outer, member] = split(written, '!/');
  const [from, fragment] = splitLast(outer, '#');
  const hash = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(fragment ?? '')?.[1]?.toLowerCase();
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(from);
  if (fragment !== undefined && hash === undefined && (isAddress || /^sha\d+:/i.test(fragment)))
    throw usage(`"${fragment}" behind the file for ${path} is no SHA-256`);
  const given = apart?.toLowerCase();
  if (given !== undefined && !/^[0-9a-f]{64}$/.test(given))
    throw usage(`"${apart}", named for ${path}, is no SHA-256`);
  if (given !== undefined && hash !== undefined && given !== hash)
    throw usage(`two different SHA-256 are named for ${path}`);
  const sha256 = given ?? hash;
  return {
    // A file's name may have a # of its own.
    from: hash === undefined ? outer : from,
    ...(sha256 !== undefined && { sha256 }),
    ...(member !== undefined && { member: memberPath(member, path) }),
  };
}

function memberPath(member: string, path: string): string {
  const inner = tarPath(member);
  if (!inner.ok || inner.path === '') throw usage(`"${member}", named for ${path}, is no path in an archive`);
  return inner.path;
}

/** Also for redirects: https, and http between programs of this machine. */
export function isSafeAddress(url: URL, from: URL = url): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url) && isLoopback(from));
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function split(text: string, mark: string): readonly [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function splitLast(text: string, mark: string): readonly [string, string?] {
  const at = text.lastIndexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function usage(message: string, hint?: string): UsageError {
  return new UsageError('USAGE', message, {
    hint:
      hint ??
      'A replacement is written PATH=FILE, or PATH=https://…#sha256:HEX, with !/MEMBER behind for a file in an archive.',
  });
}
