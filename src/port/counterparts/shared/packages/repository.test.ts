import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PackagesError } from './errors.ts';
import { mirrored } from './mirrors.ts';
import { Repository, type RepositoryOptions } from './repository.ts';
import { type Answer, serve, temporary } from './scene.test-support.ts';

const clock = { now: () => Date.now(), sleep: async () => undefined };
const opened = (more: Partial<RepositoryOptions> = {}): Repository =>
  new Repository({ folder: temporary(), clock, ...more });

/** A file that must be this text. */
const wanting = (url: string, text: string, more: { readonly size?: number } = {}) => ({
  ...{ url, key: `a file: ${text}`, ...more },
  check: async (file: string) => {
    if (readFileSync(file, 'utf8') !== text) throw new PackagesError('PACKAGES_HASH', 'it is something else');
  },
});

const served = (answer: Answer) => serve(new Map([['a', answer]]));

test('an index or package that takes too long is given up, with its address and without its password', async () => {
  const server = await served((response) => void response.write('a'));
  const repository = opened({ limits: { indexTime: 100, packageTime: 100 } });
  const url = `${server.url.replace('http://', 'http://reader:secret@')}/a`;
  for (const step of [repository.index(url), repository.file(wanting(url, 'abc'))]) {
    const error = await step.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PACKAGES_TIMEOUT' });
    expect(String(error)).not.toContain('secret');
  }
  await repository.close();
});

test('what is larger than it may be is not taken', async () => {
  const server = await served(Buffer.alloc(5000));
  const repository = opened({ limits: { indexBytes: 4000, packageBytes: 4000 } });
  await expect(repository.index(`${server.url}/a`)).rejects.toMatchObject({ code: 'PACKAGES_LIMIT' });
  await expect(repository.file(wanting(`${server.url}/a`, ''))).rejects.toMatchObject({
    code: 'PACKAGES_LIMIT',
  });
  const sized = repository.file(wanting(`${server.url}/a`, 'x', { size: 3000 }));
  await expect(sized).rejects.toMatchObject({ code: 'PACKAGES_HASH' });
  await repository.close();
});

test('a kept file is used again, and fetched again where it was damaged', async () => {
  const server = await served(Buffer.from('text'));
  const folder = temporary();
  const get = async (): Promise<string> => {
    const repository = opened({ folder });
    const file = await repository.file(wanting(`${server.url}/a`, 'text', { size: 4 }));
    await repository.close();
    return file;
  };
  const file = await get();
  expect([await get(), server.asked.length]).toEqual([file, 1]);
  writeFileSync(file, 'evil');
  expect([await get(), server.asked.length]).toEqual([file, 2]);
  expect(readFileSync(file, 'utf8')).toBe('text');
});

test('several that want the same file wait for one fetch', async () => {
  const server = await served((response) => void delay(20).then(() => response.end('text')));
  const repository = opened();
  const all = await Promise.all([1, 2, 3].map(() => repository.file(wanting(`${server.url}/a`, 'text'))));
  expect([new Set(all).size, server.asked.length]).toEqual([1, 1]);
  await repository.close();
});

test('what is not what was wanted leaves nothing behind', async () => {
  const server = await served(Buffer.from('other'));
  const folder = temporary();
  const repository = opened({ folder });
  await expect(repository.file(wanting(`${server.url}/a`, 'text'))).rejects.toThrow(/something else/);
  expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).includes('/'))).toEqual([]);
  await repository.close();
});

test('a passing fault is tried again, a lasting one is not', async () => {
  let asked = 0;
  const server = await serve(
    new Map<string, Answer>([
      ['passing', (response) => void (asked++ === 0 ? response.writeHead(503).end() : response.end('text'))],
      ['forbidden', (response) => void response.writeHead(403).end()],
    ]),
  );
  const repository = opened();
  expect(Buffer.from(await repository.index(`${server.url}/passing`)).toString()).toBe('text');
  await expect(repository.index(`${server.url}/forbidden`)).rejects.toMatchObject({
    code: 'PACKAGES_UNREACHABLE',
  });
  await expect(repository.index(`${server.url}/missing`)).rejects.toMatchObject({
    code: 'PACKAGES_NOT_FOUND',
  });
  expect(server.asked).toEqual(['passing', 'passing', 'forbidden', 'missing']);
  await repository.close();
});

test('an abort ends it with its reason', async () => {
  const server = await served((response) => void response.write('a'));
  const stopping = new AbortController();
  const repository = opened({ signal: stopping.signal });
  const step = repository.index(`${server.url}/a`);
  setTimeout(() => stopping.abort(new Error('enough')), 20);
  await expect(step).rejects.toThrow('enough');
  await repository.close();
});

test('a folder that cannot be written says so', async () => {
  const server = await served(Buffer.from('text'));
  const place = join(temporary(), 'file');
  writeFileSync(place, '');
  const repository = opened({ folder: join(place, 'cache') });
  await expect(repository.file(wanting(`${server.url}/a`, 'text'))).rejects.toMatchObject({
    code: 'PACKAGES_CACHE',
  });
  await repository.close();
});

test('the longest prefix of whole parts is the mirror', () => {
  const mirrors = { 'http://a.example': 'http://one', 'http://a.example/x/': 'http://two/y/' };
  expect(mirrored('http://a.example/x/z', mirrors)).toBe('http://two/y/z');
  expect(mirrored('http://a.example/xx', mirrors)).toBe('http://one/xx');
  expect(mirrored('http://a.example.org/x', mirrors)).toBe('http://a.example.org/x');
});
