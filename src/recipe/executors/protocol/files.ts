import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ExecutorError } from '../errors.ts';
import type { CallOptions, PutOptions } from '../types.ts';
import { type Caller, failureOf, noteOf } from './caller.ts';
import { outside, partsBelow } from './paths.ts';
import { getScript, keepScript, putScript } from './scripts/file.ts';
import type { CallEnd } from './transport.ts';

/** Up to here a file is held in memory, so that it can be sent again over a new connection. */
const smallBytes = 1024 * 1024;

/** See `Place.put`. */
export async function putFile(
  caller: Caller,
  target: { readonly workspace: string; readonly path: string },
  ...[content, options]: readonly [AsyncIterable<Uint8Array>, PutOptions]
): Promise<void> {
  const parts = partsBelow(target.path);
  if (parts.length === 0) throw outside(target.path);
  const { signal } = options;
  const words = (size: string) => [
    ...[size, options.executable ? '755' : '644', `.armload-put-${randomBytes(6).toString('hex')}`],
    ...[target.workspace, ...parts],
  ];
  const source = content[Symbol.asyncIterator]();
  const { head, rest } = await readHead(source);
  if (!rest) {
    const question = { script: putScript, words: words(String(head.length)), input: head, signal };
    return checkPut((await caller.ask(question)).notes, target.path);
  }
  // A stream that is cut off looks like one that is over: the file gets its name when its size is known to be right.
  const unnamed = words('-');
  const size = await sendOnce(caller, { words: unnamed, head, source, path: target.path, signal });
  const named = { script: keepScript, words: [String(size), ...unnamed.slice(1)], signal };
  checkPut((await caller.ask(named)).notes, target.path);
}

async function readHead(source: AsyncIterator<Uint8Array>): Promise<{ head: Buffer; rest: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= smallBytes) {
    const next = await source.next();
    if (next.done) return { head: Buffer.concat(chunks), rest: false };
    chunks.push(next.value);
    size += next.value.length;
  }
  return { head: Buffer.concat(chunks), rest: true };
}

interface Sending {
  readonly words: readonly string[];
  readonly head: Buffer;
  readonly source: AsyncIterator<Uint8Array>;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** A stream can't be read again: when the connection drops, that's the end. Bytes sent. */
async function sendOnce(caller: Caller, { words, head, source, path, signal }: Sending): Promise<number> {
  const call = caller.transport.open({ script: putScript, words });
  call.stdout.resume();
  const drop = () => call.drop();
  signal?.addEventListener('abort', drop, { once: true });
  let sent = 0;
  let failure: unknown;
  const bytes = async function* () {
    yield head;
    sent = head.length;
    for (let next = await source.next(); !next.done; next = await source.next()) {
      yield next.value;
      sent += next.value.length;
    }
  };
  await pipeline(bytes, call.stdin).catch((error: unknown) => {
    failure = error;
    if (!isBrokenPipe(error)) call.drop();
  });
  const end = await call.ended;
  signal?.removeEventListener('abort', drop);
  signal?.throwIfAborted();
  if (end.done) {
    const note = noteOf(end.notes, 'size', 'outside', 'failed');
    if (note?.word !== 'size') checkPut(end.notes, path);
    if (note?.rest === String(sent) && failure === undefined) return sent;
  }
  if (failure !== undefined && !isBrokenPipe(failure)) throw failure;
  throw caller.transport.explain(end).error;
}

function isBrokenPipe(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(code);
}

function checkPut(notes: readonly string[], path: string): void {
  const note = noteOf(notes, 'put', 'outside', 'failed');
  if (note?.word === 'put') return;
  if (note?.word === 'outside') throw outside(path);
  throw failureOf(note?.rest ?? 'it says nothing', `the place does not take the file ${path}`);
}

/** Connections that drop in a row without a byte between them. */
const vainTries = 5;

/** See `Place.get`. Goes on where it was when the connection drops. */
export async function* getFile(
  caller: Caller,
  source: { readonly workspace: string; readonly path: string },
  { signal }: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { path, workspace } = source;
  if (!path.startsWith('/')) partsBelow(path);
  let [received, vain] = [0, 0];
  for (;;) {
    signal?.throwIfAborted();
    const before = received;
    const call = caller.transport.open({ script: getScript, words: [workspace, path, String(received)] });
    const drop = () => call.drop();
    signal?.addEventListener('abort', drop, { once: true });
    let end: CallEnd;
    try {
      call.stdin.end();
      for await (const chunk of chunksOf(call.stdout)) {
        received += chunk.length;
        yield chunk;
      }
      end = await call.ended;
    } finally {
      // Also when nobody wants the rest.
      drop();
      signal?.removeEventListener('abort', drop);
    }
    signal?.throwIfAborted();
    if (end.done) return checkGot(end.notes, received, path);
    vain = received === before ? vain + 1 : 0;
    if (vain >= vainTries) throw caller.transport.explain(end).error;
    await caller.resume(end, signal);
  }
}

/** What comes until the stream ends or is cut off; which of both, the call's end tells. */
async function* chunksOf(stream: Readable): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    if (!isBrokenPipe(error)) throw error;
  }
}

function checkGot(notes: readonly string[], received: number, path: string): void {
  const note = noteOf(notes, 'size', 'missing');
  if (note?.word !== 'size')
    throw new ExecutorError(
      'FILE_MISSING',
      `the place has no file ${path}: ${note?.rest ?? 'it says nothing'}`,
    );
  if (Number(note.rest) !== received)
    throw new ExecutorError('FILE_MISSING', `the file ${path} changed while it was read`);
}
