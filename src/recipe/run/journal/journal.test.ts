import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import { Journal, type JournalFile, openJournalFile } from './journal.ts';
import { formatLine, noSum } from './line.ts';
import { readJournal } from './read-journal.ts';
import type { JournalRecord } from './records.ts';
import { replay } from './replay.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-journal-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const digest = 'a'.repeat(64);
const begun: JournalRecord = {
  type: 'run-begun',
  recipe: 'sample',
  recipeSha256: digest,
  planSha256: digest,
  parameters: {},
  secrets: [],
  executor: 'local',
  platform: 'linux/arm64',
};
const facts = { values: { version: '1' }, files: {}, images: {} };
const stepBegun = (id: string, attempt = 1): JournalRecord => ({
  type: 'step-begun',
  id,
  attempt,
  inputHash: digest,
  job: `${id}-${attempt}`,
  log: 0,
});
const stepDone = (id: string, attempt = 1): JournalRecord => ({
  type: 'step-done',
  id,
  attempt,
  inputHash: digest,
  facts,
  seconds: 1,
});

async function write(records: readonly JournalRecord[]): Promise<void> {
  await writeFile(path, '');
  const journal = await open();
  for (const record of records) await journal.append(record);
  await journal.close();
}

async function open(openFile?: (path: string) => Promise<JournalFile>): Promise<Journal> {
  return Journal.open(path, { clock: systemClock, content: await readJournal(path), openFile });
}

const three = [begun, stepBegun('build'), stepDone('build')];

describe('what is read again', () => {
  test('all records, numbered, in order', async () => {
    await write(three);
    const { entries, torn } = await readJournal(path);
    expect(torn).toBe(false);
    expect(entries.map(({ number, record }) => [number, record])).toEqual(
      three.map((record, index) => [index + 1, record]),
    );
  });

  test('wherever the file is cut, what was whole is read, and writing goes on behind it', async () => {
    await write(three);
    const whole = await readFile(path);
    const ends = [...whole].flatMap((byte, index) => (byte === 10 ? [index + 1] : []));
    for (let length = 0; length <= whole.length; length += 7) {
      await writeFile(path, whole.subarray(0, length));
      const before = await readJournal(path);
      expect(before.entries).toHaveLength(ends.filter((end) => end <= length).length);
      const journal = await open();
      await journal.append(stepBegun('next'));
      await journal.close();
      const { entries } = await readJournal(path);
      expect(entries.map(({ record }) => record)).toEqual([
        ...before.entries.map(({ record }) => record),
        stepBegun('next'),
      ]);
    }
  });

  test('zeros that a power cut left at the end are a torn line', async () => {
    await write(three);
    await appendFile(path, Buffer.alloc(512));
    expect(await readJournal(path)).toMatchObject({ torn: true, entries: { length: 3 } });
  });

  test('a last line that was cut and got its line feed all the same is a torn line', async () => {
    await write(three);
    const { length } = await readFile(path);
    await truncate(path, length - 20);
    await appendFile(path, '\n');
    expect(await readJournal(path)).toMatchObject({ torn: true, entries: { length: 2 } });
  });
});

