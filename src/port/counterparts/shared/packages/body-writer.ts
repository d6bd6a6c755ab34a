import { type FileHandle, open } from 'node:fs/promises';

/** Written at once. */
const pieceBytes = 1024 * 1024;

/** Writes bodies into one file, one after the other, in large pieces. */
export class BodyWriter {
  /** Bytes taken so far. */
  bytes = 0;
  readonly #file: FileHandle;
  readonly #piece = Buffer.allocUnsafeSlow(pieceBytes);
  #filled = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The file must not be there yet. */
  static async create(path: string): Promise<BodyWriter> {
    return new BodyWriter(await open(path, 'wx', 0o644));
  }

  /** The chunk may be reused by the caller afterwards. */
  async write(chunk: Uint8Array): Promise<void> {
    this.bytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + pieceBytes - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === pieceBytes) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const piece = this.#piece.subarray(0, this.#filled);
    this.#filled = 0;
    if (piece.length > 0) await this.#file.writeFile(piece);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
