import { compareText } from '../../../core/index.ts';
import type { MergedView } from '../../../layer/index.ts';
import { withoutArchitecture } from '../../config/index.ts';
import { readText, unread } from '../os-release.ts';
import type { Comparison, ParityDifference } from './types.ts';
import { type CompareVersions, compareAlpine, compareDebian } from './versions.ts';

/** The installed packages of an image: version by name. */
interface Packages {
  readonly manager: 'dpkg' | 'apk';
  readonly versions: ReadonlyMap<string, string>;
}

/** A database that is there and could not be read, or none. */
interface NoPackages {
  readonly why: string;
}

/** Debian's names of architectures: a package of another one is a foreign one, with its architecture in its name. */
const debianNames: ReadonlyMap<string, readonly string[]> = new Map([
  ['amd64', ['amd64']],
  ['arm64', ['arm64']],
  ['386', ['i386']],
  ['arm', ['armhf', 'armel']],
  ['ppc64le', ['ppc64el']],
]);
const apkDatabases = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];
/** Databases of managers that are not read: their folders. */
const unreadDatabases = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'var/lib/pacman'];

/** The same packages, in the same versions? `architectures` by Go's names, of the old base and of the sibling. */
export function comparePackages(
  [old, sibling]: readonly [MergedView, MergedView],
  [oldArchitecture, newArchitecture]: readonly [string, string],
): Comparison {
  const [before, after] = [readPackages(old, oldArchitecture), readPackages(sibling, newArchitecture)];
  if ('why' in before || 'why' in after) {
    const why =
      'why' in before ? `the old base ${before.why}` : `the sibling ${'why' in after ? after.why : ''}`;
    return { differences: [], uncompared: [{ what: 'packages', why }] };
  }
  if (before.manager !== after.manager) {
    const difference: ParityDifference = {
      kind: 'package',
      name: 'package manager',
      old: before.manager,
      new: after.manager,
      weight: 'different',
      why: 'the package databases are of different managers',
    };
    return { differences: [difference] };
  }
  const names = new Set([...before.versions.keys(), ...after.versions.keys()]);
  const compare = before.manager === 'dpkg' ? compareBinaries : compareAlpine;
  const differences = [...names].sort(compareText).flatMap((name) => {
    const versions = [before.versions.get(name), after.versions.get(name)] as const;
    return differenceOf(name, versions, compare) ?? [];
  });
  return { differences };
}

function differenceOf(
  name: string,
  [old, wanted]: readonly [string | undefined, string | undefined],
  compare: CompareVersions,
): ParityDifference | undefined {
  if (old === wanted) return undefined;
  if (old === undefined || wanted === undefined) {
    const why = old === undefined ? 'only the sibling has it' : 'the sibling does not have it';
    const versions = {
      ...(old === undefined ? {} : { old }),
      ...(wanted === undefined ? {} : { new: wanted }),
    };
    return { kind: 'package', name, ...versions, weight: 'different', why };
  }
  const order = compare(old, wanted);
  const versions = { old, new: wanted };
  if (order === 0)
    return { kind: 'package', name, ...versions, weight: 'harmless', why: 'the same source, built again' };
  const isNewer = order < 0;
  const why = isNewer ? 'the sibling has a newer one' : 'the sibling has an older one';
  return { kind: 'package', name, ...versions, weight: isNewer ? 'newer' : 'different', why };
}

/** A binary-only rebuild has the same source: `+bN` at the end does not count (Debian Policy 5.6.12). */
const compareBinaries: CompareVersions = (left, right) =>
  compareDebian(left.replace(/\+b[0-9]{1,6}$/, ''), right.replace(/\+b[0-9]{1,6}$/, ''));

function readPackages(view: MergedView, architecture: string): Packages | NoPackages {
  const debian = readDebian(view, architecture);
  if (debian !== undefined) return debian;
  for (const path of apkDatabases) {
    const text = readText(view, path);
    if (text === unread) return { why: `has /${path}, which was not read` };
    if (text !== undefined) return { manager: 'apk', versions: alpineVersions(text) };
  }
  const folder = unreadDatabases.find((path) => view.resolve(path).found);
  if (folder !== undefined) return { why: `keeps its packages in /${folder}, which armload does not read` };
  return { why: 'has no package database' };
}

/** dpkg's status file, and the files of distroless images, one a package. */
function readDebian(view: MergedView, architecture: string): Packages | NoPackages | undefined {
  const native = debianNames.get(architecture) ?? [architecture];
  const versions = new Map<string, string>();
  const folder = view.resolve('var/lib/dpkg/status.d');
  const parts = folder.found ? view.list(folder.entry.path).map(({ path }) => path) : [];
  const paths = ['var/lib/dpkg/status', ...parts.filter((path) => !path.endsWith('.md5sums'))];
  let isThere = false;
  for (const path of paths) {
    const text = readText(view, path);
    if (text === undefined) continue;
    if (text === unread) return { why: `has /${path}, which was not read` };
    isThere = true;
    for (const [name, version] of debianVersions(text, native)) versions.set(name, version);
  }
  return isThere ? { manager: 'dpkg', versions } : undefined;
}

function* debianVersions(text: string, native: readonly string[]): Generator<[string, string]> {
  for (const fields of stanzas(text, /^(Package|Version|Architecture|Status): *(.*)$/)) {
    const [name, version] = [fields.get('Package'), fields.get('Version')];
    // Without a status, as in distroless images, a package is there.
    const isInstalled = fields.get('Status')?.endsWith(' installed') ?? true;
    if (name === undefined || version === undefined || !isInstalled) continue;
    const architecture = fields.get('Architecture') ?? 'all';
    const isOwn = architecture === 'all' || native.includes(architecture);
    yield [isOwn ? withoutArchitecture(name) : `${name}:${architecture}`, version];
  }
}

function alpineVersions(text: string): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const fields of stanzas(text, /^(P|V):(.*)$/)) {
    const [name, version] = [fields.get('P'), fields.get('V')];
    if (name !== undefined && version !== undefined) versions.set(withoutArchitecture(name), version);
  }
  return versions;
}

/** The wanted fields of each paragraph. */
function* stanzas(text: string, field: RegExp): Generator<ReadonlyMap<string, string>> {
  let fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      if (fields.size > 0) yield fields;
      fields = new Map();
      continue;
    }
    const match = field.exec(line);
    if (match !== null) fields.set(match[1] ?? '', (match[2] ?? '').trim());
  }
  if (fields.size > 0) yield fields;
}
