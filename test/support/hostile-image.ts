import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../../src/fixture/index.ts';
import { zipped } from './raw-tar.ts';

export const gzipLayer = 'application/vnd.oci.image.layer.v1.tar+gzip';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

export interface HostileLayer {
  readonly blob: Uint8Array;
  readonly diffId?: string;
  /** gzip unless told. */
  readonly mediaType?: string;
  /** Members of its descriptor that are to be other than they should. */
  readonly descriptor?: Readonly<Record<string, unknown>>;
  /** The blob is not to be there. */
  readonly missing?: boolean;
}

export interface HostileImage {
  readonly layers: readonly HostileLayer[];
  readonly config?: RunConfig;
  /** The config document as it is to be, instead of a made one. */
  readonly configBytes?: Uint8Array;
  readonly configOverrides?: Readonly<Record<string, unknown>>;
}

/** A layer of tar entries, gzipped. */
export function layerOf(entries: Iterable<Uint8Array>): HostileLayer {
  return zipped(entries);
}

/** Writes an image with the tag `v1` into a new OCI layout. Nothing is checked: that's for the reader to do. */
export async function writeHostileImage(folder: string, image: HostileImage): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const put = async (bytes: Uint8Array): Promise<{ digest: string; size: number }> => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(blobs, hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const layers = [];
  for (const { blob, mediaType = gzipLayer, descriptor = {}, missing } of image.layers) {
    const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
    const place = missing === true ? { digest, size: blob.length } : await put(blob);
    layers.push({ mediaType, ...place, ...descriptor });
  }
  const config = await put(image.configBytes ?? Buffer.from(JSON.stringify(configOf(image))));
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers,
  };
  const entry = {
    mediaType: manifestType,
    ...(await put(Buffer.from(JSON.stringify(manifest)))),
    annotations: { 'org.opencontainers.image.ref.name': 'v1' },
  };
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
}

function configOf({ layers, config = {}, configOverrides }: HostileImage): object {
  const diffIds = layers.map(({ diffId }) => diffId).filter((diffId) => diffId !== undefined);
  return {
    os: 'linux',
    architecture: 'arm64',
    config,
    rootfs: { type: 'layers', diff_ids: diffIds.length === layers.length ? diffIds : [] },
    ...configOverrides,
  };
}
