import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Spool, SpoolError } from './spool.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks).toString();
}

/** Counts how often it is asked. */
function source(text: string, { fails = 0 } = {}) {
  const asked = { times: 0 };
  const open = async () => {
    asked.times += 1;
    const isFailing = asked.times <= fails;
    return {
      note: 'here',
      body: (async function* () {
        yield Buffer.from(text.slice(0, 3));
        if (isFailing) throw new Error('cut off');
        yield Buffer.from(text.slice(3));
      })(),
    };
  };
  return { asked, open };
}

test('what several want at the same time and later is fetched once, note included', async () => {
  const spool = new Spool({ folder: join(folder, 'new') });
  const { asked, open } = source('content');
  const all = await Promise.all([1, 2, 3].map(() => spool.through('a', open)));
  expect(await Promise.all(all.map(({ body }) => textOf(body)))).toEqual(['content', 'content', 'content']);
  const later = await spool.through('a', open);
  expect([await textOf(later.body), later.note, asked.times]).toEqual(['content', 'here', 1]);
});

test('what failed on the way is told to all who waited, and fetched anew by the next', async () => {
  const spool = new Spool({ folder });
  const { asked, open } = source('content', { fails: 1 });
  const both = [spool.through('a', open), spool.through('a', open)];
  for (const one of both) await expect(one).rejects.toThrow('cut off');
  expect(await readdir(folder)).toEqual([]);
  expect(await textOf((await spool.through('a', open)).body)).toBe('content');
  expect(asked.times).toBe(2);
});

test('an answer that lasts is remembered', async () => {
  const spool = new Spool({ folder });
  let times = 0;
  const open = () => {
    times += 1;
    return Promise.reject(new Error('not there'));
  };
  for (let round = 0; round < 2; round++)
    await expect(spool.through('a', open, { isLasting: () => true })).rejects.toThrow('not there');
  expect(times).toBe(1);
});

test('the first to leave does not end it for the others', async () => {
  const spool = new Spool({ folder });
  const { asked, open } = source('content');
  const impatient = new AbortController();
  const left = spool.through('a', open, { signal: impatient.signal });
  const staying = spool.through('a', open);
  impatient.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  expect([await textOf((await staying).body), asked.times]).toEqual(['content', 1]);
});

test('the longest unused goes where there is no room, but nothing that is being read', async () => {
  const spool = new Spool({ folder, maxBytes: 10 });
  const [a, b] = [source('aaaaaa'), source('bbbbbb')];
  const reading = await spool.through('a', a.open);
  await textOf((await spool.through('b', b.open)).body);
  expect(await textOf(reading.body)).toBe('aaaaaa');
  await textOf((await spool.through('c', source('cccc').open)).body);
  await textOf((await spool.through('b', b.open)).body);
  expect([a.asked.times, b.asked.times]).toEqual([1, 1]);
  await textOf((await spool.through('a', a.open)).body);
  expect(a.asked.times).toBe(2);
});

test('what is more than there is room for is had all the same, and not kept', async () => {
  const spool = new Spool({ folder, maxBytes: 5 });
  const { asked, open } = source('content');
  for (let round = 0; round < 2; round++)
    expect(await textOf((await spool.through('a', open)).body)).toBe('content');
  expect(asked.times).toBe(4);
  expect(await readdir(folder)).toEqual([]);
});

test('a folder that can not be written costs nothing but the sharing', async () => {
  await writeFile(join(folder, 'file'), '');
  const spool = new Spool({ folder: join(folder, 'file', 'below') });
  expect(await textOf((await spool.through('a', source('content').open)).body)).toBe('content');
});

test('a copy that was damaged is no content', async () => {
  const spool = new Spool({ folder });
  const { open } = source('content');
  await textOf((await spool.through('a', open)).body);
  const [name = ''] = await readdir(folder);
  await writeFile(join(folder, name), 'CONTENT');
  await expect(textOf((await spool.through('a', open)).body)).rejects.toThrow(SpoolError);
  expect(await textOf((await spool.through('a', open)).body)).toBe('content');
});
