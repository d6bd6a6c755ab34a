import { codeWithoutTwin } from '../../../audit/index.ts';
import type { ViewEntry } from '../../../layer/index.ts';
import type { PortImage } from '../../origin-types.ts';
import { textIn } from '../python/installed/text.ts';
import { isLinuxOn } from './platforms.ts';

/** A gem of an image, as its specification tells. */
export interface InstalledGem {
  readonly name: string;
  readonly version: string;
  /** `ruby` for all platforms. */
  readonly platform: string;
  /** `NAME-VERSION-PLATFORM`, without the platform for those that are for all. */
  readonly fullName: string;
  /** The folder of `gems/` and `specifications/`. */
  readonly root: string;
  readonly specification: ViewEntry;
  readonly text: string;
  /** Files with code of the old machine, in its folder and in that of its extensions. */
  readonly foreign: readonly ViewEntry[];
  /** Was it compiled when it was installed? */
  readonly isCompiled: boolean;
}

export const wantedRuby = ['**/specifications/*.gemspec', '**/Gemfile.lock', '**/gems.locked'];

const specificationName = /^(.*)\/specifications\/([^/]+)\.gemspec$/;

export function gemFolder({ root, fullName }: Pick<InstalledGem, 'root' | 'fullName'>): string {
  return `${root}/gems/${fullName}`;
}

/** The gems above the base with code of the old machine that nobody answers for. */
export function findGems(image: PortImage, taken: ReadonlySet<string>): readonly InstalledGem[] {
  const { view, baseLayers, source, target } = image;
  const places = [...view.entries()].flatMap((specification) => {
    const match = specificationName.exec(specification.path);
    const isOwn = match !== null && specification.layer >= baseLayers && specification.entry.kind === 'file';
    return isOwn ? [{ specification, root: match[1] ?? '', fullName: match[2] ?? '' }] : [];
  });
  if (places.length === 0) return [];
  const byFolder = new Map<string, ViewEntry[]>();
  for (const { entry, innerPath, code } of codeWithoutTwin(view, target)) {
    const folder = innerPath === '' && code.architecture === source.architecture && folderOf(entry.path);
    if (!folder || entry.layer < baseLayers || code.offset !== 0) continue;
    const known = byFolder.get(folder);
    if (known === undefined) byFolder.set(folder, [entry]);
    else known.push(entry);
  }
  return places.flatMap((place) => {
    const foreign = byFolder.get(gemFolder(place)) ?? [];
    if (foreign.length === 0 || foreign.some(({ path }) => taken.has(path))) return [];
    const text = textIn(view, place.specification.path);
    const stub = text === undefined ? undefined : stubOf(text);
    if (text === undefined || stub === undefined || fullNameOf(stub) !== place.fullName) return [];
    const isCompiled = foreign.some(({ path }) => path.startsWith(`${place.root}/extensions/`));
    return [{ ...stub, ...place, text, foreign, isCompiled }];
  });
}

/** Is there one such that is for the old machine alone? */
export function isForOldMachine({ platform }: InstalledGem, { source }: PortImage): boolean {
  return isLinuxOn(platform, source.architecture);
}

/** The gem's folder that a path lies in; its compiled extensions count as there. */
function folderOf(path: string): string | undefined {
  const [, root, fullName] = /^(.*?)\/(?:gems|extensions\/[^/]+\/[^/]+)\/([^/]+-\d[^/]*)\//.exec(path) ?? [];
  return root === undefined || fullName === undefined ? undefined : gemFolder({ root, fullName });
}

type Stub = Pick<InstalledGem, 'name' | 'version' | 'platform'>;

/** RubyGems reads this line instead of the whole specification (Gem::StubSpecification). */
function stubOf(text: string): Stub | undefined {
  const [, name = '', version = '', platform = ''] = /^# stub: (\S+) (\S+) (\S+) \S/m.exec(text) ?? [];
  const isSound = [name, version, platform].every((word) => /^[A-Za-z0-9_][\w.-]{0,199}$/.test(word));
  return isSound ? { name, version, platform } : undefined;
}

export function fullNameOf({ name, version, platform }: Stub): string {
  return platform === 'ruby' ? `${name}-${version}` : `${name}-${version}-${platform}`;
}
