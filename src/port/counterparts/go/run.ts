import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { messageOf } from '../../../core/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  readonly folder: string;
  readonly environment: Environment;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult {
  /** `exit`: it ended by itself. `output`: it wrote too much. `start`: it could not be started. */
  readonly ended: 'exit' | 'time' | 'output' | 'start';
  /** Of an end by itself; -1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  /** The last 16 KiB. */
  readonly stderr: string;
}

/** Runs a program. @throws the signal's reason; nothing else. */
export type Run = (program: string, words: readonly string[], options: RunOptions) => Promise<RunResult>;

const maxOutput = 8 * 1024 ** 2;
const maxErrors = 16 * 1024;

/** Runs a program of this machine, without a shell. Where it's ended, the processes that it started end too. */
export const runProgram: Run = (program, words, options) => {
  const { folder, environment, timeoutSeconds, signal } = options;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words], {
      cwd: folder,
      env: { ...environment, PWD: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: compilers that it started are to end with it.
      detached: true,
    });
    const output: Buffer[] = [];
    let [size, errors, ended] = [0, Buffer.alloc(0), 'exit' as RunResult['ended']];
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // All of it has ended.
      }
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const stop = (why: RunResult['ended']): void => {
      ended = why;
      kill();
    };
    const timer = setTimeout(() => stop('time'), timeoutSeconds * 1000);
    signal?.addEventListener('abort', kill, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutput) stop('output');
      else output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors = Buffer.concat([errors, chunk.subarray(-maxErrors)]).subarray(-maxErrors);
    });
    const finish = (code: number, stderr: string): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve({ ended, code, stdout: Buffer.concat(output).toString(), stderr });
    };
    child.on('error', (error) => {
      ended = 'start';
      finish(-1, messageOf(error));
    });
    // One that it left behind may hold the streams open.
    child.on('exit', () => {
      const grace = setTimeout(kill, 2000);
      child.on('close', () => clearTimeout(grace));
    });
    child.on('close', (code) => finish(code ?? -1, errors.toString()));
  });
};

/** The absolute path of a program on the environment's PATH; `undefined` where there is none. */
export function findProgram(environment: Environment, name: string): string | undefined {
  if (name.includes('/')) return isAbsolute(name) && isExecutable(name) ? name : undefined;
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
