import type { Clock } from '../../../../core/index.ts';
import { type Fetch, FetchError, persistent } from '../../../fetch/index.ts';
import { PythonError } from '../errors.ts';
import type { PythonLimits } from '../limits.ts';
import { isPassingFailure, timeout } from '../wheel/wheel-store.ts';
import { parseHtmlPage } from './html-page.ts';
import { parseJsonPage } from './json-page.ts';
import type { ProjectFile } from './page.ts';

/** What an index may answer with, as it is asked for it: JSON first, whatever there is last. */
export const accepted = [
  'application/vnd.pypi.simple.v1+json',
  'application/vnd.pypi.simple.v1+html;q=0.2',
  'text/html;q=0.1',
  '*/*;q=0.01',
].join(', ');

export interface ReadOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly limits: PythonLimits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files of a project, by its normalized name; `undefined` where the index has no such project.
 * @param index address, with a slash at its end.
 * @throws FetchError; PythonError `PYTHON_INDEX`, `PYTHON_LIMIT`; the signal's reason.
 */
export async function readProject(
  index: string,
  name: string,
  { fetch, clock, limits, signal }: ReadOptions,
): Promise<readonly ProjectFile[] | undefined> {
  const url = new URL(`${name}/`, index).href;
  try {
    return await persistent((either) => readPage(url, either, { fetch, limits }), {
      ...{ clock, signal, time: limits.pageTime },
      isPassing: isPassingFailure,
      timedOut: () => timeout(url, limits.pageTime),
    });
  } catch (error) {
    if (error instanceof FetchError && error.code === 'FETCH_NOT_FOUND') return undefined;
    throw error;
  }
}

async function readPage(
  url: string,
  signal: AbortSignal,
  { fetch, limits }: Pick<ReadOptions, 'fetch' | 'limits'>,
): Promise<readonly ProjectFile[]> {
  let from = url;
  const body = await fetch(url, {
    signal,
    answered: (final) => {
      from = final;
    },
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limits.pageBytes)
      throw new PythonError('PYTHON_LIMIT', `the index's page has more than ${limits.pageBytes} bytes`);
    chunks.push(Uint8Array.from(chunk));
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const place = { url: from, maxFiles: limits.pageFiles };
  return /^\s*\{/.test(text) ? parseJsonPage(text, place) : parseHtmlPage(text, place);
}
