import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeWorld, recipe } from '../run.test-support.ts';
import { createDownload } from './download.ts';
import { runPlan } from './run-plan.ts';

const content = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));
const sha256 = createHash('sha256').update(content).digest('hex');
const noWait = { now: () => Date.now(), sleep: () => Promise.resolve() };

let folder = '';
let file = '';
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let ranges: (string | undefined)[] = [];
let url = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-download-'));
  file = join(folder, 'partial');
  ranges = [];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const download = createDownload({ environment: {}, clock: noWait });
const get = (from = url) => download(from, { file, maxBytes: 100_000 });

/** Serves what's asked for. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from === 0) return void response.end(content);
  if (from >= content.length) return void response.writeHead(416).end();
  response.writeHead(206, { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
  response.end(content.subarray(from));
}

describe('a download', () => {
  test('that is cut off goes on where it was', async () => {
    answer = (request, response) => {
      if (ranges.length > 1) return serve(request, response);
      response.writeHead(200, { 'content-length': String(content.length) });
      response.write(content.subarray(0, 20_000), () => setTimeout(() => response.destroy(), 50));
    };
    await get();
    expect(await readFile(file)).toEqual(content);
    expect(ranges).toEqual([undefined, 'bytes=20000-']);
  });

  test('goes on behind what an earlier process has, and takes all there is for all of it', async () => {
    answer = serve;
    await writeFile(file, content.subarray(0, 30_000));
    await get();
    expect(await readFile(file)).toEqual(content);
    await get();
    expect(await readFile(file)).toEqual(content);
    expect(ranges).toEqual(['bytes=30000-', 'bytes=50000-']);
  });

  test('from a server that knows no ranges begins anew', async () => {
    answer = (_, response) => response.end(content);
    await writeFile(file, 'something else');
    await get();
    expect(await readFile(file)).toEqual(content);
  });

  test('is tried again where the server is out of order, and not where nothing is there', async () => {
    answer = (request, response) => {
      if (ranges.length < 3) response.writeHead(503).end();
      else serve(request, response);
    };
    await get();
    expect(ranges).toHaveLength(3);
    answer = (_, response) => response.writeHead(404).end();
    await expect(get()).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('404'),
    });
    expect(ranges).toHaveLength(4);
  });

  test('that is larger than allowed is given up', async () => {
    answer = (_, response) => response.end(Buffer.alloc(200_000));
    await expect(get()).rejects.toMatchObject({ message: expect.stringContaining('more than 100000 bytes') });
  });

  test('follows redirects, but not for ever and not out of HTTP', async () => {
    answer = (request, response) => {
      if (request.url === '/archive') response.writeHead(302, { location: '/real' }).end();
      else serve(request, response);
    };
    await get();
    expect(await readFile(file)).toEqual(content);
    answer = (_, response) => response.writeHead(302, { location: 'ftp://elsewhere.example/x' }).end();
    await expect(get()).rejects.toMatchObject({ message: expect.stringContaining('refused') });
    answer = (_, response) => response.writeHead(302, { location: '/archive' }).end();
    await expect(get()).rejects.toMatchObject({ message: expect.stringContaining('more than 5 times') });
  });

  test('may be a file of this machine', async () => {
    await writeFile(join(folder, 'source'), content);
    await get(pathToFileURL(join(folder, 'source')).href);
    expect(await readFile(file)).toEqual(content);
  });
});

describe('an archive among the sources', () => {
  const withArchive = (digest: string) =>
    recipe(
      '\n  use:\n    run: cp data copy\n    outputs: { files: { data: { path: copy } } }',
      `sources: { data: { url: '${url}', sha256: '${digest}', path: data } }`,
    );

  test('is put in its place', async () => {
    answer = serve;
    const world = await makeWorld();
    const result = await runPlan(await world.begin(withArchive(sha256)));
    expect(result).toMatchObject({
      state: 'done',
      sources: [{ name: 'data', kind: 'archive', state: 'done', content: sha256 }],
      steps: [{ files: { data: { sha256 } } }],
    });
    await world.remove();
  });

  test('that is not what it should be fails the run, and nothing of it reaches the place', async () => {
    answer = serve;
    const world = await makeWorld();
    const result = await runPlan(await world.begin(withArchive('0'.repeat(64)), { clock: noWait }));
    expect(result).toMatchObject({
      state: 'failed',
      failure: { kind: 'source', of: 'data', code: 'SOURCE_FAILED' },
    });
    expect(result.failure?.message).toContain(`has the SHA-256 ${sha256}, and should have 000`);
    expect(await readdir(result.place?.workspace ?? '')).toEqual(['.armload']);
    await world.remove();
  });
});
