import { defaultPath } from '../../../audit/index.ts';
import type { MergedView, ViewEntry } from '../../../layer/index.ts';
import { parseRunSettings } from '../../../oci/index.ts';
import { withoutArchitecture } from '../../config/index.ts';
import { type OsRelease, parseOsRelease, readOsRelease, unread } from '../os-release.ts';
import type { Comparison, ParityDifference, ParitySide } from './types.ts';

type Views = readonly [MergedView, MergedView];

/** Distributions whose updates count up the last numbers of VERSION_ID: how many numbers name the release. */
const releaseNumbers: ReadonlyMap<string, number> = new Map([
  ['alpine', 2],
  ['rhel', 1],
  ['centos', 1],
  ['almalinux', 1],
  ['rocky', 1],
  ['ol', 1],
]);

/** The same distribution and release? */
export function compareReleases([old, sibling]: Views): Comparison {
  const oldText = readOsRelease(old);
  const newText = readOsRelease(sibling);
  if (oldText === unread || newText === unread)
    return { differences: [], uncompared: [{ what: 'distribution', why: 'os-release was not read' }] };
  if (oldText === undefined && newText === undefined)
    return { differences: [], uncompared: [{ what: 'distribution', why: 'neither has an os-release file' }] };
  const [before, after] = [parseOsRelease(oldText ?? ''), parseOsRelease(newText ?? '')];
  const [from, to] = [releaseName(before), releaseName(after)];
  if (from === to) return { differences: [] };
  const isSame = before.ID === after.ID && releaseOf(before) === releaseOf(after);
  const isNewer = isSame && byNumber.compare(before.VERSION_ID ?? '', after.VERSION_ID ?? '') < 0;
  const why = isNewer
    ? 'a later update of the same release'
    : 'another distribution, release or older update';
  const weight = isNewer ? 'newer' : 'different';
  return { differences: [{ kind: 'distribution', name: 'os-release', old: from, new: to, weight, why }] };
}

function releaseName({ ID = 'unknown', VERSION_ID, VERSION_CODENAME = '' }: OsRelease): string {
  return `${ID} ${VERSION_ID ?? VERSION_CODENAME}`.trim();
}

const byNumber = new Intl.Collator('en', { numeric: true });

function releaseOf({ ID = '', VERSION_ID = '' }: OsRelease): string {
  const count = releaseNumbers.get(ID);
  return count === undefined ? VERSION_ID : VERSION_ID.split('.').slice(0, count).join('.');
}

/** The same libc, by the program loaders that are there? */
export function compareLibc([old, sibling]: Views): Comparison {
  const [from, to] = [familyOf(old), familyOf(sibling)];
  if (from === to) return { differences: [] };
  const why = 'programs of one libc do not start with the other';
  return { differences: [{ kind: 'libc', name: 'libc', old: from, new: to, weight: 'different', why }] };
}

function familyOf(view: MergedView): string {
  const names = ['lib', 'lib64', 'usr/lib', 'usr/lib64'].flatMap((path) => {
    const folder = view.resolve(path);
    return folder.found ? view.list(folder.entry.path).map((entry) => nameOf(entry)) : [];
  });
  const families = [
    ...(names.some((name) => /^ld(?:-linux[^/]*|64)\.so\.[0-9]$/.test(name)) ? ['glibc'] : []),
    ...(names.some((name) => /^ld-musl-[^/]+\.so\.1$/.test(name)) ? ['musl'] : []),
  ];
  return families.join(' and ') || 'none';
}

function nameOf({ path }: ViewEntry): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Where programs look for the certificates they trust. */
const certificatePaths = [
  'etc/ssl/certs/ca-certificates.crt',
  'etc/ssl/cert.pem',
  'etc/ssl/ca-bundle.pem',
  'etc/pki/tls/certs/ca-bundle.crt',
  'etc/pki/tls/cert.pem',
  'etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
];

export function compareCertificates([old, sibling]: Views): Comparison {
  const differences = certificatePaths.flatMap((path): readonly ParityDifference[] => {
    if (!old.resolve(path).found || sibling.resolve(path).found) return [];
    const why = 'programs that look there trust nobody';
    return [{ kind: 'certificates', name: `/${path}`, old: 'there', weight: 'different', why }];
  });
  return { differences };
}

/** Shells by their names; what they are in the end tells dash from bash from busybox. */
export function compareShells([old, sibling]: Views): Comparison {
  const differences = ['bin/sh', 'bin/bash', 'bin/ash', 'usr/bin/env'].flatMap(
    (path): readonly ParityDifference[] => {
      const [from, to] = [endOf(old, path), endOf(sibling, path)];
      if (from === to || from === undefined) return [];
      const why = to === undefined ? 'scripts that name it do not start' : 'scripts run with another shell';
      const now = to === undefined ? {} : { new: to };
      return [{ kind: 'shell', name: `/${path}`, old: from, ...now, weight: 'different', why }];
    },
  );
  return { differences };
}

function endOf(view: MergedView, path: string): string | undefined {
  const resolved = view.resolve(path);
  return resolved.found ? nameOf(resolved.entry) : undefined;
}

/** Directories that may be symbolic links: layers above the base write through them. */
const linkedDirectories = ['bin', 'sbin', 'lib', 'usr/sbin', 'usr/lib', 'var/run', 'var/lock', 'var/mail'];
/** Made for x86-64's other word sizes and loader: arm64 systems may do without. */
const wordSizeDirectories = ['lib32', 'lib64', 'libx32', 'usr/lib32', 'usr/lib64', 'usr/libx32'];

export function compareLayout([old, sibling]: Views): Comparison {
  const differences = [...linkedDirectories, ...wordSizeDirectories].flatMap(
    (path): readonly ParityDifference[] => {
      const [from, to] = [placeOf(old, path), placeOf(sibling, path)];
      if (from === to) return [];
      const isOwn = wordSizeDirectories.includes(path) && (from === undefined || to === undefined);
      const weight = isOwn || from === undefined ? 'harmless' : 'different';
      const why =
        weight === 'harmless' ? 'only one of them has it' : 'what layers put there ends in another place';
      const places = {
        ...(from === undefined ? {} : { old: from }),
        ...(to === undefined ? {} : { new: to }),
      };
      return [{ kind: 'layout', name: `/${path}`, ...places, weight, why }];
    },
  );
  return { differences };
}

/** `directory`, or where a link leads, absolute and relative ones told alike. */
function placeOf(view: MergedView, path: string): string | undefined {
  const entry = view.lookup(path)?.entry;
  if (entry?.kind !== 'symlink') return entry?.kind;
  const end = view.resolve(path);
  return `link to ${end.found ? `/${end.entry.path}` : (entry.linkName ?? '')}`;
}

/** The PATH that containers start with. */
export function compareSearchPaths([old, sibling]: readonly [ParitySide, ParitySide]): Comparison {
  const [from, to] = [pathOf(old), pathOf(sibling)];
  if (withoutArchitecture(from) === withoutArchitecture(to)) return { differences: [] };
  const lacks = from.split(':').filter((part) => !to.split(':').includes(part));
  const isWider = lacks.length === 0;
  const why = isWider
    ? 'the sibling looks in more places, or in another order'
    : `it lacks ${lacks.join(', ')}`;
  return { differences: [{ kind: 'path', name: 'PATH', old: from, new: to, weight: 'different', why }] };
}

/** @throws DocumentError `DOCUMENT_MALFORMED`. */
function pathOf({ config }: ParitySide): string {
  return parseRunSettings(config).environment.get('PATH') ?? defaultPath;
}
