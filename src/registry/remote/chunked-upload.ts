import { RegistryError } from '../errors.ts';
import { statusFailure } from '../http/failure.ts';
import { headerOf } from '../http/message.ts';
import type { BlobSource } from '../types.ts';
import type { Access, ApiAnswer } from './access.ts';
import { readSession, type Session, type UploadCall } from './upload-session.ts';

/** Largest chunk a registry may demand, bytes: chunks are held in memory so that they can be sent again. */
export const maxChunkBytes = 128 * 1024 * 1024;
const maxTriesPerChunk = 4;

/** Statuses by which registries without chunked uploads refuse the first chunk. */
const refusals: ReadonlySet<number> = new Set([400, 404, 405, 411, 413, 416, 501]);

interface Chunk {
  readonly bytes: Uint8Array;
  /** Of its first byte in the blob. */
  readonly start: number;
}

/** Uploads content in chunks; a broken connection costs what the registry lost of one chunk. */
export class ChunkedUpload {
  readonly #access: Access;
  readonly #call: UploadCall;
  #session: Session;

  constructor(access: Access, call: UploadCall, session: Session) {
    this.#access = access;
    this.#call = call;
    this.#session = session;
  }

  /** The session to finish, or `refused` where the registry takes no chunks at all. */
  async send(source: BlobSource): Promise<Session | 'refused'> {
    const size = Math.max(this.#access.engine.limits.chunkBytes, this.#session.minChunk);
    for await (const chunk of chunksOf(source(), size)) {
      const accepted = await this.#sendChunk(chunk);
      if (!accepted) return 'refused';
    }
    return this.#session;
  }

  async #sendChunk(chunk: Chunk): Promise<boolean> {
    let sent = 0;
    for (let tries = 1; sent < chunk.bytes.length; tries += 1) {
      const rest = { bytes: chunk.bytes.subarray(sent), start: chunk.start + sent };
      const answer = await this.#patch(rest, tries);
      if (answer?.status === 202) {
        this.#session = { ...readSession(answer), minChunk: this.#session.minChunk };
        sent = received(answer, chunk.start + chunk.bytes.length) - chunk.start;
        if (sent >= chunk.bytes.length) return true;
      } else {
        if (answer !== undefined && chunk.start === 0 && tries === 1 && refusals.has(answer.status))
          return false;
        // Only the registry knows how much of a broken chunk it has.
        sent = (await this.#position(answer)) - chunk.start;
      }
      if (tries >= maxTriesPerChunk || sent < 0) throw this.#stuck(chunk, answer);
    }
    return true;
  }

  async #patch(chunk: Chunk, tries: number): Promise<ApiAnswer | undefined> {
    const { bytes, start } = chunk;
    const call = {
      ...this.#call,
      method: 'PATCH' as const,
      path: this.#session.location,
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `${start}-${start + bytes.length - 1}`,
      },
      body: bytes,
      repeatable: false,
    };
    try {
      return await this.#access.home(call, (answer) => answer);
    } catch (error) {
      const passing =
        error instanceof RegistryError && ['network', 'timeout', 'rate-limited'].includes(error.reason);
      if (!passing || tries >= maxTriesPerChunk) throw error;
      return undefined;
    }
  }

  /** Bytes the registry has (distribution-spec, "Resuming an upload"). */
  async #position(refusal: ApiAnswer | undefined): Promise<number> {
    const call = { ...this.#call, method: 'GET' as const, path: this.#session.location };
    return this.#access.home(call, (answer) => {
      if (answer.status !== 204 && answer.status !== 202) {
        throw statusFailure((refusal ?? answer).request, refusal ?? answer);
      }
      if (headerOf(answer.headers, 'location') !== undefined) {
        this.#session = { ...readSession(answer), minChunk: this.#session.minChunk };
      }
      return received(answer, 0);
    });
  }

  #stuck(chunk: Chunk, answer: ApiAnswer | undefined): RegistryError {
    if (answer !== undefined && answer.status !== 202) return statusFailure(answer.request, answer);
    return new RegistryError(
      'network',
      `${this.#call.what} failed: the registry does not take the bytes from ${chunk.start} on`,
      { repository: this.#call.repository },
    );
  }
}

/** The end of `Range: 0-N`, exclusive; `otherwise` where the header is absent. */
function received(answer: ApiAnswer, otherwise: number): number {
  const match = /^(?:bytes=)?0-(\d{1,15})$/.exec(headerOf(answer.headers, 'range') ?? '');
  // "0-0" is how registries write both one byte and none: nobody's chunk is one byte.
  if (match === null) return otherwise;
  return match[1] === '0' ? 0 : Number(match[1]) + 1;
}

/** Cuts a stream into chunks of exactly `size` bytes, the last one shorter. */
async function* chunksOf(content: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Chunk> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let start = 0;
  for await (const part of content) {
    for (let rest = part; rest.length > 0; ) {
      const taken = rest.subarray(0, size - length);
      parts.push(taken);
      length += taken.length;
      rest = rest.subarray(taken.length);
      if (length < size) continue;
      yield { bytes: Buffer.concat(parts, length), start };
      start += length;
      [parts, length] = [[], 0];
    }
  }
  if (length > 0) yield { bytes: Buffer.concat(parts, length), start };
}
