import { appendFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderOf, seen } from './catalog.test-support.ts';
import { defaultObservationsFolder } from './folders.ts';
import { appendObservations, newestObservations, readObservations } from './observation-store.ts';

let folder = '';
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ folder, drop } = await folderOf({}));
  // It's made when it's needed.
  folder = join(folder, 'deep', 'observations');
});
afterEach(() => drop());

const one = seen('1.0.0', 'multi-arch', '2026-01-01');
const two = seen('1.0.0', 'none', '2026-01-02');

test('observations are kept in the order they were written', async () => {
  await appendObservations(folder, 'app', [one]);
  await appendObservations(folder, 'app', [two, one]);
  expect(await readObservations(folder, 'app')).toEqual({ observations: [one, two, one], problems: [] });
  expect(await readObservations(folder, 'other')).toEqual({ observations: [], problems: [] });
});

test('a line that was cut off is left out, and takes no other with it', async () => {
  await appendObservations(folder, 'app', [one, two]);
  const file = join(folder, 'app.jsonl');
  await truncate(file, (await readFile(file)).length - 20);
  expect(await readObservations(folder, 'app')).toEqual({ observations: [one], problems: [] });
  await appendObservations(folder, 'app', [two]);
  const { observations, problems } = await readObservations(folder, 'app');
  expect(observations).toEqual([one, two]);
  expect(problems).toEqual([`${file}:2: this is no JSON`]);
});

test('wherever it was cut, what stood before is there', async () => {
  await appendObservations(folder, 'app', [one, two]);
  const file = join(folder, 'app.jsonl');
  const whole = await readFile(file);
  const first = whole.indexOf('\n') + 1;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: first, max: whole.length }), async (length) => {
      await writeFile(file, whole.subarray(0, length));
      await appendObservations(folder, 'app', [one]);
      const { observations } = await readObservations(folder, 'app');
      expect(observations.at(0)).toEqual(one);
      expect(observations.at(-1)).toEqual(one);
      expect(observations.length).toBe(length >= whole.length - 1 ? 3 : 2);
    }),
    { numRuns: 40 },
  );
});

test('what is no observation is told with its line, and is no verdict', async () => {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'app.jsonl');
  await writeFile(
    file,
    `${JSON.stringify(one)}\n{"result":"supported"}\nx\n${JSON.stringify({ ...one, more: 1 })}\n${'y'.repeat(20_000)}\n`,
  );
  const { observations, problems } = await readObservations(folder, 'app');
  expect(observations).toEqual([one]);
  expect(problems.map((text) => text.replace(/^.*jsonl:/, '').slice(0, 26))).toEqual([
    '2: this is no observation:',
    '3: this is no JSON',
    '4: this is no observation:',
    '5: the line is too long',
  ]);
});

test('many writers at a time lose nothing', async () => {
  const days = Array.from({ length: 20 }, (_, index) =>
    seen('1.0.0', 'none', `2026-01-${String(index + 1).padStart(2, '0')}`),
  );
  await Promise.all(days.map((day) => appendObservations(folder, 'app', [day])));
  const { observations, problems } = await readObservations(folder, 'app');
  expect(problems).toEqual([]);
  expect(observations.map(({ at }) => at).sort()).toEqual(days.map(({ at }) => at));
});

test('what is no observation is not written, and no name leads elsewhere', async () => {
  await expect(appendObservations(folder, 'app', [one, { ...one, at: 'today' }])).rejects.toMatchObject({
    code: 'OBSERVATION_INVALID',
  });
  await expect(appendObservations(folder, 'app', [{ ...one, why: 'x'.repeat(3000) }])).rejects.toMatchObject({
    code: 'OBSERVATION_INVALID',
  });
  await expect(appendObservations(folder, '../app', [one])).rejects.toMatchObject({
    code: 'PRODUCT_UNKNOWN',
  });
  expect(await readObservations(folder, 'app')).toEqual({ observations: [], problems: [] });
});

test('a folder that is none is told', async () => {
  await appendObservations(folder, 'app', [one]);
  const file = join(folder, 'app.jsonl');
  await expect(appendObservations(file, 'app', [one])).rejects.toMatchObject({
    code: 'OBSERVATIONS_UNWRITABLE',
  });
  await mkdir(join(folder, 'dir.jsonl'));
  await expect(readObservations(folder, 'dir')).rejects.toMatchObject({ code: 'OBSERVATIONS_UNREADABLE' });
  await appendFile(file, '');
});

test('of each reference and method, the newest counts', () => {
  const manifest = seen('1.0.0', 'multi-arch', '2025-12-31', { method: 'manifest' });
  expect(newestObservations([two, one, manifest])).toEqual([two, manifest]);
});

test('they stand in the folder for state', () => {
  expect(defaultObservationsFolder({ XDG_STATE_HOME: '/state' }, '/home/me')).toBe(
    '/state/armload/observations',
  );
  expect(defaultObservationsFolder({ XDG_STATE_HOME: 'state' }, '/home/me')).toBe(
    '/home/me/.local/state/armload/observations',
  );
});
