import { createFetch as createAnyFetch, FetchError, type FetchOptions } from '../../../fetch/index.ts';
import { DebianError } from '../errors.ts';

export type { FetchOptions };

/**
 * Opens a file of an archive by its address. Rejects with a DebianError: `DEBIAN_NOT_FOUND` where the archive says that it
 * isn't there, `DEBIAN_UNREACHABLE` where it gave no usable answer; or the signal's reason. The stream may fail with the same.
 */
export type Fetch = (
  url: string,
  options: { readonly signal: AbortSignal },
) => Promise<AsyncIterable<Uint8Array>>;

const codes = {
  FETCH_NOT_FOUND: 'DEBIAN_NOT_FOUND',
  FETCH_UNREACHABLE: 'DEBIAN_UNREACHABLE',
  FETCH_TIMEOUT: 'DEBIAN_TIMEOUT',
} as const;

/** The default: HTTP and HTTPS with the environment's proxies. `close` ends its connections. */
export function createFetch(options: FetchOptions = {}): {
  readonly fetch: Fetch;
  readonly close: () => Promise<void>;
} {
  const { fetch, close } = createAnyFetch(options);
  return {
    fetch: async (url, call) =>
      asDebian(
        await fetch(url, call).catch((error: unknown) => {
          throw translated(error);
        }),
      ),
    close,
  };
}

async function* asDebian(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    throw translated(error);
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof FetchError)) return error;
  const { message, hint, facts, cause } = error;
  return new DebianError(codes[error.code], message, { hint, facts, ...(cause !== undefined && { cause }) });
}
