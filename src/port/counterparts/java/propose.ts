import { architectureWords } from '../../config/architecture-words.ts';
import type { PortImage } from '../../origin-types.ts';
import { sourceClassifiers, targetClassifiers } from './classifiers.ts';
import { type Coordinates, compareVersions, coordinatesOf, shown } from './coordinates.ts';
import type { OldJar } from './find-jars.ts';
import type { NativeJar } from './native-jars.ts';

/** What may take a jar's place. */
export interface Proposal {
  readonly old: Coordinates;
  /** Of the same version, named for the new platform; likeliest first. */
  readonly sameVersion: readonly Coordinates[];
  /** Of a newer version that is known to have code for the new platform. */
  readonly newer?: Coordinates;
  readonly known?: NativeJar;
}

/** What a jar is, and what is known to take its place. `undefined` where nobody can tell what it is. */
export function propose(
  { file, innerPath, facts }: OldJar,
  table: ReadonlyMap<string, NativeJar>,
  { source, target }: Pick<PortImage, 'source' | 'target'>,
): Proposal | undefined {
  const packed = facts?.kind === 'archive' ? (facts.archive.maven ?? []) : [];
  const artifacts = [...packed, ...table.keys()].map((name) => {
    const [group = '', artifact = ''] = name.split(':');
    return { group, artifact };
  });
  const classifiers = [
    ...sourceClassifiers(source, target),
    ...[...table.values()].flatMap((one) => Object.keys(one.classifiers ?? {})),
    'native',
  ];
  const path = innerPath === '' ? file.path : innerPath;
  const old = coordinatesOf(path, artifacts, classifiers);
  if (old === undefined) return undefined;
  // The table is about arm64.
  const known = target.architecture === 'arm64' ? table.get(`${old.group}:${old.artifact}`) : undefined;
  const sameVersion = ofSameVersion(old, known, { source, target });
  const newer = newerThan(old, known, sameVersion[0]?.classifier);
  return {
    old,
    sameVersion,
    ...(newer !== undefined && { newer }),
    ...(known !== undefined && { known }),
  };
}

/** With the classifier of the new platform; or under its name, where artifacts are called after the platform they are for. */
function ofSameVersion(
  old: Coordinates,
  known: NativeJar | undefined,
  { source, target }: Pick<PortImage, 'source' | 'target'>,
): readonly Coordinates[] {
  if (old.classifier !== undefined)
    return renamed(old.classifier, known).map((classifier) => ({ ...old, classifier }));
  const words = architectureWords(source.architecture, target.architecture);
  const isNamed = words.isSpelledIn(old.artifact) && /linux/i.test(old.artifact);
  return isNamed ? words.respelled(old.artifact).map((artifact) => ({ ...old, artifact })) : [];
}

function renamed(classifier: string, known: NativeJar | undefined): readonly string[] {
  const own = known?.classifiers?.[classifier];
  return own === undefined ? targetClassifiers(classifier) : [own];
}

function newerThan(
  old: Coordinates,
  known: NativeJar | undefined,
  classifier: string | undefined,
): Coordinates | undefined {
  const since = known?.arm64Since;
  if (since === undefined || compareVersions(old.version, since) >= 0) return undefined;
  return { ...old, version: since, ...(classifier !== undefined && { classifier }) };
}

/** What would lift a refusal, as a sentence. */
export function liftOf({ old, newer, known }: Proposal): string {
  const note = known?.note === undefined ? '' : ` ${known.note}`;
  if (newer !== undefined)
    return `${shown(newer)} has machine code for arm64: take it with --allow-upgrade, or build the application with it.${note}`;
  return `Look for a version of ${old.group}:${old.artifact} with machine code for the platform.${note}`;
}
