import { randomUUID } from 'node:crypto';
import type { Executor, Place } from '../../executors/types.ts';
import { bytesOf, readBounded } from './bounded.ts';
import type { RunContext } from './context.ts';
import { ifThere } from './outputs.ts';
import type { RunOptions } from './types.ts';

/** Says whose work a workspace holds. */
const markPath = '.armload/mark';
const maxMark = 256;

/**
 * Takes the run's place. The mark in its workspace tells whether what earlier sessions left is still there: the record of
 * it comes first, so that a workspace with a mark that nobody knows is a stranger's.
 * @throws ExecutorError
 */
export async function holdPlace(
  context: RunContext,
  { executor, environment }: Pick<RunOptions, 'environment'> & { readonly executor: Executor },
): Promise<Place> {
  const { signal, options, folder, state } = context;
  const request = { run: folder.id, platform: state.run.platform };
  const place = await executor.acquire(request, { environment, signal, onEvent: options.onEvent });
  try {
    const host = await place.probe({ signal });
    const found = await readMark(context, place);
    const known = state.place?.mark;
    const isKnown = known !== undefined && found === known;
    const mark = isKnown ? known : randomUUID();
    const { workspace, enter } = place;
    await context.record({
      type: 'place-acquired',
      workspace,
      enter,
      mark,
      host: { ...host, emulates: [...host.emulates] },
    });
    // The folder that steps write their values to has to be there with the mark.
    if (!isKnown) await place.put('.armload/values/.made', bytesOf(''), { signal });
    if (!isKnown) await place.put(markPath, bytesOf(mark), { signal });
    context.hold({ place, host, isNew: !isKnown });
    return place;
  } catch (error) {
    await place.release({ discard: false }).catch(() => undefined);
    throw error;
  }
}

async function readMark(context: RunContext, place: Place): Promise<string | undefined> {
  const bytes = await ifThere(() =>
    readBounded(place.get(markPath, { signal: context.signal }), { what: markPath, maxBytes: maxMark }),
  );
  return bytes?.toString('utf8');
}
