import { isAbort } from '../../../core/index.ts';
import type { Job } from '../../executors/types.ts';
import { shellWords } from '../../plan/shell.ts';
import type { PlannedSource } from '../../plan/types.ts';
import { RunError } from '../errors.ts';
import { logSize, StepLog } from '../store/step-log.ts';
import { endSentence, succeeded } from './ask.ts';
import type { RunContext } from './context.ts';

const commandTimeout = 2 * 3600;

/** One command of a source; what it prints is kept. @throws RunError `SOURCE_FAILED` */
export async function sourceJob(
  context: RunContext,
  {
    source,
    words,
    workdir,
    id,
  }: {
    readonly source: PlannedSource;
    readonly words: readonly string[];
    readonly workdir: string;
    readonly id: string;
  },
): Promise<void> {
  const { name } = source;
  const path = context.folder.log(`source.${name}`);
  const log = new StepLog(path, {
    from: logSize(path),
    onText: (text) => context.options.onEvent?.({ type: 'output', step: `source.${name}`, text }),
  });
  try {
    log.note(shellWords(words));
    const job: Job = {
      ...context.ownJob('source', words, commandTimeout),
      id,
      workdir,
      // Nobody is there to answer.
      environment: { GIT_TERMINAL_PROMPT: '0' },
    };
    const { signal } = context;
    const end = await context.place.exec(job, { signal, onOutput: (chunk) => log.write(chunk) });
    if (succeeded(end)) return;
    throw new RunError(
      'SOURCE_FAILED',
      `the source "${name}" can not be had: "${shellWords(words)}" ${endSentence(end, commandTimeout)}`,
      { facts: { source: name, log: path } },
    );
  } catch (error) {
    // Its jobs were ended: they can't be found again.
    if (context.signal?.aborted === true && (isAbort(error) || error === context.signal.reason))
      await context.record({ type: 'source-failed', name, message: 'it was interrupted' });
    throw error;
  } finally {
    log.close();
  }
}
