import { ExecutorError } from '../errors.ts';
import { type Caller, failureOf, noteOf } from './caller.ts';
import { prepareScript } from './scripts/place.ts';

/** What is known of a place from its first call. */
export interface Prepared {
  readonly workspace: string;
  /** The variables that every job gets. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Where the place's programs are, so that a job's own PATH doesn't hide them: `setsid`, `sh`; the words of `awk`.
   */
  readonly tools: Readonly<Record<string, string>>;
}

/**
 * Makes the workspace of a run, if it isn't there, and learns what jobs need to know.
 * @throws ExecutorError `PLACE_UNUSABLE`, `PLACE_FULL`, or what the transport says.
 */
export async function prepare(
  caller: Caller,
  request: { readonly root: string; readonly run: string },
  signal: AbortSignal | undefined,
): Promise<Prepared> {
  const words = [request.root, request.run];
  const { notes, output } = await caller.ask({
    script: prepareScript,
    words,
    placeEnvironment: true,
    signal,
  });
  const problem = noteOf(notes, 'missing', 'failed');
  if (problem?.word === 'missing')
    throw new ExecutorError(
      'PLACE_UNUSABLE',
      `the place lacks programs that armload needs: ${problem.rest}`,
      {
        hint: 'most of them are in coreutils, util-linux (setsid) and an awk; busybox has them all',
      },
    );
  if (problem !== undefined) throw failureOf(problem.rest, "the run's workspace can't be made");
  const [workspace = '', ...items] = output.toString('utf8').split('\0');
  const dot = items.indexOf('.');
  const environment = { ...fields(items.slice(dot + 1)) };
  return { workspace, tools: fields(items.slice(0, dot)), environment };
}

/** `NAME=VALUE` each. */
export function fields(items: readonly string[]): Readonly<Record<string, string>> {
  const pairs = items.filter((item) => item.includes('='));
  return Object.fromEntries(
    pairs.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]),
  );
}
