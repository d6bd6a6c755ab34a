import { compareText } from '../../../../../core/index.ts';
import type { Draft } from '../../../shared/replay/draft.ts';
import { madeContent } from '../../../shared/replay/made-content.ts';
import type { NewPlaces } from '../../../shared/replay/new-places.ts';
import type { Standing } from '../../../shared/replay/standings.ts';
import { fieldOf } from '../../control.ts';
import type { InstalledPackage } from '../../database/index.ts';
import { imageFile } from '../../image-text.ts';
import type { DebianNames, ReplayedPackage, ReplayInput } from '../types.ts';
import { conffilesOf, keyOfParagraph, statusParagraph, withField } from './package-paragraph.ts';
import { bytesOfParagraphs, paragraphText, type RawParagraph, rawParagraphs } from './paragraphs.ts';

export const statusPath = 'var/lib/dpkg/status';

export interface DatabaseParts {
  readonly draft: Draft;
  readonly input: ReplayInput;
  readonly names: DebianNames;
  readonly standings: ReadonlyMap<InstalledPackage, Standing<InstalledPackage, ReplayedPackage>>;
  readonly places: NewPlaces;
}

/** Rewrites dpkg's status file for the new architecture's packages, where it's above the base. */
export function planStatus(parts: DatabaseParts): void {
  const { draft, input } = parts;
  const there = draft.image.view.lookup(statusPath);
  const file = imageFile(draft.image.view, statusPath);
  if (there === undefined || file.kind !== 'read' || !draft.isOpen(there)) return;
  const raw = rawParagraphs(file.bytes, statusPath);
  const byKey = new Map(
    input.database.packages
      .filter(({ recordedIn }) => recordedIn === statusPath)
      .map((one) => [`${one.name}:${one.architecture}`, one]),
  );
  const kept = raw.flatMap((one): readonly Named[] => {
    const installed = byKey.get(keyOfParagraph(one.paragraph));
    const text = newText(one, installed, parts);
    return text === undefined ? [] : [{ name: fieldOf(one.paragraph, 'Package') ?? '', text }];
  });
  const texts = inOrder(raw, [...kept, ...addedParagraphs(parts, kept)]);
  const content = madeContent(bytesOfParagraphs(texts), 'regenerated');
  draft.plan(statusPath, {
    action: 'replace',
    with: { kind: 'file', ...content },
    why: "dpkg's record of the packages of the new image",
  });
}

interface Named {
  readonly name: string;
  readonly text: string;
}

/** `undefined` where the new image has no such package. */
function newText(
  { text, paragraph }: RawParagraph,
  installed: InstalledPackage | undefined,
  parts: DatabaseParts,
): string | undefined {
  const { names, standings, draft } = parts;
  const standing = installed === undefined ? undefined : standings.get(installed);
  if (standing === undefined || installed === undefined)
    return respelledArchitecture({ text, paragraph }, names);
  switch (standing.kind) {
    case 'replayed':
      return replayedText(installed, standing.by.stored, parts);
    case 'base':
      return siblingText(installed, standing);
    case 'gone':
      draft.notes.say(`${installed.name} is not in the new image: ${standing.why}`);
      return undefined;
    case 'left-over':
      return respelledArchitecture({ text, paragraph }, names);
    case 'as-it-is':
      return text;
  }
}

function respelledArchitecture({ text, paragraph }: RawParagraph, { source, target }: DebianNames): string {
  return fieldOf(paragraph, 'Architecture') === source ? withField(text, 'Architecture', target) : text;
}

function replayedText(
  installed: InstalledPackage,
  stored: Parameters<typeof statusParagraph>[0],
  { draft, places }: DatabaseParts,
): string {
  const isStill = (path: string): boolean => {
    const fate = draft.fateOf(places.of(path, installed.name));
    return fate.kind === 'stays';
  };
  return statusParagraph(stored, installed.paragraph, conffilesOf(stored, installed, isStill));
}

/** The sibling's record; what the layers above said of the old one, such as a hold, goes with it. */
function siblingText(
  installed: InstalledPackage,
  { sibling, old }: Extract<Standing<InstalledPackage, ReplayedPackage>, { kind: 'base' }>,
): string {
  const fields = new Map(sibling.paragraph.fields);
  const [before, now] = [old, installed].map((one) => one.paragraph.fields.get('status'));
  if (now !== undefined && now.value !== before?.value) fields.set('status', now);
  return paragraphText(fields.values());
}

/** What the sibling has and the old base didn't, and packages that only the new architecture needs. */
function addedParagraphs({ input, names }: DatabaseParts, kept: readonly Named[]): readonly Named[] {
  const { bases, extra = [] } = input;
  const here = new Set(kept.map(({ name }) => name));
  const before = new Set(bases?.old.packages.map(({ name }) => name));
  const ofBase = (bases?.new.packages ?? [])
    .filter(({ name }) => !before.has(name) && !here.has(name))
    .map(({ name, paragraph }) => ({ name, text: paragraphText(paragraph.fields.values()) }));
  const own = extra
    .filter(({ control }) => control.architecture === names.target || control.architecture === 'all')
    .map((stored) => ({
      name: stored.control.name,
      text: statusParagraph(
        stored,
        undefined,
        conffilesOf(stored, undefined, () => false),
      ),
    }));
  return [...ofBase, ...own];
}

/** dpkg sorts by name: where it did, what is added goes to its place. */
function inOrder(raw: readonly RawParagraph[], all: readonly Named[]): readonly string[] {
  const before = raw.map(({ paragraph }) => fieldOf(paragraph, 'Package') ?? '');
  const isSorted = before.every((name, at) => at === 0 || compareText(before[at - 1] ?? '', name) <= 0);
  const sorted = isSorted ? [...all].sort((left, right) => compareText(left.name, right.name)) : all;
  return sorted.map(({ text }) => text);
}
