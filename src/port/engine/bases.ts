import { foreignCodeIn } from '../../audit/index.ts';
import { UsageError } from '../../core/index.ts';
import {
  type LayerFacts,
  type LayerReader,
  type LayerSource,
  type MergedView,
  mergeLayers,
  readLayers,
} from '../../layer/index.ts';
import {
  formatPlatform,
  InvalidReferenceError,
  type Platform,
  parseReference,
  runsOn,
} from '../../oci/index.ts';
import type { ImageAccess } from '../../registry/index.ts';
import type { BaseResult } from '../../results/index.ts';
import {
  type BaseSearch,
  checkParity,
  type FoundBase,
  findBase,
  type ParityReport,
  type PortableImage,
} from '../base/index.ts';
import type { PortOptions } from '../options.ts';
import type { Refusal } from '../origin-types.ts';
import { layerSources } from './layer-sources.ts';

/** The base that takes the old one's place; without one, views of nothing. */
export interface PortBase {
  readonly found?: FoundBase;
  /** Number of the image's lowest layers that are the old base's. */
  readonly layers: number;
  readonly oldView: MergedView;
  readonly newView: MergedView;
  readonly newLayers: readonly LayerSource[];
  readonly result: BaseResult;
  readonly refusals: readonly Refusal[];
}

export interface BaseParts {
  readonly image: PortableImage;
  readonly view: MergedView;
  readonly access: ImageAccess;
  readonly reader: LayerReader;
  readonly target: Platform;
  readonly options: PortOptions;
}

/** Checks what a person gave before anything is fetched. @throws UsageError `USAGE`. */
export function checkBaseNames(bases: readonly string[] = []): void {
  for (const base of bases)
    try {
      parseReference(base);
    } catch (error) {
      if (!(error instanceof InvalidReferenceError)) throw error;
      throw new UsageError('USAGE', `"${base}" can not be a base: ${error.message}`, { cause: error });
    }
}

/**
 * Finds the base, and reads its sibling.
 * @throws RegistryError, DocumentError or LayerError where the sibling that was found can't be read; the signal's reason.
 */
export async function readBase(parts: BaseParts): Promise<PortBase> {
  const { image, view, access, target, options } = parts;
  const { bases, knownBases, signal, noBase } = options;
  if (noBase === true) return without({ state: 'none', why: 'it was asked to take none', ...nothing }, []);
  const search = await findBase(
    { ...image, view },
    {
      platform: target,
      open: (location) => access.open(location),
      ...(bases === undefined ? {} : { given: bases }),
      ...(knownBases === undefined ? {} : { knownBases }),
      ...(signal === undefined ? {} : { signal }),
    },
  );
  const refusals = refusalsOf(search, options);
  const { base } = search;
  if (base === undefined) return without(resultOf(search, image), refusals);
  return withBase(base, search, { ...parts, refusals });
}

const nothing = { candidates: [], proposals: [] };

function without(result: BaseResult, refusals: readonly Refusal[]): PortBase {
  const empty = mergeLayers([]);
  return { layers: 0, oldView: empty, newView: empty, newLayers: [], result, refusals };
}

async function withBase(
  base: FoundBase,
  search: BaseSearch,
  {
    image,
    view,
    reader,
    options,
    target: wanted,
    refusals,
  }: BaseParts & { readonly refusals: readonly Refusal[] },
): Promise<PortBase> {
  const { opened, target, layers } = base;
  options.onEvent?.({ type: 'phase', phase: `reading the new base ${base.reference}` });
  const newLayers = layerSources(opened.layers, target.manifest, target.config);
  const newView = mergeLayers(await readLayers(reader, newLayers, options.signal));
  const oldLayers: readonly LayerFacts[] = view.layers.slice(0, layers);
  const oldView = mergeLayers(oldLayers);
  const oldIndex = base.sameIndex ? { indexDigest: base.indexDigest } : {};
  const parity = checkParity(
    { view: oldView, config: base.source.configBytes, ...oldIndex },
    { view: newView, config: target.configBytes, indexDigest: base.indexDigest },
  );
  const accepted = !parity.acceptable && options.allowBaseDifferences === true;
  const different = parity.acceptable || accepted ? [] : [parityRefusal(base, parity)];
  return {
    found: base,
    ...{ layers, oldView, newView, newLayers },
    result: resultOf(search, image, { parity, accepted }),
    refusals: [...refusals, ...different, ...doubtRefusals(base, newView, wanted)],
  };
}

