import { messageOf, UsageError } from '../core/index.ts';

/** A stream that text goes to, such as `process.stdout`. */
export interface TextSink {
  readonly isTTY?: boolean;
  /** Width in characters, of terminals only. */
  readonly columns?: number;
  write(text: string, done?: (error?: Error | null) => void): boolean;
}

/** What a command knows of the world around it. */
export interface Io {
  /** Results. */
  readonly stdout: TextSink;
  /** Everything else: progress, warnings, errors. */
  readonly stderr: TextSink;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts when the person interrupts. */
  readonly signal: AbortSignal;
}

/**
 * Writes and waits until the text is handed over. A reader that went away (`armload scan | head`) is no error:
 * it has seen what it wanted.
 * @throws UsageError `OUTPUT_UNWRITABLE`, where a disk is full, for one.
 */
export function writeText(sink: TextSink, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(text, (error) => {
      if (!error || isClosedPipe(error)) resolve();
      else reject(unwritable(error));
    });
  });
}

function unwritable(cause: Error): UsageError {
  return new UsageError('OUTPUT_UNWRITABLE', `can't write the output: ${messageOf(cause)}`, { cause });
}

/** True for what a write to a pipe without a reader gives. */
function isClosedPipe(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
