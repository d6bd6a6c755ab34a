import type { Draft } from '../../../shared/replay/draft.ts';
import { foldersOf, parentOf } from '../../../shared/replay/folders.ts';
import type { NewPlaces } from '../../../shared/replay/new-places.ts';
import { fieldOf } from '../../control.ts';
import { DebianError } from '../../errors.ts';
import { imageFile, imageFolder } from '../../image-text.ts';
import { withField } from './package-paragraph.ts';
import { bytesOfParagraphs, type RawParagraph, rawParagraphs } from './paragraphs.ts';
import { planText } from './planned-text.ts';
import type { DatabaseParts } from './status.ts';

export const tableFiles: readonly string[] = ['var/lib/apt/extended_states', 'var/lib/dpkg/available'];

/** Rewrites the smaller files of dpkg and apt that name the architecture or paths that move. */
export function planTables(parts: DatabaseParts): void {
  const { draft } = parts;
  planArchitectures(parts);
  planExtendedStates(parts);
  rewrite(draft, 'var/lib/dpkg/diversions', (lines) => lines.map((line) => renamed(line, parts)));
  rewrite(draft, 'var/lib/dpkg/statoverride', (lines) =>
    lines.map((line) => line.replace(/ (\/.*)$/, (_all, path: string) => ` ${renamed(path, parts)}`)),
  );
  const available = draft.image.view.lookup('var/lib/dpkg/available');
  if (available?.entry.kind === 'file' && available.entry.size > 0 && draft.isOpen(available))
    // Packages that could be installed, of the old architecture: dpkg itself leaves it empty.
    planText(draft, available.path, { before: Buffer.from('old'), now: new Uint8Array(0) });
  const old = draft.image.view.lookup('var/lib/dpkg/status-old');
  if (old !== undefined && draft.isOpen(old))
    draft.plan(old.path, {
      action: 'drop',
      below: 'shows',
      why: "dpkg's copy of a record that is no longer true; it makes it again",
    });
}

/** Which packages apt installed for others' sake. */
function planExtendedStates({ draft, names, input }: DatabaseParts): void {
  const path = 'var/lib/apt/extended_states';
  const file = imageFile(draft.image.view, path);
  if (file.kind !== 'read') return;
  const { source, target } = names;
  const gone = new Set((input.gone ?? []).map(({ name }) => name));
  const raw = paragraphsIn(file.bytes, path);
  if (raw === undefined) {
    draft.notes.about('malformed, and left as it is', path);
    return;
  }
  const kept = raw
    .filter(({ paragraph }) => !gone.has(fieldOf(paragraph, 'Package') ?? ''))
    .map(({ text, paragraph }) =>
      fieldOf(paragraph, 'Architecture') === source ? withField(text, 'Architecture', target) : text,
    );
  const added = (input.extra ?? []).map(
    ({ control }) => `Package: ${control.name}\nArchitecture: ${target}\nAuto-Installed: 1\n`,
  );
  planText(draft, path, { before: file.bytes, now: bytesOfParagraphs([...kept, ...added]) });
}

function planArchitectures({ draft, names }: DatabaseParts): void {
  for (const path of ['var/lib/dpkg/arch', 'var/lib/dpkg/arch-native'])
    rewrite(draft, path, (lines) => [
      ...new Set(lines.map((line) => (line.trim() === names.source ? names.target : line))),
    ]);
}

function paragraphsIn(bytes: Uint8Array, path: string): readonly RawParagraph[] | undefined {
  try {
    return rawParagraphs(bytes, path);
  } catch (error) {
    if (error instanceof DebianError) return undefined;
    throw error;
  }
}

/** Alternatives that are named for the architecture get their new names. To be called before what leads to them. */
export function planAlternativeLinks({ draft }: DatabaseParts): void {
  for (const { path } of imageFolder(draft.image.view, 'etc/alternatives')) {
    const to = alternativeName(path, draft);
    const there = draft.image.view.lookup(path);
    if (to !== undefined && there !== undefined && draft.isOpen(there))
      draft.plan(path, { action: 'rename', to, why: 'an alternative that is named for the architecture' });
  }
}

/** The records of alternatives name links and what they lead to. To be called when those have their places. */
export function planAlternatives(parts: DatabaseParts): void {
  const { draft } = parts;
  for (const { path } of imageFolder(draft.image.view, 'var/lib/dpkg/alternatives')) {
    const to = alternativeName(path, draft);
    const file = imageFile(draft.image.view, path);
    if (file.kind !== 'read') continue;
    // Its empty lines count.
    const lines = Buffer.from(file.bytes).toString('latin1').split('\n');
    const now = lines.map((line) => (line.startsWith('/') ? renamed(line, parts) : spelledName(line, draft)));
    planText(draft, path, { before: file.bytes, now: Buffer.from(now.join('\n'), 'latin1'), to });
  }
}

function alternativeName(path: string, draft: Draft): string | undefined {
  const [name, folder] = [path.slice(path.lastIndexOf('/') + 1), parentOf(path)];
  const spelled = spelledName(name, draft);
  return spelled === name ? undefined : `${folder}/${spelled}`;
}

/** `libblas.so.3-x86_64-linux-gnu`. */
function spelledName(name: string, draft: Draft): string {
  return /-linux-[a-z]+/.test(name) ? draft.spelling.text(name) : name;
}

/** The absolute path's name in the new image. */
export function renamed(path: string, { draft, places }: Pick<DatabaseParts, 'draft' | 'places'>): string {
  const old = path.replace(/^\/+/, '');
  const { view } = draft.image;
  const there = view.resolve(old, { followLast: false });
  const candidates = draft.spelling.candidates(old);
  if (!there.found) return isInMoved(old, draft, places) ? `/${candidates[0] ?? old}` : path;
  const fate = draft.fateOf(there.entry.path);
  if (fate.kind !== 'moves') return path;
  return `/${candidates.find((name) => places.at(name) === fate.to) ?? fate.to}`;
}

/** A path that isn't there, in a folder that moves. */
function isInMoved(path: string, draft: Draft, places: NewPlaces): boolean {
  return foldersOf(path).some((folder) => draft.fateOf(places.at(folder)).kind === 'moves');
}

function rewrite(draft: Draft, path: string, change: (lines: readonly string[]) => readonly string[]): void {
  const file = imageFile(draft.image.view, path);
  if (file.kind !== 'read') return;
  // Empty lines part paragraphs.
  const text = Buffer.from(file.bytes).toString('latin1');
  const lines = text.split('\n');
  const last = lines.at(-1) === '' ? lines.pop() : undefined;
  const now = change(lines).join('\n') + (last === undefined ? '' : '\n');
  planText(draft, path, { before: file.bytes, now: Buffer.from(now, 'latin1') });
}
