import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exec, hasPrograms } from './real-parts.ts';

/** An SSH server of a test's own, on loopback. */
export interface SshServer {
  /** The name of the host in `config`. */
  readonly host: string;
  /** A configuration for ssh(1) that knows the server's key and has a key that it lets in. */
  readonly config: string;
  readonly port: number;
  readonly user: string;
  /** Kills the processes that serve connections, as a machine on the way does that loses them. */
  dropConnections(): void;
  /** Drops connections, and refuses new ones until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** Can an SSH server be started here? In CI it must; elsewhere the tests are skipped, visibly. */
export async function canStartSshServer(): Promise<boolean> {
  return (await hasPrograms('ssh', '/usr/sbin/sshd', 'ssh-keygen')) && process.getuid?.() === 0;
}

/**
 * Starts Debian's `sshd` for the user who runs the tests, with keys and all else below a folder. Sessions have these
 * variables.
 */
export async function startSshServer(
  folder: string,
  ...variables: readonly (readonly [string, string])[]
): Promise<SshServer> {
  const user = userInfo().username;
  const port = await makeKeys(folder);
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'user-key.pub')));
  writeFileSync(join(folder, 'sshd-config'), serverConfig(folder, port, variables));
  writeFileSync(join(folder, 'ssh-config'), clientConfig(folder, port, user));
  return serve(folder, { host: 'test-host', port, user });
}

/**
 * Starts it for another user, as a host has it: the key is among those in the user's home, and sessions have the variables
 * of the user's own `~/.ssh/environment`. The name in `config` is the address.
 */
export async function startSshServerFor(
  folder: string,
  { name, home }: { readonly name: string; readonly home: string },
): Promise<SshServer> {
  const port = await makeKeys(folder);
  const keys = join(home, '.ssh/authorized_keys');
  mkdirSync(dirname(keys), { recursive: true, mode: 0o700 });
  writeFileSync(keys, readFileSync(join(folder, 'user-key.pub')), { mode: 0o600 });
  await exec('chown', '--recursive', `${name}:`, dirname(keys));
  writeFileSync(join(folder, 'sshd-config'), hostConfig(folder, port, name));
  writeFileSync(join(folder, 'ssh-config'), `Host 127.0.0.1\n${keyConfig(folder)}`);
  return serve(folder, { host: '127.0.0.1', port, user: name });
}

/** The host's key, the user's, and what the client knows of the host. Gives the port. */
async function makeKeys(folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const port = await freePort();
  for (const name of ['host-key', 'user-key'])
    await exec('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', join(folder, name));
  const hostKey = readFileSync(join(folder, 'host-key.pub'), 'utf8').trim();
  writeFileSync(join(folder, 'known-hosts'), `[127.0.0.1]:${port} ${hostKey}\n`);
  return port;
}

async function serve(
  folder: string,
  { host, port, user }: Pick<SshServer, 'host' | 'port' | 'user'>,
): Promise<SshServer> {
  // Where sshd gives up its rights; distributions make it when they start theirs.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  let child = await listen(folder, port);
  return {
    ...{ host, config: join(folder, 'ssh-config'), port, user },
    dropConnections: () => {
      for (const pid of descendants(child.pid ?? 0)) killIfSshd(pid);
    },
    async pause() {
      // First, since they have no parent any more afterwards.
      const serving = descendants(child.pid ?? 0);
      await end(child);
      for (const pid of serving) killIfSshd(pid);
    },
    async resume() {
      child = await listen(folder, port);
    },
    stop: () => end(child),
  };
}

function serverConfig(
  folder: string,
  port: number,
  variables: readonly (readonly [string, string])[],
): string {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${folder}/host-key`,
    `AuthorizedKeysFile ${folder}/authorized`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    `SetEnv ${variables.map((pair) => pair.join('=')).join(' ')}`,
    '',
  ].join('\n');
}

function hostConfig(folder: string, port: number, user: string): string {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${folder}/host-key`,
    'PidFile none',
    'UsePAM no',
    `AllowUsers ${user}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitUserEnvironment yes',
    '',
  ].join('\n');
}

function clientConfig(folder: string, port: number, user: string): string {
  return [
    'Host test-host',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${user}`,
    keyConfig(folder),
  ].join('\n');
}

function keyConfig(folder: string): string {
  return [
    `  IdentityFile ${folder}/user-key`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${folder}/known-hosts`,
    '  StrictHostKeyChecking yes',
    '',
  ].join('\n');
}

async function listen(folder: string, port: number): Promise<ChildProcess> {
  // It has to be called by its absolute path, since it starts itself anew for each connection.
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd-config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000);
  });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) break;
    if (await answers(port)) return child;
    await delay(50);
  }
  child.kill('SIGKILL');
  throw new Error(`sshd does not start: ${log}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

function descendants(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = `/proc/${name}/stat`;
    if (!existsSync(stat)) continue;
    try {
      const text = readFileSync(stat, 'latin1');
      parents.set(Number(name), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const below = (of: number): number[] =>
    [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function killIfSshd(pid: number): void {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sshd')) process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
