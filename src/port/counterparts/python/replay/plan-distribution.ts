import { posix } from 'node:path';
import type { LayerEntry, ViewEntry } from '../../../../layer/index.ts';
import type { PlacedAddition, Refusal } from '../../../origin-types.ts';
import type { NewContent, PathPlan } from '../../../plan-types.ts';
import type { NoteBook } from '../../shared/replay/note-book.ts';
import { isForeign } from '../installed/foreign.ts';
import { sha256In } from '../record.ts';
import { hasCodeFor } from './check-target.ts';
import { contentOf, scriptContent } from './contents.ts';
import { newRecord } from './new-record.ts';
import { type Pair, type PlacedFile, pairFiles } from './pairing.ts';
import type { ReplayContext, Replayed } from './types.ts';

export interface DistributionPlan {
  readonly paths: ReadonlyMap<string, PathPlan>;
  readonly added: readonly PlacedAddition[];
  readonly refusals: readonly Refusal[];
}

/**
 * Plans how one distribution becomes that of another wheel, by files alone. What the installer made stays: scripts that
 * start it, who installed it, compiled forms of sources that stay.
 * @throws PythonError where the new wheel has a file that has no place.
 */
export async function planDistribution(
  replayed: Replayed,
  context: ReplayContext,
  notes: NoteBook,
): Promise<DistributionPlan> {
  const planner = new Planner(replayed, context, notes);
  await planner.plan();
  return planner;
}

class Planner implements DistributionPlan {
  readonly paths = new Map<string, PathPlan>();
  readonly added: PlacedAddition[] = [];
  readonly refusals: Refusal[] = [];
  readonly #replayed: Replayed;
  readonly #context: ReplayContext;
  readonly #notes: NoteBook;
  /** The new wheel, for reasons. */
  readonly #label: string;
  readonly #folders = new Set<string>();
  /** New content by the path of the old file, or by its own place, for RECORD. */
  readonly #contents = new Map<string, NewContent>();

  constructor(replayed: Replayed, context: ReplayContext, notes: NoteBook) {
    this.#replayed = replayed;
    this.#context = context;
    this.#notes = notes;
    this.#label = replayed.target.name.file;
  }

  async plan(): Promise<void> {
    const { image } = this.#context;
    const pairing = pairFiles(this.#replayed, image);
    for (const pair of pairing.pairs) await this.#planPair(pair);
    for (const { path, there } of pairing.generated)
      if (path === `${this.#replayed.installed.info}/direct_url.json` && there !== undefined)
        this.#drop(there, 'it names the file that was installed, which is another one now');
    this.#addNew(pairing.newOnly, pairing.pairs);
    this.#dropBytecode();
    this.#planRecord(pairing.pairs);
  }

  /** Above the base, and nobody else's. */
  #isOpen(there: ViewEntry): boolean {
    const { image, taken } = this.#context;
    return there.layer >= image.baseLayers && !taken.has(there.path) && !this.paths.has(there.path);
  }

  async #planPair(pair: Pair): Promise<void> {
    const { installed, target } = pair;
    const { there } = installed;
    if (there === undefined || !this.#isOpen(there)) return;
    const entry = this.#contentEntry(there);
    if (entry === undefined) return;
    const sum = sha256In(installed.line) ?? sha256In(pair.source);
    const isUnaltered = entry.sha256 !== undefined && entry.sha256 === sum;
    if (target === undefined) this.#planOldOnly(there, entry, isUnaltered);
    else if (entry.sha256 === target.file.sha256 || sha256In(pair.source) === target.file.sha256)
      this.#keep(there, target.place, `the same in ${this.#label}`);
    else if (isUnaltered) await this.#replace(there, entry, target);
    else if (isForeign(entry.facts, this.#context.image)) this.#refuseAltered(there);
    else this.#keepAltered(there, target.place);
  }

  /** The file at the end of a link: installers may link to a folder of their own. */
  #contentEntry(there: ViewEntry): LayerEntry | undefined {
    if (there.entry.kind === 'file') return there.entry;
    const end = there.entry.kind === 'symlink' ? this.#context.image.view.resolve(there.path) : undefined;
    if (end?.found === true && end.entry.entry.kind === 'file') return end.entry.entry;
    this.#notes.about(`kept, though ${this.#label} has a file there`, there.path);
    return undefined;
  }

  #keep({ path }: ViewEntry, to: string, why: string): void {
    this.paths.set(path, to === path ? { action: 'keep', why } : { action: 'rename', to, why });
  }

  #drop(there: ViewEntry, why: string): void {
    if (this.#isOpen(there)) this.paths.set(there.path, { action: 'drop', why });
  }

