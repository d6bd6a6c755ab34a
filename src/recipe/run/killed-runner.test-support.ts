import { countedRecipe, type Moment, strikingJournal } from './killed-run.test-support.ts';
import { worldAt } from './run.test-support.ts';
import { resumeRun, runPlan } from './runner/run-plan.ts';
import { runIds } from './store/run-folder.ts';

/**
 * Arguments: the world's folder, the journal's write to die at, the moment. Begins the world's run, or goes on with it.
 */
export async function main([folder = '', at = '0', moment = 'before']: readonly string[]): Promise<void> {
  const world = worldAt(folder, { PATH: process.env['PATH'], HOME: folder });
  const openJournal = strikingJournal({ at: Number(at), moment: moment as Moment }, () => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  });
  const [run] = await runIds(world.runs);
  if (run === undefined) await runPlan(await world.begin(countedRecipe(world), { openJournal }));
  else await resumeRun(world.resume(run, { openJournal }));
}
