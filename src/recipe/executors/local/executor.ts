import { ExecutorError } from '../errors.ts';
import { childCall } from '../protocol/child-call.ts';
import { quote } from '../protocol/quote.ts';
import { ShellPlace } from '../protocol/shell-place.ts';
import type { Timings } from '../protocol/timings.ts';
import type { Call, CallEnd, Transport } from '../protocol/transport.ts';
import type { Executor, ExecutorOptions, Place, PlaceRequest } from '../types.ts';

export interface LocalSettings {
  /** The folder of workspaces, absolute; `armload/places` in the user's state folder unless told. */
  readonly root?: string | undefined;
  readonly timings?: Partial<Timings> | undefined;
}

/** This machine: `local`, or `local:DIR`. */
export function localExecutor(settings: LocalSettings): Executor {
  const { root, timings } = settings;
  return {
    name: 'local',
    address: root === undefined ? 'local' : `local:${root}`,
    acquire(request: PlaceRequest, options: ExecutorOptions): Promise<Place> {
      const { environment, onEvent, signal } = options;
      return ShellPlace.open({
        transport: localTransport(environment),
        run: request.run,
        root: root ?? '',
        enter: (workspace) => `cd ${quote(workspace)}`,
        ...{ timings, onEvent, signal },
      });
    },
  };
}

function localTransport(environment: ExecutorOptions['environment']): Transport {
  const PATH = environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  return {
    sharesFiles: true,
    open: (call: Call) =>
      childCall(
        {
          program: 'sh',
          words: ['-c', call.script, 'sh', ...(call.words ?? [])],
          environment: call.placeEnvironment ? { PATH, ...environment } : { PATH },
          detached: true,
        },
        call,
      ),
    explain: ({ code, stderr }: CallEnd) => ({
      temporary: false,
      error: new ExecutorError(
        'PLACE_UNUSABLE',
        `a shell of this machine ended with ${code} before its work was done: ${stderr || 'it says nothing'}`,
      ),
    }),
    connect: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
