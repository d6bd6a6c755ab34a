import type { Readable } from 'node:stream';
import { ArmloadError } from '../../core/index.ts';
import { type Descriptor, DigestChecker, DocumentError } from '../../oci/index.ts';
import { discard } from '../http/body.ts';
import { connectionFailure, failure, isPassing } from '../http/failure.ts';
import { headerOf } from '../http/message.ts';
import type { CallOptions } from '../types.ts';
import { type Access, type ApiAnswer, type ApiCall, expectStatus } from './access.ts';
import { type Name, nameOf } from './name.ts';

type BlobName = Pick<Descriptor, 'digest' | 'size'>;

/** Blobs up to this size are read whole and checked before anything of them is given: bytes. */
const wholeUpTo = 1024 * 1024;
const farEnough = 16 * 1024 * 1024;

/**
 * Streams a blob, checked while it streams; continues by Range after a broken connection.
 * @throws RegistryError `malformed` at the end where the content isn't the digest's, or has another size.
 */
export function readBlob(
  access: Access,
  name: Name,
  blob: BlobName,
  { signal }: CallOptions = {},
): AsyncIterable<Uint8Array> {
  const call: ApiCall = {
    method: 'GET',
    repository: name.repository,
    path: `blobs/${blob.digest}`,
    kind: 'blob',
    what: `Reading the blob ${blob.digest} of ${nameOf(name)}`,
    maxBytes: blob.size,
    signal,
  };
  return blob.size <= wholeUpTo ? readWhole(access, call, blob) : new BlobReader(access, call, blob).read();
}

/** A small blob is worth a mirror's second opinion: it's checked before the endpoint is believed. */
async function* readWhole(access: Access, call: ApiCall, blob: BlobName): AsyncIterable<Uint8Array> {
  yield await access.read(call, (answer) => {
    expectStatus(answer, 200);
    const checker = new DigestChecker(blob.digest, blob.size);
    check(answer, () => {
      checker.update(answer.bytes);
      checker.finish();
    });
    return answer.bytes;
  });
}

function check(answer: ApiAnswer, verify: () => void): void {
  try {
    verify();
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    throw failure(answer.request, {
      reason: 'malformed',
      outcome: `sent other content than it should: ${error.message}`,
      answer,
      cause: error,
    });
  }
}

/** One download: its position, and how often it may continue. */
class BlobReader {
  readonly #access: Access;
  readonly #call: ApiCall;
  readonly #size: number;
  readonly #checker: DigestChecker;
  #position = 0;
  #resumes = 0;
  #resumedAt = 0;
  #waited = 0;

  constructor(access: Access, call: ApiCall, blob: BlobName) {
    this.#access = access;
    this.#call = call;
    this.#size = blob.size;
    this.#checker = new DigestChecker(blob.digest, blob.size);
  }

  async *read(): AsyncIterable<Uint8Array> {
    for (;;) {
      const answer = await this.#open();
      const broken = yield* this.#drain(answer);
      if (broken === undefined) {
        check(answer, () => this.#checker.finish());
        return;
      }
      // Large blobs over bad networks: a continuation that got far doesn't count.
      this.#resumes = this.#position - this.#resumedAt > farEnough ? 1 : this.#resumes + 1;
      this.#resumedAt = this.#position;
      const { limits } = this.#access.engine;
      if (!isPassing(broken) || this.#resumes > limits.resumes) {
        throw connectionFailure(answer.request, broken, answer.from);
      }
      this.#access.engine.debug(`${this.#call.what}: continuing at byte ${this.#position}`);
    }
  }

  #open(): Promise<ApiAnswer> {
    const range = this.#position === 0 ? {} : { headers: { range: `bytes=${this.#position}-` } };
    return this.#access.read({ ...this.#call, ...range, stream: true }, (answer) => {
      expectStatus(answer, 200, 206);
      return answer;
    });
  }

  /** Gives the rest of the blob, and what broke the connection if something did. */
  async *#drain(answer: ApiAnswer): AsyncGenerator<Uint8Array, unknown> {
    const body = answer.body as Readable;
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    let skip = this.#startOf(answer);
    try {
      for (;;) {
        const next = await this.#next(answer, chunks);
        if ('broken' in next) return next.broken;
        if (next.done) return this.#position < this.#size && isOpenEnded(answer) ? shortBody() : undefined;
        const chunk =
          skip >= next.value.length ? next.value.subarray(next.value.length) : next.value.subarray(skip);
        skip -= Math.min(skip, next.value.length);
        if (chunk.length === 0) continue;
        check(answer, () => this.#checker.update(chunk));
        this.#position += chunk.length;
        yield chunk;
      }
    } finally {
      discard(body);
    }
  }

  /** Bytes to skip: a registry that ignores Range starts again at 0. */
  #startOf(answer: ApiAnswer): number {
    if (answer.status === 200) return this.#position;
    const range = /^bytes (\d+)-/.exec(headerOf(answer.headers, 'content-range') ?? '');
    if (Number(range?.[1]) === this.#position) return 0;
    discard(answer.body as Readable);
    throw failure(answer.request, {
      reason: 'malformed',
      outcome: `answered a question for bytes from ${this.#position} with another range`,
      answer,
    });
  }

  async #next(
    answer: ApiAnswer,
    chunks: AsyncIterator<Uint8Array>,
  ): Promise<IteratorResult<Uint8Array> | { readonly broken: unknown }> {
    const { clock, limits, life } = this.#access.engine;
    const before = clock.now();
    try {
      const next = await chunks.next();
      // Only our waiting counts, not a slow reader's.
      this.#waited += clock.now() - before;
      const allowed = limits.requestTimeout + (this.#position / limits.minBytesPerSecond) * 1000;
      if (next.done || this.#waited <= allowed) return next;
    } catch (error) {
      this.#call.signal?.throwIfAborted();
      life.throwIfAborted();
      if (error instanceof ArmloadError) throw error;
      return { broken: error };
    }
    throw failure(answer.request, {
      reason: 'timeout',
      outcome: `sends too slowly: ${this.#position} of ${this.#size} bytes in ${Math.round(this.#waited / 1000)} seconds`,
      answer,
    });
  }
}

/** Without a length or chunks, the end of the connection is the end of the body, and says nothing. */
function isOpenEnded({ headers }: ApiAnswer): boolean {
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}

function shortBody(): Error {
  return Object.assign(new Error('the content ended too early'), { code: 'UND_ERR_SOCKET' });
}
