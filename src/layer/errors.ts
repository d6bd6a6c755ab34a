import { ArmloadError } from '../core/index.ts';

/**
 * A layer that can't be read. `LAYER_UNSUPPORTED`: a media type or compression armload doesn't know, or an encrypted
 * layer. `LAYER_MALFORMED`: damaged or cut compression or tar. `LAYER_LIMIT`: a bound was reached, which is named.
 * `LAYER_DIFF_ID`: the content isn't what the image's config says. `LAYER_WORKER`: the thread reading it ended.
 * `LAYER_UNPACK`: the file system didn't take the image's files.
 */
export class LayerError extends ArmloadError<
  'LAYER_UNSUPPORTED' | 'LAYER_MALFORMED' | 'LAYER_LIMIT' | 'LAYER_DIFF_ID' | 'LAYER_WORKER' | 'LAYER_UNPACK'
> {}
