import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach } from 'vitest';
import { zipOf } from '../../../binary/archives.test-support.ts';
import { writeElf } from '../../../fixture/index.ts';
import { createLayerReader, type MergedView, mergeLayers, wantedFiles } from '../../../layer/index.ts';
import { digestOf } from '../../../oci/index.ts';
import { type TarMember, writeTar } from '../../../tar/index.ts';
import type { Origin, OriginContext, OriginPlan, PortImage } from '../../origin-types.ts';

export const amd64 = writeElf({ machine: 'amd64', soname: 'libfast.so' });
export const arm64 = writeElf({ machine: 'arm64', soname: 'libfast.so' });

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), 'armload-languages-'));
  ends.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function sum(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** A zip of these files. */
export function packed(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  return zipOf(
    Object.entries(files).map(([name, content]) => {
      const data = typeof content === 'string' ? Buffer.from(content) : content;
      return { name, data: deflateRawSync(data), method: 8, size: data.length };
    }),
  );
}

/** Layers of files, read as a port reads them. */
export async function viewOf(
  layers: readonly (readonly TarMember[])[],
  { wanted = [], hashes = [] }: Partial<Pick<Origin, 'wanted' | 'hashes'>> = {},
): Promise<MergedView> {
  const reader = createLayerReader({ workerFile: 'none', wanted: [...wantedFiles, ...wanted], hashes });
  const facts = await Promise.all(
    layers.map(async (members) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of writeTar(members)) chunks.push(Uint8Array.from(chunk));
      const bytes = Buffer.concat(chunks);
      const blob = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes;
      };
      const mediaType = 'application/vnd.oci.image.layer.v1.tar';
      const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
      return reader.read({ repository: { name: 'example.com/app', blob }, descriptor });
    }),
  );
  await reader.close();
  return mergeLayers(facts);
}

export interface PlanContext extends Partial<OriginContext> {
  readonly base?: readonly TarMember[];
  /** Can files of the image be read once more? */
  readonly isAtHand?: boolean;
}

/** What an origin says of an image of these layers, without a base. */
export async function planWith(
  origin: Origin,
  members: readonly TarMember[],
  { base, isAtHand = true, ...context }: PlanContext = {},
): Promise<{ readonly image: PortImage; readonly plan: OriginPlan }> {
  const view = await viewOf([...(base === undefined ? [] : [base]), members], origin);
  const read = async function* ({ path }: { readonly path: string }): AsyncGenerator<Uint8Array> {
    const body = members.find(({ name }) => name === path)?.body;
    if (body instanceof Uint8Array) yield body;
  };
  const image: PortImage = {
    reference: 'example.com/app:1',
    source: { os: 'linux', architecture: 'amd64' },
    target: { os: 'linux', architecture: 'arm64' },
    view,
    baseLayers: base === undefined ? 0 : 1,
    oldBase: await viewOf(base === undefined ? [] : [base]),
    newBase: await viewOf([]),
    mapPath: (path) => path,
    ...(isAtHand && { read }),
  };
  const plan = await origin.plan(image, {
    ...{ folder: temporary(), cache: temporary(), taken: new Set() },
    clock: { now: () => 0, sleep: async () => undefined },
    ...context,
  });
  return { image, plan };
}

export interface RunningServer {
  readonly url: string;
  readonly asked: string[];
}

/** Files by path on loopback; what is not there is 404. It ends with the test. */
export async function serve(
  files: Readonly<Record<string, string | Uint8Array>>,
  answer?: (...args: Parameters<RequestListener>) => boolean,
): Promise<RunningServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').replace(/^\//, ''));
    asked.push(path);
    if (answer?.(request, response) === true) return;
    const content = files[path];
    if (content === undefined) response.writeHead(404).end();
    else response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

/** The bytes that a path of the plan gets. */
export async function newBytes(plan: OriginPlan, path: string): Promise<Buffer> {
  const one = plan.paths.get(path);
  const added = plan.added.find((item) => item.path === path);
  const content =
    one?.action === 'replace' && one.with.kind === 'file'
      ? one.with
      : added?.kind === 'file'
        ? added
        : undefined;
  if (content === undefined) throw new Error(`${path} gets no new content`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.content()) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** What becomes of the paths: `keep`, `drop`, `replace`, or the new path behind an arrow. */
export function fates(plan: OriginPlan): Readonly<Record<string, string>> {
  const planned = [...plan.paths].map(([path, one]) => {
    const to = 'to' in one && one.to !== undefined && one.to !== path ? ` -> ${one.to}` : '';
    return [path, `${one.action}${to}`] as const;
  });
  const added = plan.added.map(({ path, kind }) => [path, kind === 'directory' ? 'add /' : 'add'] as const);
  return Object.fromEntries([...planned, ...added]);
}
