import { setMaxListeners } from 'node:events';
import { type FoundUse, type Inventory, takeInventory } from '../inventory/index.ts';
import { defaultPlatform } from '../oci/index.ts';
import { type Judgement, judgeReference, unknownBecause } from '../readiness/index.ts';
import { type ImageAccess, openAccess } from '../registry/index.ts';
import type { ScanResult } from '../results/index.ts';
import { assemble, type JudgedGroup } from './assemble.ts';
import { classifyInputs } from './classify.ts';
import { groupUses, type ImageGroup } from './group.ts';
import { openGroup } from './open-group.ts';
import type { ScanOptions } from './options.ts';
import { forEachLimited } from './pool.ts';
import { withRemedies } from './remedies.ts';

/** Judgements under way for each registry; its client bounds the requests. */
const judgementsAtOnce = 32;

/**
 * Says what of a fleet runs on the target platform: finds every use of an image in the inputs, asks the registries once
 * for each reference, and joins both. Never throws for what a file or a registry says: that is a problem or `unknown`.
 * @throws UsageError for inputs, credentials, certificates or a cache that can't be used; the signal's reason.
 */
export async function scan(given: ScanOptions): Promise<ScanResult> {
  const options = given.signal === undefined ? given : { ...given, signal: forManyListeners(given.signal) };
  const platform = options.platform ?? defaultPlatform;
  const inventory = await findUses(options);
  const groups = groupUses(inventory.uses);
  const access = await openAccess(options);
  const context = { options, access, pullSecrets: inventory.pullSecrets };
  try {
    const judged = await judgeAll(groups, context);
    const told = await audited(judged, context);
    return assemble(inventory, await withRemedies(told, { platform, catalog: options.catalog }), platform);
  } finally {
    await access.close();
  }
}

/** Every request listens to the one signal; Node would take that for a leak. The caller's own signal is left alone. */
function forManyListeners(signal: AbortSignal): AbortSignal {
  const own = AbortSignal.any([signal]);
  setMaxListeners(0, own);
  return own;
}

async function findUses(options: ScanOptions): Promise<Inventory> {
  const { cwd = process.cwd(), environment, profiles, stdin, onEvent, signal } = options;
  const { inputs, located } = await classifyInputs(options.inputs, cwd);
  const inventory = await takeInventory(inputs, {
    cwd,
    ...(environment === undefined ? {} : { environment }),
    ...(profiles === undefined ? {} : { profiles }),
    ...(stdin === undefined ? {} : { stdin }),
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(signal === undefined ? {} : { signal }),
  });
  const named = located.map((written): FoundUse => ({ written, use: { source: 'argument' } }));
  return { ...inventory, uses: [...inventory.uses, ...named] };
}

interface Context {
  readonly options: ScanOptions;
  readonly access: ImageAccess;
  readonly pullSecrets: Inventory['pullSecrets'];
}

/** Audits come with a lot of code, which a plain scan doesn't load. */
async function audited(judged: JudgedGroup[], context: Context): Promise<JudgedGroup[]> {
  if (context.options.deep === undefined) return judged;
  const { deepen } = await import('./deepen.ts');
  const { access, options, pullSecrets } = context;
  return deepen(judged, options, (group) => openGroup(access, group, pullSecrets));
}

/** In the order of the groups, whatever the order of the answers. */
async function judgeAll(groups: readonly ImageGroup[], context: Context): Promise<JudgedGroup[]> {
  const { options } = context;
  const judgements = new Map<ImageGroup, Judgement>();
  options.onEvent?.({ type: 'phase', phase: 'readiness', total: groups.length });
  const judgeHost = (ofHost: readonly ImageGroup[]) =>
    forEachLimited(ofHost, judgementsAtOnce, async (group) => {
      judgements.set(group, await judgeGroup(group, context));
      options.onEvent?.({ type: 'progress', done: judgements.size, total: groups.length });
    });
  await Promise.all(byRegistry(groups).map(judgeHost));
  return groups.flatMap((group) => {
    const judgement = judgements.get(group);
    return judgement === undefined ? [] : [{ group, judgement }];
  });
}

function byRegistry(groups: readonly ImageGroup[]): ImageGroup[][] {
  const hosts = new Map<string, ImageGroup[]>();
  for (const group of groups) {
    const registry = group.reference?.registry ?? '';
    const ofHost = hosts.get(registry);
    if (ofHost === undefined) hosts.set(registry, [group]);
    else ofHost.push(group);
  }
  return [...hosts.values()];
}

async function judgeGroup(group: ImageGroup, { options, access, pullSecrets }: Context): Promise<Judgement> {
  const judgeOptions = {
    platform: options.platform ?? defaultPlatform,
    compareLayers: options.compareLayers ?? false,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  try {
    const question = await openGroup(access, group, pullSecrets);
    if (question === undefined) return unresolved(group.unresolved ?? '');
    return await judgeReference(question.subject, question.repository, judgeOptions);
  } catch (error) {
    return unknownBecause(error, { name: group.name, signal: options.signal });
  }
}

function unresolved(why: string): Judgement {
  return {
    readiness: { state: 'unresolved' },
    platforms: [],
    evidence: [{ kind: 'unresolved', text: why }],
    remedies: [],
  };
}
