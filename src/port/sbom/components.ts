import type { MergedView, ViewEntry } from '../../layer/index.ts';
import type { SbomComponent } from '../../publish/index.ts';
import { type OsRelease, parseOsRelease, readOsRelease, unread } from '../base/os-release.ts';
import { type InstalledPackage, readDatabase } from '../counterparts/debian/index.ts';
import type { Material } from '../origin-types.ts';

export interface SbomParts {
  /** What the port took from elsewhere. */
  readonly materials: readonly Material[];
}

/**
 * What an image holds, as far as it says so itself: the distribution, its packages, Go programs by their build information;
 * files that were named for it; and the packages that were taken for it, once each, of whatever ecosystem they are.
 */
export function sbomComponents(view: MergedView, { materials }: SbomParts): readonly SbomComponent[] {
  const release = releaseOf(view);
  const own = [
    ...(release === undefined ? [] : [system(release)]),
    ...debianPackages(view, release),
    ...goPrograms(view),
  ];
  return [...own, ...namedFiles(materials), ...takenPackages(materials, own)];
}

function releaseOf(view: MergedView): OsRelease | undefined {
  const text = readOsRelease(view);
  return text === undefined || text === unread ? undefined : parseOsRelease(text);
}

function system({ ID = 'linux', VERSION_ID, PRETTY_NAME }: OsRelease): SbomComponent {
  return {
    type: 'operating-system',
    name: ID,
    ...(VERSION_ID === undefined ? {} : { version: VERSION_ID }),
    properties: PRETTY_NAME === undefined ? [] : [{ name: 'armload:pretty-name', value: PRETTY_NAME }],
  };
}

function debianPackages(view: MergedView, release: OsRelease | undefined): readonly SbomComponent[] {
  const reading = readDatabase(view);
  if (reading.kind !== 'read') return [];
  return reading.database.packages
    .filter(({ state }) => state !== 'config-files')
    .map((one) => debianPackage(one, release));
}

/** purl-spec, type "deb". */
function debianPackage(
  { name, version, architecture, source }: InstalledPackage,
  release: OsRelease | undefined,
): SbomComponent {
  const qualifiers = [
    `arch=${encodeURIComponent(architecture)}`,
    ...(release?.['ID'] === undefined || release['VERSION_ID'] === undefined
      ? []
      : [`distro=${encodeURIComponent(`${release['ID']}-${release['VERSION_ID']}`)}`]),
  ].join('&');
  const vendor = encodeURIComponent(release?.['ID'] ?? 'debian');
  return {
    type: 'library',
    name,
    version,
    purl: `pkg:deb/${vendor}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${qualifiers}`,
    properties: [{ name: 'armload:source-package', value: `${source.name} ${source.version}` }],
  };
}

/** One for each program and module; of a program at several paths the first names it. */
function goPrograms(view: MergedView): readonly SbomComponent[] {
  const programs = new Map<string, SbomComponent>();
  for (const there of view.entries()) {
    const program = goProgram(there);
    if (program !== undefined && !programs.has(program.key)) programs.set(program.key, program.component);
  }
  return [...programs.values()];
}

function goProgram({
  path,
  entry,
}: ViewEntry): { readonly key: string; readonly component: SbomComponent } | undefined {
  const go = entry.facts?.kind === 'elf' ? entry.facts.elf.go : undefined;
  if (go?.module === undefined || entry.sha256 === undefined) return undefined;
  const { path: name, version } = go.module;
  const isKnown = version !== '' && version !== '(devel)';
  return {
    key: entry.sha256,
    component: {
      type: 'application',
      name,
      ...(isKnown ? { version, purl: `pkg:golang/${name}@${encodeURIComponent(version)}` } : {}),
      hashes: { 'SHA-256': entry.sha256 },
      properties: [
        { name: 'armload:path', value: `/${path}` },
        { name: 'armload:go', value: go.version },
      ],
    },
  };
}

function namedFiles(materials: readonly Material[]): readonly SbomComponent[] {
  return materials.filter(({ origin }) => origin === namedOrigin).map((one) => takenPart(one, 'file'));
}

/** Of these the file is the part, whatever package it's from. */
const namedOrigin = 'release';

/** Packages that the image doesn't tell of itself: wheels, packages of Node, modules of Go programs. */
function takenPackages(
  materials: readonly Material[],
  told: readonly SbomComponent[],
): readonly SbomComponent[] {
  const known = new Set(told.flatMap(({ purl }) => (purl === undefined ? [] : [packageOf(purl)])));
  const taken: SbomComponent[] = [];
  for (const material of materials) {
    if (material.purl === undefined || material.origin === namedOrigin) continue;
    const name = packageOf(material.purl);
    if (known.has(name)) continue;
    known.add(name);
    taken.push(takenPart(material, 'library'));
  }
  return taken;
}

/** Without qualifiers, which say where a package is from and for what machine (purl-spec). */
function packageOf(purl: string): string {
  return purl.replace(/[?#].*$/s, '');
}

function takenPart(
  { name, version, sha256, uri, purl }: Material,
  type: SbomComponent['type'],
): SbomComponent {
  return {
    type,
    name,
    ...(version === undefined ? {} : { version }),
    ...(purl === undefined ? {} : { purl }),
    ...(/^[0-9a-f]{64}$/.test(sha256) ? { hashes: { 'SHA-256': sha256 } } : {}),
    properties: [{ name: 'armload:taken-from', value: uri }],
  };
}