describe('damage', () => {
  test('any changed byte of a line before the last is an error with that line', async () => {
    await write(three);
    const whole = await readFile(path);
    const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
    await fc.assert(
      fc.asyncProperty(fc.nat(lastLine - 2), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        await writeFile(path, damaged);
        const line = whole.subarray(0, at).filter((byte) => byte === 10).length + 1;
        await expect(readJournal(path)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED', facts: { line } });
      }),
      { numRuns: 60 },
    );
  });

  test('lines left out, doubled or in another order are an error', async () => {
    await write([...three, stepBegun('other')]);
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    const [one = '', two = '', three_ = '', four = ''] = lines;
    for (const order of [
      [one, three_, four],
      [one, two, two, three_, four],
      [one, three_, two, four],
      [two, three_, four],
    ]) {
      await writeFile(path, `${order.join('\n')}\n`);
      await expect(readJournal(path)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
    }
  });

  test('a journal that does not begin with the run is no run', () => {
    expect(() => replay([{ number: 1, time: 0, record: stepBegun('a') }])).toThrow(/begin/);
    expect(() => replay([])).toThrow(/begin/);
  });
});

describe('a full disk', () => {
  /** Takes half of what's written from the `from`th append on, and fails. */
  function filling(from: number, { mayCut = true } = {}): (path: string) => Promise<JournalFile> {
    return async (file) => {
      const real = await openJournalFile(file);
      let appends = 0;
      return {
        ...real,
        append: async (bytes) => {
          appends += 1;
          if (appends < from) return real.append(bytes);
          await real.append(bytes.subarray(0, bytes.length / 2));
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        },
        cut: async (length) => {
          if (!mayCut) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
          await real.cut(length);
        },
      };
    };
  }

  test.each([true, false])(
    'is told, and what was written stays readable (can be cut: %s)',
    async (mayCut) => {
      await write(three);
      const journal = await open(filling(2, { mayCut }));
      await journal.append(stepBegun('next'));
      const failure = journal.append(stepBegun('last'));
      await expect(failure).rejects.toMatchObject({
        code: 'DISK_FULL',
        hint: expect.stringMatching(/resume/),
      });
      await expect(journal.append(stepBegun('more'))).rejects.toMatchObject({ code: 'DISK_FULL' });
      await journal.close();
      const { entries } = await readJournal(path);
      expect(entries.map(({ record }) => record)).toEqual([...three, stepBegun('next')]);
    },
  );
});

test('appends at the same time are all there, whole, in the order they were asked for', async () => {
  await writeFile(path, '');
  const journal = await open();
  const records = [begun, ...Array.from({ length: 200 }, (_, index) => stepBegun(`s${index}`))];
  await Promise.all(records.map((record) => journal.append(record)));
  await journal.close();
  expect((await readJournal(path)).entries.map(({ record }) => record)).toEqual(records);
});

test('ten thousand records are read and replayed within a second, with room to spare for a busy machine', async () => {
  let sum = noSum;
  const records = [
    begun,
    ...Array.from({ length: 5000 }, (_, index) => [stepBegun(`s${index}`), stepDone(`s${index}`)]).flat(),
  ];
  const lines = records.map((record, index) => {
    const formatted = formatLine({ number: index + 1, time: index, record }, sum);
    sum = formatted.sum;
    return formatted.line;
  });
  await writeFile(path, lines.join(''));
  const start = performance.now();
  const state = replay((await readJournal(path)).entries);
  expect(performance.now() - start).toBeLessThan(3000);
  expect(state.steps.size).toBe(5000);
});

describe('what it comes to', () => {
  const states = (records: readonly JournalRecord[]) =>
    replay(records.map((record, index) => ({ number: index + 1, time: index, record })));

  test('a step begun, failed, begun again and done', () => {
    const failed = {
      type: 'step-failed',
      id: 'build',
      attempt: 1,
      how: 'exited',
      code: 2,
      message: 'it exited with 2',
      seconds: 1,
    } as const;
    const state = states([begun, stepBegun('build'), failed, stepBegun('build', 2), stepDone('build', 2)]);
    expect(state.steps.get('build')).toMatchObject({ state: 'done', attempts: 2, failures: 1, facts });
  });

  test('failures count from when somebody took the run up, interruptions never', () => {
    const end = (how: 'exited' | 'interrupted' | 'lost') =>
      ({ type: 'step-failed', id: 'build', attempt: 1, how, message: '', seconds: 0 }) as const;
    const resumed = { type: 'run-resumed', executor: 'local' } as const;
    const counts = (...records: JournalRecord[]) =>
      states([begun, stepBegun('build'), ...records]).steps.get('build');
    expect(counts(end('exited'), end('exited'))).toMatchObject({ failures: 2, losses: 0 });
    expect(counts(end('interrupted'))).toMatchObject({ failures: 0, losses: 0 });
    expect(counts(end('lost'))).toMatchObject({ failures: 0, losses: 1 });
    expect(counts(end('exited'), end('lost'), resumed)).toMatchObject({ failures: 0, losses: 0 });
  });

  test('a run that was taken up again has no end', () => {
    const failed = { type: 'run-failed', kind: 'step', code: 'STEP_FAILED', message: '' } as const;
    expect(states([begun, failed]).end).toEqual(failed);
    expect(states([begun, failed, { type: 'run-resumed', executor: 'ssh://host' }])).toMatchObject({
      end: undefined,
      session: 2,
      executor: 'ssh://host',
    });
  });
});
