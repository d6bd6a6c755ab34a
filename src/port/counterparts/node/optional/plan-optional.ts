import { messageOf } from '../../../../core/index.ts';
import { architectureWords } from '../../../config/architecture-words.ts';
import type { Material, OriginContext, OriginPlan, PortImage, Refusal } from '../../../origin-types.ts';
import { knownRegistry, type NpmConfiguration } from '../configuration/index.ts';
import { NodeError } from '../errors.ts';
import { type NodePlatform, runsOn } from '../platform.ts';
import type { Registry } from '../registry/index.ts';
import { type PackageTree, projectOf } from '../tree.ts';
import { alteration } from './altered.ts';
import { checkPackage } from './check.ts';
import { choose } from './choose.ts';
import { layoutOf } from './layout.ts';
import { materialOf, type PackageSource } from './package-source.ts';
import { planSwaps, type Swap } from './plan-swaps.ts';
import type { Chosen, Doubt, OldPackage } from './types.ts';

export interface OptionalParts {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly tree: PackageTree;
  /** What the new image is for. */
  readonly target: NodePlatform;
  readonly configuration: NpmConfiguration;
  readonly registry: Registry;
  readonly source: PackageSource;
  readonly maxCandidates: number;
}

const build = 'Build the image for the new platform';

/** Finds and plans the counterparts of packages that are for the old platform alone. */
export async function planOptional(
  packages: readonly OldPackage[],
  parts: OptionalParts,
): Promise<OriginPlan> {
  const { onEvent } = parts.context;
  const planner = new OptionalPlanner(parts);
  for (const [index, old] of packages.entries()) {
    await planner.add(old);
    onEvent?.({ type: 'progress', done: index + 1, total: packages.length });
  }
  return planner.plan();
}

class OptionalPlanner {
  readonly #parts: OptionalParts;
  readonly #swaps: Swap[] = [];
  readonly #otherLibc: OldPackage[] = [];
  readonly #refused = new Map<OldPackage, Doubt>();
  readonly #materials = new Map<string, Material>();

  constructor(parts: OptionalParts) {
    this.#parts = parts;
  }

  async add(old: OldPackage): Promise<void> {
    const { context, target, image, tree } = this.#parts;
    context.signal?.throwIfAborted();
    const { libc } = old.manifest;
    if (target.libc !== undefined && !runsOn({ libc }, target)) {
      this.#otherLibc.push(old);
      return;
    }
    try {
      const words = architectureWords(image.source.architecture, image.target.architecture);
      const found = await choose(old, { ...this.#parts, words });
      if ('kind' in found) this.#refused.set(old, found);
      // Both are there: which is used is for the audit to see.
      else if (tree.find(found.record.name, found.parent) === undefined) await this.#take(found);
    } catch (error) {
      context.signal?.throwIfAborted();
      this.#refused.set(old, doubtOf(error));
    }
  }

  async #take(chosen: Chosen): Promise<void> {
    const { image, source, target } = this.#parts;
    const { old, record, registry } = chosen;
    const layout = layoutOf(chosen);
    if (layout === undefined) {
      const why = `${old.manifest.name} is in a folder of pnpm's that is not named for its version, so where its counterpart belongs can't be told`;
      this.#refused.set(old, { kind: 'no-counterpart', why, lift: build });
      return;
    }
    const obtained = await source.obtain(record, registry, projectOf(old.folder));
    const manifest = await checkPackage(chosen, obtained.files, image.target);
    const altered = await this.#alteration(old);
    if (altered !== undefined) {
      this.#refused.set(old, altered);
      return;
    }
    this.#swaps.push({ ...chosen, files: obtained.files, layout, manifest });
    this.#materials.set(`${record.name} ${record.version}`, materialOf(obtained, target.cpu));
  }

  /** What was done to the installed package is in no other. */
  async #alteration(old: OldPackage): Promise<Doubt | undefined> {
    const { image, source, registry, configuration } = this.#parts;
    const { name, version } = old.manifest;
    const project = projectOf(old.folder);
    const from = await knownRegistry(configuration, name, project);
    const record = await registry.version(name, version, from);
    const { files } = await source.obtain(record, from, project);
    return alteration(old, files, image.view);
  }

