import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import {
  createLayerReader,
  type LayerFacts,
  type LayerSource,
  type MergedView,
  mergeLayers,
  wantedFiles,
} from '../../../../layer/index.ts';
import { digestOf } from '../../../../oci/index.ts';
import { type TarMember, writeTar } from '../../../../tar/index.ts';
import { assemble } from '../../../assembly/index.ts';
import { pathNames } from '../../../engine/map-path.ts';
import { joined, layerPlans, noPlans } from '../../../engine/plan.ts';
import type { Origin, OriginContext, OriginPlan, PortImage } from '../../../origin-types.ts';

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'armload-packages-'));
  ends.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What a server does for a path: bytes, or whatever it likes. */
export type Answer = Uint8Array | ((response: ServerResponse) => void);

export interface RunningServer {
  readonly url: string;
  /** Paths in the order they were asked for. */
  readonly asked: readonly string[];
}

/** A server on loopback that ends with the test. */
export async function serve(answers: ReadonlyMap<string, Answer>): Promise<RunningServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1));
    asked.push(path);
    const answer = answers.get(path);
    if (typeof answer === 'function') answer(response);
    else if (answer === undefined) response.writeHead(404).end();
    else response.end(answer);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  ends.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export type Layers = readonly (readonly TarMember[])[];

export interface SceneSpec {
  readonly origin: Origin;
  readonly layers: Layers;
  readonly oldBase?: Layers;
  readonly newBase?: Layers;
  readonly context?: Partial<OriginContext>;
}

export interface Scene {
  readonly image: PortImage;
  readonly plan: OriginPlan;
  readonly cache: string;
  /** The new image, put together by the plan and read back. */
  ported(): Promise<MergedView>;
}

interface ReadLayers {
  readonly sources: readonly LayerSource[];
  readonly facts: readonly LayerFacts[];
}

/** An image, what an origin plans for it, and what comes of that. */
export async function sceneOf({
  origin,
  layers,
  oldBase = [],
  newBase = [],
  context,
}: SceneSpec): Promise<Scene> {
  const [source, target] = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
  ];
  const wanted = [...wantedFiles, ...origin.wanted];
  const [old, above, now] = (await Promise.all(
    [oldBase, layers, newBase].map((all) => readAll(all, wanted, origin.hashes)),
  )) as [ReadLayers, ReadLayers, ReadLayers];
  const newView = mergeLayers(now.facts);
  const image: PortImage = {
    ...{ reference: 'example.com/app:1', source, target },
    view: mergeLayers([...old.facts, ...above.facts]),
    baseLayers: oldBase.length,
    oldBase: mergeLayers(old.facts),
    newBase: newView,
    mapPath: pathNames(source, target, newView),
  };
  const cache = context?.cache ?? temporary();
  const plan = await origin.plan(image, {
    folder: temporary(),
    taken: new Set(),
    clock: { now: () => Date.now(), sleep: async () => undefined },
    ...context,
    cache,
  });
  const ported = async (): Promise<MergedView> => {
    const result = await assemble(
      {
        ...{ source: image.view, layers: above.sources, base: newView, baseLayers: now.sources },
        plan: layerPlans(image, joined(noPlans, plan)),
        ...{ mapPath: image.mapPath, created: 1_500_000_000 },
      },
      { folder: temporary() },
    );
    const reader = createLayerReader({ workerFile: 'none', wanted, hashes: ['sha1'] });
    const facts = await Promise.all(
      result.layers.map(({ descriptor, blob }) =>
        reader.read({ repository: { name: 'example.com/new', blob }, descriptor }),
      ),
    );
    await reader.close();
    return mergeLayers([...now.facts, ...facts]);
  };
  return { image, plan, cache, ported };
}

/** What an image of these layers holds, with the contents of the wanted files. */
export async function viewOf(layers: Layers, wanted: readonly string[]): Promise<MergedView> {
  return mergeLayers((await readAll(layers, wanted)).facts);
}

async function readAll(
  layers: Layers,
  wanted: readonly string[],
  hashes: Origin['hashes'] = [],
): Promise<ReadLayers> {
  const reader = createLayerReader({ workerFile: 'none', wanted, hashes });
  const sources = await Promise.all(layers.map(sourceOf));
  const facts = await Promise.all(sources.map((source) => reader.read(source)));
  await reader.close();
  return { sources, facts };
}

async function sourceOf(members: readonly TarMember[]): Promise<LayerSource> {
  const bytes = await tarOf(members);
  const mediaType = 'application/vnd.oci.image.layer.v1.tar';
  const blob = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return {
    repository: { name: 'example.com/app', blob },
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
  };
}

export async function tarOf(
  members: readonly TarMember[],
  { isCut = false }: { readonly isCut?: boolean } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members, isCut ? { trailer: [] } : {}))
    chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** What becomes of the paths: `keep`, `drop`, `replace`, `add`, or the new path behind an arrow. */
export function fates({ plan }: Scene): Readonly<Record<string, string>> {
  const planned = [...plan.paths].map(([path, one]) => {
    const to = 'to' in one && one.to !== undefined && one.to !== path ? ` -> ${one.to}` : '';
    return [path, `${one.action}${to}`] as const;
  });
  return Object.fromEntries([...planned, ...plan.added.map(({ path }) => [path, 'add'] as const)]);
}

export function textOf(view: MergedView, path: string): string {
  const there = view.lookup(path);
  const bytes = there && view.content(there);
  if (bytes === undefined) throw new TypeError(`the content of ${path} was not kept`);
  return Buffer.from(bytes).toString();
}

export function memberName({ name }: TarMember): string {
  return String(name)
    .replace(/^\.?\//, '')
    .replace(/\/$/, '');
}

/** Every file with the directories on the way to it, as packages have them. */
export function withFolders(files: readonly TarMember[]): readonly TarMember[] {
  const named = new Set(files.map(memberName));
  const folders = new Set(
    files.flatMap((one) => {
      const parts = memberName(one).split('/').slice(0, -1);
      return parts.map((_part, at) => parts.slice(0, at + 1).join('/'));
    }),
  );
  const missing = [...folders].filter((path) => !named.has(path));
  const all = [...missing.map((name): TarMember => ({ name, type: 'directory' })), ...files];
  return all.sort((left, right) => (memberName(left) < memberName(right) ? -1 : 1));
}

export function bodyOf({ body }: TarMember): Buffer {
  return body instanceof Uint8Array ? Buffer.from(body) : Buffer.alloc(0);
}
