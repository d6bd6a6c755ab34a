import { type FileHandle, open } from 'node:fs/promises';

const pieceBytes = 256 * 1024;
const pauseMilliseconds = 100;

/** Hands on what a file of this machine has and gets, until told that there will be no more. */
export class FileFollower {
  readonly #path: string;
  readonly #onChunk: (chunk: Uint8Array) => void;
  #position: number;
  #stopped = false;
  #wake: (() => void) | undefined;
  #work: Promise<void> | undefined;

  constructor(path: string, from: number, onChunk: (chunk: Uint8Array) => void) {
    this.#path = path;
    this.#position = from;
    this.#onChunk = onChunk;
  }

  start(): void {
    this.#work ??= this.#follow();
    // `finish` reports it.
    this.#work.catch(() => undefined);
  }

  /** Resolves when all that the file has by now was handed on. */
  async finish(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    this.start();
    await this.#work;
  }

  async #follow(): Promise<void> {
    // A job may be over before a first look is due.
    await this.#pause();
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      for (;;) {
        const last = this.#stopped;
        await this.#read(file);
        if (last) return;
        await this.#pause();
      }
    } finally {
      await file.close();
    }
  }

  async #read(file: FileHandle): Promise<void> {
    for (;;) {
      // A buffer of its own for each piece: it's handed on.
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafe(pieceBytes),
        0,
        pieceBytes,
        this.#position,
      );
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      this.#onChunk(buffer.subarray(0, bytesRead));
    }
  }

  #pause(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMilliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
