import type { ViewEntry } from '../../../../layer/index.ts';
import type { PlacedAddition, PortImage, Refusal } from '../../../origin-types.ts';
import type { AddedPath, DropPlan, PathPlan, RenamePlan } from '../../../plan-types.ts';
import { foldersOf } from './folders.ts';
import { NoteBook } from './note-book.ts';
import type { Spelling } from './spelling.ts';

/** What becomes of a path of the old image. */
export type Fate =
  | { readonly kind: 'stays' }
  | { readonly kind: 'moves'; readonly to: string }
  | { readonly kind: 'goes' }
  /** It isn't in the old image. */
  | { readonly kind: 'missing' };

/** The plan while it's made. */
export class Draft {
  readonly image: PortImage;
  readonly spelling: Spelling;
  readonly paths = new Map<string, PathPlan>();
  readonly refusals: Refusal[] = [];
  readonly notes = new NoteBook();
  readonly #taken: ReadonlySet<string>;
  readonly #added = new Map<string, PlacedAddition>();
  /** Places of the new image that something was planned for, and the folders they are in. */
  readonly #used = new Set<string>();
  readonly #filled = new Set<string>();

  constructor(image: PortImage, taken: ReadonlySet<string>, spelling: Spelling) {
    this.image = image;
    this.spelling = spelling;
    this.#taken = taken;
  }

  get added(): readonly PlacedAddition[] {
    return [...this.#added.values()];
  }

  isAbove({ layer }: ViewEntry): boolean {
    return layer >= this.image.baseLayers;
  }

  isTaken(path: string): boolean {
    return this.#taken.has(path);
  }

  /** Above the base, and nobody has answered for it yet. */
  isOpen(there: ViewEntry): boolean {
    return this.isAbove(there) && !this.#taken.has(there.path) && !this.paths.has(there.path);
  }

  /** Does something come to this place of the new image by the plan? */
  isUsed(place: string): boolean {
    return this.#used.has(place);
  }

  /** Does something come into this folder of the new image by the plan? */
  holds(folder: string): boolean {
    return this.#filled.has(folder);
  }

  plan(path: string, plan: PathPlan): void {
    this.paths.set(path, plan);
    if (plan.action !== 'drop') this.#use('to' in plan ? (plan.to ?? path) : path);
  }

  /** `marker` is the path of a whiteout's marker, not of what it hides. */
  planMarker(marker: string, plan: DropPlan | RenamePlan): void {
    this.paths.set(marker, plan);
  }

  #use(place: string): void {
    this.#used.add(place);
    for (const folder of foldersOf(place)) this.#filled.add(folder);
  }

  /** Two packages may have the same directory. `layer` is the view's. */
  add(item: AddedPath, layer: number): void {
    const known = this.#added.get(item.path);
    if (known !== undefined && (known.kind !== 'directory' || item.kind === 'directory')) return;
    const above = Math.max(0, layer - this.image.baseLayers);
    this.#added.set(item.path, { ...item, layer: above });
    if (item.kind !== 'whiteout') this.#use(item.path);
  }

  refuse(refusal: Refusal): void {
    this.refusals.push(refusal);
  }

  fateOf(path: string): Fate {
    const plan = this.paths.get(path);
    if (plan?.action === 'drop') return { kind: 'goes' };
    const to = plan !== undefined && 'to' in plan ? plan.to : undefined;
    if (to !== undefined && to !== path) return { kind: 'moves', to };
    if (plan !== undefined) return { kind: 'stays' };
    const there = this.image.view.lookup(path);
    if (there === undefined) return { kind: 'missing' };
    return this.isAbove(there) ? { kind: 'stays' } : this.#fateInBase(path);
  }

  /** Files of the base come from its sibling. */
  #fateInBase(path: string): Fate {
    const { newBase } = this.image;
    const isThere = (name: string): boolean => newBase.resolve(name, { followLast: false }).found;
    if (isThere(path)) return { kind: 'stays' };
    const to = this.spelling.candidates(path).find(isThere);
    return to === undefined ? { kind: 'goes' } : { kind: 'moves', to };
  }
}
