import { UsageError } from '../../../core/index.ts';

export interface DockerAddress {
  /** A reference, or an image's id, as the engine takes it. */
  readonly image: string;
  /** May steps use the engine that they run in? */
  readonly shareEngine: boolean;
}

/**
 * Reads `docker://IMAGE[?share-engine]`.
 * @throws UsageError `USAGE`
 */
export function readDockerAddress(address: string): DockerAddress {
  const [image = '', query, more] = address.slice('docker://'.length).split('?');
  // Nothing that the client could read as an option.
  if (!/^[a-z0-9][A-Za-z0-9._:/@+-]{0,500}$/.test(image)) throw wrong(address, 'names no image');
  if (more !== undefined || (query !== undefined && query !== 'share-engine'))
    throw wrong(address, 'has settings that are not known');
  return { image, shareEngine: query !== undefined };
}

function wrong(address: string, why: string): UsageError {
  return new UsageError('USAGE', `${JSON.stringify(address)} ${why}`, {
    hint: 'write docker://IMAGE, or docker://IMAGE?share-engine for steps that use the engine themselves',
  });
}
