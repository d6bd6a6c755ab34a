import { UsageError } from '../core/index.ts';
import { type ImageAccess, type Location, openAccess, parseLocation } from '../registry/index.ts';
import type { PublishResult } from '../results/index.ts';
import { checkSignSettings } from './attest/signer.ts';
import { publishImages } from './publish-images.ts';
import type { NamedSource, OpenedSource, PublishOptions } from './types.ts';

/**
 * Joins images of any transport and repository into one index and publishes it; see `publishImages` for how.
 * @throws UsageError or InvalidReferenceError for a destination or source that can't be one, and for credentials,
 * certificates or a cache that can't be used; what `publishImages` throws.
 */
export async function publish(options: PublishOptions): Promise<PublishResult> {
  const location = parseDestination(options.destination);
  const located = options.sources.map((source) => ({ source, location: parseLocation(source.reference) }));
  if (located.length === 0) throw new UsageError('USAGE', 'nothing to publish was named');
  if (options.sign !== undefined) await checkSignSettings(options.sign, options.environment ?? process.env);
  const access = await openAccess(options);
  try {
    const destination = await access.openWritable(location);
    const sources: OpenedSource[] = [];
    for (const each of located) sources.push(await opened(access, each));
    return await publishImages({ ...options, destination, sources });
  } finally {
    await access.close();
  }
}

async function opened(
  access: ImageAccess,
  { source, location }: { readonly source: NamedSource; readonly location: Location },
): Promise<OpenedSource> {
  const { reference, platform } = source;
  const image = await access.open(location);
  return { name: reference, image, ...(platform === undefined ? {} : { platform }) };
}

/**
 * Reads where to publish. `latest` has to be written: it is too much for a forgotten tag.
 * @throws UsageError `USAGE` without a tag, or with a digest; InvalidReferenceError.
 */
export function parseDestination(text: string): Location {
  const location = parseLocation(text);
  const named = location.transport === 'registry' ? location.reference : location;
  if (named.digest !== undefined)
    throw new UsageError('USAGE', `"${text}" is no place to publish to: what it is called is a digest`, {
      hint: 'Name a tag; the digest follows from the content.',
    });
  const isImplied =
    location.transport === 'registry' && named.tag === 'latest' && !text.trim().endsWith(':latest');
  if (location.transport !== 'oci-archive' && (named.tag === undefined || isImplied))
    throw new UsageError('USAGE', `"${text}" is no place to publish to: it names no tag`, {
      hint: `Write ${text}:TAG.`,
    });
  return location;
}
