import { compareText } from '../../../../core/index.ts';
import type { MergedView, ViewEntry } from '../../../../layer/index.ts';
import type { PlacedAddition, PortImage } from '../../../origin-types.ts';
import type { PathPlan } from '../../../plan-types.ts';
import { changedLock, type LockChange } from '../locks/index.ts';
import { commandsOf, type Manifest } from '../manifest.ts';
import type { PackageFile } from '../registry/index.ts';
import { type PackageTree, placeOf } from '../tree.ts';
import { attributesLike, attributesOf, contentOf, madeContent } from './contents.ts';
import { type Layout, linkText } from './layout.ts';
import { foldersAbove, foldersOf, isIn, under } from './paths.ts';
import type { Chosen, OldPackage } from './types.ts';

/** A package that takes an old one's place. */
export interface Swap extends Chosen {
  readonly files: ReadonlyMap<string, PackageFile>;
  readonly layout: Layout;
  /** What the new package says of itself. */
  readonly manifest: Manifest;
}

export interface SwapInput {
  readonly image: PortImage;
  readonly tree: PackageTree;
  readonly swaps: readonly Swap[];
  /** Old packages that nothing has to take the place of: they are for another C library than the image's. */
  readonly unneeded: readonly OldPackage[];
  /** Old packages that are refused. */
  readonly left: readonly OldPackage[];
  readonly taken: ReadonlySet<string>;
}

export interface SwapPlans {
  readonly paths: ReadonlyMap<string, PathPlan>;
  readonly added: readonly PlacedAddition[];
  readonly notes: readonly string[];
  /** Old packages that can't go, with the reason. */
  readonly problems: ReadonlyMap<string, string>;
}

/** What becomes of the paths of packages that others take the place of, and of what leads to them or was copied from them. */
export function planSwaps(input: SwapInput): SwapPlans {
  const planner = new SwapPlanner(input);
  planner.plan();
  return planner;
}

class SwapPlanner implements SwapPlans {
  readonly paths = new Map<string, PathPlan>();
  readonly added: PlacedAddition[] = [];
  readonly notes: string[] = [];
  readonly problems = new Map<string, string>();
  readonly #input: SwapInput;
  readonly #view: MergedView;
  readonly #addedPaths = new Set<string>();

  constructor(input: SwapInput) {
    this.#input = input;
    this.#view = input.image.view;
  }

  plan(): void {
    const { swaps, unneeded } = this.#input;
    for (const swap of swaps) {
      const why = `${swap.record.name} takes its place`;
      this.#drop(swap.layout.oldRoot, why);
      this.#addPackage(swap);
      this.#checkNeeds(swap);
    }
    for (const { folder } of unneeded) this.#drop(folder, "it is for another C library than the image's");
    this.#links();
    this.#copies();
    this.#hiddenLocks();
  }

