/**
 * Files an audit needs by content, as paths from the root. A `*` stands for any part of a name, not for a slash; two of
 * them as the first part stand for any folder, the root too.
 */
export const wantedFiles: readonly string[] = [
  'etc/ld.so.cache',
  'etc/ld.so.conf',
  'etc/ld.so.conf.d/*',
  'etc/ld.so.preload',
  'etc/ld-musl-*.path',
  // The dynamic loaders themselves: the directories they search are texts inside them.
  'lib/ld-*.so*',
  'lib64/ld-*.so*',
  'lib/*/ld-*.so*',
  'usr/lib/ld-*.so*',
  'usr/lib64/ld-*.so*',
  'usr/lib/*/ld-*.so*',
  'lib/*-linux-musl*/libc.so',
  'usr/lib/*-linux-musl*/libc.so',
  'nix/store/*/lib/ld-*.so*',
  'etc/os-release',
  'usr/lib/os-release',
  'etc/environment',
  'etc/passwd',
  'etc/group',
  'var/lib/dpkg/status',
  'var/lib/dpkg/status.d/*',
  'var/lib/dpkg/arch',
  'var/lib/dpkg/arch-native',
  'lib/apk/db/installed',
  'usr/lib/apk/db/installed',
  'etc/apk/arch',
];

/** A test for paths that match one of the patterns. */
export function matcher(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns
    .filter((pattern) => pattern.includes('*'))
    .map((pattern) => {
      const parts = pattern.split('/');
      const isAnywhere = parts[0] === '**';
      return { parts: isAnywhere ? parts.slice(1) : parts, isAnywhere };
    });
  return (path) => {
    if (exact.has(path)) return true;
    if (globs.length === 0) return false;
    const names = path.split('/');
    return globs.some(({ parts, isAnywhere }) => {
      const from = names.length - parts.length;
      if (isAnywhere ? from < 0 : from !== 0) return false;
      return parts.every((part, index) => matches(part, names[from + index] ?? ''));
    });
  };
}

function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false;
  let at = first.length;
  for (const middle of rest) {
    const found = name.indexOf(middle, at);
    if (found < 0) return false;
    at = found + middle.length;
  }
  return at <= name.length - last.length;
}
