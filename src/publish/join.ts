import { formatPlatform, type Platform } from '../oci/index.ts';
import { PublishError } from './errors.ts';
import type { Part, ReadSource } from './read-source.ts';

export interface JoinOptions {
  /** What the destination's index has, where its other platforms are to be kept. */
  readonly existing?: ReadSource | undefined;
  readonly replace?: boolean | undefined;
}

/** A part that doesn't get into the index. */
export interface Omitted {
  readonly part: Part;
  /** A sentence. */
  readonly why: string;
}

export interface Joined {
  /** In the index's order: what is kept, then the sources' as given; images before what speaks of them. */
  readonly parts: readonly Part[];
  readonly kept: ReadonlySet<Part>;
  readonly omitted: readonly Omitted[];
}

/**
 * Decides which entries an index of these sources has. Several images of one source for one platform are its own
 * business; of two sources they are a conflict, unless it's the same image.
 * @throws PublishError `PUBLISH_PLATFORM_TWICE`
 */
export function join(
  sources: readonly ReadSource[],
  { existing, replace = false }: JoinOptions = {},
): Joined {
  const omitted: Omitted[] = [];
  let images: readonly Taken[] = [];
  for (const source of sources) images = withImages(images, source, { replace, omitted });
  const kept = existing === undefined ? [] : keptImages(existing, images, omitted);
  const all = [...kept, ...images];
  const others = [...(existing === undefined ? [] : [existing]), ...sources].flatMap(({ parts }) =>
    parts.filter(({ kind }) => kind !== 'image'),
  );
  const left = new Set(omitted.map(({ part }) => part.entry.digest as string));
  const taken = new Set(all.map(({ part }) => part.entry.digest as string));
  const speaking: Part[] = [];
  for (const part of others) {
    if (speaking.some(({ entry }) => entry.digest === part.entry.digest)) continue;
    if (part.of !== undefined && left.has(part.of) && !taken.has(part.of))
      omitted.push({ part, why: `it speaks of ${part.of}, which is left out` });
    else speaking.push(part);
  }
  const fromExisting = new Set(existing?.parts);
  const parts = [...all.map(({ part }) => part), ...speaking];
  return { parts, kept: new Set(parts.filter((part) => fromExisting.has(part))), omitted };
}

interface Taken {
  readonly part: Part;
  readonly key: string;
  readonly source: ReadSource;
}

/** What two images may not share in one index, unless their publisher put them there. */
function keyOf({ os, architecture, variant, osVersion, osFeatures = [] }: Platform): string {
  return JSON.stringify([os, architecture, variant, osVersion, ...osFeatures]);
}

function imagesOf(source: ReadSource): readonly Taken[] {
  return source.parts.flatMap((part) =>
    part.kind === 'image' && part.platform !== undefined ? [{ part, key: keyOf(part.platform), source }] : [],
  );
}

function withImages(
  before: readonly Taken[],
  source: ReadSource,
  { replace, omitted }: { readonly replace: boolean; readonly omitted: Omitted[] },
): readonly Taken[] {
  const added = imagesOf(source).filter((image) => !before.some((other) => isSame(other, image)));
  const rivals = before.filter((other) => added.some((image) => image.key === other.key));
  const [rival] = rivals;
  if (rival !== undefined && !replace) throw twice(rival, source);
  for (const { part } of rivals) omitted.push({ part, why: `replaced by that of ${source.origin.name}` });
  return [...before.filter((other) => !rivals.includes(other)), ...added];
}

function isSame(left: Taken, right: Taken): boolean {
  return left.key === right.key && left.part.entry.digest === right.part.entry.digest;
}

/** Where the later source has the very image that is there, nothing is replaced. */
function keptImages(existing: ReadSource, images: readonly Taken[], omitted: Omitted[]): readonly Taken[] {
  const given = new Set(images.map(({ key }) => key));
  return imagesOf(existing).filter((image) => {
    if (!given.has(image.key)) return true;
    if (!images.some((other) => isSame(other, image)))
      omitted.push({ part: image.part, why: 'a source has another image for its platform' });
    return false;
  });
}

function twice({ part, source: first }: Taken, second: ReadSource): PublishError {
  const platform = part.platform === undefined ? 'one platform' : formatPlatform(part.platform);
  return new PublishError(
    'PUBLISH_PLATFORM_TWICE',
    `both ${first.origin.name} and ${second.origin.name} have an image for ${platform}`,
    {
      hint: 'Take one platform of a source by writing it in front (linux/amd64=SOURCE), or let the later source win with --replace.',
    },
  );
}
