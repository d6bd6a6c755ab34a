import fc from 'fast-check';
import type { TarMember } from '../../tar/index.ts';
import { drop, type PlannedPaths, rename, replaceBy, type Scene } from './assembly.test-support.ts';

/** What a path is, as a test compares it: names of one file share `file`. */
interface Model {
  readonly kind: string;
  readonly mode: number;
  readonly uid: number;
  readonly file: { text: string; replaced?: string };
  /** -1 for the base. */
  readonly layer: number;
  /** Where the source's path is in the port. */
  now?: string;
}

interface Change {
  readonly action: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'whiteout';
  readonly top: string;
  readonly names: readonly string[];
  readonly plan: 'keep' | 'replace' | 'rename' | 'drop' | 'drop, shows';
  readonly mode: number;
  readonly uid: number;
  readonly text: string;
  readonly pick: number;
}

export interface GeneratedPort {
  readonly scene: Scene;
  /** What the port holds, by the plainest reading of plan and specification: path, and what it is. */
  readonly expected: Readonly<Record<string, string>>;
}

const amd = 'x/amd';
const arm = 'x/arm';
const name = fc.constantFrom('a', 'b', 'c');
const names = fc.array(name, { minLength: 1, maxLength: 2 });
const change = (tops: readonly string[], plans: readonly Change['plan'][]): fc.Arbitrary<Change> =>
  fc.record({
    action: fc.constantFrom<Change['action'][]>(
      'file',
      'file',
      'file',
      'directory',
      'symlink',
      'hardlink',
      'hardlink',
      'fifo',
      'whiteout',
      'whiteout',
    ),
    top: fc.constantFrom(...tops),
    names,
    plan: fc.constantFrom(...plans),
    mode: fc.constantFrom(0o644, 0o4755, 0o600),
    uid: fc.constantFrom(0, 7, 70_000),
    text: fc.string({ maxLength: 6 }),
    pick: fc.nat(),
  });
const basePaths = fc.uniqueArray(
  fc.tuple(fc.constantFrom('d', 'e', 'x'), name).map((parts) => parts.join('/')),
  { maxLength: 9 },
);
const layersOf = (tops: readonly string[], plans: readonly Change['plan'][]) =>
  fc.array(fc.array(change(tops, plans), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 });

/** Images whose base has another one as its sibling, and a random plan for what is above. */
export const generatedPort: fc.Arbitrary<GeneratedPort> = fc
  .record({
    old: basePaths,
    fresh: basePaths,
    layers: layersOf(['d', 'e', amd, 's', 'f'], ['keep', 'keep', 'replace', 'rename', 'drop', 'drop, shows']),
  })
  .map(({ old, fresh, layers }) => {
    const ported = new ModelPort(baseOf(old, 'old', amd), baseOf(fresh, 'new', arm));
    return ported.build(layers);
  });

/** Images over one base, of which all is kept, and no path leads through a link. */
export const generatedKeep: fc.Arbitrary<GeneratedPort> = fc
  .record({ old: basePaths, layers: layersOf(['d', 'e', amd, 'f'], ['keep']) })
  .map(({ old, layers }) => new ModelPort(baseOf(old, 'one', amd), baseOf(old, 'one', amd)).build(layers));

