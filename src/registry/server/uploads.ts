import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isAbort } from '../../core/index.ts';
import { algorithmOf, type Digest } from '../../oci/index.ts';
import { Refusal } from './refusal.ts';

const maxUploads = 10_000;
const idleMilliseconds = 60 * 60 * 1000;
const abandonedMilliseconds = 24 * 60 * 60 * 1000;

/** A blob on its way in. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly path: string;
  /** Of everything written so far. */
  readonly sha256: Hash;
  /** Bytes written so far. */
  offset: number;
  busy: boolean;
  touched: number;
}

/**
 * The uploads under way. A session lives in memory and its bytes in a file, so a restart forgets sessions (the client is
 * told 404 and starts over, as the specification has it), and never a blob.
 */
export class Uploads {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Upload>();

  constructor(directory: string, maxBytes: number, clock: Clock) {
    this.#clock = clock;
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /** Removes files that an earlier run left behind. */
  async removeAbandoned(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      const { mtimeMs } = await stat(path);
      if (mtimeMs < this.#clock.now() - abandonedMilliseconds) await rm(path, { force: true });
    }
  }

  async start(repository: string): Promise<Upload> {
    await this.#expire();
    if (this.#sessions.size >= maxUploads)
      throw new Refusal(429, 'TOOMANYREQUESTS', `${maxUploads} uploads are under way already`);
    const id = randomUUID();
    const upload: Upload = {
      id,
      repository,
      path: join(this.#directory, id),
      sha256: createHash('sha256'),
      offset: 0,
      busy: false,
      touched: this.#clock.now(),
    };
    await writeFile(upload.path, '', { flag: 'wx' });
    this.#sessions.set(id, upload);
    return upload;
  }

  /** @throws Refusal 404; a session is seen in its own repository only. */
  get(repository: string, id: string): Upload {
    const upload = this.#sessions.get(id);
    if (upload === undefined || upload.repository !== repository)
      throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload; start a new one');
    upload.touched = this.#clock.now();
    return upload;
  }

  /**
   * Appends what comes, up to its end or to the client's going away: what has arrived counts, so that the client can
   * ask how far it got and go on. `expected` bytes at most, where the client announced them.
   * @throws Refusal 413 over the size limit; the upload is given up then.
   */
  async append(upload: Upload, body: AsyncIterable<Uint8Array>, expected?: number): Promise<void> {
    if (upload.offset + (expected ?? 0) > this.#maxBytes) throw await this.#tooLarge(upload);
    const file = await open(upload.path, 'a');
    try {
      for await (const chunk of body) {
        if (upload.offset + chunk.length > this.#maxBytes) throw await this.#tooLarge(upload);
        await file.appendFile(chunk);
        upload.sha256.update(chunk);
        upload.offset += chunk.length;
      }
    } catch (error) {
      if (!(error instanceof Refusal) && !isAbort(error) && !isGone(error)) await this.discard(upload);
      throw error;
    } finally {
      await file.close();
      upload.touched = this.#clock.now();
    }
  }

  /** @throws Refusal 400 where the content has another digest; the upload is given up then. */
  async verify(upload: Upload, digest: Digest): Promise<void> {
    const actual = await contentDigest(upload, digest);
    if (actual === digest) return;
    await this.discard(upload);
    throw new Refusal(400, 'DIGEST_INVALID', `the content has digest ${actual}, not ${digest}`, {
      detail: { actual, expected: digest },
    });
  }

  async discard(upload: Upload): Promise<void> {
    this.#sessions.delete(upload.id);
    await rm(upload.path, { force: true });
  }

  async #tooLarge(upload: Upload): Promise<Refusal> {
    await this.discard(upload);
    return new Refusal(413, 'SIZE_INVALID', `the blob is over the limit of ${this.#maxBytes} bytes`);
  }

  async #expire(): Promise<void> {
    const oldest = this.#clock.now() - idleMilliseconds;
    for (const upload of this.#sessions.values())
      if (!upload.busy && upload.touched < oldest) await this.discard(upload);
  }
}

/** A client that goes away in the middle of a body. */
function isGone(error: unknown): boolean {
  return error instanceof Error && /aborted|ECONNRESET|premature/i.test(error.message);
}

async function contentDigest(upload: Upload, wanted: Digest): Promise<Digest> {
  if (algorithmOf(wanted) === 'sha256') return `sha256:${upload.sha256.copy().digest('hex')}`;
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(upload.path, { highWaterMark: 256 * 1024 })) hash.update(chunk);
  return `sha512:${hash.digest('hex')}`;
}
