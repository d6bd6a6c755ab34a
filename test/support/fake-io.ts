import type { Io, TextSink } from '../../src/cli/io.ts';

/** A stream that keeps what is written. */
export class FakeSink implements TextSink {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor(options: { isTTY?: boolean; columns?: number } = {}) {
    this.isTTY = options.isTTY ?? false;
    this.columns = options.columns ?? 0;
  }

  write(text: string, done?: (error?: Error | null) => void): boolean {
    this.text += text;
    done?.();
    return true;
  }
}

export interface FakeIo extends Io {
  readonly stdout: FakeSink;
  readonly stderr: FakeSink;
  readonly abort: AbortController;
}

/** A world of its own for a command that runs inside the test. */
export function fakeIo(
  options: {
    cwd?: string;
    stdin?: string | AsyncIterable<Uint8Array>;
    environment?: Record<string, string>;
    stdout?: FakeSink;
    stderr?: FakeSink;
  } = {},
): FakeIo {
  const abort = new AbortController();
  const { stdin = '' } = options;
  return {
    stdout: options.stdout ?? new FakeSink(),
    stderr: options.stderr ?? new FakeSink(),
    stdin: typeof stdin === 'string' ? chunks(stdin) : stdin,
    environment: options.environment ?? {},
    cwd: options.cwd ?? '/',
    signal: abort.signal,
    abort,
  };
}

async function* chunks(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}