  #isAbove({ layer }: ViewEntry): boolean {
    return layer >= this.#input.image.baseLayers;
  }

  #drop(root: string, why: string): void {
    const there = this.#view.lookup(root);
    if (there !== undefined && this.#isAbove(there))
      this.paths.set(root, { action: 'drop', why, below: 'hidden' });
    for (const entry of under(this.#view, root))
      if (this.#isAbove(entry)) this.paths.set(entry.path, { action: 'drop', why });
  }

  #addPackage({ old, record, layout, files }: Swap): void {
    const [folder, manifest] = [
      this.#view.lookup(old.folder),
      this.#view.lookup(`${old.folder}/package.json`),
    ];
    if (folder === undefined || manifest === undefined) return;
    const why = `it is for the new platform what ${old.manifest.name} was for the old`;
    const layer = manifest.layer - this.#input.image.baseLayers;
    const origin = `${record.name} ${record.version}`;
    for (const path of foldersOf(layout.newFolder, files.keys()))
      this.#addFolder(path, { like: folder, layer, why });
    for (const [path, file] of files) {
      const same = this.#view.lookup(`${old.folder}/${path}`)?.entry;
      this.#add({
        ...{ kind: 'file', path: `${layout.newFolder}/${path}`, why, layer },
        ...contentOf(file, origin),
        ...(same?.kind === 'file' ? attributesOf(same) : attributesLike(manifest.entry, file)),
      });
    }
    if (layout.isPnpm) this.#storeLinks({ old, layout }, { like: manifest, layer, why });
  }

  #addFolder(path: string, { like, layer, why }: Like): void {
    if (this.#view.lookup(path) !== undefined || this.#addedPaths.has(path)) return;
    const { mode, uid, gid, mtime } = like.entry;
    this.#add({ kind: 'directory', path, why, layer, mode, uid, gid, mtime });
  }

  #add(item: PlacedAddition): void {
    if (this.#addedPaths.has(item.path)) return;
    this.#addedPaths.add(item.path);
    this.added.push(item);
  }

  #addLink(path: string, to: string, { like, layer, why }: Like): void {
    const { uid, gid, mtime } = like.entry;
    const parent = path.slice(0, path.lastIndexOf('/'));
    for (const folder of foldersOf(parent, []))
      this.#addFolder(folder, { like: this.#folderLike(like), layer, why });
    this.#add({
      kind: 'symlink',
      path,
      linkName: linkText(path, to),
      origin: 'made anew',
      why,
      layer,
      uid,
      gid,
      mtime,
    });
  }

  #folderLike(like: ViewEntry): ViewEntry {
    const folder = this.#view.lookup(like.path.slice(0, Math.max(0, like.path.lastIndexOf('/'))));
    return folder ?? like;
  }

  /** pnpm's links from a package's folder to what it needs. */
  #storeLinks({ old, layout }: Pick<Swap, 'old' | 'layout'>, like: Like): void {
    const from = `${layout.oldRoot}/node_modules`;
    for (const link of [...under(this.#view, from)]) {
      if (link.entry.kind !== 'symlink' || link.path.startsWith(`${old.folder}/`)) continue;
      const found = this.#view.resolve(link.path);
      const name = link.path.slice(from.length + 1);
      if (!found.found || name.startsWith('.')) continue;
      const swapped = this.#input.swaps.find((swap) => swap.old.folder === found.entry.path);
      const to = swapped?.layout.newFolder ?? found.entry.path;
      const newName = swapped?.record.name ?? name;
      this.#addLink(`${layout.newRoot}/node_modules/${newName}`, to, like);
    }
  }

  /** What the new package can't do without has to be found from its place. */
  #checkNeeds({ old, manifest, layout }: Swap): void {
    const names = new Set(this.#input.swaps.map(({ record }) => record.name));
    const missing = Object.keys(manifest.dependencies ?? {}).filter((name) => {
      if (names.has(name)) return false;
      // With pnpm, it finds what the old one found.
      const from = layout.isPnpm ? old.folder : layout.newFolder;
      return this.#input.tree.find(name, from) === undefined;
    });
    if (missing.length > 0)
      this.problems.set(
        old.folder,
        `${manifest.name} needs ${missing.join(', ')}, which the image doesn't have`,
      );
  }

  #links(): void {
    const roots = [...this.#input.swaps.map(({ layout }) => layout.oldRoot)];
    const gone = [...roots, ...this.#input.unneeded.map(({ folder }) => folder)];
    if (gone.length === 0) return;
    for (const link of this.#view.entries()) {
      if (link.entry.kind !== 'symlink' || !this.#isAbove(link) || this.paths.has(link.path)) continue;
      const found = this.#view.resolve(link.path);
      if (!found.found || !gone.some((root) => isIn(found.entry.path, root))) continue;
      this.#link(link, found.entry.path);
    }
  }

  #link(link: ViewEntry, target: string): void {
    const swap = this.#input.swaps.find(({ layout }) => isIn(target, layout.oldRoot));
    const isInModules = `/${link.path}`.includes('/node_modules/');
    const { modules, name } = isInModules ? placeOf(link.path) : { modules: '', name: '' };
    if (swap === undefined) {
      this.paths.set(link.path, { action: 'drop', why: 'it leads to what is dropped' });
      return;
    }
    const why = `${swap.record.name} takes the place of what it leads to`;
    const command = /^\.bin\/([^/]+)$/.exec(name)?.[1];
    const file = command === undefined ? undefined : commandsOf(swap.manifest).get(command);
    if (target === swap.old.folder && name === swap.old.manifest.name) {
      const like = { like: link, layer: link.layer - this.#input.image.baseLayers, why };
      this.paths.set(link.path, { action: 'drop', why });
      this.#addLink(`${modules}/${swap.record.name}`, swap.layout.newFolder, like);
    } else if (file !== undefined && swap.files.has(file)) {
      const linkName = linkText(link.path, `${swap.layout.newFolder}/${file}`);
      this.paths.set(link.path, {
        action: 'replace',
        why,
        with: { kind: 'symlink', linkName, origin: 'made anew' },
      });
    } else
      this.problems.set(
        swap.old.folder,
        `/${link.path} leads to it, and nothing tells where it would lead to now`,
      );
  }

  /** Packages put the program of their optional one into a place of their own, too, as a copy or a second name. */
  #copies(): void {
    const bySha = new Map<string, readonly [Swap, string]>();
    for (const swap of this.#input.swaps)
      for (const { entry, path } of swap.old.foreign)
        if (entry.sha256 !== undefined)
          bySha.set(entry.sha256, [swap, path.slice(swap.old.folder.length + 1)]);
    if (bySha.size === 0) return;
    for (const there of this.#view.entries()) {
      if (there.entry.kind !== 'file' || !this.#isAbove(there)) continue;
      const [swap, path = ''] = bySha.get(there.entry.sha256 ?? '') ?? [];
      if (this.#input.left.some(({ folder }) => isIn(there.path, folder))) continue;
      const file = swap?.files.get(path);
      if (
        swap === undefined ||
        file === undefined ||
        this.paths.has(there.path) ||
        this.#input.taken.has(there.path)
      )
        continue;
      this.paths.set(there.path, {
        action: 'replace',
        why: `a copy of ${path} of ${swap.old.manifest.name}: the content is that of ${swap.record.name}`,
        with: { kind: 'file', ...contentOf(file, `${swap.record.name} ${swap.record.version}`) },
      });
    }
  }

  #hiddenLocks(): void {
    const changes = [
      ...this.#input.swaps.map(({ old, layout, record }) => ({
        from: old.folder,
        to: { key: layout.newFolder, record },
      })),
      ...this.#input.unneeded.map(({ folder }) => ({ from: folder })),
    ];
    const roots = new Set(changes.flatMap(({ from }) => foldersAbove(from)));
    for (const root of [...roots].sort(compareText)) this.#hiddenLock(root, changes);
  }

  /** Of the folder that npm ran in: workspaces below it have their own `node_modules`, and are in its record. */
  #hiddenLock(root: string, changes: readonly LockChange[]): void {
    const prefix = root === '' ? '' : `${root}/`;
    const there = this.#view.lookup(`${prefix}node_modules/.package-lock.json`);
    if (there === undefined || there.entry.kind !== 'file' || !this.#isAbove(there)) return;
    if (this.#input.taken.has(there.path)) return;
    const bytes = this.#view.content(there);
    const own = changes
      .filter(({ from }) => from.startsWith(prefix))
      .map(({ from, to }) => ({
        from: from.slice(prefix.length),
        ...(to && { to: { ...to, key: to.key.slice(prefix.length) } }),
      }));
    const changed = bytes === undefined ? undefined : changedLock(bytes, own);
    if (changed === undefined) {
      if (own.some(({ from }) => from.startsWith('node_modules/')))
        this.notes.push(
          `/${there.path} is left as it is: it says nothing of the packages that were replaced`,
        );
      return;
    }
    const why = "npm's record of what is installed, with the packages that took the places of others";
    this.paths.set(there.path, { action: 'replace', why, with: { kind: 'file', ...madeContent(changed) } });
  }
}

interface Like {
  /** Whose owner and times it gets. */
  readonly like: ViewEntry;
  readonly layer: number;
  readonly why: string;
}
