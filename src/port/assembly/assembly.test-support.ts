import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  createLayerReader,
  type LayerFacts,
  type LayerSource,
  type MergedView,
  mergeLayers,
} from '../../layer/index.ts';
import { digestOf } from '../../oci/index.ts';
import { type TarMember, writeTar } from '../../tar/index.ts';
import { checkAccount } from '../account.ts';
import {
  type AddedPath,
  entryPath,
  type NewContent,
  type PathPlan,
  type Replacement,
} from '../plan-types.ts';
import { assemble } from './assemble.ts';
import type { AssembledLayer, AssembledLayers, AssembleInput } from './types.ts';
import { verifyLayers } from './verify-layers.ts';

export const gzipType = 'application/vnd.oci.image.layer.v1.tar+gzip';

const reader = createLayerReader({ workerFile: 'none' });

export async function tarOf(members: Iterable<TarMember>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A blob in memory, given out in pieces. */
export function sourceOf(blob: Uint8Array, mediaType = gzipType, pieceBytes = 5000): LayerSource {
  return {
    repository: {
      name: 'example.com/app',
      async *blob() {
        for (let at = 0; at < blob.length; at += pieceBytes) yield blob.subarray(at, at + pieceBytes);
      },
    },
    descriptor: { mediaType, digest: digestOf(blob), size: blob.length, annotations: { made: 'by a test' } },
  };
}

export interface ReadImage {
  readonly sources: readonly LayerSource[];
  readonly view: MergedView;
}

export async function readImage(sources: readonly LayerSource[]): Promise<ReadImage> {
  const facts = await Promise.all(sources.map((source) => reader.read(source)));
  return { sources, view: mergeLayers(facts) };
}

export async function imageOf(layers: readonly (readonly TarMember[])[]): Promise<ReadImage> {
  return readImage(
    await Promise.all(layers.map(async (members) => sourceOf(gzipSync(await tarOf(members))))),
  );
}

export type PlannedPaths = Readonly<Record<string, PathPlan>>;

/** Keeps all but the paths named. */
export function planFor(facts: LayerFacts, paths: PlannedPaths = {}): Map<string, PathPlan> {
  const keep: PathPlan = { action: 'keep', why: 'neutral' };
  return new Map(facts.entries.map((entry) => [entryPath(entry), paths[entryPath(entry)] ?? keep] as const));
}

export interface Scene {
  readonly oldBase: readonly (readonly TarMember[])[];
  readonly newBase: readonly (readonly TarMember[])[];
  readonly layers: readonly (readonly TarMember[])[] | readonly LayerSource[];
  /** By layer. */
  readonly plan?: readonly PlannedPaths[];
  readonly added?: readonly (readonly AddedPath[])[];
  readonly mapPath?: (path: string) => string | undefined;
}

export async function inputOf(scene: Scene): Promise<AssembleInput> {
  const old = await imageOf(scene.oldBase);
  const upper = await Promise.all(
    scene.layers.map(async (layer) =>
      'descriptor' in layer ? layer : sourceOf(gzipSync(await tarOf(layer as readonly TarMember[]))),
    ),
  );
  const { view: source } = await readImage([...old.sources, ...upper]);
  const base = await imageOf(scene.newBase);
  const own = source.layers.slice(old.sources.length);
  return {
    source,
    layers: upper,
    base: base.view,
    baseLayers: base.sources,
    plan: {
      layers: own.map((facts, index) => ({
        paths: planFor(facts, scene.plan?.[index]),
        added: scene.added?.[index] ?? [],
      })),
    },
    mapPath: scene.mapPath ?? ((path) => path.replaceAll('x86_64', 'aarch64')),
    created: 1_500_000_000,
  };
}

export interface Ported {
  readonly input: AssembleInput;
  readonly assembled: AssembledLayers;
  /** As read back. */
  readonly view: MergedView;
  /** The bytes of each layer's blob. */
  readonly blobs: readonly Buffer[];
}

/** Assembles in a folder of its own, verifies, checks the account, and reads all blobs. */
export async function portInput(input: AssembleInput): Promise<Ported> {
  return inFolder(async (folder) => {
    const assembled = await assemble(input, { folder });
    const view = await verifyLayers(assembled, input, { reader });
    checkAccount(assembled.account, {
      source: input.source,
      baseLayers: input.source.layers.length - input.layers.length,
    });
    const blobs = await Promise.all(assembled.layers.map(bytesOf));
    const kept = new Set(
      assembled.layers.filter(({ kind }) => kind === 'rewritten').map(({ descriptor }) => descriptor.digest),
    );
    if (readdirSync(folder).length !== kept.size)
      throw new Error('the work folder holds more than the blobs');
    return { input, assembled, view, blobs };
  });
}

export async function port(scene: Scene): Promise<Ported> {
  return portInput(await inputOf(scene));
}

export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(tmpdir(), `armload-assembly-${randomUUID()}`);
  mkdirSync(folder);
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function bytesOf({ blob }: Pick<AssembledLayer, 'blob'>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of blob()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function contentOf(text: string): NewContent & { readonly kind: 'file' } {
  const bytes = Buffer.from(text);
  return {
    kind: 'file',
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    origin: `a test's ${text.slice(0, 20)}`,
    async *content() {
      yield bytes;
    },
  };
}

export function replaceBy(
  content: Replacement | string,
  more: { to?: string; mtime?: number } = {},
): PathPlan {
  const replacement = typeof content === 'string' ? contentOf(content) : content;
  return { action: 'replace', why: 'x86 code', with: replacement, ...more };
}

export const drop = (more: { below?: 'hidden' | 'shows' } = {}): PathPlan => ({
  action: 'drop',
  why: 'not wanted',
  ...more,
});
export const rename = (to: string): PathPlan => ({ action: 'rename', why: 'named for x86', to });
export const copyUp = (more: { from?: string; to?: string } = {}): PathPlan => ({
  action: 'copy-up',
  why: 'of the base',
  ...more,
});

/** All paths, as short texts: kind, mode, owner, and a file's first letters of the hash or a link's target. */
export function listing(view: MergedView): string[] {
  return [...view.entries()].map(({ path, entry }) => {
    const what = entry.kind === 'symlink' ? `-> ${entry.linkName}` : entry.kind;
    return `${path} ${what}`;
  });
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
