interface RpmVersion {
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
}

/** `epoch:version-release`. */
function parseVersion(text: string): RpmVersion {
  const [, epoch = '0', version = '', release = ''] = /^(?:([0-9]+):)?(.*?)(?:-([^-]*))?$/.exec(text) ?? [];
  return { epoch: Number(epoch), version, release };
}

/** Below 0 where `left` is older. */
export function compareVersions(left: string, right: string): number {
  const [first, second] = [parseVersion(left), parseVersion(right)];
  return (
    Math.sign(first.epoch - second.epoch) ||
    compareParts(first.version, second.version) ||
    compareParts(first.release, second.release)
  );
}

/**
 * rpm's order of versions and releases (rpm's manual, "Version comparison"): runs of digits or letters are compared one by
 * one, digits count more than letters, `~` is before the end, and `^` behind it.
 */
export function compareParts(left: string, right: string): number {
  const [first, second] = [segments(left), segments(right)];
  for (let at = 0; at < Math.max(first.length, second.length); at += 1) {
    const [one, other] = [first[at], second[at]];
    if (one === other) continue;
    const order = rank(one) - rank(other) || compareSame(one ?? '', other ?? '');
    if (order !== 0) return Math.sign(order);
  }
  return 0;
}

function segments(text: string): readonly string[] {
  return text.slice(0, 500).match(/[0-9]+|[A-Za-z]+|~|\^/g) ?? [];
}

/** `~`, the end, `^`, letters, digits. */
function rank(segment: string | undefined): number {
  if (segment === undefined) return 1;
  if (segment === '~') return 0;
  if (segment === '^') return 2;
  return /[0-9]/.test(segment) ? 4 : 3;
}

function compareSame(left: string, right: string): number {
  if (/[0-9]/.test(left)) {
    const [first, second] = [BigInt(left), BigInt(right)];
    if (first === second) return 0;
    return first < second ? -1 : 1;
  }
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
