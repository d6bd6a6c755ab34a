import {
  type Descriptor,
  formatPlatform,
  type HistoryEntry,
  type ImageManifest,
  type Platform,
  runsOn,
  samePlatform,
} from '../oci/index.ts';
import { type Offer, RegistryError, readChild, readConfig } from '../registry/index.ts';
import type { Evidence } from '../results/index.ts';
import type { Case } from './types.ts';

const amd64: Platform = { os: 'linux', architecture: 'amd64' };
/** Below this a layer holds scripts and settings rather than programs. Compressed bytes. */
const programBytes = 64 * 1024;

/** What an index says against itself, from its own text: no request. */
export function indexContradictions(offers: readonly Offer[], chosen: Offer): Evidence[] {
  const twins = offers.filter(
    ({ entry, platform }) =>
      entry.digest === chosen.entry.digest &&
      platform !== undefined &&
      chosen.platform !== undefined &&
      platform.architecture !== chosen.platform.architecture,
  );
  const duplicates = offers.filter(
    (offer) => offer.entry.digest !== chosen.entry.digest && isDuplicate(offer, chosen),
  );
  const name = chosen.platform === undefined ? 'the target' : formatPlatform(chosen.platform);
  return [
    ...twins.slice(0, 1).map(({ platform }) => ({
      kind: 'same-manifest',
      text: `the index gives the same manifest ${chosen.entry.digest} for ${name} and ${platform === undefined ? '?' : formatPlatform(platform)}; one manifest holds one platform's programs`,
    })),
    ...duplicates.slice(0, 1).map(({ entry }) => ({
      kind: 'duplicate-entries',
      text: `the index names ${name} more than once, as ${chosen.entry.digest} and as ${entry.digest}; which one a host pulls depends on its runtime`,
    })),
  ];
}

/** Podman's `--add-compression` lists the same platform again for another compression, and marks it. */
function isDuplicate(offer: Offer, chosen: Offer): boolean {
  if (offer.platform === undefined || chosen.platform === undefined) return false;
  const recompressed = [offer, chosen].some(({ entry }) =>
    Object.keys(entry.annotations ?? {}).some((key) => key.startsWith('io.github.containers.compression.')),
  );
  return (
    !recompressed &&
    samePlatform(offer.platform, chosen.platform) &&
    offer.platform.osVersion === chosen.platform.osVersion &&
    (offer.platform.osFeatures ?? []).join() === (chosen.platform.osFeatures ?? []).join()
  );
}

export interface Comparison {
  /** What makes the image suspect. */
  readonly against: readonly Evidence[];
  /** What is worth knowing but proves nothing. */
  readonly notes: readonly Evidence[];
}

/**
 * Compares the documents of the target's image with its amd64 sibling: a layer that both share holds no machine code,
 * or the wrong machine's for one of them (cicd-sensor/cicd-sensor #170 shows the pattern).
 * @throws RegistryError `malformed` where the index names a manifest or config that isn't there.
 */
export async function compareWithSibling(
  at: Case,
  offers: readonly Offer[],
  chosen: Offer,
): Promise<Comparison> {
  const own = await readExistingImage(at, chosen);
  if (own === undefined) return { against: [], notes: [] };
  const config = await readConfig(at, own.config);
  const against: Evidence[] = [];
  if (config.platform !== undefined && !runsOn(config.platform, at.options.platform)) {
    against.push({
      kind: 'config-platform',
      text: `the index says ${formatPlatform(at.options.platform)}, the image's own config says ${formatPlatform(config.platform)}`,
    });
  }
  const sibling = offers.find(
    ({ platform, entry }) =>
      platform !== undefined && samePlatform(platform, amd64) && entry.digest !== chosen.entry.digest,
  );
  const other =
    sibling === undefined || samePlatform(at.options.platform, amd64)
      ? undefined
      : await readExistingImage(at, sibling);
  if (other === undefined) return { against, notes: [] };
  const shared = sharedLayers(own, other, config.history);
  return { against: [...against, ...shared.against], notes: shared.notes };
}

async function readExistingImage(at: Case, { entry }: Offer): Promise<ImageManifest | undefined> {
  try {
    const manifest = await readChild(at, entry);
    return manifest.kind === 'image' ? manifest : undefined;
  } catch (error) {
    if (!(error instanceof RegistryError) || error.reason !== 'not-found') throw error;
    throw new RegistryError(
      'malformed',
      `the index is broken: it names ${entry.digest}, which the repository doesn't have`,
      error.request,
      { cause: error },
    );
  }
}

function sharedLayers(
  own: ImageManifest,
  other: ImageManifest,
  history: readonly HistoryEntry[],
): Comparison {
  const theirs = new Set(other.layers.map((layer) => layer.digest));
  const shared = own.layers.filter((layer) => theirs.has(layer.digest));
  const first = own.layers[0];
  if (first === undefined || shared.length === 0) return { against: [], notes: [] };
  if (shared.length === own.layers.length) {
    return {
      against: [{ kind: 'same-layers', text: `all ${shared.length} layers are those of linux/amd64` }],
      notes: [],
    };
  }
  if (first.digest === other.layers[0]?.digest) {
    return {
      against: [
        {
          kind: 'shared-first-layer',
          text: `the first layer, ${first.digest}, is that of linux/amd64: the base may be amd64's`,
        },
      ],
      notes: [],
    };
  }
  const steps = history.filter((step) => !step.emptyLayer);
  const program = shared.find(
    (layer) => layer.size >= programBytes && placesProgram(steps[own.layers.indexOf(layer)]),
  );
  if (program === undefined) return { against: [], notes: [sharedNote(shared)] };
  const step = steps[own.layers.indexOf(program)]?.createdBy?.slice(0, 200) ?? '';
  return {
    against: [
      {
        kind: 'shared-program-layer',
        text: `layer ${program.digest} is that of linux/amd64, and its history says it holds a program: ${step}`,
      },
    ],
    notes: [],
  };
}

function sharedNote(shared: readonly Descriptor[]): Evidence {
  const bytes = shared.reduce((sum, layer) => sum + layer.size, 0);
  return {
    kind: 'shared-layers',
    text: `${shared.length} of its layers (${bytes} bytes) are those of linux/amd64: right where they hold no machine code`,
  };
}

/** `COPY --from=build /out/server /usr/local/bin/server`: a destination without extension in a program directory. */
function placesProgram(step: HistoryEntry | undefined): boolean {
  const words =
    step?.createdBy
      ?.replace(/\s#.*$/, '')
      .trim()
      .split(/\s+/) ?? [];
  const destination = words.at(-1);
  if (destination === undefined || !words.some((word) => /^(COPY|ADD)$/i.test(word))) return false;
  return /^\/(?:[\w-]+\/)*s?bin(?:\/[\w-]+)?\/?$|^\/[\w-]+$/.test(destination);
}
