/** A file of a Maven repository. */
export interface Coordinates {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly classifier?: string;
}

export interface KnownArtifact {
  readonly group: string;
  readonly artifact: string;
}

const maxName = 200;

/**
 * What a jar is, by its name and the artifacts that it may be: the longest that the name begins with, then the first of them.
 * The name alone proves nothing: whether it's so shows when its bytes are compared.
 * @param artifacts likeliest first.
 * @param classifiers those that a name may end with.
 */
export function coordinatesOf(
  path: string,
  artifacts: readonly KnownArtifact[],
  classifiers: readonly string[],
): Coordinates | undefined {
  const parts = path.split('/');
  const stem = /^(.+)\.jar$/.exec(parts.at(-1) ?? '')?.[1] ?? '';
  const fitting = [...layoutArtifacts(parts), ...artifacts]
    .filter(({ artifact }) => stem.startsWith(`${artifact}-`) && /\d/.test(stem[artifact.length + 1] ?? ''))
    .sort((left, right) => right.artifact.length - left.artifact.length);
  const [found] = fitting;
  if (found === undefined) return undefined;
  const rest = stem.slice(found.artifact.length + 1);
  const classifier = classifiers
    .filter((one) => rest.endsWith(`-${one}`))
    .sort((left, right) => right.length - left.length)[0];
  const version = classifier === undefined ? rest : rest.slice(0, -classifier.length - 1);
  const coordinates = {
    ...{ group: found.group, artifact: found.artifact, version },
    ...(classifier !== undefined && { classifier }),
  };
  return isSound(coordinates) ? coordinates : undefined;
}

/** In a local repository, folders say it: `repository/org/example/tool/1.0/tool-1.0.jar`. */
function layoutArtifacts(parts: readonly string[]): readonly KnownArtifact[] {
  const start = parts.lastIndexOf('repository');
  const inner = parts.slice(start + 1, -1);
  const [artifact = '', version = ''] = inner.slice(-2);
  if (start < 0 || inner.length < 3 || !(parts.at(-1) ?? '').startsWith(`${artifact}-${version}`)) return [];
  return [{ group: inner.slice(0, -2).join('.'), artifact }];
}

function isSound({ group, artifact, version, classifier = 'x' }: Coordinates): boolean {
  return [group, artifact, version, classifier].every(
    (word) =>
      word.length <= maxName &&
      /^[A-Za-z0-9_](?:[A-Za-z0-9_.+-]*[A-Za-z0-9_])?$/.test(word) &&
      !word.includes('..'),
  );
}

/** The file's place in a repository (Maven's default layout). */
export function repositoryPath({ group, artifact, version, classifier }: Coordinates): string {
  const name = [artifact, version, ...(classifier === undefined ? [] : [classifier])].join('-');
  return [...group.split('.'), artifact, version, `${name}.jar`].map(encodeURIComponent).join('/');
}

/** `org.example:tool 1.0 (linux-x86_64)`. */
export function shown({ group, artifact, version, classifier }: Coordinates): string {
  return `${group}:${artifact} ${version}${classifier === undefined ? '' : ` (${classifier})`}`;
}

/** Below 0 where the left is older: number by number, words by their order, nothing before a word as after it. */
export function compareVersions(left: string, right: string): number {
  const [one, other] = [left, right].map((text) => text.split(/[.-]/));
  for (let at = 0; at < Math.max(one?.length ?? 0, other?.length ?? 0); at++) {
    const [a = '0', b = '0'] = [one?.[at], other?.[at]];
    const areNumbers = /^\d+$/.test(a) && /^\d+$/.test(b);
    if (areNumbers && Number(a) !== Number(b)) return Number(a) - Number(b);
    if (!areNumbers && a !== b) return a < b ? -1 : 1;
  }
  return 0;
}
