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
import type { TarMember } from '../../../tar/index.ts';
import type { Origin, OriginContext, OriginPlan, PortImage } from '../../origin-types.ts';
import { fates, newBytes, viewOf } from '../shared/plan.test-support.ts';

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

export { fates, newBytes, viewOf };
