import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import { messageOf } from '../../../core/index.ts';
import type { Call, CallEnd, OpenCall } from './transport.ts';

/** What scripts put before a note, and what the last note says. */
const noteMark = '\u001earmload ';
const lastNote = 'done';
/** Kept of standard error, and of all notes. */
const tailCharacters = 8 * 1024;
const noteCharacters = 256 * 1024;

export interface ChildCommand {
  readonly program: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** In a session of its own: keys pressed at our terminal don't reach it. */
  readonly detached?: boolean;
}

/** A call made by a program of this machine: a shell, or a client that leads to one. */
export function childCall(command: ChildCommand, { onNote }: Pick<Call, 'onNote'>): OpenCall {
  const child = spawn(command.program, [...command.words], {
    env: { ...command.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: command.detached ?? false,
  });
  const notes = new Notes(onNote);
  child.stderr.on('data', (chunk: Buffer) => notes.add(chunk));
  // The script may end, or the connection, before its input does; the end tells.
  child.stdin.on('error', () => undefined);
  child.stdout.on('error', () => undefined);
  const ended = new Promise<CallEnd>((resolve) => {
    let failure: string | undefined;
    const end = (code: number, signal?: NodeJS.Signals | null) =>
      resolve(notes.end(signal ? 128 + constants.signals[signal] : code, failure));
    child.on('error', (error) => {
      failure = messageOf(error);
      if (child.pid === undefined) end(-1);
    });
    child.on('close', (code, signal) => end(code ?? -1, signal));
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    drop() {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      child.kill('SIGKILL');
    },
  };
}

/** Tells what the script says apart from what others write to the same stream. */
class Notes {
  readonly #onNote: ((note: string) => void) | undefined;
  readonly #decoder = new StringDecoder('utf8');
  readonly #notes: string[] = [];
  #size = 0;
  #line = '';
  #tail = '';

  constructor(onNote: ((note: string) => void) | undefined) {
    this.#onNote = onNote;
  }

  add(chunk: Buffer): void {
    const lines = (this.#line + this.#decoder.write(chunk)).split('\n');
    this.#line = (lines.pop() ?? '').slice(0, noteCharacters);
    for (const line of lines) this.#take(line);
  }

  #take(line: string): void {
    // Something without a line's end may stand before it.
    const at = line.indexOf(noteMark);
    if (at !== 0) this.#tail = `${this.#tail}${at < 0 ? line : line.slice(0, at)}\n`.slice(-tailCharacters);
    if (at < 0) return;
    const note = line.slice(at + noteMark.length);
    this.#size += note.length + 1;
    if (this.#size > noteCharacters) return;
    this.#notes.push(note);
    this.#onNote?.(note);
  }

  end(code: number, failure: string | undefined): CallEnd {
    if (this.#line !== '') this.#take(this.#line);
    const done = this.#notes.at(-1) === lastNote;
    const stderr = failure === undefined ? this.#tail : `${this.#tail}${failure}`;
    return { notes: done ? this.#notes.slice(0, -1) : this.#notes, done, code, stderr: stderr.trim() };
  }
}
