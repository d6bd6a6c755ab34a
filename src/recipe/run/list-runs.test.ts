import { appendFile, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runListSchema } from '../../results/index.ts';
import { localExecutor } from '../executors/local/executor.ts';
import { cleanRuns } from './clean-runs.ts';
import { listRuns, readLog, showRun } from './list-runs.ts';
import { makeWorld, recipe, type World } from './run.test-support.ts';
import { resumeRun, runPlan } from './runner/run-plan.ts';
import { lockText } from './store/run-lock.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.remove());

const good = recipe(
  "\n  one:\n    run: 'echo said; echo made > f'\n    outputs: { files: { f: { path: f } } }",
);
const bad = recipe("\n  one:\n    run: 'exit 3'\n  two:\n    run: 'true'");

async function logOf(run: string, step: string): Promise<string> {
  return readAll(Readable.from(await readLog({ runs: world.runs, run, step })));
}

test('runs are listed, newest first, with what they came to; a damaged one is told beside', async () => {
  const done = await runPlan(await world.begin(good));
  const later = { now: () => Date.now() + 60_000, sleep: () => Promise.resolve() };
  const failed = await runPlan(await world.begin(bad, { clock: later }));
  const damaged = await runPlan(
    await world.begin(good, { clock: { ...later, now: () => Date.now() + 120_000 } }),
  );
  const journal = join(damaged.folder, 'journal.jsonl');
  await writeFile(journal, (await readFile(journal, 'utf8')).replace('"sample"', '"simple"'));
  await writeFile(join(world.runs, 'notes.txt'), 'not a run');

  const list = await listRuns({ runs: world.runs });
  expect(runListSchema.parse(list)).toEqual(list);
  expect(list.runs).toMatchObject([
    {
      run: failed.run,
      state: 'failed',
      progress: { total: 2, done: 0 },
      why: expect.stringContaining('exited with 3'),
    },
    { run: done.run, state: 'done', progress: { total: 1, done: 1 } },
  ]);
  expect(list.runs.map(({ bytes = 0 }) => bytes > 1000)).toEqual([true, true]);
  expect(list.problems).toEqual([{ run: damaged.run, message: expect.stringContaining('line 1') as string }]);
});

test('no folder of runs is no runs', async () => {
  expect(await listRuns({ runs: join(world.folder, 'none') })).toMatchObject({ runs: [], problems: [] });
});

test('a run is shown as its end was told', async () => {
  const failed = await runPlan(await world.begin(bad));
  expect(await showRun({ runs: world.runs, run: failed.run })).toEqual(failed);
});

test('a run whose process was killed is interrupted', async () => {
  const { run, folder } = await runPlan(await world.begin(bad));
  const journal = join(folder, 'journal.jsonl');
  const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
  await writeFile(journal, `${lines.slice(0, 3).join('\n')}\n`);
  expect(await showRun({ runs: world.runs, run })).toMatchObject({
    state: 'interrupted',
    why: 'its process is gone',
  });
  await writeFile(join(folder, 'lock'), lockText(Date.now()));
  expect(await showRun({ runs: world.runs, run })).toMatchObject({ state: 'running' });
});

describe('logs', () => {
  test('are what a step printed', async () => {
    const { run } = await runPlan(await world.begin(good));
    expect(await logOf(run, 'one')).toMatch(/^== attempt 1 of one, .* ==\nsaid\n$/);
  });

  test('of what has none, or is not there, are an error that says so', async () => {
    const { run } = await runPlan(await world.begin(bad));
    await expect(logOf(run, 'two')).rejects.toMatchObject({
      code: 'LOG_MISSING',
      message: expect.stringContaining('nothing'),
    });
    await expect(logOf(run, 'three')).rejects.toMatchObject({
      code: 'LOG_MISSING',
      hint: 'There are one, two.',
    });
    await expect(logOf('../../etc', 'one')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('taking runs away', () => {
  const clean = (options: Partial<Parameters<typeof cleanRuns>[0]>) =>
    cleanRuns({
      runs: world.runs,
      which: { olderThan: 0 },
      environment: world.environment,
      executorOf: (address) => (address === world.executor.address ? world.executor : undefined),
      ...options,
    });

  test('takes the workspace of one that failed with it', async () => {
    const { run } = await runPlan(await world.begin(bad));
    expect(await readdir(world.places)).toEqual([run]);
    expect(await clean({ which: { run } })).toMatchObject({
      cleaned: [{ run, place: 'discarded' }],
      skipped: [],
    });
    expect([await readdir(world.places), await readdir(world.runs)]).toEqual([[], []]);
  });

  test('keeps the outputs where that is wanted, and the run can be gone on with', async () => {
    const { run } = await runPlan(await world.begin(bad));
    expect(await clean({ which: { run }, keepOutputs: true })).toMatchObject({
      cleaned: [{ place: 'discarded' }],
    });
    expect(await readdir(world.places)).toEqual([]);
    expect(await resumeRun(world.resume(run))).toMatchObject({ state: 'failed', sessions: 2 });
  });

  test('says that a place was left that can not be reached', async () => {
    const { run } = await runPlan(await world.begin(bad));
    const { cleaned } = await clean({ which: { run }, executorOf: () => undefined });
    expect(cleaned).toMatchObject([{ place: 'left', why: expect.stringContaining('can not be reached') }]);
  });

  test('takes what it left in another place too, where it was before', async () => {
    const { run } = await runPlan(await world.begin(bad));
    const elsewhere = join(world.folder, 'elsewhere');
    const other = localExecutor({ root: elsewhere });
    await resumeRun(world.resume(run, { executor: other }));
    expect([await readdir(world.places), await readdir(elsewhere)]).toEqual([[run], [run]]);
    const executorOf = (address: string) => [world.executor, other].find((each) => each.address === address);
    expect(await clean({ which: { run }, executorOf })).toMatchObject({ cleaned: [{ place: 'discarded' }] });
    expect([await readdir(world.places), await readdir(elsewhere)]).toEqual([[], []]);
  });

  test('leaves those that are younger, and those that somebody is at work on', async () => {
    const { run, folder } = await runPlan(await world.begin(good));
    expect(await clean({ which: { olderThan: 60_000 } })).toEqual({ cleaned: [], skipped: [] });
    await writeFile(join(folder, 'lock'), lockText(Date.now()));
    expect(await clean({})).toMatchObject({
      cleaned: [],
      skipped: [{ run, why: expect.stringContaining('held by') }],
    });
    expect(await readdir(world.runs)).toEqual([run]);
  });

  test('clears what a kill left of runs that were being made', async () => {
    await runPlan(await world.begin(good));
    const left = join(world.runs, '.incoming-x');
    await appendFile(left, '');
    await clean({ which: { olderThan: 1e9 } });
    expect(await readdir(world.runs)).toContain('.incoming-x');
    await utimes(left, 1, 1);
    await clean({ which: { olderThan: 1e9 } });
    expect(await readdir(world.runs)).not.toContain('.incoming-x');
  });
});
