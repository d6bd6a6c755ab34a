import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, posix } from 'node:path';
import { redact } from '../../../core/index.ts';
import { type Fetch, FileStore } from '../../fetch/index.ts';
import type { RubySettings } from '../../options.ts';
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
import { textIn } from '../python/installed/text.ts';
import { type Environment, findServers } from './configuration.ts';
import { findGems, fullNameOf, type InstalledGem, isForOldMachine, wantedRuby } from './find-gems.ts';
import { GemServer, type OfferedGem } from './gem-server.ts';
import { defaultRubyLimits, type RubyLimits } from './limits.ts';
import { changedLock, isForOthersAlone, remotesIn, type Swap } from './lock-file.ts';
import { openGem } from './open-gem.ts';
import { type FoundGem, planGem } from './plan-gem.ts';
import { machineOf, onMachine } from './platforms.ts';
import { compiledRefusal, failure, gemRefusal, type RefusedWhy } from './refusals.ts';

export interface RubyParts {
  /** Where RubyGems' configuration and proxies are named; `process.env` unless told. */
  readonly environment?: Environment;
  /** The folder of the system's configuration; `/etc` unless told. */
  readonly system?: string;
  /** HTTP with the environment's proxies unless told. */
  readonly fetch?: Fetch;
  readonly limits?: Partial<RubyLimits>;
}

/**
 * Ruby gems as an origin: of a gem that was installed as built for the old machine, the same version for the new one takes
 * its place, from the server that has both. Nothing is compiled, and no code of a gem is run.
 */
export function rubyOrigin(settings: RubySettings = {}, parts: RubyParts = {}): Origin {
  return {
    name: 'ruby',
    wanted: wantedRuby,
    plan: (image, context) => planRuby({ image, context, settings, parts }),
  };
}

interface Work {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly settings: RubySettings;
  readonly parts: RubyParts;
}

/** What became of one gem. */
type Outcome =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | {
      readonly kind: 'planned';
      readonly paths: ReadonlyMap<string, PathPlan>;
      readonly added: readonly PlacedAddition[];
      readonly notes: readonly string[];
      readonly swap: Swap;
      readonly material: Material;
    };

async function planRuby(work: Work): Promise<OriginPlan> {
  const { image, context } = work;
  const locks = locksOf(image);
  const gems = findGems(image, context.taken);
  const built = gems.filter((gem) => !gem.isCompiled && isForOldMachine(gem, image));
  const outcomes: Outcome[] = gems
    .filter((gem) => !built.includes(gem))
    .map((gem) => ({ kind: 'refused', refusal: gemRefusal(gem, compiledRefusal(gem)) }));
  if (built.length > 0) outcomes.push(...(await takeAll(built, locks, work)));
  return joined(image, outcomes, locks);
}

interface Lock {
  readonly path: string;
  readonly text: string;
}

/** Those of programs; gems bring theirs along, which nobody reads. */
function locksOf({ view, baseLayers }: PortImage): readonly Lock[] {
  return [...view.entries()].flatMap(({ path, layer, entry }) => {
    const isLock =
      /(?:^|\/)(?:Gemfile\.lock|gems\.locked)$/.test(path) && !/\/gems\/[^/]+-\d[^/]*\//.test(path);
    if (!isLock || layer < baseLayers || entry.kind !== 'file') return [];
    const text = textIn(view, path);
    return text === undefined ? [] : [{ path, text }];
  });
}

async function takeAll(
  gems: readonly InstalledGem[],
  locks: readonly Lock[],
  { image, context, settings, parts }: Work,
): Promise<readonly Outcome[]> {
  const { environment = process.env, system = '/etc' } = parts;
  const { cache, clock, signal, folder, onEvent } = context;
  const limits = { ...defaultRubyLimits, ...parts.limits };
  const locked = [...new Set(locks.flatMap(({ text }) => remotesIn(text)))];
  const found = await findServers(settings.sources, { environment, system, locked, signal });
  if (found.kind === 'none') return gems.map((gem) => refused(gem, noServer(gem, found.why)));
  const store = new FileStore({
    ...{ folder: join(cache, 'gems'), clock, signal, environment, fetch: parts.fetch },
    spool: context.sharing?.downloads,
    limits: { fileBytes: limits.gemBytes, time: limits.time },
  });
  const servers = found.servers.map((url) => new GemServer(url, store, limits));
  onEvent?.({
    type: 'phase',
    phase: `fetching gems for ${machineOf(image.target.architecture)}`,
    total: gems.length,
  });
  const outcomes: Outcome[] = [];
  try {
    for (const gem of gems) {
      outcomes.push(await takeGem(gem, { servers, image, limits, folder, signal }));
      onEvent?.({ type: 'progress', done: outcomes.length, total: gems.length });
    }
  } finally {
    await store.close();
  }
  return outcomes;
}

function refused(gem: InstalledGem, why: RefusedWhy): Outcome {
  return { kind: 'refused', refusal: gemRefusal(gem, why) };
}

function noServer({ name, version }: InstalledGem, why: string): RefusedWhy {
  return {
    ...{ kind: 'package', undetermined: true },
    why: `where ${name} ${version} could be had is not known: ${why}`,
    lift: 'Name a gem server in port.ruby.sources of the configuration, or configure RubyGems for one.',
  };
}

interface TakeParts {
  readonly servers: readonly GemServer[];
  readonly image: PortImage;
  readonly limits: RubyLimits;
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}

