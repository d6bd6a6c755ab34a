import { gzipSync } from 'node:zlib';
import { digestOf } from '../oci/index.ts';
import { type TarMember, writeTar } from '../tar/index.ts';
import { createLayerReader, type LayerFacts, type LayerReaderOptions, type LayerSource } from './index.ts';

export const gzipType = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const plainType = 'application/vnd.oci.image.layer.v1.tar';

export async function tarOf(members: Iterable<TarMember>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A layer's blob in memory, delivered in small pieces. */
export function sourceOf(bytes: Uint8Array, mediaType: string, more: Partial<LayerSource> = {}): LayerSource {
  async function* blob(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
  }
  return {
    repository: { name: 'example.com/app', blob },
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
    ...more,
  };
}

export async function readBytes(
  bytes: Uint8Array,
  mediaType: string,
  options: LayerReaderOptions = {},
): Promise<LayerFacts> {
  const reader = createLayerReader({ workerFile: 'none', ...options });
  try {
    return await reader.read(sourceOf(bytes, mediaType));
  } finally {
    await reader.close();
  }
}

export async function factsOf(
  members: Iterable<TarMember>,
  options: LayerReaderOptions = {},
): Promise<LayerFacts> {
  return readBytes(gzipSync(await tarOf(members)), gzipType, options);
}
