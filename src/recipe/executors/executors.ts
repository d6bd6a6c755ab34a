import { isAbsolute } from 'node:path';
import { UsageError } from '../../core/index.ts';
import { dockerExecutor } from './docker/executor.ts';
import { localExecutor } from './local/executor.ts';
import type { Timings } from './protocol/timings.ts';
import { sshExecutor } from './ssh/executor.ts';
import type { Executor } from './types.ts';

/** What executors are told besides their address. */
export interface ExecutorSettings {
  readonly timings?: Partial<Timings> | undefined;
  /** More words for ssh, such as `-F FILE`. */
  readonly sshOptions?: readonly string[] | undefined;
}

/** A kind of place: how its addresses are written, and what makes its executor. */
interface Kind {
  readonly form: string;
  readonly recognizes: (address: string) => boolean;
  readonly make: (address: string, settings: ExecutorSettings) => Executor;
}

/** Adding a kind of place is a folder and a line here. */
const kinds: readonly Kind[] = [
  {
    form: 'local, or local:FOLDER',
    recognizes: (address) => address === 'local' || address.startsWith('local:'),
    make: (address, { timings }) => localExecutor({ root: localRoot(address), timings }),
  },
  {
    form: 'ssh://HOST, with USER@ before it and :PORT and /FOLDER after it where they are needed',
    recognizes: (address) => address.startsWith('ssh://'),
    make: sshExecutor,
  },
  {
    form: 'docker://IMAGE[?share-engine]',
    recognizes: (address) => address.startsWith('docker://'),
    make: dockerExecutor,
  },
];

/**
 * The executor that an address means. Nothing is reached yet.
 * @throws UsageError `USAGE` for what is no address; it says which forms there are.
 */
export function executorFor(address: string, settings: ExecutorSettings = {}): Executor {
  const kind = kinds.find(({ recognizes }) => recognizes(address));
  if (kind !== undefined) return kind.make(address, settings);
  throw new UsageError('USAGE', `${JSON.stringify(address)} is no place that armload knows`, {
    hint: `places are: ${kinds.map(({ form }) => form).join('; ')}`,
  });
}

function localRoot(address: string): string | undefined {
  if (address === 'local') return undefined;
  const root = address.slice('local:'.length);
  if (isAbsolute(root) && !root.includes('\0')) return root;
  throw new UsageError('USAGE', `the folder of ${JSON.stringify(address)} is not absolute`, {
    hint: 'write local:/FOLDER',
  });
}