  #planOldOnly(there: ViewEntry, entry: LayerEntry, isUnaltered: boolean): void {
    const { image } = this.#context;
    if (isUnaltered) this.#drop(there, `only the wheel for ${image.source.architecture} has it`);
    else if (isForeign(entry.facts, image)) this.#refuseAltered(there);
    else this.#keepAltered(there, there.path);
  }

  async #replace(there: ViewEntry, entry: LayerEntry, { place, file, isScript }: PlacedFile): Promise<void> {
    const { image } = this.#context;
    const { path } = there;
    if (isForeign(entry.facts, image) && !hasCodeFor(file.facts, image.target.architecture)) {
      this.#refuse(there, {
        kind: 'counterpart',
        why: `it is machine code, and ${this.#label} has a file without any for ${image.target.architecture} there`,
        lift: `Name a file for it with --replace /${path}=FILE.`,
      });
      return;
    }
    const content = isScript
      ? await scriptContent(file, entry.facts, this.#label)
      : contentOf(file, this.#label);
    this.#contents.set(path, content);
    this.paths.set(path, {
      action: 'replace',
      with: {
        kind: 'file',
        ...content,
        ...(there.entry.kind === 'file' ? {} : { mode: file.isExecutable ? 0o755 : 0o644 }),
      },
      ...(place === path ? {} : { to: place }),
      why: `as it was installed, so that ${this.#label} takes its place`,
    });
  }

  #keepAltered(there: ViewEntry, to: string): void {
    this.#keep(there, to, 'altered in the image, and without machine code');
    this.#notes.about('altered since it was installed, and kept so', there.path);
  }

  #refuseAltered(there: ViewEntry): void {
    const { installed } = this.#replayed;
    this.#refuse(there, {
      kind: 'altered',
      why: `it is of ${installed.name} ${installed.version}, but not as it was installed`,
      lift: `Install ${installed.name} anew in the image, or name a file for it with --replace /${there.path}=FILE.`,
    });
  }

  #refuse({ path }: ViewEntry, refusal: Pick<Refusal, 'kind' | 'why' | 'lift'>): void {
    const { name, version } = this.#replayed.installed;
    this.refusals.push({ path, ...refusal, guess: `python: ${name} ${version}`, waivable: true });
  }

  #addNew(files: readonly PlacedFile[], pairs: readonly Pair[]): void {
    const { view } = this.#context.image;
    const isEmptied = emptiedFolders(pairs);
    for (const { place, file } of files) {
      const there = view.lookup(place);
      if (there !== undefined && there.entry.sha256 !== file.sha256)
        this.#notes.about(`the image's own file stays where ${this.#label} has one too`, place);
      if (there !== undefined || isEmptied(place)) continue;
      const content = contentOf(file, this.#label);
      const mode = file.isExecutable ? 0o755 : 0o644;
      this.#addFolders(place);
      this.#contents.set(place, content);
      this.#add({ kind: 'file', path: place, mode, ...content, why: `only ${this.#label} has it` });
    }
  }

  #add(item: { readonly path: string; readonly why: string } & Omit<PlacedAddition, 'layer'>): void {
    const { installed } = this.#replayed;
    const { view, baseLayers } = this.#context.image;
    const model = view.lookup(`${installed.info}/RECORD`);
    const { uid = 0, gid = 0 } = model?.entry ?? {};
    const layer = Math.max(0, (model?.layer ?? baseLayers) - baseLayers);
    this.added.push({ ...item, uid, gid, layer } as PlacedAddition);
  }

  /** With the owner of what goes into them. */
  #addFolders(place: string): void {
    const folder = posix.dirname(place);
    const isThere = folder === '.' || this.#context.image.view.lookup(folder) !== undefined;
    if (isThere || this.#folders.has(folder)) return;
    this.#folders.add(folder);
    this.#addFolders(folder);
    this.#add({ kind: 'directory', path: folder, mode: 0o755, why: `a folder of ${this.#label}` });
  }

  /** Python tells by a source's time and size only whether a compiled form is its own (PEP 3147, PEP 552). */
  #dropBytecode(): void {
    const { view } = this.#context.image;
    for (const [path, plan] of [...this.paths]) {
      if (!path.endsWith('.py') || plan.action === 'keep') continue;
      const stem = `${posix.basename(path, '.py')}.`;
      for (const there of view.list(`${posix.dirname(path)}/__pycache__`)) {
        const name = posix.basename(there.path);
        if (!name.startsWith(stem) || !name.endsWith('.pyc') || !this.#isOpen(there)) continue;
        this.#drop(there, 'compiled from a source that is another one now');
        this.#notes.about("Python's compiled forms of replaced sources, dropped", there.path);
      }
    }
  }

  #planRecord(pairs: readonly Pair[]): void {
    const { installed } = this.#replayed;
    const there = this.#context.image.view.lookup(`${installed.info}/RECORD`);
    if (there === undefined || !this.#isOpen(there)) return;
    const content = newRecord(installed, {
      pairs,
      paths: this.paths,
      contents: this.#contents,
      added: this.added.flatMap(({ kind, path }) => (kind === 'file' ? [path] : [])),
      taken: this.#context.taken,
    });
    this.paths.set(there.path, {
      action: 'replace',
      with: { kind: 'file', ...content },
      why: 'made anew of what is installed now',
    });
  }
}

/** A test for places in folders of which the image has nothing left, though the old wheel has files there. */
function emptiedFolders(pairs: readonly Pair[]): (place: string) => boolean {
  const folders = new Map<string, boolean>();
  for (const { path, installed } of pairs)
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder))
      folders.set(folder, (folders.get(folder) ?? true) && installed.there === undefined);
  return (place) => {
    for (let folder = posix.dirname(place); folder !== '.'; folder = posix.dirname(folder)) {
      const isEmptied = folders.get(folder);
      if (isEmptied !== undefined) return isEmptied;
    }
    return false;
  };
}