  plan(): OriginPlan {
    const { image, context, tree } = this.#parts;
    const unneeded = this.#otherLibc.filter((old) => this.#isInPair(old));
    for (const old of this.#otherLibc.filter((one) => !unneeded.includes(one)))
      this.#refused.set(old, {
        kind: 'no-counterpart',
        why: `${old.manifest.name} is for another C library than the image's, and no package for its own stands beside it`,
        lift: build,
      });
    const input = { image, tree, unneeded, taken: context.taken };
    const all = planSwaps({ ...input, swaps: this.#swaps, left: [...this.#refused.keys()] });
    const good = this.#swaps.filter(({ old }) => !all.problems.has(old.folder));
    for (const { old } of this.#swaps) {
      const why = all.problems.get(old.folder);
      if (why !== undefined) this.#refused.set(old, { kind: 'counterpart', why, lift: build });
    }
    const left = [...this.#refused.keys()];
    const plans = good.length === this.#swaps.length ? all : planSwaps({ ...input, swaps: good, left });
    const refusals = [...this.#refused].flatMap(([old, doubt]) => refusalsOf(old, doubt, image));
    const notes = [...plans.notes, ...leftNotes(image, good)];
    return {
      paths: plans.paths,
      added: plans.added,
      refusals,
      materials: [...this.#materials.values()],
      notes,
    };
  }

  /** Does the package that named it get one for the image's C library? */
  #isInPair(old: OldPackage): boolean {
    const parents = this.#parts.tree.parentsOf(old.folder, old.manifest.name).map(({ folder }) => folder);
    return this.#swaps.some(({ parent }) => parents.includes(parent));
  }
}

/** What other package managers write down of an installation stays as it is. */
function leftNotes({ view }: PortImage, swaps: readonly Swap[]): readonly string[] {
  const projects = new Set(swaps.map(({ old }) => projectOf(old.folder)));
  const files = ['.yarn-integrity', '.yarn-state.yml', '.modules.yaml', '.pnpm/lock.yaml'];
  return [...projects].flatMap((project) =>
    files
      .map((file) => `${project === '' ? '' : `${project}/`}node_modules/${file}`)
      .filter((path) => view.lookup(path) !== undefined)
      .map((path) => `/${path} is left as it is: it still names the packages of the old platform`),
  );
}

/** One for each of its files, and for copies of them: a person waives paths. */
function refusalsOf(
  old: OldPackage,
  { why, lift, ...doubt }: Doubt,
  { view, baseLayers }: PortImage,
): readonly Refusal[] {
  const hashes = new Set(old.foreign.map(({ entry }) => entry.sha256));
  const paths = new Set(old.foreign.map(({ path }) => path));
  for (const { path, entry, layer } of view.entries())
    if (
      entry.kind === 'file' &&
      layer >= baseLayers &&
      entry.sha256 !== undefined &&
      hashes.has(entry.sha256)
    )
      paths.add(path);
  return [...paths].map((path) => ({
    path,
    ...doubt,
    guess: `node: ${old.manifest.name} ${old.manifest.version}`,
    onlyIfUsed: true,
    why,
    lift: `${lift}, or waive it with a reason: --waive /${path}=REASON.`,
    waivable: true,
  }));
}

function doubtOf(error: unknown): Doubt {
  const why = messageOf(error);
  const unknown = { kind: 'counterpart', why, undetermined: true } as const;
  if (!(error instanceof NodeError)) return { ...unknown, lift: 'Try again' };
  switch (error.code) {
    case 'NODE_NOT_FOUND':
      return {
        kind: 'no-counterpart',
        why,
        lift: 'Name a registry that has it with --node-registry ADDRESS',
      };
    case 'NODE_INTEGRITY':
      return {
        kind: 'counterpart',
        why,
        lift: 'Find out which of the two is right, or build the image for the new platform',
      };
    case 'NODE_PACKAGE':
    case 'NODE_LIMIT':
      return { kind: 'counterpart', why, lift: build };
    case 'NODE_METADATA':
    case 'NODE_UNREACHABLE':
    case 'NODE_CACHE':
      return {
        ...unknown,
        lift: error.hint ?? 'Try again, or name another registry with --node-registry ADDRESS',
      };
  }
}
