import { spawn } from 'node:child_process';
import * as z from 'zod';
import { redact } from '../../core/index.ts';

/** Longer answers than this are refused, bytes. Tokens have some kilobytes. */
const maxOutputBytes = 256 * 1024;

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a helper program answered. */
export type HelperAnswer =
  | { readonly kind: 'credential'; readonly username: string; readonly secret: string }
  | { readonly kind: 'nothing' }
  /** A sentence's end that says how it failed: `it did not answer within 10 s`. */
  | { readonly kind: 'failed'; readonly problem: string };

export interface HelperOptions {
  readonly environment: Environment;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Exit {
  readonly code: number | null;
  readonly stdout: string;
}

const answerSchema = z.object({ Username: z.string().nullish(), Secret: z.string().nullish() });

/** The program of a helper's name, or undefined for a name that could lead elsewhere than into PATH. */
export function helperProgram(name: string): string | undefined {
  return /^[A-Za-z0-9_.-]{1,128}$/.test(name) ? `docker-credential-${name}` : undefined;
}

/**
 * Asks a helper program: `PROGRAM get`, the server on stdin, JSON on stdout (docker-credential-helpers). No shell. Killed
 * when it takes or says too much.
 */
export async function askHelper(
  program: string,
  server: string,
  options: HelperOptions,
): Promise<HelperAnswer> {
  const exit = await run(program, server, options);
  if (typeof exit === 'string') return { kind: 'failed', problem: exit };
  if (exit.code !== 0) return refusal(exit);
  let document: unknown;
  try {
    document = JSON.parse(exit.stdout);
  } catch {
    return { kind: 'failed', problem: 'its answer is not JSON' };
  }
  const answer = answerSchema.safeParse(document);
  if (!answer.success) return { kind: 'failed', problem: 'its answer lacks "Username" and "Secret"' };
  const username = answer.data.Username ?? '';
  const secret = answer.data.Secret ?? '';
  return username === '' && secret === '' ? { kind: 'nothing' } : { kind: 'credential', username, secret };
}

/** Helpers say "nothing here" by a failing exit and a sentence (docker-credential-helpers, credentials/error.go). */
function refusal(exit: Exit): HelperAnswer {
  if (
    /credentials not found|no credentials (?:found|for)|item could not be found in the keychain/i.test(
      exit.stdout,
    )
  ) {
    return { kind: 'nothing' };
  }
  const said = oneLine(exit.stdout);
  const how = exit.code === null ? 'it was killed' : `it ended with exit code ${exit.code}`;
  return { kind: 'failed', problem: said === '' ? how : `${how}: ${said}` };
}

function oneLine(output: string): string {
  const line = output.trim().split('\n', 1)[0] ?? '';
  return redact(Array.from(line.slice(0, 200), (char) => (char < ' ' ? ' ' : char)).join('')).trim();
}

/** A string says why there is no exit to speak of. Rejects only when aborted. */
function run(program: string, server: string, options: HelperOptions): Promise<Exit | string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      env: { ...options.environment },
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (): void => {
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open: don't wait for them.
      child.stdout.destroy();
      child.stdin.destroy();
      child.unref();
    };
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      finish();
    };
    const onAbort = (): void => {
      stop();
      settle(() => reject(abortReason(options.signal)));
    };
    const giveUp = (problem: string): void => {
      stop();
      settle(() => resolve(problem));
    };
    const timer = setTimeout(
      () => giveUp(`it did not answer within ${options.timeoutMs / 1000} s`),
      options.timeoutMs,
    );
    options.signal?.addEventListener('abort', onAbort, { once: true });
    child.on('error', (error: NodeJS.ErrnoException) => giveUp(startProblem(error)));
    child.on('close', (code) =>
      settle(() => resolve({ code, stdout: Buffer.concat(chunks).toString('utf8') })),
    );
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutputBytes) giveUp(`it wrote more than ${maxOutputBytes} bytes`);
      else chunks.push(chunk);
    });
    // A helper that doesn't read its input closes the pipe; its answer counts.
    child.stdin.on('error', () => undefined);
    child.stdin.end(server);
  });
}

function abortReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError');
}

function startProblem(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such program in PATH';
  if (error.code === 'EACCES') return 'it may not be executed';
  return `it could not be started (${error.code ?? 'unknown error'})`;
}
