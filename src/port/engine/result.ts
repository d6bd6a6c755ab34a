import { formatPlatform } from '../../oci/index.ts';
import { formatLocation } from '../../registry/index.ts';
import {
  type PortLayer,
  type PortOutcome,
  type PortRefusal,
  type PortResult,
  type PublishResult,
  portSchemaVersion,
  type SmokeRun,
} from '../../results/index.ts';
import { noTotals } from '../account.ts';
import type { Refusal } from '../origin-types.ts';
import { explainedAccount } from './account-text.ts';
import type { Attached, Ported, ReadSource } from './types.ts';

import type { Workshop } from './workshop.ts';

export interface Conclusion {
  readonly outcome: PortOutcome;
  readonly why: string;
}

export interface Ending extends Ported, Conclusion {
  readonly refusals: readonly Refusal[];
  readonly runs: readonly SmokeRun[];
  readonly attached?: Attached;
  readonly publish?: PublishResult | undefined;
}

/** A port that ended before anything was planned. */
export type Early =
  | { readonly kind: 'unneeded' | 'none'; readonly why: string; readonly lift?: string }
  | { readonly kind: 'refused'; readonly source: ReadSource; readonly mislabelled: Refusal };

export function earlyResult(workshop: Workshop, early: Early): PortResult {
  const empty = emptyResult(workshop);
  if (early.kind === 'unneeded') return { ...empty, outcome: 'unneeded', why: early.why };
  if (early.kind === 'refused') {
    const { source, mislabelled } = early;
    return {
      ...empty,
      outcome: 'refused',
      why: mislabelled.why,
      source: { ...empty.source, digest: source.image.digest },
      refusals: [refusalResult(mislabelled, source)],
    };
  }
  const refusal: Refusal = {
    kind: 'image',
    why: early.why,
    lift: early.lift ?? 'Name an image that has the platform to port from; --from names another platform.',
    waivable: false,
  };
  return { ...empty, outcome: 'refused', why: early.why, refusals: [refusalResult(refusal)] };
}

function emptyResult({ options, reference, destination, from, target, waivers }: Workshop): PortResult {
  return {
    schemaVersion: portSchemaVersion,
    platform: formatPlatform(target),
    source: { reference, written: options.reference, platform: formatPlatform(from) },
    ...(destination === undefined ? {} : { destination: formatLocation(destination) }),
    outcome: 'unknown',
    why: '',
    layers: [],
    totals: { ...noTotals },
    refusals: [],
    waivers: waivers.results(),
    materials: [],
    notes: [],
    config: [],
    attachments: [],
    account: [],
  };
}

/** The document of a port that was planned. */
export function portResult(workshop: Workshop, ending: Ending): PortResult {
  const { source, base, plans, made, refusals, runs, outcome, why, publish } = ending;
  const empty = emptyResult(workshop);
  const { records, notes } = explainedAccount(workshop, ending);
  return {
    ...empty,
    ...{ outcome, why },
    source: {
      ...empty.source,
      platform: formatPlatform(source.image.platform),
      digest: source.image.digest,
    },
    base: base.result,
    layers: layersOf(ending),
    totals: { ...made.totals },
    refusals: refusals.map((refusal) => refusalResult(refusal, source)),
    waivers: workshop.waivers.results(),
    materials: plans.materials.map((material) => ({
      ...material,
      signers: [...(material.signers ?? [])],
      notes: [...(material.notes ?? [])],
    })),
    notes: [...plans.notes, ...notes, ...configNotes(made)],
    config: (made.image?.merge.decisions ?? []).map((decision) => ({ ...decision })),
    ...auditOf(ending, runs),
    ...imageOf(ending),
    attachments: (ending.attached?.attachments ?? []).map(({ kind, manifest, artifactType, signed }) => ({
      ...{ kind, digest: manifest.digest, artifactType, signed },
    })),
    ...(publish === undefined ? {} : { publish }),
    account: records,
  };
}

/** What the config says of the old architecture, and nobody can tell whether anything reads it. */
function configNotes({ image }: Ending['made']): readonly string[] {
  return (image?.merge.problems ?? [])
    .filter(({ kind }) => kind === 'names-architecture')
    .map(({ member, value, why }) => `${member} is still "${value}": ${why}`);
}

function auditOf({ made }: Ending, runs: readonly SmokeRun[]): Pick<PortResult, 'audit'> {
  if (made.audit === undefined) return {};
  const { audit } = made.audit;
  return { audit: runs.length === 0 ? audit : { ...audit, runs: [...runs] } };
}

function imageOf({ made, base }: Ending): Pick<PortResult, 'image'> {
  const { image, assembled } = made;
  if (image === undefined || assembled === undefined) return {};
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  const rewritten = assembled.layers.filter(({ kind }) => kind === 'rewritten');
  return {
    image: {
      digest: image.manifest.digest,
      mediaType: image.manifest.mediaType,
      bytes: sum([...base.newLayers, ...assembled.layers].map(({ descriptor }) => descriptor.size)),
      newBytes: sum(rewritten.map(({ descriptor }) => descriptor.size)),
    },
  };
}

function layersOf({ source, base, made }: Ending): PortLayer[] {
  const { assembled, account } = made;
  if (assembled === undefined) return [];
  const changes = new Map<number, number>();
  for (const { layer, outcome } of account.records)
    if (outcome !== 'kept') changes.set(layer, (changes.get(layer) ?? 0) + 1);
  return [
    ...base.newLayers.map(({ descriptor: { digest, size }, diffId }) => ({
      ...{ kind: 'base' as const, digest, diffId: diffId ?? '', size, changes: 0 },
    })),
    ...assembled.layers.map(({ kind, descriptor: { digest, size }, diffId }, index) => {
      const from = source.layers[base.layers + index]?.descriptor.digest;
      const own = kind === 'kept' ? 0 : (changes.get(index) ?? 0);
      return { kind, digest, diffId, size, ...(from === undefined ? {} : { from }), changes: own };
    }),
  ];
}

function refusalResult(refusal: Refusal, source?: ReadSource): PortRefusal {
  const { kind, path, undetermined, guess, why, lift } = refusal;
  const layer = path === undefined || source === undefined ? undefined : layerOf(path, source);
  return {
    kind,
    ...(path === undefined ? {} : { path: `/${path}` }),
    ...(layer === undefined ? {} : { layer }),
    undetermined: undetermined ?? false,
    ...(guess === undefined ? {} : { guess }),
    ...{ why, lift },
  };
}

/** Longer lines of history are cut: they stand in every refusal of their layer. */
const maxHistory = 4096;

function layerOf(path: string, { view, image, layers }: ReadSource): PortRefusal['layer'] {
  const index = view.lookup(path)?.layer;
  const layer = index === undefined ? undefined : layers[index];
  if (index === undefined || layer === undefined) return undefined;
  const history = image.config.history.filter(({ emptyLayer }) => !emptyLayer);
  const line = history.length === layers.length ? history[index]?.createdBy?.slice(0, maxHistory) : undefined;
  return {
    index,
    digest: layer.descriptor.digest,
    ...(layer.diffId === undefined ? {} : { diffId: layer.diffId }),
    ...(line === undefined ? {} : { history: line }),
  };
}
