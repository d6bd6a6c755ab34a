import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants as files, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { messageOf } from '../../core/index.ts';
import type { Environment } from './types.ts';

/** Read of each stream, and kept of both together. */
const readBytes = 64 * 1024;
const tailBytes = 4 * 1024;

export interface ProcessOptions {
  readonly environment: Environment;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
  /** Another process whose output is this one's input. */
  readonly input?: { readonly program: string; readonly words: readonly string[] };
  /** Before the process is killed for its time or the signal. */
  readonly onEnd?: () => void;
}

export interface ProcessResult {
  /** Above 128: killed by a signal, as shells count. */
  readonly code: number;
  readonly timedOut: boolean;
  /** The process could not be started. */
  readonly failure: string | undefined;
  /** The first 64 KiB of each. */
  readonly stdout: string;
  readonly stderr: string;
  /** What it wrote to descriptor 3. */
  readonly report: string;
  /** The last 4 KiB of both together. */
  readonly tail: string;
  readonly seconds: number;
}

/** The absolute path of a program of this machine, looked for on its PATH and where administrators' programs are. */
export function findHostProgram(environment: Environment, name: string): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  // Ordinary users' PATHs leave these out.
  if (folders.length > 0) folders.push('/usr/sbin', '/sbin');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, files.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs a program of this machine, never through a shell's text, and reads what it writes in bounded memory.
 * @throws the signal's reason; nothing else.
 */
export async function runHostProcess(
  program: string,
  words: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  const { signal, timeoutSeconds } = options;
  signal?.throwIfAborted();
  const started = performance.now();
  const processes = startProcesses(program, words, options);
  const main = processes.at(-1);
  const [stdout, stderr, tail, report] = [new Head(), new Head(), new Tail(), new Head()];
  for (const [stream, head] of [
    [main?.stdout, stdout],
    [main?.stderr, stderr],
  ] as const)
    stream?.on('data', (chunk: Buffer) => {
      head.add(chunk);
      tail.add(chunk);
    });
  main?.stdio[3]?.on('data', (chunk: Buffer) => report.add(chunk));
  let timedOut = false;
  const end = () => {
    options.onEnd?.();
    for (const child of processes) child.kill('SIGKILL');
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeoutSeconds * 1000);
  signal?.addEventListener('abort', end, { once: true });
  const { code, failure } = await endOf(processes);
  clearTimeout(timer);
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  return {
    code,
    timedOut,
    failure,
    stdout: stdout.text(),
    stderr: stderr.text(),
    report: report.text(),
    tail: tail.text(),
    seconds: Math.round(performance.now() - started) / 1000,
  };
}

/** The process asked for comes last. */
function startProcesses(program: string, words: readonly string[], options: ProcessOptions): ChildProcess[] {
  const env = { ...options.environment };
  const { input } = options;
  if (input === undefined)
    return [spawn(program, [...words], { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })];
  const source = spawn(input.program, [...input.words], {
    env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const main = spawn(program, [...words], { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
  // The reader may end first; that shows in its own result.
  main.stdin?.on('error', () => source.kill('SIGKILL'));
  source.on('error', () => main.stdin?.end());
  source.stdout?.pipe(main.stdin as NodeJS.WritableStream);
  return [source, main];
}

/** When a killed process leaves its streams to a child, nobody waits for that child. */
const graceMilliseconds = 2000;

async function endOf(processes: readonly ChildProcess[]): Promise<Pick<ProcessResult, 'code' | 'failure'>> {
  const results = await Promise.all(processes.map(endOfOne));
  const last = results.at(-1) ?? { code: -1, failure: undefined };
  const failed = results.find(({ failure }) => failure !== undefined);
  return failed ?? last;
}

function endOfOne(child: ChildProcess): Promise<Pick<ProcessResult, 'code' | 'failure'>> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: -1, failure: messageOf(error) }));
    child.on('exit', () => {
      const timer = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
      }, graceMilliseconds);
      child.on('close', () => clearTimeout(timer));
    });
    child.on('close', (code, name) => {
      const signal = name === null ? 0 : constants.signals[name];
      resolve({ code: code ?? 128 + signal, failure: undefined });
    });
  });
}

class Head {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  add(chunk: Buffer): void {
    const part = chunk.subarray(0, readBytes - this.#size);
    if (part.length > 0) this.#chunks.push(part);
    this.#size += part.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

class Tail {
  #kept = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
  }

  text(): string {
    // The cut may go through a character.
    let start = 0;
    while (start < 4 && ((this.#kept[start] ?? 0) & 0xc0) === 0x80) start++;
    return this.#kept.toString('utf8', start);
  }
}
