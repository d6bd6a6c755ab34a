import { PackagesError } from './errors.ts';

/** Passes on what comes, up to a limit. @throws PackagesError `PACKAGES_LIMIT`. */
export async function* bounded(
  input: AsyncIterable<Uint8Array>,
  maxBytes: number,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new PackagesError(
        'PACKAGES_LIMIT',
        `${name} unpacks to more than the limit of ${maxBytes} bytes`,
      );
    yield chunk;
  }
}