/** A base that a person names must be it: falling back silently would port something else than was meant. */
function refusalsOf(search: BaseSearch, { bases = [] }: PortOptions): readonly Refusal[] {
  if (search.state === 'found' && (bases.length === 0 || search.base?.evidence === 'given')) return [];
  if (bases.length > 0) {
    const given = search.candidates.filter(({ evidence }) => evidence === 'given');
    return given.map(({ reference, why, outcome }) => ({
      kind: 'base',
      ...(outcome === 'unknown' ? { undetermined: true as const } : {}),
      why: `${reference} is not known to be the base: ${why}`,
      lift: 'Name the base that the image was made from with --base, or --no-base to take the whole image as it is.',
      waivable: false,
    }));
  }
  if (search.state === 'none') return [];
  const unread = search.unread.map(({ of, why }) => `${of}: ${why}`);
  const unknown = search.candidates
    .filter(({ outcome }) => outcome === 'unknown')
    .map(({ reference, why }) => `${reference}: ${why}`);
  return [
    {
      kind: 'base',
      undetermined: true,
      why: `its base is not known, for what may name it could not be read: ${[...unread, ...unknown].join('; ')}`,
      lift: 'Make it reachable, name the base with --base, or --no-base to take the whole image as it is.',
      waivable: false,
    },
  ];
}

function parityRefusal(
  { reference }: FoundBase,
  { verdict, differences, uncompared }: ParityReport,
): Refusal {
  const against = differences.filter(({ weight }) => weight === 'different');
  const [first] = against;
  const more = against.length > 1 ? ` (and ${against.length - 1} more)` : '';
  const what =
    first === undefined
      ? uncompared.map(({ what: unread, why }) => `${unread} could not be compared: ${why}`).join('; ')
      : `${first.why}${more}`;
  return {
    kind: 'base',
    ...(verdict === 'unknown' ? { undetermined: true as const } : {}),
    why: `the new base ${reference} differs from the one the image was made from: ${what}`,
    lift: 'Name another base with --base, or accept it with --allow-base-differences.',
    waivable: false,
  };
}

/** Documents only raise doubts: a base whose files were all read, and hold no machine code of another machine, settles them. */
function doubtRefusals(
  { reference, doubts, target: { config } }: FoundBase,
  { layers }: MergedView,
  wanted: Platform,
): readonly Refusal[] {
  const isSettled =
    config.platform !== undefined &&
    runsOn(config.platform, wanted) &&
    layers.every(({ entries, notes }) => {
      const isRead = !notes.some(({ kind }) => kind === 'inspection-failed' || kind === 'sparse-too-large');
      return (
        isRead &&
        entries.every(({ facts }) => facts === undefined || foreignCodeIn(facts, wanted).length === 0)
      );
    });
  if (isSettled) return [];
  return doubts.map((doubt) => ({
    kind: 'base',
    why: `there is a doubt about the new base ${reference}: ${doubt}`,
    lift: 'Name another base with --base.',
    waivable: false,
  }));
}

interface Compared {
  readonly parity: ParityReport;
  readonly accepted: boolean;
}

function resultOf(search: BaseSearch, image: PortableImage, compared?: Compared): BaseResult {
  const { state, base, candidates, proposals } = search;
  return {
    state,
    why: whyOf(search, image),
    ...(base === undefined
      ? {}
      : {
          reference: base.reference,
          evidence: base.evidence,
          index: base.indexDigest,
          source: base.source.descriptor.digest,
          target: base.target.descriptor.digest,
          layers: base.layers,
        }),
    ...(compared === undefined
      ? {}
      : {
          parity: {
            verdict: compared.parity.verdict,
            acceptable: compared.parity.acceptable,
            accepted: compared.accepted,
            differences: compared.parity.differences.map((difference) => ({ ...difference })),
            uncompared: compared.parity.uncompared.map((item) => ({ ...item })),
          },
        }),
    candidates: candidates.map(({ reference, evidence, outcome, why }) => ({
      ...{ reference, evidence, outcome, why },
    })),
    proposals: proposals.map(({ reference, why }) => ({ reference, why })),
  };
}

function whyOf({ state, base }: BaseSearch, { config, platform }: PortableImage): string {
  if (base !== undefined)
    return `the lowest ${base.layers} of its ${config.diffIds.length} layers are those of ${base.reference} for ${formatPlatform(platform)}`;
  return state === 'none'
    ? 'nothing names a base that fits: the whole image is above it'
    : 'what may name a base could not be read';
}
