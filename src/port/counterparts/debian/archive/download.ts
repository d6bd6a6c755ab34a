import { type Clock, messageOf, redact } from '../../../../core/index.ts';
import { persistent } from '../../../fetch/index.ts';
import { DebianError } from '../errors.ts';
import type { ContentCache, ContentId } from './content-cache.ts';
import type { Fetch } from './fetch.ts';

export interface DownloadParts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds, for all tries together. */
  readonly time: number;
}

/** The whole of a small file. @throws DebianError, or the signal's reason. */
export function fetchWhole(url: string, maxBytes: number, parts: DownloadParts): Promise<Uint8Array> {
  return untilItWorks(url, parts, async (signal) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of await parts.fetch(url, { signal })) {
      size += chunk.length;
      if (size > maxBytes)
        throw new DebianError('DEBIAN_LIMIT', `GET ${url} gives more than the limit of ${maxBytes} bytes`);
      chunks.push(Uint8Array.from(chunk));
    }
    return Buffer.concat(chunks);
  });
}

/** A file whose hash is known, by way of the cache: the path there. @throws DebianError, or the signal's reason. */
export async function fetchContent(
  url: string,
  content: ContentId,
  parts: DownloadParts & { readonly cache: ContentCache },
): Promise<string> {
  const known = await parts.cache.find(content);
  if (known !== undefined) return known;
  return untilItWorks(url, parts, async (signal) =>
    parts.cache.put(await parts.fetch(url, { signal }), content, url),
  );
}

/** Tries again where the network may be at fault. */
function untilItWorks<T>(
  url: string,
  { clock, signal, time }: DownloadParts,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return persistent(
    async (either) => {
      try {
        return await attempt(either);
      } catch (error) {
        throw either.aborted ? error : asDebianError(url, error);
      }
    },
    {
      clock,
      signal,
      time,
      isPassing: (error) => error instanceof DebianError && isPassing(error),
      timedOut: () =>
        new DebianError('DEBIAN_TIMEOUT', `GET ${url} was not done after ${time / 1000} seconds`, {
          facts: { url: redact(url) },
        }),
    },
  );
}

/** What a fetch of somebody else's making may throw. */
function asDebianError(url: string, error: unknown): DebianError {
  if (error instanceof DebianError) return error;
  return new DebianError('DEBIAN_UNREACHABLE', `GET ${url} failed: ${messageOf(error)}`, { cause: error });
}

/** A client's fault stays one: 401, 403. */
function isPassing({ code, facts }: DebianError): boolean {
  const status = facts['status'];
  if (typeof status === 'number') return status >= 500 || status === 429;
  return code === 'DEBIAN_UNREACHABLE' || code === 'DEBIAN_TIMEOUT';
}
