import type { Io } from './io.ts';
import { run } from './run.ts';

const interrupted = 130;

/** Runs a command line in this process: real streams, signals, and the exit code at the end. */
export async function runProcess(args: readonly string[]): Promise<void> {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupt(abort));
  // Failed writes reach whoever wrote; without a listener they would end the process with a stack trace.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const io: Io = {
    stdout: process.stdout,
    stderr: process.stderr,
    // Only when it is read: a process may have none.
    get stdin() {
      return process.stdin;
    },
    environment: process.env,
    cwd: process.cwd(),
    signal: abort.signal,
  };
  // Sockets that registries keep open must not keep the process.
  process.exit(await run(args, io));
}

/** The first signal lets the command clean up; the second one doesn't wait. */
function interrupt(abort: AbortController): void {
  if (abort.signal.aborted) process.exit(interrupted);
  abort.abort();
}
