import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { heldLock, lockHolder, lockRun, lockText } from './run-lock.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** As a holder that differs from this process. */
function holder(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...(JSON.parse(lockText(0)) as object), token: 'other', ...change });
}
/** Higher than any process number there is. */
const noProcess = 2 ** 22 + 1;

test('one holds it, the other is told who, and gets it when it is given up', async () => {
  const lock = await lockRun(path, Date.UTC(2026, 0, 2));
  await expect(lockRun(path, 0)).rejects.toMatchObject({
    code: 'RUN_LOCKED',
    message: expect.stringContaining(`process ${process.pid} on`),
    facts: { pid: process.pid, since: '2026-01-02T00:00:00.000Z' },
  });
  expect(await lockHolder(path)).toMatchObject({ pid: process.pid });
  await lock.release();
  expect(await lockHolder(path)).toBeUndefined();
  await (await lockRun(path, 0)).release();
  expect(await readdir(folder)).toEqual([]);
});

describe('a lock that was left behind is taken over', () => {
  test.each([
    ['its process is gone', { pid: noProcess }],
    ['its process number is another process now', { start: '1' }],
    ['the machine was started anew', { boot: 'another' }],
  ])('%s', async (_why, change) => {
    await writeFile(path, holder(change));
    expect(await lockHolder(path)).toBeUndefined();
    const lock = await lockRun(path, 0);
    await expect(lockRun(path, 0)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('so is one that somebody else was about to take over when it ended', async () => {
    await writeFile(path, holder({ pid: noProcess }));
    const first = await readdirAfterFailedTakeOver();
    expect(first).toHaveLength(2);
    await (await lockRun(path, 0)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  async function readdirAfterFailedTakeOver(): Promise<string[]> {
    const { createHash } = await import('node:crypto');
    const stale = await readFile(path, 'utf8');
    const name = createHash('sha256').update(stale).digest('hex').slice(0, 16);
    await writeFile(`${path}.claim-${name}`, holder({ pid: noProcess, token: 'claimer' }));
    return readdir(folder);
  }

  test('by one of many that try at once', async () => {
    for (let round = 0; round < 20; round++) {
      await writeFile(path, holder({ pid: noProcess, token: `round ${round}` }));
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(path, 0)));
      const got = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(got).toHaveLength(1);
      await got[0]?.release();
    }
  });
});

describe('what may be alive is left alone', () => {
  test.each([
    ['a process of another host', { host: 'elsewhere.example', pid: noProcess }],
    ['a process among others that have the same numbers', { namespace: 'pid:[1]', pid: noProcess }],
  ])('%s', async (_what, change) => {
    await writeFile(path, holder(change));
    await expect(lockRun(path, 0)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
  });

  test('a text that says nothing', async () => {
    await writeFile(path, 'what?');
    await expect(lockRun(path, 0)).rejects.toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringContaining('another process'),
    });
  });

  test('a lock that became somebody else’s is not given up for them', async () => {
    const text = lockText(0);
    await writeFile(path, holder({}));
    await heldLock(path, text).release();
    expect(await readdir(folder)).toEqual(['lock']);
  });
});
