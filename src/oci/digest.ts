import { createHash, type Hash } from 'node:crypto';
import { DocumentError, quote } from './errors.ts';

/** A content digest, `algorithm:hex`, of a registered algorithm (image-spec descriptor.md, "Registered algorithms"). */
export type Digest = `${DigestAlgorithm}:${string}`;
export type DigestAlgorithm = 'sha256' | 'sha512';

/** True for a digest whose algorithm is registered and whose hex has the right length, in lower case. */
export function isDigest(text: string): text is Digest {
  return /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** @throws DocumentError `DIGEST_UNSUPPORTED` where the text is no digest armload can check. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new DocumentError('DIGEST_UNSUPPORTED', `${quote(text, 160)} is not a sha256 or sha512 digest`);
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The digest of these bytes. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Checks bytes as they stream by: `update` each chunk, then `finish`. */
export class DigestChecker {
  readonly #expected: Digest;
  readonly #size: number | undefined;
  readonly #hash: Hash;
  #seen = 0;

  constructor(expected: Digest, size?: number) {
    this.#expected = expected;
    this.#size = size;
    this.#hash = createHash(algorithmOf(expected));
  }

  /** @throws DocumentError `SIZE_MISMATCH` as soon as more bytes came than were promised. */
  update(chunk: Uint8Array): void {
    this.#seen += chunk.length;
    if (this.#size !== undefined && this.#seen > this.#size) throw this.#sizeError('more than');
    this.#hash.update(chunk);
  }

  /** @throws DocumentError `SIZE_MISMATCH` or `DIGEST_MISMATCH`. */
  finish(): void {
    if (this.#size !== undefined && this.#seen !== this.#size)
      throw this.#sizeError(`${this.#seen} instead of`);
    const actual = `${algorithmOf(this.#expected)}:${this.#hash.digest('hex')}`;
    if (actual !== this.#expected) {
      throw new DocumentError('DIGEST_MISMATCH', `content has digest ${actual}, expected ${this.#expected}`, {
        facts: { actual, expected: this.#expected },
      });
    }
  }

  #sizeError(got: string): DocumentError {
    return new DocumentError(
      'SIZE_MISMATCH',
      `${this.#expected} came with ${got} the promised ${this.#size} bytes`,
    );
  }
}

/** @throws DocumentError when the bytes are not what the digest (and the size, where given) says. */
export function verifyDigest(bytes: Uint8Array, expected: Digest, size?: number): void {
  const checker = new DigestChecker(expected, size);
  checker.update(bytes);
  checker.finish();
}
