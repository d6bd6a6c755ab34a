import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginElsewhere, countSleeps, jobOf, kill, mark, outcome, type Trial } from './trial.test-support.ts';

/** That a job runs once, and is found again. */
export function describeJobs(trial: Trial): void {
  const { sh, acquire, nextId } = trial;
  describe('a job', () => {
    test('that was begun is never begun again', async () => {
      const job = jobOf('once', 'echo ran >>"$COUNT"; sleep 0.3; echo out; exit 4', {
        environment: { COUNT: 'count' },
      });
      const both = await Promise.all([
        outcome(trial.place(), job),
        outcome(trial.place(), job),
        outcome(trial.place(), job),
      ]);
      expect(both.map(({ end }) => end.adopted).filter((adopted) => !adopted)).toEqual([false]);
      for (const { end, output } of [...both, await outcome(trial.place(), job)]) {
        expect(end).toMatchObject({ how: 'exited', code: 4 });
        expect(output).toBe('out\n');
      }
      expect((await sh('cat count')).output).toBe('ran\n');
    });

    test('whose supervisor vanished is lost, its processes are ended, and it stays lost', async () => {
      const job = jobOf('vanishes', `echo on; sleep ${mark(8)}; echo off`);
      const running = outcome(trial.place(), job);
      await sh(
        'until [ -s .armload/jobs/vanishes/log ]; do sleep 0.05; done; read -r pid rest <.armload/jobs/vanishes/begun; kill -KILL "$pid"',
      );
      expect((await running).end).toMatchObject({ how: 'lost' });
      expect(await outcome(trial.place(), job)).toMatchObject({
        end: { how: 'lost', adopted: true },
        output: 'on\n',
      });
      expect((await sh(countSleeps(mark(8)))).output).toBe('0\n');
    });

    test('that left a folder and nothing else is lost, and is not begun', async () => {
      await sh('mkdir .armload/jobs/empty');
      expect((await outcome(trial.place(), jobOf('empty', 'touch was-begun'))).end).toMatchObject({
        how: 'lost',
      });
      expect((await sh('ls was-begun 2>&1 || :')).output).toContain('No such file');
    });

    test('survives its runner, and is found by the next one: whole, and run once', async () => {
      const job = jobOf('survives', 'echo begun >>marks; echo one; sleep 1; echo two; echo done >>marks');
      const { runner, printed } = await beginElsewhere(trial.site(), 'killed', job);
      await printed('one\n');
      await kill(runner);
      const next = await acquire('killed');
      const { end, output } = await outcome(next, job);
      expect(end).toMatchObject({ how: 'exited', code: 0, adopted: true });
      expect(output).toBe('one\ntwo\n');
      expect((await outcome(next, jobOf('marks', 'cat marks'))).output).toBe('begun\ndone\n');
    });

    test('keeps its time limit when its runner is gone', async () => {
      const job = jobOf('limited', 'echo on; sleep 4000', { timeoutSeconds: 1 });
      const { runner, printed } = await beginElsewhere(trial.site(), 'killed-too', job);
      await printed('on\n');
      await kill(runner);
      const next = await acquire('killed-too');
      expect((await outcome(next, job)).end).toMatchObject({ how: 'timed-out', adopted: true });
    });

    test('gives the same end and the same output to whoever comes at whatever moment', async () => {
      const pieces = fc.array(
        fc.tuple(fc.integer({ min: 0, max: 60 }), fc.string({ unit: 'grapheme-ascii', maxLength: 20 })),
        { maxLength: 5 },
      );
      const comings = fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(pieces, comings, fc.integer({ min: 0, max: 100 }), async (parts, moments, code) => {
          const lines = parts.flatMap(([pause, text], at) => [
            `printf '%s\\n' "$T${at}"`,
            `sleep ${pause / 1000}`,
            text.length % 2 === 0 ? `printf %s "$T${at}" >&2` : ':',
          ]);
          const environment = Object.fromEntries(parts.map(([, text], at) => [`T${at}`, text]));
          const job = jobOf(nextId(), [...lines, `exit ${code}`].join('\n'), { environment });
          const wanted = parts.map(([, text]) => `${text}\n${text.length % 2 === 0 ? text : ''}`).join('');
          const results = await Promise.all(
            moments.map(async (moment) => {
              await new Promise((resolve) => setTimeout(resolve, moment));
              return outcome(trial.place(), job);
            }),
          );
          for (const { end, output } of results) {
            expect(end).toMatchObject({ how: 'exited', code });
            expect(output).toBe(wanted);
          }
          expect(results.filter(({ end }) => !end.adopted)).toHaveLength(1);
        }),
        { numRuns: trial.site().randomTries },
      );
    }, 60_000);
  });
}
