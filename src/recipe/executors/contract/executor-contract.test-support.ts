import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executorFor } from '../executors.ts';
import type { Place } from '../types.ts';
import { describeCommands } from './commands.test-support.ts';
import { describeJobs } from './jobs.test-support.ts';
import { describeProcesses } from './processes.test-support.ts';
import { describeSecrets } from './secrets.test-support.ts';
import { type ContractSite, jobOf, outcome, type Trial } from './trial.test-support.ts';
import { describeWorkspaces } from './workspaces.test-support.ts';

export { type ContractSite, jobOf, outcome, quick } from './trial.test-support.ts';

/** What every executor promises. The site is made before the first test. */
export function describeExecutor(name: string, site: () => ContractSite): void {
  // Most of the time is waiting.
  describe.concurrent(`a place of the ${name} executor`, () => {
    let [runs, jobs] = [0, 0];
    const held: Place[] = [];
    let place: Place;
    const nextId = () => `job-${++jobs}`;
    const trial: Trial = {
      site,
      nextId,
      place: () => place,
      async acquire(run = `run-${++runs}`) {
        const { address, settings, environment, platform } = site();
        const another = await executorFor(address, settings).acquire({ run, platform }, { environment });
        held.push(another);
        return another;
      },
      sh: (text, more = {}, options = {}) => outcome(place, jobOf(nextId(), text, more), options),
    };
    beforeAll(async () => {
      place = await trial.acquire('contract');
    });
    afterAll(async () => {
      for (const one of held) await one.release({ discard: true }).catch(() => undefined);
    });

    test('says what it is', async () => {
      const facts = await place.probe({});
      expect(facts).toMatchObject({ os: 'linux', architecture: expect.stringMatching(/^(amd64|arm64)$/) });
      expect(facts.cpus).toBeGreaterThan(0);
      expect(facts.memory).toBeGreaterThan(1024 ** 2);
      expect(facts.disk).toBeGreaterThan(1024 ** 2);
      expect(facts.user).toMatch(/^\w/);
      expect(facts.kernel).toMatch(/^\d+\.\d+/);
      if (site().isolates) expect(facts.isolatesNetwork).toBe(true);
      const fresh = await trial.sh('exit 0');
      expect(fresh.end).toMatchObject({ how: 'exited', code: 0, adopted: false });
    });

    describeCommands(trial);
    describeProcesses(trial);
    describeJobs(trial);
    describeSecrets(trial);
    describeWorkspaces(trial);
  });
}
