import type { Alternative, AlternativeChoice, Diversion, StatOverride, Trigger } from './types.ts';

/** Three lines each: from, to, and the package, `:` where it's local (dpkg-divert(1)). `undefined` where that's not so. */
export function parseDiversions(lines: readonly string[]): readonly Diversion[] | undefined {
  if (lines.length % 3 !== 0) return undefined;
  const diversions: Diversion[] = [];
  for (let at = 0; at < lines.length; at += 3) {
    const [from = '', to = '', by = ''] = lines.slice(at, at + 3);
    if (!from.startsWith('/') || !to.startsWith('/')) return undefined;
    diversions.push({ from: relative(from), to: relative(to), ...(by === ':' ? {} : { by }) });
  }
  return diversions;
}

/** Lines of `user group mode path` (dpkg-statoverride(1)). `undefined` where one is something else. */
export function parseStatOverrides(lines: readonly string[]): readonly StatOverride[] | undefined {
  const overrides: StatOverride[] = [];
  for (const line of lines) {
    const match = /^(\S+) (\S+) ([0-7]{1,5}) \/(.*)$/.exec(line);
    if (match === null) return undefined;
    const [, user = '', group = '', mode = '', path = ''] = match;
    overrides.push({ user, group, mode: Number.parseInt(mode, 8), path });
  }
  return overrides;
}

/** Lines of `directive name`, `#` begins a comment (deb-triggers(5)). */
export function parseTriggers(lines: readonly string[]): readonly Trigger[] {
  return lines.flatMap((line) => {
    const [directive = '', name = ''] = line.replace(/#.*$/, '').trim().split(/\s+/);
    return directive === '' || name === '' ? [] : [{ directive, name }];
  });
}

/**
 * Lines of `md5  path`, in `.md5sums` files of packages, and of distroless images, which may write `./path`. Other lines are
 * left out: what they would name counts as without a sum.
 */
export function parseMd5sums(lines: readonly string[]): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const line of lines) {
    const md5 = line.slice(0, 32);
    if (line.slice(32, 34) !== '  ' || !/^[0-9a-f]{32}$/.test(md5)) continue;
    sums.set(relative(line.slice(34).replace(/^(?:\.\/)+/, '')), md5);
  }
  return sums;
}

/**
 * A file of update-alternatives: mode, link, name and link of each follower up to an empty line; then of each choice its
 * path, priority, and a target for each follower; an empty line ends them. `undefined` where that's not so.
 */
export function parseAlternative(name: string, text: string): Alternative | undefined {
  const lines = text.split('\n');
  const take = (): string => lines.shift() ?? '';
  const mode = take();
  if (mode !== 'auto' && mode !== 'manual') return undefined;
  const link = relative(take());
  const followers = new Map<string, string>();
  for (let follower = take(); follower !== ''; follower = take()) followers.set(follower, relative(take()));
  const choices: AlternativeChoice[] = [];
  for (let path = take(); path !== ''; path = take()) {
    const priority = take();
    if (!/^-?[0-9]{1,10}$/.test(priority)) return undefined;
    const targets = [...followers.keys()].map((key) => [key, relative(take())] as const);
    choices.push({
      path: relative(path),
      priority: Number(priority),
      followers: new Map(targets.filter(([, target]) => target !== '')),
    });
  }
  return link === '' ? undefined : { name, mode, link, followers, choices };
}

/** Without the slashes it begins with. */
export function relative(path: string): string {
  let start = 0;
  while (path.charCodeAt(start) === 0x2f) start += 1;
  return path.slice(start);
}
