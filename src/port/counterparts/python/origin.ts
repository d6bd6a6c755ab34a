import { join } from 'node:path';
import { redact } from '../../../core/index.ts';
import { createFetch, type Fetch } from '../../fetch/index.ts';
import type { PythonSettings } from '../../options.ts';
import type {
  Material,
  Origin,
  OriginContext,
  OriginPlan,
  PlacedAddition,
  PortImage,
  Refusal,
} from '../../origin-types.ts';
import type { PathPlan } from '../../plan-types.ts';
import { inParallel } from '../shared/in-parallel.ts';
import { NoteBook } from '../shared/replay/note-book.ts';
import { type Environment, findIndexes, type IndexesResult } from './configuration/index.ts';
import { type FindParts, type FoundWheels, findWheels } from './find-wheels.ts';
import { glibcOf } from './glibc.ts';
import { condaRefusal, findCondaEnvironments } from './installed/conda.ts';
import { eggRefusals } from './installed/eggs.ts';
import { findDistributions, foreignFiles } from './installed/find-distributions.ts';
import type { Distribution } from './installed/types.ts';
import { wantedPython } from './installed/wanted.ts';
import { defaultPythonLimits, type PythonLimits } from './limits.ts';
import { distributionRefusal, failure, type RefusedWhy } from './refusals.ts';
import { falseWheel } from './replay/check-target.ts';
import { hideRemoved } from './replay/hide-removed.ts';
import { type DistributionPlan, planDistribution } from './replay/plan-distribution.ts';
import type { Replayed } from './replay/types.ts';
import { accepted } from './simple-index/index.ts';
import { machineOf } from './tags.ts';
import { WheelStore } from './wheel/index.ts';

export interface PythonParts {
  /** pip's variables, the folders of its configuration, proxies. `process.env` unless told. */
  readonly environment?: Environment;
  /** The folder of the system's configuration; `/etc` unless told. */
  readonly system?: string;
  /** HTTP with the environment's proxies unless told. */
  readonly fetch?: Fetch;
  readonly limits?: Partial<PythonLimits>;
}

/**
 * Python distributions as an origin: the same version's wheel for the new machine takes the place of the installed one, from
 * the index that has both. Nothing is compiled, and no code of a package is run.
 */
export function pythonOrigin(settings: PythonSettings = {}, parts: PythonParts = {}): Origin {
  return {
    name: 'python',
    wanted: wantedPython,
    plan: (image, context) => planPython({ image, context, settings, parts }),
  };
}

interface Work {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly settings: PythonSettings;
  readonly parts: PythonParts;
}

async function planPython(work: Work): Promise<OriginPlan> {
  const { image, context, settings, parts } = work;
  const { taken, signal } = context;
  const conda = findCondaEnvironments(image, taken);
  const isLeft = (path: string): boolean =>
    conda.some(({ root }) => root === '' || path === root || path.startsWith(`${root}/`));
  const { wanted, refusals } = findDistributions(image, taken, isLeft);
  const others = [...conda.map(condaRefusal), ...eggRefusals(image, taken, isLeft), ...refusals];
  if (wanted.length === 0) return joined(image, others, []);
  const { environment = process.env, system = '/etc' } = parts;
  const found = await findIndexes(settings.indexes, { environment, system, signal });
  if (found.kind === 'none')
    return joined(image, [...others, ...wanted.map((one) => noIndex(image, one, found.why))], []);
  return joined(image, others, await replayAll(work, wanted, found));
}

function noIndex(image: PortImage, one: Distribution, why: string): Refusal {
  return distributionRefusal(one, foreignFiles(one, image), {
    kind: 'package',
    undetermined: true,
    why: `where wheels of ${one.name} ${one.version} could be had is not known: ${why}`,
    lift: 'Name an index with --python-index or port.python.indexes, or configure pip for one.',
  });
}

/** What became of one distribution. */
interface Outcome {
  readonly refusals: readonly Refusal[];
  readonly plan?: DistributionPlan;
  readonly material?: Material;
  readonly notes: readonly string[];
}