async function takeGem(gem: InstalledGem, parts: TakeParts): Promise<Outcome> {
  const { signal, image } = parts;
  try {
    const offered = await offersOf(gem, parts);
    if ('why' in offered) return refused(gem, offered);
    const { server, source, target } = offered;
    const old = await server.get(source);
    const opened = { ...parts, name: `${gem.name} ${gem.version} (${source.platform})` };
    const sourceGem = await openGem(old.file, opened);
    const targetFile = await server.get(target);
    const name = `${gem.name} ${gem.version} (${target.platform})`;
    const found: FoundGem = {
      ...{ installed: gem, source: sourceGem, sourceSha256: old.sha256, platform: target.platform },
      target: await openGem(targetFile.file, { ...parts, name }),
      fullName: fullNameOf({ ...gem, platform: target.platform }),
      targetFile: {
        ...targetFile,
        content: () => createReadStream(targetFile.file, { highWaterMark: 1024 ** 2 }),
      },
    };
    const plan = planGem(found, image);
    if (plan.kind === 'refused') return refused(gem, plan.why);
    const { sha256, size } = targetFile;
    const swap = { name: gem.name, version: gem.version, from: gem.platform, to: target.platform, sha256 };
    return { ...plan, swap, material: materialOf(gem, target, size) };
  } catch (error) {
    signal?.throwIfAborted();
    return refused(gem, failure(gem, error));
  }
}

/** Of the first server that has the gem of the old machine. */
async function offersOf(
  gem: InstalledGem,
  { servers, image }: TakeParts,
): Promise<
  { readonly server: GemServer; readonly source: OfferedGem; readonly target: OfferedGem } | RefusedWhy
> {
  const wanted = onMachine(gem.platform, image.target.architecture);
  const { name, version, platform } = gem;
  for (const server of servers) {
    const offers = await server.offers(gem);
    const source = offers.find((one) => one.platform === platform);
    if (source === undefined) continue;
    const target = offers.find((one) => one.platform === wanted);
    if (target !== undefined) return { server, source, target };
    return {
      kind: 'no-counterpart',
      why: `${server.shown} has ${name} ${version} for ${offers.map((one) => one.platform).join(', ')}, and not for ${wanted}`,
      lift: `Take a version of ${name} that has it, or build the image for the platform, where it may be compiled.`,
    };
  }
  const where = servers.map((one) => one.shown).join(' and ');
  return {
    kind: 'package',
    why: `${where} has no ${name} ${version} for ${platform}`,
    lift: 'Name the gem server that it is from in port.ruby.sources.',
  };
}

function materialOf(
  { name, version }: InstalledGem,
  { platform, url, sha256 }: OfferedGem,
  size: number,
): Material {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  return {
    ...{ origin: 'ruby', name, version, architecture: platform, uri: redact(address.href), sha256, size },
    purl: `pkg:gem/${encodeURIComponent(name)}@${encodeURIComponent(version)}?platform=${encodeURIComponent(platform)}`,
  };
}

function joined(image: PortImage, outcomes: readonly Outcome[], locks: readonly Lock[]): OriginPlan {
  const paths = new Map<string, PathPlan>();
  const planned = outcomes.flatMap((one) => (one.kind === 'planned' ? [one] : []));
  const refusals = outcomes.flatMap((one) => (one.kind === 'refused' ? [one.refusal] : []));
  for (const [path, plan] of planned.flatMap((one) => [...one.paths])) paths.set(path, plan);
  const why = 'machine code of a gem that is refused as a whole';
  for (const path of refusals.flatMap(({ covers = [] }) => covers)) paths.set(path, { action: 'keep', why });
  const notes = [...planned.flatMap((one) => one.notes), ...planLocks({ image, locks, paths }, planned)];
  return {
    ...{ paths, refusals, notes },
    added: planned.flatMap(({ added }) => added),
    materials: [...new Map(planned.map(({ material }) => [material.sha256, material])).values()],
  };
}

/** Rewrites the lock files that name swapped gems; notes say what Bundler would not like. */
function planLocks(
  {
    image: { source, target },
    locks,
    paths,
  }: { readonly image: PortImage; readonly locks: readonly Lock[]; readonly paths: Map<string, PathPlan> },
  planned: readonly Extract<Outcome, { kind: 'planned' }>[],
): readonly string[] {
  const [from, to] = [source, target].map(({ architecture }) => `${machineOf(architecture)}-linux`) as [
    string,
    string,
  ];
  const swaps = planned.map(({ swap }) => swap);
  return locks.flatMap(({ path, text }) => {
    const changed = changedLock(text, swaps, { from, to });
    if (changed === undefined)
      return isForOthersAlone(text, to)
        ? [
            `/${path} names platforms, and not ${to}: Bundler may refuse to start with it (bundle lock --add-platform ${to})`,
          ]
        : [];
    const bytes = Buffer.from(changed.text);
    const content = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
    };
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    paths.set(path, {
      action: 'replace',
      why: 'Bundler takes the gems that it names, and no others',
      with: { kind: 'file', content, size: bytes.length, sha256, origin: 'regenerated' },
    });
    const { left } = changed;
    return left.length === 0
      ? []
      : [
          `/${path} still names ${left.slice(0, 5).join(', ')} for ${from} alone, which ${posix.basename(path)} of the new image can't give`,
        ];
  });
}
