import { posix } from 'node:path';
import type { MergedView, ViewEntry } from '../../../../layer/index.ts';
import type { PortImage, Refusal } from '../../../origin-types.ts';
import { parseHeaders } from '../headers.ts';
import { type InfoName, parseInfoName } from '../names.ts';
import { parseRecord, type RecordLine, sha256In } from '../record.ts';
import { expanded, machineOf, parsePlatform, tagsFor, type WheelTag } from '../tags.ts';
import { holdsForeign } from './foreign.ts';
import { ofOtherManagers } from './other-managers.ts';
import { textIn } from './text.ts';
import type { Distribution, InstalledFile } from './types.ts';

export interface FoundDistributions {
  /** Those of wheels for one machine, with machine code of the old one that nobody answers for. */
  readonly wanted: readonly Distribution[];
  readonly refusals: readonly Refusal[];
}

/** Looks for what pip, uv and their like installed above the base. `isLeft` says which folders others speak of. */
export function findDistributions(
  image: PortImage,
  taken: ReadonlySet<string>,
  isLeft: (path: string) => boolean,
): FoundDistributions {
  const wanted: Distribution[] = [];
  const isOthers = ofOtherManagers(image.view);
  const refusals: Refusal[] = [];
  for (const { path, entry } of image.view.entries()) {
    const name = entry.kind === 'directory' ? parseInfoName(baseName(path)) : undefined;
    if (name === undefined || isLeft(path) || isOthers(path)) continue;
    const found = readDistribution(image, path, name);
    if (found === undefined) continue;
    if ('why' in found) refusals.push(found);
    else if (hasOpenCode(found, image, taken)) wanted.push(found);
  }
  return { wanted: withoutLeftovers(wanted, image), refusals };
}

/** Of two of one name in a folder, as `pip install --target --upgrade` leaves them, the one whose code is there counts. */
function withoutLeftovers(all: readonly Distribution[], image: PortImage): readonly Distribution[] {
  const whole = new Set(all.filter((one) => isAsInstalled(one, image)).map(keyOf));
  return all.filter((one) => !whole.has(keyOf(one)) || isAsInstalled(one, image));
}

function keyOf({ site, name }: Distribution): string {
  return `${site} ${name}`;
}

function isAsInstalled({ files }: Distribution, image: PortImage): boolean {
  return files.every(({ line, there }) => {
    const isFile = there?.entry.kind === 'file' && isCode(there, image);
    return !isFile || sha256In(line) === undefined || sha256In(line) === there.entry.sha256;
  });
}

/** Files above the base with machine code of the old architecture. */
export function foreignFiles({ files }: Distribution, image: PortImage): readonly string[] {
  return files.flatMap(({ path, there }) =>
    path !== undefined && there !== undefined && isCode(there, image) ? [path] : [],
  );
}

function isCode(there: ViewEntry, image: PortImage): boolean {
  const end = there.entry.kind === 'symlink' ? image.view.resolve(there.path) : undefined;
  const entry = end?.found === true ? end.entry.entry : there.entry;
  return there.layer >= image.baseLayers && holdsForeign(entry, image);
}

function hasOpenCode(found: Distribution, image: PortImage, taken: ReadonlySet<string>): boolean {
  return foreignFiles(found, image).some((path) => !taken.has(path));
}

function readDistribution(
  image: PortImage,
  info: string,
  { name, version }: InfoName,
): Distribution | Refusal | undefined {
  const { view } = image;
  const record = view.lookup(`${info}/RECORD`);
  if (record === undefined || record.layer < image.baseLayers) return undefined;
  const wheel = textIn(view, `${info}/WHEEL`);
  const tags = wheel === undefined ? [] : tagsIn(wheel);
  const isForOthers = tagsFor(tags, machineOf(image.target.architecture)).length === 0;
  // A wheel of several machines is the same on each.
  if (!isForOthers || !tags.some(({ platform }) => parsePlatform(platform).kind === 'linux'))
    return undefined;
  const text = textIn(view, `${info}/RECORD`);
  const lines = text === undefined ? undefined : parseRecord(text);
  if (lines === undefined) return unreadable(info, `${name} ${version}`);
  const site = posix.dirname(info) === '.' ? '' : posix.dirname(info);
  return {
    ...{ name, version, site, info, tags },
    files: lines.map((line) => installedFile(view, site, line)),
    lineEnd: text?.includes('\r\n') === true ? '\r\n' : '\n',
  };
}

function tagsIn(wheel: string): readonly WheelTag[] {
  return (parseHeaders(wheel).get('tag') ?? []).flatMap((text) => expanded(text) ?? []);
}

/** Where a line of RECORD leads, through the links of the image. */
function installedFile(view: MergedView, site: string, line: RecordLine): InstalledFile {
  const isAbsolute = line.path.startsWith('/');
  const places = [isAbsolute ? line.path.slice(1) : posix.join(site, line.path)];
  // `pip install --target` records how its files lay to each other before they were moved together.
  if (line.path.startsWith('../')) places.push(posix.join(site, 'lib/python', line.path));
  for (const place of places) {
    const path = posix.normalize(place);
    const end = isInside(path) ? view.resolve(path, { followLast: false }) : undefined;
    if (end?.found === true) return { line, path: end.entry.path, there: end.entry };
  }
  const [missing = ''] = places;
  return isInside(posix.normalize(missing)) ? { line, path: posix.normalize(missing) } : { line };
}

function isInside(path: string): boolean {
  return path !== '..' && path !== '.' && !path.startsWith('../');
}

function unreadable(info: string, what: string): Refusal {
  return {
    path: info,
    kind: 'package',
    undetermined: true,
    guess: `python: ${what}`,
    why: `the RECORD of ${what} is too large, or is none, so that nobody can tell what its files are`,
    lift: 'Install it anew, or name its files with --replace.',
    waivable: true,
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