function baseOf(paths: readonly string[], text: string, machine: string): TarMember[] {
  const directories = ['d', 'e', 'x', machine].map((path): TarMember => ({ name: path, type: 'directory' }));
  const files = paths.map(
    (path): TarMember => ({
      name: path.replace(/^x\//, `${machine}/`),
      body: Buffer.from(`${text} ${path}`),
    }),
  );
  return [...directories, { name: 's', type: 'symlink', linkName: 'd' }, ...files];
}

function modelOf(members: readonly TarMember[]): Map<string, Model> {
  return new Map(
    members.map(({ name: path, type = 'file', body, linkName }) => [
      String(path),
      {
        kind: type,
        mode: type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644,
        uid: 0,
        file: { text: body instanceof Uint8Array ? Buffer.from(body).toString() : String(linkName ?? '') },
        layer: -1,
      },
    ]),
  );
}

const real = (path: string): string => path.replace(/^s\//, 'd/');
const mapped = (path: string): string => path.replace(`${amd}`, arm);

class ModelPort {
  readonly #old: readonly TarMember[];
  readonly #new: readonly TarMember[];
  readonly #oldBase: ReadonlyMap<string, Model>;
  readonly #source: Map<string, Model>;
  readonly #port: Map<string, Model>;
  #layer = 0;

  constructor(old: readonly TarMember[], fresh: readonly TarMember[]) {
    this.#old = old;
    this.#new = fresh;
    this.#oldBase = modelOf(old);
    this.#source = modelOf(old);
    this.#port = modelOf(fresh);
  }

  build(changes: readonly (readonly Change[])[]): GeneratedPort {
    const layers: TarMember[][] = [];
    const plan: PlannedPaths[] = [];
    for (const [index, layer] of changes.entries()) {
      this.#layer = index;
      const built = this.#buildLayer(layer);
      layers.push(built.members);
      plan.push(built.plan);
    }
    const scene = { oldBase: [this.#old], newBase: [this.#new], layers, plan, mapPath: mapped };
    return { scene, expected: describeModel(this.#port) };
  }

  #buildLayer(changes: readonly Change[]): {
    members: TarMember[];
    plan: Record<string, ReturnType<typeof drop>>;
  } {
    const members: TarMember[] = [];
    const plan: Record<string, ReturnType<typeof drop>> = {};
    const hides: string[] = [];
    this.#whiteouts(changes, members, hides);
    const taken = new Set<string>();
    const files: string[] = [];
    for (const [index, one] of changes.entries()) {
      if (one.action === 'whiteout') continue;
      const path = [one.top, ...one.names].join('/');
      const to = this.#target(one, path, index);
      if (!this.#fits(one, path, to) || taken.has(real(path)) || taken.has(real(to))) continue;
      const target = files[one.pick % Math.max(1, files.length)];
      if (one.action === 'hardlink' && (target === undefined || target === path)) continue;
      taken.add(real(path)).add(real(to));
      if (one.action === 'file' || one.action === 'hardlink') files.push(path);
      members.push(this.#member(one, path, target));
      const model = this.#modelFor(one, target);
      this.#set(this.#source, real(path), model);
      this.#apply({ one, path, to, model, plan, hides });
    }
    this.#finish(hides);
    return { members, plan };
  }

  /** All on what lower layers have. */
  #whiteouts(changes: readonly Change[], members: TarMember[], hides: string[]): void {
    const gone: { source: string; port: string | undefined }[] = [];
    for (const { action, top, names: parts } of changes) {
      const path = [top, ...parts].join('/');
      if (action !== 'whiteout' || !this.#source.has(real(path))) continue;
      if (gone.some(({ source }) => within(source, real(path)) || within(real(path), source))) continue;
      const found = [real(path), mapped(path)].find((one) => this.#port.has(one));
      const comesBack = found === undefined && mapped(path) !== path && this.#oldBase.has(path);
      if (comesBack && this.#source.get(path)?.now === undefined) continue;
      gone.push({ source: real(path), port: found });
      members.push({ name: path.replace(/[^/]*$/, '.wh.$&') });
    }
    for (const { source, port } of gone) {
      for (const [path, { now, kind }] of this.#source)
        if (within(path, source) && now !== undefined && kind !== 'directory') hides.push(now);
      if (port !== undefined) remove(this.#port, port);
      remove(this.#source, source);
    }
  }

  #target({ plan, action, pick }: Change, path: string, index: number): string {
    if (plan !== 'rename' || action === 'directory') return path;
    return mapped(path) !== path && pick % 2 === 0 ? mapped(path) : `r/${this.#layer}-${index}`;
  }

  /** Neither over a file where a directory is needed, nor a file over a directory or the reverse. */
  #fits(one: Change, path: string, to: string): boolean {
    const places = [
      [this.#source, path],
      [this.#port, path],
      [this.#port, to],
    ] as const;
    return places.every(([model, written]) => {
      const there = model.get(real(written))?.kind;
      const isFree = there === undefined || (there === 'directory') === (one.action === 'directory');
      return (
        isFree &&
        parents(real(written)).every((parent) => (model.get(parent)?.kind ?? 'directory') === 'directory')
      );
    });
  }

  #member({ action, mode, uid, text }: Change, path: string, target: string | undefined): TarMember {
    if (action === 'hardlink') return { name: path, type: 'hardlink', linkName: target ?? '', mode, uid };
    if (action === 'symlink') return { name: path, type: 'symlink', linkName: `/t/${text.length}`, uid };
    if (action === 'file') return { name: path, mode, uid, body: Buffer.from(text) };
    return { name: path, type: action as 'directory', mode, uid };
  }

  #modelFor({ action, mode, uid, text }: Change, target: string | undefined): Model {
    const layer = this.#layer;
    if (action === 'hardlink') {
      const { file, ...first } = this.#source.get(real(target ?? ''))!;
      const { now: _now, ...rest } = first;
      return { ...rest, file, layer };
    }
    if (action === 'symlink')
      return { kind: 'symlink', mode: 0o777, uid, file: { text: `/t/${text.length}` }, layer };
    return { kind: action, mode, uid, file: { text: action === 'file' ? text : '' }, layer };
  }

  #apply(at: {
    readonly one: Change;
    readonly path: string;
    readonly to: string;
    readonly model: Model;
    readonly plan: Record<string, ReturnType<typeof drop>>;
    readonly hides: string[];
  }): void {
    const { one, path, to, model, plan, hides } = at;
    if (one.plan === 'drop' || one.plan === 'drop, shows') {
      plan[path] = drop(one.plan === 'drop' ? {} : { below: 'shows' });
      if (one.plan === 'drop' && one.action !== 'directory') hides.push(real(path));
      return;
    }
    if (to !== path) {
      plan[path] = rename(to);
      hides.push(real(path));
    }
    if (real(to) !== real(path)) this.#source.get(real(path))!.now = real(to);
    if (one.plan === 'replace' && model.kind === 'file') {
      model.file.replaced = `arm ${model.file.text}`;
      plan[path] = replaceBy(`arm ${model.file.text}`);
    }
    this.#set(this.#port, real(to), { ...model });
  }

  #set(model: Map<string, Model>, path: string, entry: Model): void {
    for (const parent of parents(path))
      if (!model.has(parent))
        model.set(parent, { kind: 'directory', mode: 0o755, uid: 0, file: { text: '' }, layer: this.#layer });
    if (entry.kind !== 'directory') remove(model, path);
    model.set(path, entry);
  }

  #finish(hides: readonly string[]): void {
    for (const path of hides) {
      const there = this.#port.get(path);
      if (there !== undefined && there.layer !== this.#layer && there.kind !== 'directory')
        this.#port.delete(path);
    }
    for (const { file } of this.#port.values()) {
      if (file.replaced !== undefined) file.text = file.replaced;
      delete file.replaced;
    }
  }
}

export function describeModel(model: ReadonlyMap<string, Model>): Record<string, string> {
  const groups = new Map<object, string[]>();
  for (const [path, { file }] of model) groups.set(file, [...(groups.get(file) ?? []), path].sort());
  return Object.fromEntries(
    [...model].map(([path, { kind, mode, uid, file }]) => {
      const group = kind === 'directory' ? path : groups.get(file)?.join(' ');
      return [path, `${kind} ${mode.toString(8)} ${uid} ${JSON.stringify(file.text)} = ${group}`];
    }),
  );
}

function remove(model: Map<string, Model>, path: string): void {
  for (const known of [...model.keys()]) if (within(known, path)) model.delete(known);
}

function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join('/'));
}

function within(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
