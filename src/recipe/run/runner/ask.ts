import type { Job, JobEnd } from '../../executors/types.ts';
import type { RunContext } from './context.ts';

/** What a job printed and how it ended. */
export interface Answer {
  readonly end: JobEnd;
  /** Of both streams, at most `maxBytes`. */
  readonly text: string;
  /** Was there more? */
  readonly cut: boolean;
}

const maxAnswer = 1024 * 1024;

export interface AskOptions {
  readonly maxBytes?: number;
  /** Instead of the run's own. */
  readonly signal?: AbortSignal;
  readonly onText?: (text: string) => void;
}

/** Runs a job for what it prints. */
export async function ask(context: RunContext, job: Job, options: AskOptions = {}): Promise<Answer> {
  const { maxBytes = maxAnswer, signal = context.signal, onText } = options;
  const chunks: Buffer[] = [];
  let size = 0;
  const end = await context.place.exec(job, {
    signal,
    onOutput: (chunk) => {
      if (size < maxBytes) chunks.push(Buffer.from(chunk.subarray(0, maxBytes - size)));
      size += chunk.length;
      onText?.(Buffer.from(chunk).toString('utf8'));
    },
  });
  return { end, text: Buffer.concat(chunks).toString('utf8'), cut: size > maxBytes };
}

export function succeeded({ how, code }: JobEnd): boolean {
  return how === 'exited' && code === 0;
}

/** `exited with 2`, `was killed by SIGKILL`, for a sentence. */
export function endSentence(end: JobEnd, timeoutSeconds: number): string {
  switch (end.how) {
    case 'exited':
      return `exited with ${end.code ?? 'an unknown code'}`;
    case 'killed':
      return `was killed by ${end.signal ?? 'a signal'}`;
    case 'timed-out':
      return `was ended at its time limit of ${timeoutSeconds} s`;
    case 'lost':
      return 'is no more, and left no word of its end';
  }
}

/** The last lines of a text, for an error. */
export function lastLines(text: string, count = 5): string {
  return text.trim().split('\n').slice(-count).join('\n').slice(-2000);
}
