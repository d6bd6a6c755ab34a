import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { FileStore, type FileStoreParts } from './file-store.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function serve(listener: RequestListener): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`, asked };
}

function store(parts: Partial<FileStoreParts> = {}): FileStore & { readonly folder: string } {
  const folder = parts.folder ?? mkdtempSync(join(tmpdir(), 'armload-files-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const made = new FileStore({
    ...{ folder, environment: {}, limits: { fileBytes: 1000, time: 2000 } },
    clock: { now: () => Date.now(), sleep: async () => undefined },
    ...parts,
  });
  ends.push(() => void made.close());
  return Object.assign(made, { folder });
}

const content = 'some content';
const sum = (algorithm: 'sha512' | 'sha256' | 'sha1', text = content) => ({
  algorithm,
  hex: createHash(algorithm).update(text).digest('hex'),
});

describe('a file', () => {
  test.each(['sha512', 'sha256', 'sha1'] as const)(
    'with the right %s is kept, and fetched once',
    async (algorithm) => {
      const server = await serve((_request, response) => void response.end(content));
      const first = store();
      const [one, other] = await Promise.all([
        first.get(server.url, sum(algorithm)),
        first.get(server.url, sum(algorithm)),
      ]);
      const again = await store({ folder: first.folder }).get(server.url, sum(algorithm));
      expect(server.asked).toHaveLength(1);
      for (const { file, size, sha256 } of [one, other, again])
        expect([readFileSync(file, 'utf8'), size, sha256]).toEqual([
          content,
          content.length,
          sum('sha256').hex,
        ]);
    },
  );

  test('that was damaged since is fetched again', async () => {
    const server = await serve((_request, response) => void response.end(content));
    const first = store();
    const { file } = await first.get(server.url, sum('sha256'));
    writeFileSync(file, 'other');
    await store({ folder: first.folder }).get(server.url, sum('sha256'));
    expect([server.asked.length, readFileSync(file, 'utf8')]).toEqual([2, content]);
  });

  test('of other bytes, or too many, is refused, and nothing of it stays', async () => {
    const server = await serve(
      (request, response) => void response.end(request.url === '/file' ? 'other' : 'x'.repeat(2000)),
    );
    const own = store();
    await expect(own.get(server.url, sum('sha256'))).rejects.toMatchObject({ code: 'FILE_HASH' });
    await expect(own.get(`${server.url}2`, sum('sha1', 'y'))).rejects.toMatchObject({ code: 'FILE_LIMIT' });
    expect(readdirSync(own.folder, { recursive: true }).filter((name) => String(name).includes('-'))).toEqual(
      [],
    );
  });

  test('is tried for again where the server is at fault, and not where it is not there', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/none') response.writeHead(404).end();
      else if (server.asked.length < 3) response.writeHead(503).end();
      else response.end(content);
    });
    await store().get(server.url, sum('sha256'));
    expect(server.asked).toHaveLength(3);
    const none = server.url.replace('/file', '/none');
    await expect(store().get(none, sum('sha256'))).rejects.toMatchObject({ code: 'FETCH_NOT_FOUND' });
    expect(server.asked).toHaveLength(4);
  });

  test('may come from where a redirect leads; a document may not', async () => {
    const elsewhere = await serve((_request, response) => void response.end(content));
    const server = await serve(
      (_request, response) => void response.writeHead(302, { location: elsewhere.url }).end(),
    );
    const own = store();
    expect((await own.get(server.url, sum('sha256'))).size).toBe(content.length);
    await expect(own.text(server.url, 100)).rejects.toMatchObject({ code: 'FETCH_UNREACHABLE' });
    expect(elsewhere.asked).toHaveLength(1);
  });
});

test('a document is given whole, within its limit, or not at all', async () => {
  const server = await serve((request, response) => {
    if (request.url === '/file') response.end('hello');
    else response.writeHead(404).end();
  });
  const own = store();
  expect(await own.text(server.url, 5)).toBe('hello');
  expect(await own.text(`${server.url}2`, 5)).toBeUndefined();
  await expect(own.text(server.url, 4)).rejects.toMatchObject({ code: 'FILE_LIMIT' });
});

test('a signal ends it with its reason', async () => {
  const server = await serve(() => undefined);
  const own = store({ signal: AbortSignal.timeout(30) });
  await expect(own.get(server.url, sum('sha256'))).rejects.toMatchObject({ name: 'TimeoutError' });
});
