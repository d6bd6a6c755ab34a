import type { ViewEntry } from '../../layer/index.ts';
import type { Finding } from '../../results/index.ts';
import { findingAt } from '../finding.ts';
import { nativeArchitectures } from '../native.ts';
import type { Subject } from '../types.ts';
import { architectureOf } from './machine-words.ts';
import { apkArchitectures, dpkgArchitectures } from './packages.ts';
import { fileAt, textAt } from './paths.ts';
import type { FactInput } from './types.ts';

/** Number of packages by architecture. */
type Counts = Map<string, number>;

const why = {
  packages: 'Scanners and the package manager go by it: what they report and install is for another machine.',
  setting: 'The package manager installs packages for another machine.',
};

/** Debian's database of installed packages, and that of distroless images, a file a package. */
export function dpkgDatabase({ subject }: FactInput): readonly Finding[] {
  const { view } = subject;
  const folder = view.resolve('var/lib/dpkg/status.d');
  const parts = folder.found ? view.list(folder.entry.path) : [];
  return [
    ...databaseFinding(subject, ['var/lib/dpkg/status'], dpkgArchitectures),
    ...databaseFinding(
      subject,
      parts.map(({ path }) => path),
      dpkgArchitectures,
    ),
  ];
}

/** Alpine's database of installed packages. */
export function apkDatabase({ subject }: FactInput): readonly Finding[] {
  const paths = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];
  const found = paths.flatMap((path) => databaseFinding(subject, [path], apkArchitectures));
  // Where /lib is a link both are the same file.
  return found.filter(({ path }, at) => found.findIndex((other) => other.path === path) === at);
}

/** What the package managers take for their own machine: the lists of `apk` and of `dpkg --add-architecture`. */
export function packageArchitecture({ subject }: FactInput): readonly Finding[] {
  return ['etc/apk/arch', 'var/lib/dpkg/arch'].flatMap((path) => {
    const file = textAt(subject.view, path);
    const words = file?.text.split(/\s+/).filter((word) => word !== '') ?? [];
    const named = words.flatMap((word) => spelled(word) ?? []);
    const own = nativeArchitectures(subject.platform);
    if (file === undefined || named.length === 0 || named.some((name) => own.includes(name))) return [];
    const text = {
      kind: 'package-database',
      severity: 'warning' as const,
      found: `packages for ${[...new Set(named)].join(', ')}`,
      expected: `packages for ${subject.platform.architecture}`,
      why: why.setting,
    };
    return [findingAt(subject, text, file.entry)];
  });
}

/** A finding on the first file with packages of other machines, where those are not the fewer. */
function databaseFinding(
  subject: Subject,
  paths: readonly string[],
  read: (bytes: Uint8Array) => Iterable<string>,
): readonly Finding[] {
  const own = nativeArchitectures(subject.platform);
  const counts: Counts = new Map();
  let first: ViewEntry | undefined;
  for (const path of paths) {
    const file = fileAt(subject.view, path);
    for (const word of file === undefined ? [] : read(file.bytes)) {
      const architecture = spelled(word);
      if (architecture === undefined) continue;
      counts.set(architecture, (counts.get(architecture) ?? 0) + 1);
      if (!own.includes(architecture)) first ??= file?.entry;
    }
  }
  const [foreign, native] = [
    sumOf(counts, (name) => !own.includes(name)),
    sumOf(counts, (name) => own.includes(name)),
  ];
  if (first === undefined || foreign <= native) return [];
  const text = {
    kind: 'package-database',
    severity: 'warning' as const,
    found: describe(counts),
    expected: `packages for ${subject.platform.architecture}`,
    why: why.packages,
  };
  return [findingAt(subject, text, first)];
}

function sumOf(counts: Counts, isCounted: (architecture: string) => boolean): number {
  return [...counts].reduce((sum, [architecture, count]) => sum + (isCounted(architecture) ? count : 0), 0);
}

function describe(counts: Counts): string {
  const parts = [...counts]
    .sort(([, left], [, right]) => right - left)
    .map(([name, count]) => `${count} for ${name}`);
  const [first = '', ...rest] = parts;
  return [first.replace(' for ', ' packages for '), ...rest].join(', ');
}

/** Alpine's `x86` is a word too common elsewhere to be in the table of all. */
function spelled(word: string): string | undefined {
  return word === 'x86' ? '386' : architectureOf(word);
}
