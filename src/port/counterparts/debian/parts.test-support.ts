import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLayerReader, type MergedView, mergeLayers } from '../../../layer/index.ts';
import { digestOf } from '../../../oci/index.ts';
import { type TarMember, writeTar } from '../../../tar/index.ts';
import { debianFiles } from './debian-files.ts';

export async function bytesOf(input: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** The bytes in pieces of a size, so that every boundary is met. */
export async function* piecesOf(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function tarOf(...members: readonly TarMember[]): Promise<Buffer> {
  return bytesOf(writeTar(members));
}

/** What an image of these layers holds, read as a port reads it. */
export async function viewOf(...layers: readonly (readonly TarMember[])[]): Promise<MergedView> {
  const reader = createLayerReader({ workerFile: 'none', wanted: debianFiles });
  const read = layers.map(async (members) => {
    const bytes = await tarOf(...members);
    const repository = { name: 'example.org/app', blob: () => piecesOf(bytes, 65_536) };
    const mediaType = 'application/vnd.oci.image.layer.v1.tar';
    return reader.read({
      repository,
      descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
    });
  });
  const facts = await Promise.all(read);
  await reader.close();
  return mergeLayers(facts);
}

/** The name of a folder that isn't there yet. */
export function freshFolder(): { readonly path: string; readonly remove: () => void } {
  const path = join(tmpdir(), `armload-debian-${randomUUID()}`);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
