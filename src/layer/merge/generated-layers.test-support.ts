import fc from 'fast-check';
import type { TarMember } from '../../tar/index.ts';

/** What a path is, as a test compares it. */
export interface Expected {
  readonly kind: string;
  readonly mode: number;
  readonly uid: number;
  readonly text: string;
}

interface Change {
  readonly action: 'file' | 'directory' | 'symlink' | 'hardlink' | 'whiteout' | 'opaque' | 'fifo';
  readonly path: string;
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly text: string;
  readonly explicit: boolean;
}

const name = fc.constantFrom('a', 'b', 'c', 'd');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const change: fc.Arbitrary<Change> = fc.record({
  action: fc.constantFrom<Change['action'][]>(
    'file',
    'file',
    'directory',
    'directory',
    'symlink',
    'hardlink',
    'whiteout',
    'opaque',
    'fifo',
  ),
  path,
  target: path,
  mode: fc.constantFrom(0o644, 0o755, 0o4711, 0o600, 0o1777),
  uid: fc.constantFrom(0, 7, 70_000),
  text: fc.string({ maxLength: 8 }),
  explicit: fc.boolean(),
});

/** Changes of some layers, lowest first, from which `buildLayers` takes those that engines accept. */
export const generatedLayers = fc.array(fc.array(change, { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 4,
});

export interface BuiltLayers {
  readonly layers: readonly (readonly TarMember[])[];
  /** What the image holds, by the plainest reading of the specification. */
  readonly expected: ReadonlyMap<string, Expected>;
}

/** Turns changes into tar members, and applies them to a flat list of paths. */
export function buildLayers(changes: readonly (readonly Change[])[]): BuiltLayers {
  const model = new Map<string, Expected>();
  const layers = changes.map((layer) => new ModelLayer(model).build(layer));
  return { layers, expected: model };
}

class ModelLayer {
  readonly #model: Map<string, Expected>;
  readonly #lower: ReadonlyMap<string, Expected>;
  readonly #members: TarMember[] = [];
  readonly #own = new Map<string, string>();
  readonly #hidden: string[] = [];
  /** Where this layer needs a directory: what its whiteouts stand in. */
  readonly #directories: string[] = [];

  constructor(model: Map<string, Expected>) {
    this.#model = model;
    this.#lower = new Map(model);
  }

  build(changes: readonly Change[]): readonly TarMember[] {
    for (const change of changes) {
      if (change.action === 'whiteout') this.#whiteout(change.path);
      else if (change.action === 'opaque') this.#opaque(change.path);
    }
    const whiteouts = this.#members.splice(0);
    for (const change of changes)
      if (change.action !== 'whiteout' && change.action !== 'opaque') this.#add(change);
    // Whiteouts count the same wherever they stand among their layer's entries.
    const half = changes.length % 2 === 0;
    return half ? [...whiteouts, ...this.#members] : [...this.#members, ...whiteouts];
  }

  #whiteout(path: string): void {
    if (!this.#lower.has(path) || !this.#isFree(path)) return;
    this.#hidden.push(path);
    this.#directories.push(...parents(path));
    this.#members.push({ name: beside(path, `.wh.${path.split('/').at(-1)}`) });
    this.#drop(path, true);
  }

  #opaque(path: string): void {
    if (this.#lower.get(path)?.kind !== 'directory' || !this.#isFree(path)) return;
    this.#hidden.push(path);
    this.#directories.push(...parents(path), path);
    this.#members.push({ name: `${path}/.wh..wh..opq` });
    this.#drop(path, false);
  }

  /** Not under, over or beside itself hidden already: engines differ in what a whiteout in a hidden directory makes. */
  #isFree(path: string): boolean {
    return !this.#hidden.some((hidden) => within(path, hidden) || within(hidden, path));
  }

  #add(change: Change): void {
    const { path, mode, uid } = change;
    const expected = this.#expected(change);
    if (expected === undefined || (expected.kind !== 'directory' && this.#directories.includes(path))) return;
    if (!this.#addParents(change)) return;
    const own = { name: path, mode: expected.mode, uid: expected.uid, gid: 0, mtime: 1_000_000 };
    if (change.action === 'hardlink') {
      if (within(change.target, path) || within(path, change.target)) return;
      this.#members.push({ ...own, type: 'hardlink', linkName: change.target });
    } else if (change.action === 'symlink')
      this.#members.push({ ...own, type: 'symlink', linkName: expected.text });
    else if (change.action === 'file') this.#members.push({ ...own, body: Buffer.from(change.text) });
    else this.#members.push({ ...own, mode, uid, type: change.action as 'directory' | 'fifo' });
    if (!(expected.kind === 'directory' && this.#model.get(path)?.kind === 'directory'))
      this.#drop(path, true);
    this.#model.set(path, expected);
    this.#own.set(path, expected.kind);
  }

  #expected(change: Change): Expected | undefined {
    const { mode, uid, text } = change;
    if (change.action === 'symlink') return { kind: 'symlink', mode: 0o777, uid, text: `/${change.target}` };
    if (change.action !== 'hardlink')
      return { kind: change.action, mode, uid, text: change.action === 'file' ? text : '' };
    const target = this.#model.get(change.target);
    const isPlain = parents(change.target).every((parent) => this.#model.get(parent)?.kind === 'directory');
    return target?.kind === 'file' && isPlain ? target : undefined;
  }

  /** Directories on the way: named in the tar unless they are there already and the dice say so. */
  #addParents({ path, explicit }: Change): boolean {
    for (const parent of parents(path)) {
      const kind = this.#model.get(parent)?.kind;
      const isOwn = this.#own.has(parent);
      if (isOwn && kind !== 'directory') return false;
      if (isOwn || (kind === 'directory' && !explicit && this.#hidden.length === 0)) continue;
      const directory = { kind: 'directory', mode: 0o750, uid: 3, text: '' };
      if (kind !== 'directory') this.#drop(parent, true);
      this.#members.push({ name: parent, type: 'directory', mode: 0o750, uid: 3, mtime: 1_000_000 });
      this.#model.set(parent, directory);
      this.#own.set(parent, 'directory');
    }
    return true;
  }

  #drop(path: string, withItself: boolean): void {
    for (const known of [...this.#model.keys()])
      if (known.startsWith(`${path}/`) || (withItself && known === path)) {
        this.#model.delete(known);
        this.#own.delete(known);
      }
  }
}

function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join('/'));
}

function within(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function beside(path: string, last: string): string {
  return [...path.split('/').slice(0, -1), last].join('/');
}
