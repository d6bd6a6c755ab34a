import type { EventSink } from '../core/index.ts';
import type { Repository } from '../registry/index.ts';

/** Bytes between two reports of progress. */
const step = 1024 * 1024;

/** The same blobs, with the bytes that pass told as progress towards a total. */
export function counted(
  repository: Pick<Repository, 'name' | 'blob'>,
  { total, onEvent }: { readonly total: number; readonly onEvent: EventSink },
): Pick<Repository, 'name' | 'blob'> {
  let done = 0;
  let told = 0;
  return {
    name: repository.name,
    async *blob(...args) {
      for await (const chunk of repository.blob(...args)) {
        yield chunk;
        done += chunk.length;
        if (done - told < step && done < total) continue;
        told = done;
        onEvent({ type: 'bytes', done, total });
      }
    },
  };
}
