import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The built command. */
export const commandFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the built command with a home and environment of its own. */
export function startCommand(args: readonly string[], options: RunOptions & SpawnOptions = {}): ChildProcess {
  if (!existsSync(commandFile)) {
    throw new Error('dist/cli/main.js is not built: run "npm run build" before the tests in test/e2e');
  }
  const { environment = {}, cwd = '/', stdio = 'pipe' } = options;
  return spawn(process.execPath, [commandFile, ...args], {
    cwd,
    stdio,
    env: { PATH: process.env['PATH'], HOME: cwd, XDG_CACHE_HOME: `${cwd}/.cache`, ...environment },
  });
}

/** Runs the built command to its end. */
export async function runCommand(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return finished(startCommand(args, options), options.stdin ?? '');
}

/** Waits for the end of a started command. */
export async function finished(child: ChildProcess, stdin = ''): Promise<Finished> {
  // A command that doesn't read its input may end before it is written.
  child.stdin?.on('error', () => {});
  child.stdin?.end(stdin);
  const code = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  return { code: await code, stdout, stderr };
}

/** Nothing of a stream that the test has closed. */
function readAll(stream: Readable | null): Promise<string> | string {
  return stream === null || stream.destroyed ? '' : text(stream);
}
