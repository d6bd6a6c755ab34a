import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFetch, type FetchOptions } from './fetch.ts';
import { Spool } from './spool.ts';

let folder = '';
let server: Server;
let origin = '';
let asked: string[] = [];
let spool: Spool;
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-fetch-'));
  spool = new Spool({ folder });
  asked = [];
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  asked.push(url);
  if (url === '/moved') response.writeHead(302, { location: '/there' }).end();
  else if (url === '/gone') response.writeHead(404).end();
  else if (url === '/ill') response.writeHead(503).end();
  else response.writeHead(200).end(`${headers.authorization ?? 'nobody'} gets ${url} as ${headers.accept}`);
}

/** As each port makes its own. */
function fetcher(options: FetchOptions = {}) {
  const connection = createFetch({ environment: {}, spool, ...options });
  open.push(connection);
  return async (path: string) => {
    let at = '';
    const answered = (url: string) => {
      at = url.slice(origin.length);
    };
    const chunks: Uint8Array[] = [];
    const signal = new AbortController().signal;
    for await (const chunk of await connection.fetch(`${origin}${path}`, { signal, answered }))
      chunks.push(Uint8Array.from(chunk));
    return { text: Buffer.concat(chunks).toString(), at };
  };
}

test('two ports that want the same ask once, and both are told what answered', async () => {
  const [one, other] = [fetcher(), fetcher()];
  const both = await Promise.all([one('/moved'), other('/moved'), one('/a')]);
  expect(both.map(({ at }) => at)).toEqual(['/there', '/there', '/a']);
  expect(both[0]?.text).toBe(both[1]?.text);
  expect(asked.toSorted()).toEqual(['/a', '/moved', '/there']);
});

test('that something is not there is told once, that it did not answer is asked again', async () => {
  for (const one of [fetcher(), fetcher()]) {
    await expect(one('/gone')).rejects.toMatchObject({ code: 'FETCH_NOT_FOUND' });
    await expect(one('/ill')).rejects.toMatchObject({ code: 'FETCH_UNREACHABLE', facts: { status: 503 } });
  }
  expect(asked).toEqual(['/gone', '/ill', '/ill']);
});

test('what one person is given is nothing for another, nor in another form', async () => {
  const known = fetcher({ authorize: () => 'Bearer known' });
  const json = fetcher({ accept: 'application/json' });
  expect((await known('/a')).text).toBe('Bearer known gets /a as */*');
  expect((await fetcher()('/a')).text).toBe('nobody gets /a as */*');
  expect((await json('/a')).text).toBe('nobody gets /a as application/json');
  expect(asked).toHaveLength(3);
});