async function replayAll(
  { image, context, parts }: Work,
  wanted: readonly Distribution[],
  { indexes, certificates }: Extract<IndexesResult, { kind: 'found' }>,
): Promise<readonly Outcome[]> {
  const { environment } = parts;
  const limits = { ...defaultPythonLimits, ...parts.limits };
  const connection =
    parts.fetch === undefined
      ? createFetch({
          accept: accepted,
          ...(environment !== undefined && { environment }),
          ...(certificates !== undefined && { certificates }),
          spool: context.sharing?.downloads,
        })
      : { fetch: parts.fetch, close: async () => undefined };
  const { fetch } = connection;
  const { cache, clock, signal, onEvent } = context;
  const store = new WheelStore({ folder: join(cache, 'wheels'), fetch, clock, limits, signal });
  const find: FindParts = {
    indexes,
    store,
    fetch,
    limits,
    context,
    image,
    glibc: glibcOf(image),
    read: new Map(),
  };
  const total = wanted.length;
  onEvent?.({ type: 'phase', phase: `fetching wheels for ${machineOf(image.target.architecture)}`, total });
  let done = 0;
  try {
    return await inParallel(wanted, limits.parallel, async (one) => {
      const outcome = await replay(one, find);
      done += 1;
      onEvent?.({ type: 'progress', done, total });
      return outcome;
    });
  } finally {
    await connection.close();
  }
}

async function replay(installed: Distribution, parts: FindParts): Promise<Outcome> {
  const { image, context } = parts;
  const { signal, taken } = context;
  const refused = (why: RefusedWhy): Outcome => ({
    refusals: [distributionRefusal(installed, foreignFiles(installed, image), why)],
    notes: [],
  });
  try {
    const found = await findWheels(installed, parts);
    if (found.kind === 'refused') return refused(found.refused);
    const { source, target, files } = found;
    const replayed: Replayed = { installed, source, target, files };
    const wrong = falseWheel(replayed, image);
    if (wrong !== undefined) return refused(wrongWheel(target.name.file, wrong));
    const notes = new NoteBook();
    const plan = await planDistribution(replayed, { image, taken }, notes);
    const material = materialOf(installed, found, image.target);
    return { plan, material, refusals: plan.refusals, notes: [...found.notes, ...notes.notes] };
  } catch (error) {
    signal?.throwIfAborted();
    return refused(failure(installed, error));
  }
}

function wrongWheel(file: string, wrong: string): RefusedWhy {
  return {
    kind: 'counterpart',
    why: `${file} is not what its name says: ${wrong}`,
    lift: 'Name another index with --python-index, or build the image for the platform from source.',
  };
}

function materialOf(
  { name, version }: Distribution,
  { offered, stored, notes }: Extract<FoundWheels, { kind: 'found' }>,
  target: PortImage['target'],
): Material {
  const url = new URL(offered.url);
  const isInTheClear = url.protocol === 'http:' && !/^(?:127\.|localhost$|\[::1\]$)/.test(url.hostname);
  const all = [...notes, ...(isInTheClear ? ['taken without TLS: its index alone vouches for it'] : [])];
  url.username = '';
  url.password = '';
  return {
    ...{ origin: 'python', name, version, architecture: machineOf(target.architecture) },
    uri: redact(url.href),
    ...{ sha256: offered.sha256 ?? '', size: stored.size },
    purl: `pkg:pypi/${name}@${encodeURIComponent(version)}`,
    ...(all.length === 0 ? {} : { notes: all.map((note) => redact(note)) }),
  };
}

/** The first to speak of a path decides; what was refused stays as it is, and is told once. */
function joined(image: PortImage, others: readonly Refusal[], outcomes: readonly Outcome[]): OriginPlan {
  const refusals = [...others, ...outcomes.flatMap((one) => one.refusals)];
  const paths = new Map<string, PathPlan>();
  for (const { plan } of outcomes)
    for (const [path, one] of plan?.paths ?? []) if (!paths.has(path)) paths.set(path, one);
  const why = 'machine code of a package that is refused as a whole';
  for (const path of refusals.flatMap(({ covers = [] }) => covers))
    if (!paths.has(path)) paths.set(path, { action: 'keep', why });
  const added = new Map<string, PlacedAddition>();
  for (const item of outcomes.flatMap(({ plan }) => plan?.added ?? []))
    if (!added.has(item.path)) added.set(item.path, item);
  const used = new Set([
    ...added.keys(),
    ...[...paths].map(([path, one]) => ('to' in one && one.to) || path),
  ]);
  for (const item of hideRemoved(image, used)) added.set(item.path, item);
  return {
    ...{ paths, refusals, added: [...added.values()] },
    // A wheel may take the place of several installations.
    materials: [
      ...new Map(
        outcomes.flatMap(({ material }) => (material ? [[material.sha256, material]] : [])),
      ).values(),
    ],
    notes: outcomes.flatMap(({ notes }) => notes),
  };
}
