import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ArmloadError } from '../../core/index.ts';
import {
  countedRecipe,
  type Moment,
  onlyRun,
  outcomeOf,
  rightOutcome,
  strikingJournal,
} from './killed-run.test-support.ts';
import { makeWorld, recipe, type World } from './run.test-support.ts';
import { resumeRun, runPlan } from './runner/run-plan.ts';
import { buildRunner, runKilled } from './start-runner.test-support.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.remove());

/** As a disk that is full for one moment. */
function full(): Promise<never> {
  return Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
}

test('nothing in its way, each step is done once', async () => {
  const result = await runPlan(await world.begin(countedRecipe(world)));
  expect(await outcomeOf(world, result)).toEqual(rightOutcome);
});

describe('a disk that is full when a record is to be written', () => {
  // place, four steps begun and done, built, released, done
  test.each([1, 4, 7, 10, 11])(
    'write %s: that is told, and the run goes on without doing a step again',
    async (at) => {
      const openJournal = strikingJournal({ at, moment: at % 2 === 0 ? 'torn' : 'before' }, full);
      const first = runPlan(await world.begin(countedRecipe(world), { openJournal }));
      // The release of the place is told as a warning only.
      if (at === 11) expect(await first).toMatchObject({ state: 'done' });
      else await expect(first).rejects.toBeInstanceOf(ArmloadError);
      const { run } = await onlyRun(world);
      const result = await resumeRun(world.resume(run));
      expect(await outcomeOf(world, result)).toEqual(rightOutcome);
    },
  );
});

test('a step that failed when nobody could write that down is tried anew when the run goes on, as any that failed', async () => {
  const text = recipe("\n  only:\n    run: 'test -e mended'");
  // Place, begun, failed.
  const openJournal = strikingJournal({ at: 3, moment: 'before' }, full);
  await expect(runPlan(await world.begin(text, { openJournal }))).rejects.toBeInstanceOf(ArmloadError);
  const { run } = await onlyRun(world);
  await writeFile(join(world.places, run, 'mended'), '');
  expect(await resumeRun(world.resume(run))).toMatchObject({
    state: 'done',
    steps: [{ state: 'done', attempts: 2 }],
  });
});

describe('a runner that is killed', () => {
  // Steps begun and not done, and done; test/real does it at every record.
  test.each<readonly [number, Moment]>([
    [5, 'torn'],
    [8, 'after'],
  ])('at record %s, %s: what ran is found again, nothing is done twice', async (at, moment) => {
    const runner = await buildRunner(world.folder);
    expect(await runKilled(runner, { world, at, moment })).toMatchObject({ signal: 'SIGKILL' });
    const { run } = await onlyRun(world);
    const result = await resumeRun(world.resume(run));
    expect(await outcomeOf(world, result)).toEqual(rightOutcome);
  });
});
