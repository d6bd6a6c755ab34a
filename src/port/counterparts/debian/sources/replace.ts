import { UsageError } from '../../../../core/index.ts';
import type { AptSource } from './types.ts';

/**
 * Puts configured mirrors in the place of the image's archives: the longest prefix that an address begins with, as whole
 * path parts, is replaced. Signatures are still those of the archive: a mirror needs no trust.
 */
export function mirrorSources(
  sources: readonly AptSource[],
  mirrors: Readonly<Record<string, string>>,
): readonly AptSource[] {
  const prefixes = Object.keys(mirrors).sort((left, right) => right.length - left.length);
  return sources.map((source) => {
    const prefix = prefixes.find((candidate) => isUnder(source.uri, candidate));
    if (prefix === undefined) return source;
    const rest = source.uri.slice(withoutSlash(prefix).length);
    return { ...source, uri: `${withoutSlash(mirrors[prefix] ?? '')}${rest}`, replaced: source.uri };
  });
}

function isUnder(uri: string, prefix: string): boolean {
  const start = withoutSlash(prefix);
  return uri === start || uri.startsWith(`${start}/`);
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/+$/, '');
}

export interface SnapshotOptions {
  /**
   * The address of an archive's snapshots, with `{archive}` for the last part of the archive's own address (`debian`,
   * `debian-security`) and `{time}`. Without it, the snapshots that the image itself names are used.
   */
  readonly template?: string;
  /** Milliseconds since the epoch, as a rule when the image was created. */
  readonly time?: number;
}

/**
 * The same archives as they were: to look for versions that they no longer carry. Release files of snapshots are out of
 * date by design, so their dates are not checked. Sources without a snapshot are left out.
 * @throws UsageError `CONFIG` where the template wants a time and none is known.
 */
export function snapshotSources(
  sources: readonly AptSource[],
  { template, time }: SnapshotOptions,
): readonly AptSource[] {
  if (template?.includes('{time}') === true && time === undefined)
    throw new UsageError(
      'CONFIG',
      'the snapshot template holds {time}, but the time of the image is unknown',
    );
  return sources.flatMap((source) => {
    const archive = source.uri.slice(source.uri.lastIndexOf('/') + 1);
    const filled = template?.replaceAll('{archive}', archive).replaceAll('{time}', snapshotTime(time ?? 0));
    const uri = filled ?? source.snapshotUri;
    if (uri === undefined) return [];
    return [{ ...source, uri: withoutSlash(uri), checkValidUntil: false, replaced: source.uri }];
  });
}

/** `20240131T235959Z`. */
function snapshotTime(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.[0-9]{3}/g, '');
}
