import {
  type LayerFacts,
  type LayerReader,
  type LayerSource,
  mergeLayers,
  readLayers,
} from '../layer/index.ts';
import { type Platform, parseConfig, parseRunSettings } from '../oci/index.ts';
import { type Reading, type Repository, readConfigBytes } from '../registry/index.ts';
import type { FoundImage } from './find-images.ts';
import type { LayerOrigin, StartOverride, Subject } from './types.ts';

export interface SubjectParts {
  /** Where its layers are read from. */
  readonly layers: Pick<Repository, 'name' | 'blob'>;
  readonly reader: LayerReader;
  readonly override: StartOverride;
}

/** An image with everything read that the analyses ask; its platform is for the caller to say. */
export interface ReadImage {
  readonly config: Subject['config'];
  readonly sources: readonly LayerSource[];
  subject(platform: Platform): Subject;
}

/**
 * Reads an image's config and layers: each layer once, several at a time.
 * @throws RegistryError, DocumentError or LayerError.
 */
export async function readImage(at: Reading, image: FoundImage, parts: SubjectParts): Promise<ReadImage> {
  const bytes = await readConfigBytes(at, image.manifest.config);
  const config = parseConfig(bytes);
  const run = parseRunSettings(bytes);
  const sources = image.manifest.layers.map((descriptor, index): LayerSource => {
    const diffId = config.diffIds[index];
    return { repository: parts.layers, descriptor, ...(diffId === undefined ? {} : { diffId }) };
  });
  const facts = await readLayers(parts.reader, sources, at.signal);
  const view = mergeLayers(facts);
  const layers = originsOf(config, sources, facts);
  return {
    config,
    sources,
    subject: (platform) => ({ platform, config, run, override: parts.override, view, layers }),
  };
}

/** Characters of one line of history; it stands in every finding of its layer. */
const maxHistory = 4096;

/** The history belongs to the layers only where it counts as many; some builders leave entries out. */
export function originsOf(
  config: Subject['config'],
  sources: readonly LayerSource[],
  facts: readonly LayerFacts[],
): readonly LayerOrigin[] {
  const history = config.history.filter(({ emptyLayer }) => !emptyLayer);
  return facts.flatMap((layer, index) => {
    const descriptor = sources[index]?.descriptor;
    if (descriptor === undefined) return [];
    const createdBy =
      history.length === facts.length ? history[index]?.createdBy?.slice(0, maxHistory) : undefined;
    return [{ descriptor, diffId: layer.diffId, ...(createdBy === undefined ? {} : { createdBy }) }];
  });
}
