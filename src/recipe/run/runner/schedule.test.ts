import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlannedStep } from '../../plan/types.ts';
import { inOrder } from './schedule.ts';

/** A step of which only its place among others counts. */
function step(id: string, needs: readonly string[] = [], name = id): PlannedStep {
  return {
    id,
    name,
    needs,
    command: { kind: 'script', text: 'true' },
    workdir: [],
    environment: [],
    timeoutSeconds: 1,
    retries: 0,
    network: 'allowed',
    resources: {},
    values: [],
    files: [],
    images: [],
  };
}

/** Steps that need some of those before them. */
const plans = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 30 })
  .map((rows) =>
    rows.map((needs, index) =>
      step(`s${index}`, index === 0 ? [] : [...new Set(needs.map((need) => `s${need % index}`))]),
    ),
  );

async function run(steps: readonly PlannedStep[], jobs: number, fails?: string): Promise<string[]> {
  const log: string[] = [];
  let running = 0;
  await inOrder(steps, {
    jobs,
    work: async ({ id }, index) => {
      log.push(`+${id}`);
      running += 1;
      expect(running).toBeLessThanOrEqual(jobs);
      // Later ones may end before earlier ones.
      for (let turns = (index * 7) % 5; turns >= 0; turns--) await Promise.resolve();
      running -= 1;
      log.push(`-${id}`);
      return id === fails ? id : undefined;
    },
  });
  return log;
}

test('each step is done once, after all that it needs, with as many at a time as are allowed', async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.integer({ min: 1, max: 4 }), async (steps, jobs) => {
      const log = await run(steps, jobs);
      expect(log.toSorted()).toEqual(steps.flatMap(({ id }) => [`+${id}`, `-${id}`]).toSorted());
      for (const { id, needs } of steps)
        for (const need of needs) expect(log.indexOf(`-${need}`)).toBeLessThan(log.indexOf(`+${id}`));
    }),
    { numRuns: 50 },
  );
});

describe('order', () => {
  test('one at a time, it is the plan’s', async () => {
    const steps = [step('a'), step('c'), step('b', ['a']), step('d', ['c'])];
    const log = await run(steps, 1);
    expect(log.filter((line) => line.startsWith('+'))).toEqual(['+a', '+c', '+b', '+d']);
  });

  test('items of one foreach follow each other, however many may run', async () => {
    const log = await run([step('e/1', [], 'e'), step('e/2', [], 'e'), step('e/3', [], 'e')], 3);
    expect(log).toEqual(['+e/1', '-e/1', '+e/2', '-e/2', '+e/3', '-e/3']);
  });
});

describe('what stops it', () => {
  test('after a failure nothing new is begun, and what runs comes to its end', async () => {
    const steps = [step('a'), step('b'), step('c', ['b']), step('d')];
    const log = await run(steps, 2, 'a');
    expect(log).toContain('-b');
    expect(log).not.toContain('+c');
    expect(log).not.toContain('+d');
  });

  test('what is thrown comes out when all that runs is over', async () => {
    let ended = false;
    const all = inOrder([step('a'), step('b')], {
      jobs: 2,
      work: async ({ id }) => {
        if (id === 'a') throw new Error('lost');
        await new Promise((resolve) => setTimeout(resolve, 20));
        ended = true;
        return undefined;
      },
    });
    await expect(all).rejects.toThrow('lost');
    expect(ended).toBe(true);
  });
});
