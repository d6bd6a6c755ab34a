import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A layer as GNU tar and gzip made it. */
export interface WrittenLayer {
  readonly digest: string;
  readonly diffId: string;
  readonly size: number;
  readonly file: string;
  readonly createdBy: string;
}

export interface LayerSpec {
  readonly createdBy: string;
  /** What tar packs, from the root: all of it unless told. */
  readonly paths?: readonly string[];
  /** Patterns of tar's `--exclude`; what a system has mounted in `/dev`, `/proc` and `/sys` unless told. */
  readonly without?: readonly string[];
}

export interface ImageToWrite {
  readonly architecture: string;
  readonly layers: readonly WrittenLayer[];
  readonly config?: Readonly<Record<string, unknown>>;
}

/** What is in them belongs to the system that runs. */
export const mountPoints = ['./dev/*', './proc/*', './sys/*'] as const;

const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** Writes an OCI layout with the tools people have; its images may share layers. None of armload's code is in it. */
export class LayoutWriter {
  readonly path: string;
  readonly #manifests: unknown[] = [];

  constructor(path: string) {
    this.path = path;
    mkdirSync(join(path, 'blobs/sha256'), { recursive: true });
    writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  }

  /** Packs a part of a root. */
  async addLayer(root: string, spec: LayerSpec): Promise<WrittenLayer> {
    const { paths = ['.'], without = mountPoints, createdBy } = spec;
    const excluded = without.map((pattern) => `--exclude=${pattern}`);
    const how = ['--numeric-owner', '--format=posix', '--xattrs', '--xattrs-include=*', '--sort=name'];
    const tar = spawn('tar', ['-C', root, ...how, ...excluded, '-c', ...paths], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gzip = spawn('gzip', ['-nc1'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = Promise.all([succeeded(tar), succeeded(gzip)]);
    const making = join(this.path, `layer-${createHash('sha256').update(createdBy).digest('hex')}`);
    const [diffId, digest] = [createHash('sha256'), createHash('sha256')];
    await Promise.all([
      pipeline(tar.stdout, through(diffId), gzip.stdin),
      pipeline(gzip.stdout, through(digest), createWriteStream(making)),
      ended,
    ]);
    const hex = digest.digest('hex');
    const file = this.#blobPath(hex);
    renameSync(making, file);
    const { size } = statSync(file);
    return { digest: `sha256:${hex}`, diffId: `sha256:${diffId.digest('hex')}`, size, file, createdBy };
  }

  /** Gives the image's reference. Layers that another writer made are linked to. */
  addImage(tag: string, { architecture, layers, config = {} }: ImageToWrite): string {
    for (const { digest, file } of layers) {
      const blob = this.#blobPath(digest.slice('sha256:'.length));
      if (!existsSync(blob)) linkSync(file, blob);
    }
    const document = {
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(({ createdBy }) => ({ created_by: createdBy })),
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...this.#put(document) },
      layers: layers.map(({ digest, size }) => ({ mediaType: mediaTypes.layer, digest, size })),
    };
    const annotations = { 'org.opencontainers.image.ref.name': tag };
    this.#manifests.push({ mediaType: mediaTypes.manifest, ...this.#put(manifest), annotations });
    writeFileSync(
      join(this.path, 'index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: this.#manifests }),
    );
    return `oci:${this.path}:${tag}`;
  }

  #put(document: unknown): { digest: string; size: number } {
    const bytes = Buffer.from(JSON.stringify(document));
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(this.#blobPath(hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  }

  #blobPath(hex: string): string {
    return join(this.path, 'blobs/sha256', hex);
  }
}

/** The tar of a gzip file, as gzip gives it. */
export function gunzipped(file: string): NodeJS.ReadableStream & AsyncIterable<Uint8Array> {
  const gzip = spawn('gzip', ['-dc'], { stdio: ['pipe', 'pipe', 'inherit'] });
  createReadStream(file).pipe(gzip.stdin);
  return gzip.stdout;
}

function succeeded(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${child.spawnfile} ended with ${code}`)),
    );
  });
}

function through(hash: ReturnType<typeof createHash>): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}
