import { ArmloadError, messageOf, redact, systemClock, UsageError } from '../core/index.ts';
import type { Digest } from '../oci/index.ts';
import { type PortShared, port } from '../port/index.ts';
import { parseLocation, RegistryError } from '../registry/index.ts';
import type { FleetImage, FleetOutcome, ImageResult, PortMaterial, PortResult } from '../results/index.ts';
import type { Destination } from './destinations.ts';
import { FleetError } from './errors.ts';
import { keyOf } from './key.ts';
import type { FleetOptions } from './options.ts';
import type { FleetRecord, FleetState } from './state.ts';

/** What became of an image, and what was taken for it. */
export interface PortedOne {
  readonly image: FleetImage;
  readonly materials: readonly Pick<PortMaterial, 'origin' | 'sha256' | 'uri' | 'size'>[];
}

export interface FleetParts {
  readonly options: FleetOptions;
  readonly shared: PortShared;
  /** Absent where nothing is kept from run to run. */
  readonly state: FleetState | undefined;
}

const refusalsShown = 5;

/**
 * Ports one image of a fleet, unless that was done before.
 * @throws UsageError for options that can't be used, the signal's reason. All else is the image's own outcome.
 */
export async function portOne(
  found: ImageResult,
  destination: Destination | undefined,
  parts: FleetParts,
): Promise<PortedOne> {
  if (destination !== undefined && 'why' in destination) return nameless(found, destination.why);
  const { options } = parts;
  const to = destination?.name;
  const source = pinned(found);
  const key = keyOf(source, options);
  const done = to === undefined ? undefined : await doneBefore(found, { to, key }, parts);
  if (done?.image !== undefined) return { image: done.image, materials: [] };
  try {
    const result = await port(portOptions(source, to, parts));
    // What an interrupted port calls unknown is no verdict.
    if (result.outcome === 'unknown') options.signal?.throwIfAborted();
    const one = summary(found, result, done?.moved);
    const { index } = one.image;
    if (to !== undefined && index !== undefined)
      await keep({ key, reference: source, destination: to, index, at: nowOf(options) }, parts);
    return one;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof UsageError) throw error;
    return { image: { ...empty(found, to), ...failure(error) }, materials: [] };
  }
}

/** What can't be kept is published all the same: the next run finds it unchanged, at the cost of making it again. */
async function keep(record: FleetRecord, { options, state }: FleetParts): Promise<void> {
  try {
    await state?.add(record);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    options.onEvent?.({ type: 'warning', message: error.message });
  }
}

/** The very image that the scan saw, under the name that people know. */
function pinned({ reference, digest }: ImageResult): string {
  return digest === undefined || reference.includes('@') ? reference : `${reference}@${digest}`;
}

function portOptions(source: string, to: string | undefined, { options, shared }: FleetParts) {
  const { inputs: _inputs, stdin: _stdin, to: _to, onEvent, ...settings } = options;
  return {
    ...settings,
    reference: source,
    ...(to === undefined ? {} : { to }),
    shared,
    ...(onEvent === undefined
      ? {}
      : {
          // Phases of ports side by side would overwrite each other.
          onEvent: (event: Parameters<typeof onEvent>[0]) => {
            if (event.type !== 'phase' && event.type !== 'progress' && event.type !== 'bytes') onEvent(event);
          },
        }),
  };
}

interface Before {
  readonly image?: FleetImage;
  /** What is to be said of it. */
  readonly moved?: string;
}

/** One HEAD says whether what an earlier run published is still what the destination points to. */
async function doneBefore(
  found: ImageResult,
  { to, key }: { readonly to: string; readonly key: string },
  { options, shared, state }: FleetParts,
): Promise<Before | undefined> {
  const record = state?.find(key, to);
  if (record === undefined || options.offline === true) return undefined;
  const now = await pointsTo(to, shared, options.signal);
  if (now !== record.index) return { moved: `${to} no longer pointed to what an earlier run published` };
  return {
    image: {
      ...empty(found, to),
      outcome: 'unchanged',
      why: `${to} still points to what an earlier run published`,
      resumed: true,
      index: record.index,
    },
  };
}

