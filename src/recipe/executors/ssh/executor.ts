import { quote, quoteAll } from '../protocol/quote.ts';
import { ShellPlace } from '../protocol/shell-place.ts';
import type { Timings } from '../protocol/timings.ts';
import type { Executor, ExecutorOptions, Place, PlaceRequest } from '../types.ts';
import { readSshAddress, type SshAddress } from './address.ts';
import { SshTransport } from './transport.ts';

export interface SshSettings {
  /** More words for ssh, such as `-F FILE`. Host keys are checked as the user's configuration has it. */
  readonly sshOptions?: readonly string[] | undefined;
  readonly timings?: Partial<Timings> | undefined;
}

/**
 * A host over the system's OpenSSH: `ssh://[USER@]HOST[:PORT][/FOLDER]`.
 * @throws UsageError for another address
 */
export function sshExecutor(address: string, settings: SshSettings): Executor {
  const { sshOptions = [], timings } = settings;
  const parts = readSshAddress(address);
  return {
    name: 'ssh',
    address,
    acquire(request: PlaceRequest, options: ExecutorOptions): Promise<Place> {
      const { environment, onEvent, signal } = options;
      return ShellPlace.open({
        transport: new SshTransport({ address: parts, sshOptions, environment }),
        run: request.run,
        root: parts.root,
        enter: (workspace) => enterCommand(parts, workspace),
        ...{ timings, onEvent, signal },
      });
    },
  };
}

function enterCommand({ host, user, port }: SshAddress, workspace: string): string {
  const destination = user === undefined ? host : `${user}@${host}`;
  const words = ['ssh', '-t', ...(port === undefined ? [] : ['-p', port]), destination];
  return `${quoteAll(words)} ${quote(`cd ${quote(workspace)} && exec "$SHELL" -l`)}`;
}
