import { messageOf } from '../../../core/index.ts';
import { gunzip, LayerError, unzstd } from '../../../layer/index.ts';
import { DebianError } from './errors.ts';
import { unxz } from './xz/unxz.ts';

export type DebCompression = 'none' | 'gzip' | 'xz' | 'zstd';

/**
 * Decompresses a member of a package, or an index. How far it unpacks is for the caller to bound.
 * @throws DebianError `DEBIAN_MALFORMED`, `DEBIAN_UNSUPPORTED` or `DEBIAN_LIMIT`; what the input throws.
 */
export async function* decompressed(
  input: AsyncIterable<Uint8Array>,
  compression: DebCompression,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (compression === 'none') yield* input;
    else if (compression === 'xz') yield* unxz(input);
    else yield* compression === 'gzip' ? gunzip(input) : unzstd(input);
  } catch (error) {
    if (error instanceof LayerError)
      throw new DebianError('DEBIAN_MALFORMED', `the ${compression} of ${name} is damaged`, { cause: error });
    if (!(error instanceof DebianError)) throw error;
    const { code, hint, facts } = error;
    throw new DebianError(code, `${name}: ${messageOf(error)}`, { cause: error, hint, facts });
  }
}
