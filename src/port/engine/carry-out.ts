import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { auditInHand } from '../../audit/index.ts';
import { systemClock } from '../../core/index.ts';
import { mergeLayers, readLayerEntries, readLayers, type ViewEntry } from '../../layer/index.ts';
import { formatPlatform } from '../../oci/index.ts';
import type { OpenedImage } from '../../registry/index.ts';
import type { PortResult } from '../../results/index.ts';
import type { PortableImage } from '../base/index.ts';
import type { PortImage, Refusal } from '../origin-types.ts';
import { type PortBase, readBase } from './bases.ts';
import { createdAt } from './created.ts';
import { finishPort } from './finish.ts';
import { layerSources } from './layer-sources.ts';
import { pathNames } from './map-path.ts';
import { openSourceImage } from './open-source.ts';
import { answeredFor, joined, noPlans } from './plan.ts';
import { putTogether } from './put-together.ts';
import { earlyResult } from './result.ts';
import type { JoinedPlans, ReadSource } from './types.ts';
import type { Workshop } from './workshop.ts';

/** The way of a port: read, find the base, plan, put together, judge, publish. */
export async function carryOut(workshop: Workshop): Promise<PortResult> {
  const { access, location, options } = workshop;
  options.onEvent?.({ type: 'phase', phase: `reading ${workshop.reference}` });
  const opened = await access.open(location);
  const { replaceExisting = false, signal } = options;
  const found = await openSourceImage(opened, { ...workshop, replaceExisting, signal });
  if (found.kind !== 'image') return earlyResult(workshop, found);
  const source = await readSource(workshop, found);
  const mislabelled = labelRefusal(source, workshop);
  if (mislabelled !== undefined) return earlyResult(workshop, { kind: 'refused', source, mislabelled });
  const base = await readBase({ ...workshop, image: source.image, view: source.view });
  const image = portImage(workshop, source, base);
  const plans = await askOrigins(workshop, image);
  const made = await putTogether(workshop, { source, base, image, plans });
  return finishPort(workshop, { source, base, plans, made });
}

async function readSource(
  { reader, options, reference }: Workshop,
  { image, opened }: { readonly image: PortableImage; readonly opened: OpenedImage },
): Promise<ReadSource> {
  const layers = layerSources(opened.layers, image.manifest, image.config);
  options.onEvent?.({ type: 'phase', phase: `reading the layers of ${reference}` });
  const view = mergeLayers(await readLayers(reader, layers, options.signal));
  const audit = auditInHand({
    ...{ reference, written: options.reference, digest: image.digest, config: image.configBytes },
    ...{ layers, view, platform: image.platform },
    ...(image.index === undefined ? {} : { claimed: image.platform }),
  });
  return { image, opened, layers, view, audit };
}

/** An image whose bytes are of another machine than it says needs another label, not a port. */
function labelRefusal({ audit: { audit }, image }: ReadSource, { target }: Workshop): Refusal | undefined {
  if (audit.verdict !== 'mislabelled') return undefined;
  const isTarget = audit.label?.bytes === `${target.os}/${target.architecture}`;
  return {
    kind: 'image',
    why: `it says ${formatPlatform(image.platform)}, and its bytes are of another machine: ${audit.why}`,
    lift: isTarget
      ? `It needs a right label, not a port: publish it with armload publish DESTINATION ${formatPlatform(target)}=SOURCE.`
      : 'Look at it with armload audit, and port an image that is what it says.',
    waivable: false,
  };
}

function portImage(
  { reference, from, target }: Workshop,
  { image, view, layers }: ReadSource,
  base: PortBase,
): PortImage {
  const time = createdAt(image.configBytes);
  return {
    ...{ reference, source: from, target, view },
    baseLayers: base.layers,
    oldBase: base.oldView,
    newBase: base.newView,
    read: (file, signal) => readFile(file, { view, layers }, signal),
    mapPath: pathNames(image.platform, target, base.newView),
    ...(time === undefined ? {} : { createdAt: time }),
  };
}

/** Its layer's stream ends with the file: who reads it compares its hash. */
async function* readFile(
  { contentLayer, entry }: ViewEntry,
  { view, layers }: Pick<ReadSource, 'view' | 'layers'>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const [source, facts] = [layers[contentLayer], view.layers[contentLayer]];
  if (source === undefined || facts === undefined) return;
  const wanted = facts.entries.indexOf(entry);
  for await (const { tar, index } of readLayerEntries(
    source,
    facts,
    signal === undefined ? {} : { signal },
  )) {
    if (index !== wanted || index < 0) continue;
    yield* tar.body;
    return;
  }
}

/** One origin after the other: each leaves alone what those before it answer for. */
async function askOrigins(workshop: Workshop, image: PortImage): Promise<JoinedPlans> {
  const { options, origins, cache } = workshop;
  let plans = noPlans;
  for (const origin of origins) {
    options.signal?.throwIfAborted();
    options.onEvent?.({ type: 'phase', phase: `looking for counterparts: ${origin.name}` });
    const folder = join(workshop.folder, origin.name);
    await mkdir(folder, { recursive: true });
    const plan = await origin.plan(image, {
      folder,
      cache: join(cache, origin.name),
      taken: answeredFor(plans),
      sharing: options.shared,
      clock: options.clock ?? systemClock,
      signal: options.signal,
      onEvent: options.onEvent,
    });
    plans = joined(plans, plan);
  }
  return plans;
}
