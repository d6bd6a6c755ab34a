/** A gem that another platform's takes the place of. */
export interface Swap {
  readonly name: string;
  readonly version: string;
  /** Platforms. */
  readonly from: string;
  readonly to: string;
  /** Of the new gem, hexadecimal. */
  readonly sha256: string;
}

/** Addresses that the lines of a Gemfile.lock's section `GEM` name. */
export function remotesIn(text: string): readonly string[] {
  return [...text.matchAll(/^ {2}remote: (https:\/\/[^\s@]+)$/gm)].map(([, url = '']) => url);
}

export interface ChangedLock {
  readonly text: string;
  /** Gems that are still named for the old platform alone. */
  readonly left: readonly string[];
}

/**
 * A Gemfile.lock in which swapped gems are those of the new platform: Bundler takes no other gem than it names, and on no
 * other platform. `undefined` where none of them is named there.
 * @param platforms of the machines, `x86_64-linux`.
 */
export function changedLock(
  text: string,
  swaps: readonly Swap[],
  platforms: { readonly from: string; readonly to: string },
): ChangedLock | undefined {
  const lines = text.split('\n');
  const there = new Set(lines.map((line) => line.trim().split(' sha256=')[0]));
  let isChanged = false;
  const changed = lines.map((line) => {
    for (const { name, version, from, to, sha256 } of swaps) {
      const [old, now] = [`${name} (${version}-${from})`, `${name} (${version}-${to})`];
      if (there.has(now) || line.trim().split(' sha256=')[0] !== old) continue;
      isChanged = true;
      const sum = line.includes(' sha256=') ? ` sha256=${sha256}` : '';
      return `${line.slice(0, line.indexOf(old))}${now}${sum}`;
    }
    return line;
  });
  if (!isChanged) return undefined;
  return {
    text: withPlatform(changed, platforms).join('\n'),
    left: changed.flatMap((line) => leftIn(line, platforms.from, there)),
  };
}

function leftIn(line: string, from: string, there: ReadonlySet<string | undefined>): readonly string[] {
  const [, name = '', version = ''] = /^ {4}(\S+) \((\S+)\)$/.exec(line) ?? [];
  if (!version.includes(`-${from}`)) return [];
  const plain = version.slice(0, version.indexOf(`-${from}`));
  return there.has(`${name} (${plain})`) ? [] : [`${name} ${plain}`];
}

function withPlatform(
  lines: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): readonly string[] {
  const section = platformLines(lines);
  const named = section.map((at) => lines[at]?.trim());
  return lines.map((line, at) => {
    const own = section.includes(at) ? line.trim() : '';
    const wanted = own === from ? to : own.startsWith(`${from}-`) ? `${to}${own.slice(from.length)}` : own;
    return own === wanted || named.includes(wanted) ? line : `  ${wanted}`;
  });
}

function platformLines(lines: readonly string[]): readonly number[] {
  const start = lines.indexOf('PLATFORMS');
  if (start < 0) return [];
  const length = lines.slice(start + 1).findIndex((line) => !line.startsWith('  '));
  const end = length < 0 ? lines.length : start + 1 + length;
  return Array.from({ length: end - start - 1 }, (_none, index) => start + 1 + index);
}

/** Does it name platforms, and neither the new one nor all? */
export function isForOthersAlone(text: string, platform: string): boolean {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const named = platformLines(lines).map((at) => lines[at]?.trim() ?? '');
  return (
    named.length > 0 &&
    !named.some((one) => one === 'ruby' || one === platform || one.startsWith(`${platform}-`))
  );
}
