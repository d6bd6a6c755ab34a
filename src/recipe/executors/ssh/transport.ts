import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootInput, bootText } from '../protocol/boot.ts';
import { childCall } from '../protocol/child-call.ts';
import type { Call, CallEnd, Interruption, OpenCall, Transport } from '../protocol/transport.ts';
import type { SshAddress } from './address.ts';
import { explainSsh, noisyShell } from './explain.ts';

export interface SshTransportOptions {
  readonly address: SshAddress;
  /** More words for ssh, before ours: `-F FILE`. */
  readonly sshOptions: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const readyWord = 'armload-ready';
const connectSeconds = 20;
/** For a master that's told to end. */
const endSeconds = 3;
/** A socket's path has room for 108 bytes, and ssh adds some while it makes it. */
const longestFolder = 60;

/**
 * The system's own ssh, with the user's configuration, keys and known hosts. One connection serves all calls. What
 * holds it is a child of ours whose far end waits for our input to end: it goes when we do, however we go.
 */
export class SshTransport implements Transport {
  readonly sharesFiles = false;
  readonly #options: SshTransportOptions;
  #folder: string | undefined;
  #master: ChildProcess | undefined;
  #connecting: Promise<void> | undefined;

  constructor(options: SshTransportOptions) {
    this.#options = options;
  }

  open(call: Call): OpenCall {
    const { environment } = this.#options;
    const words = [
      ...this.#words('no'),
      // Without the shared connection a call fails at once, instead of making one of its own.
      ...['-o', 'ProxyCommand=false', '-o', 'ProxyJump=none'],
      ...this.#destination(),
      bootText(call),
    ];
    const open = childCall({ program: 'ssh', words, environment, detached: true }, call);
    open.stdin.write(bootInput(call));
    return open;
  }

  explain(end: CallEnd): Interruption {
    return explainSsh(this.#options.address.host, end);
  }

  async connect({ signal }: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    signal?.throwIfAborted();
    if (this.#master !== undefined && isRunning(this.#master)) return;
    this.#connecting ??= this.#start(signal).finally(() => {
      this.#connecting = undefined;
    });
    await this.#connecting;
  }

  async close(): Promise<void> {
    const master = this.#master;
    this.#master = undefined;
    if (master !== undefined) await endOf(master);
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    if (this.#master !== undefined) await endOf(this.#master);
    const { environment } = this.#options;
    // Anew each time: a dead master leaves its socket.
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = mkdtempSync(join(shortFolder(environment), 'armload-ssh-'));
    const words = [...this.#words('yes'), ...this.#destination(), `echo ${readyWord}; exec cat >/dev/null`];
    const master = spawn('ssh', words, {
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#master = master;
    const drop = () => master.kill('SIGKILL');
    signal?.addEventListener('abort', drop, { once: true });
    try {
      const end = await readiness(master);
      signal?.throwIfAborted();
      if (end !== undefined) {
        await endOf(master);
        throw explainSsh(this.#options.address.host, end).error;
      }
    } finally {
      signal?.removeEventListener('abort', drop);
    }
  }

  #words(master: 'yes' | 'no'): string[] {
    const options = {
      BatchMode: 'yes',
      ControlMaster: master,
      ControlPath: join(this.#folder ?? '/nowhere', 'socket'),
      ControlPersist: 'no',
      ConnectTimeout: String(connectSeconds),
      ServerAliveInterval: '15',
      ServerAliveCountMax: '4',
      ClearAllForwardings: 'yes',
      RequestTTY: 'no',
      RemoteCommand: 'none',
      EscapeChar: 'none',
      LogLevel: 'ERROR',
    };
    const ours = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    return [...this.#options.sshOptions, ...ours];
  }

  #destination(): string[] {
    const { host, user, port } = this.#options.address;
    return [
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', port]),
      '--',
      host,
    ];
  }
}

/** Resolves when the far end answers, or with how ssh ended before. */
function readiness(master: ChildProcess): Promise<CallEnd | undefined> {
  let [stdout, stderr] = ['', ''];
  return new Promise((resolve) => {
    const end = (code: number) => resolve({ notes: [], done: false, code, stderr });
    master.stdin?.on('error', () => undefined);
    master.stdout?.on('data', (chunk: Buffer) => {
      stdout = (stdout + chunk.toString()).slice(-4096);
      const at = stdout.indexOf(readyWord);
      if (at > 0) {
        // It would stand in every file that's read.
        stderr += `its login shell prints something of its own: ${stdout.slice(0, at).trim().slice(0, 100)}`;
        end(noisyShell);
      } else if (at === 0) resolve(undefined);
    });
    master.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4096);
    });
    master.once('error', (error) => {
      stderr += error.message;
      end(-1);
    });
    master.once('close', (code) => end(code ?? 255));
  });
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Its calls are cut off; what they began goes on in the place. */
async function endOf(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.end();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), endSeconds * 1000);
  await ended;
  clearTimeout(timer);
}

function shortFolder(environment: SshTransportOptions['environment']): string {
  const folder = environment['TMPDIR'] ?? tmpdir();
  return folder.startsWith('/') && folder.length <= longestFolder ? folder : '/tmp';
}
