import { minVersion } from 'semver';
import { compareVersions, isPrerelease, readVersion, type Version } from '../catalog/index.ts';

/** How a repository writes versions as tags: `v{version}`; without a form, with or without `v`. */
export type TagForm = string | undefined;

interface Release {
  readonly tag: string;
  readonly version: Version;
}

/** The newest stable releases of a form, newest first: with three numbers where any has them. */
export function newestReleases(
  tags: readonly string[],
  { most, form }: { readonly most: number; readonly form?: TagForm },
): readonly string[] {
  const releases = tags.flatMap((tag) => {
    const version = releaseIn(tag, form);
    return version === undefined || isPrerelease(version) ? [] : [{ tag, version }];
  });
  const whole = releases.filter(({ version }) => version.numbers >= 3);
  // `2` and `2.1` move with the releases of that line; what has no better is taken as it is.
  const preferred = whole.length > 0 ? whole : releases.filter(({ version }) => version.numbers === 2);
  return preferred
    .sort(newestFirst)
    .slice(0, most)
    .map(({ tag }) => tag);
}

/** Of two tags of one version, `v` or not, the first by name: the same in every run. */
function newestFirst(left: Release, right: Release): number {
  return compareVersions(right.version, left.version) || (left.tag < right.tag ? -1 : 1);
}

/** The version that a tag of the form names; `undefined` for other tags, variants among them. */
function releaseIn(tag: string, form: TagForm): Version | undefined {
  const text = form === undefined ? tag : withoutForm(tag, form);
  const version = text === undefined ? undefined : readVersion(text);
  return version?.variant === undefined ? version : undefined;
}

function withoutForm(tag: string, form: string): string | undefined {
  const [before = '', after = ''] = form.split('{version}');
  const long = tag.length > before.length + after.length;
  if (!long || !tag.startsWith(before) || !tag.endsWith(after)) return undefined;
  return tag.slice(before.length, tag.length - after.length);
}

/** The tags that a version may have, likeliest first. */
export function tagsOfVersion(version: string, form: TagForm): readonly [string, ...string[]] {
  const plain = version.replace(/^v(?=\d)/, '');
  return form === undefined ? [plain, `v${plain}`] : [form.replace('{version}', plain)];
}

/** The tag that a version has among those there are. */
export function tagOfVersion(tags: readonly string[], version: string, form: TagForm): string | undefined {
  const wanted = readVersion(version);
  if (wanted === undefined) return undefined;
  return tags.find((tag) => {
    const release = releaseIn(tag, form);
    return release !== undefined && release.numbers >= 3 && compareVersions(release, wanted) === 0;
  });
}

/** The first version of a range: `1.15.0` of `>=1.15.0`; `undefined` where it has no lower end. */
export function firstVersion(range: string): string | undefined {
  const first = minVersion(range)?.version;
  return first === undefined || first === '0.0.0' || first.startsWith('0.0.0-') ? undefined : first;
}
