import { bytesOfLines } from '../../../shared/replay/made-content.ts';
import { fieldOf } from '../../control.ts';
import type { Trigger } from '../../database/index.ts';
import { parseTriggers } from '../../database/tables.ts';
import { imageFile, imageFolder, linesOf } from '../../image-text.ts';
import type { StoredPackage } from '../../store/index.ts';
import { planText } from './planned-text.ts';
import type { DatabaseParts } from './status.ts';

const folder = 'var/lib/dpkg/triggers';

/** Files of the database that name packages by what they wait for. */
export const triggerFiles: readonly string[] = [`${folder}/*`];

/** What a package of the new image waits for. */
interface Waiting {
  readonly interests: ReadonlySet<string>;
  /** `:arm64` for packages that may be installed for several architectures. */
  readonly suffix: string;
}

/** Rewrites dpkg's tables of triggers: the packages' names, and the paths that they wait for. */
export function planTriggers(parts: DatabaseParts): void {
  const waiting = waitingPackages(parts);
  for (const { path } of imageFolder(parts.draft.image.view, folder)) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name === 'Lock' || name === 'Unincorp') continue;
    const file = imageFile(parts.draft.image.view, path);
    if (file.kind !== 'read') continue;
    const lines = linesOf(file.bytes);
    const now = name === 'File' ? fileTriggers(lines, { waiting, parts }) : namedTrigger(lines, waiting);
    planText(parts.draft, path, { before: file.bytes, now: bytesOfLines(now) });
  }
}

function waitingPackages({ standings, input, names }: DatabaseParts): ReadonlyMap<string, Waiting | 'gone'> {
  const waiting = new Map<string, Waiting | 'gone'>();
  for (const [installed, standing] of standings) {
    if (standing.kind === 'replayed')
      waiting.set(installed.name, waitingOf(standing.by.stored, names.target));
    else if (standing.kind === 'gone') waiting.set(installed.name, 'gone');
    else if (standing.kind === 'base') {
      const { sibling } = standing;
      const suffix = sibling.multiArch === 'same' ? `:${names.target}` : '';
      waiting.set(installed.name, { interests: interestsIn(sibling.triggers), suffix });
    }
  }
  for (const stored of input.extra ?? []) waiting.set(stored.control.name, waitingOf(stored, names.target));
  return waiting;
}

function waitingOf({ control }: StoredPackage, target: string): Waiting {
  const triggers = parseTriggers(linesOf(control.files.get('triggers') ?? new Uint8Array(0)));
  const isSame = fieldOf(control.paragraph, 'Multi-Arch')?.trim().toLowerCase() === 'same';
  return { interests: interestsIn(triggers), suffix: isSame ? `:${target}` : '' };
}

function interestsIn(triggers: readonly Trigger[]): ReadonlySet<string> {
  return new Set(
    triggers
      .filter(({ directive }) => /^interest(?:-await|-noawait)?$/.test(directive))
      .map(({ name }) => name),
  );
}

const packageName = /^([a-z0-9][a-z0-9+.-]*)(:[a-z0-9-]+)?(\/[a-z]+)?$/;

/** Lines of `/path package[:architecture][/noawait]`. */
function fileTriggers(
  lines: readonly string[],
  {
    waiting,
    parts,
  }: { readonly waiting: ReadonlyMap<string, Waiting | 'gone'>; readonly parts: DatabaseParts },
): readonly string[] {
  const { spelling } = parts.draft;
  const written = new Set<string>();
  for (const line of lines) {
    const space = line.lastIndexOf(' ');
    const path = line.slice(0, space);
    const match = packageName.exec(line.slice(space + 1));
    const own = waiting.get(match?.[1] ?? '');
    if (match === null || own === undefined) written.add(line);
    else if (own !== 'gone') {
      const now = [path, ...spelling.candidates(path.slice(1)).map((name) => `/${name}`)];
      const found = now.find((name) => own.interests.has(name));
      if (found !== undefined) written.add(`${found} ${match[1]}${own.suffix}${match[3] ?? ''}`);
    }
  }
  return [...written];
}

/** Lines of `package[:architecture][/noawait]`. */
function namedTrigger(
  lines: readonly string[],
  waiting: ReadonlyMap<string, Waiting | 'gone'>,
): readonly string[] {
  return lines.flatMap((line) => {
    const match = packageName.exec(line);
    const own = waiting.get(match?.[1] ?? '');
    if (match === null || own === undefined) return [line];
    return own === 'gone' ? [] : [`${match[1]}${own.suffix}${match[3] ?? ''}`];
  });
}
