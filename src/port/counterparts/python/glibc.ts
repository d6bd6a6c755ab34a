import type { MergedView } from '../../../layer/index.ts';
import type { PortImage } from '../../origin-types.ts';

/**
 * The version of glibc that the new image has: the new base's, or the old image's where the base has none, for packages keep
 * their versions. `undefined` where none tells.
 */
export function glibcOf({ newBase, view }: PortImage): readonly [number, number] | undefined {
  return versionIn(newBase) ?? versionIn(view);
}

/** glibc names each of its versions in the table of what it gives. */
function versionIn(view: MergedView): readonly [number, number] | undefined {
  let newest: readonly [number, number] | undefined;
  for (const { path } of view.entries()) {
    if (!path.endsWith('/libc.so.6')) continue;
    const end = view.resolve(path);
    const facts = end.found ? end.entry.entry.facts : undefined;
    const given = facts?.kind === 'elf' ? (facts.elf.versionsGiven ?? []) : [];
    for (const name of given) {
      const [, major, minor] = /^GLIBC_(\d{1,3})\.(\d{1,4})/.exec(name) ?? [];
      const version = [Number(major), Number(minor)] as const;
      if (major !== undefined && (newest === undefined || isNewer(version, newest))) newest = version;
    }
  }
  return newest;
}

function isNewer(one: readonly [number, number], other: readonly [number, number]): boolean {
  return one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);
}
