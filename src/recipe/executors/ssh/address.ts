import { UsageError } from '../../../core/index.ts';

export interface SshAddress {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: string | undefined;
  /** The folder of workspaces, absolute; empty for the user's own. */
  readonly root: string;
}

/**
 * Reads `ssh://[USER@]HOST[:PORT][/FOLDER]`. HOST may be a name of the user's own ssh configuration.
 * @throws UsageError `USAGE`
 */
export function readSshAddress(address: string): SshAddress {
  const match = /^ssh:\/\/(?:([^@/]*)@)?(\[[0-9A-Fa-f:.%a-z]+\]|[^@/:]+)(?::(\d{1,5}))?(\/.*)?$/.exec(
    address,
  );
  if (match === null) throw wrong(address, 'is no address of a host');
  const [, user, bracketed = '', port, path = ''] = match;
  const host = bracketed.replace(/^\[|\]$/g, '');
  // What begins with a hyphen would be read as an option, by ssh or by what its configuration starts.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.:%-]*$/.test(host)) throw wrong(address, 'has no good name of a host');
  if (user?.includes(':')) throw wrong(address, 'holds a password; use keys');
  if (user !== undefined && !/^[A-Za-z0-9_][\w.@+-]*$/.test(user))
    throw wrong(address, 'has no good name of a user');
  return { host, user, port, root: folderOf(address, path) };
}

function folderOf(address: string, path: string): string {
  let root: string;
  try {
    root = decodeURIComponent(path).replace(/\/+$/, '');
  } catch {
    throw wrong(address, 'has a folder that is not well encoded');
  }
  if (root.includes('\0') || root.split('/').includes('..')) throw wrong(address, 'has no good folder');
  return root;
}

function wrong(address: string, why: string): UsageError {
  return new UsageError('USAGE', `${JSON.stringify(address)} ${why}`, {
    hint: 'write ssh://USER@HOST, with :PORT and /FOLDER where they are needed',
  });
}