/** `undefined` also where nobody can tell: the port itself finds out why. */
async function pointsTo(
  to: string,
  { access }: PortShared,
  signal: AbortSignal | undefined,
): Promise<Digest | undefined> {
  try {
    const destination = await access.openWritable(parseLocation(to));
    return await destination.current(signal === undefined ? {} : { signal });
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

function nameless(found: ImageResult, why: string): PortedOne {
  const lift = 'Port it by itself, with a name of its own: armload port REFERENCE --to DESTINATION.';
  const refusals = [{ kind: 'image', undetermined: false, why, lift }];
  const image = {
    ...empty(found),
    outcome: 'refused' as const,
    why,
    refusals,
    refused: { sure: 1, undetermined: 0 },
  };
  return { image, materials: [] };
}

function empty({ reference, written, digest }: ImageResult, to?: string): FleetImage {
  return {
    reference,
    written,
    ...(digest === undefined ? {} : { digest }),
    ...(to === undefined ? {} : { destination: to }),
    outcome: 'failed',
    why: '',
    resumed: false,
    origins: [],
    refusals: [],
    refused: { sure: 0, undetermined: 0 },
  };
}

function summary(found: ImageResult, result: PortResult, moved: string | undefined): PortedOne {
  const { outcome, why, base, image, materials, publish, refusals } = result;
  const undetermined = refusals.filter((refusal) => refusal.undetermined).length;
  return {
    image: {
      ...empty(found, result.destination),
      outcome,
      why: moved === undefined ? why : `${why}; ${moved}`,
      ...(base === undefined
        ? {}
        : {
            base: {
              state: base.state,
              ...(base.reference === undefined ? {} : { reference: base.reference }),
              ...(base.evidence === undefined ? {} : { evidence: base.evidence }),
            },
          }),
      origins: [...originsOf(materials)],
      refusals: firstOf(refusals),
      refused: { sure: refusals.length - undetermined, undetermined },
      ...(image === undefined
        ? {}
        : { image: { digest: image.digest, bytes: image.bytes, newBytes: image.newBytes } }),
      ...(isThere(outcome) && publish !== undefined ? { index: publish.index.digest } : {}),
    },
    materials: materials.map(({ origin, sha256, uri, size }) => ({
      ...{ origin, sha256, uri },
      ...(size === undefined ? {} : { size }),
    })),
  };
}

function isThere(outcome: FleetOutcome): boolean {
  return outcome === 'published' || outcome === 'unchanged';
}

/** What is sure first: it's what a person can lift. */
function firstOf(refusals: PortResult['refusals']): PortResult['refusals'] {
  const sure = refusals.filter(({ undetermined }) => !undetermined);
  const open = refusals.filter(({ undetermined }) => undetermined);
  return [...sure, ...open].slice(0, refusalsShown);
}

/** The number of things of each origin and their bytes, by name; what came twice counts once. */
export function originsOf(materials: PortedOne['materials']): FleetImage['origins'] {
  const sums = new Map<string, { items: number; bytes: number }>();
  const seen = new Set<string>();
  for (const { origin, sha256, uri, size = 0 } of materials) {
    const key = `${origin} ${sha256 === '' ? uri : sha256}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const { items, bytes } = sums.get(origin) ?? { items: 0, bytes: 0 };
    sums.set(origin, { items: items + 1, bytes: bytes + size });
  }
  return [...sums]
    .map(([origin, sum]) => ({ origin, ...sum }))
    .sort((left, right) => (left.origin < right.origin ? -1 : 1));
}

const refusing: ReadonlySet<string> = new Set([
  'PUBLISH_TAG_MOVED',
  'PUBLISH_PLATFORM_TWICE',
  'PUBLISH_NOT_AN_IMAGE',
]);

function failure(error: unknown): Pick<FleetImage, 'outcome' | 'why'> {
  const why = redact(messageOf(error));
  if (!(error instanceof ArmloadError)) return { outcome: 'failed', why: `this is a bug in armload: ${why}` };
  if (refusing.has(error.code)) return { outcome: 'refused', why };
  return { outcome: error instanceof RegistryError ? 'unknown' : 'failed', why };
}

function nowOf({ clock = systemClock }: FleetOptions): string {
  return new Date(clock.now()).toISOString();
}
