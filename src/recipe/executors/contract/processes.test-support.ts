import { describe, expect, test } from 'vitest';
import { countSleeps, jobOf, mark, type Trial } from './trial.test-support.ts';

/** Which processes are ended, and when. */
export function describeProcesses(trial: Trial): void {
  const { sh, nextId } = trial;
  describe('processes', () => {
    /** Processes that don't want to end, one of which has lost its parent. */
    const tree = (one: string, two: string) =>
      `trap "" TERM; (trap "" TERM; sleep ${one} & sleep ${two}; sleep ${one}) & sleep ${two}; sleep ${two}`;
    const left = async (...marks: readonly string[]) => (await sh(countSleeps(...marks))).output.trim();

    test('are all ended at the time limit, those that ignore it too', async () => {
      const [one, two] = [mark(1), mark(2)];
      const { end } = await sh(tree(one, two), { timeoutSeconds: 0.4 });
      expect(end).toMatchObject({ how: 'timed-out' });
      expect(await left(one, two)).toBe('0');
    });

    test('have the time of the grace to end by themselves', async () => {
      const { end, output } = await sh('trap "echo bye; exit 0" TERM; while :; do sleep 0.02; done', {
        timeoutSeconds: 0.4,
      });
      expect(end).toMatchObject({ how: 'timed-out' });
      expect(output).toContain('bye\n');
    });

    test('are all ended when the caller aborts, and it is found so later', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const [one, two] = [mark(3), mark(4)];
      const job = jobOf(nextId(), `echo on; ${tree(one, two)}`);
      const running = trial.place().exec(job, {
        signal: controller.signal,
        onOutput: () => controller.abort(reason),
      });
      await expect(running).rejects.toBe(reason);
      expect(await left(one, two)).toBe('0');
      expect(await trial.place().exec(job, {})).toMatchObject({
        how: 'killed',
        signal: 'SIGTERM',
        adopted: true,
      });
    });

    test('are not begun for one who aborted before', async () => {
      const signal = AbortSignal.abort(new Error('no'));
      await expect(sh('touch begun', {}, { signal })).rejects.toBe(signal.reason);
      expect((await sh('ls begun 2>&1 || :')).output).toContain('No such file');
    });

    test('an abort at any moment ends it, soon', async () => {
      for (let milliseconds = 0; milliseconds < 40; milliseconds += 4) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(new Error('enough')), milliseconds);
        const started = performance.now();
        await expect(sh(`sleep ${mark(5)}`, {}, { signal: controller.signal })).rejects.toThrow('enough');
        expect(performance.now() - started).toBeLessThan(10_000);
      }
      expect(await left(mark(5))).toBe('0');
    });

    test('that are left when the command is over end with it; those in a session of their own go on', async () => {
      const [ends, stays] = [mark(6), mark(7)];
      const { end } = await sh(
        `sleep ${ends} & setsid sleep ${stays} >/dev/null 2>&1 & echo $! >daemon; sleep 0.1`,
      );
      expect(end).toMatchObject({ how: 'exited', code: 0 });
      expect(await left(ends)).toBe('0');
      expect(await left(stays)).toBe('1');
      await sh('kill "$(cat daemon)"');
    });
  });
}
