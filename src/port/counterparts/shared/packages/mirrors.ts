/**
 * The address with a mirror in its place: the longest prefix that it begins with, as whole path parts, is replaced. Signatures
 * are still those of the original: a mirror needs no trust.
 */
export function mirrored(url: string, mirrors: Readonly<Record<string, string>> = {}): string {
  const prefixes = Object.keys(mirrors).sort((left, right) => right.length - left.length);
  const prefix = prefixes.find((candidate) => isUnder(url, withoutSlash(candidate)));
  if (prefix === undefined) return url;
  return `${withoutSlash(mirrors[prefix] ?? '')}${url.slice(withoutSlash(prefix).length)}`;
}

function isUnder(url: string, prefix: string): boolean {
  return url === prefix || url.startsWith(`${prefix}/`);
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
