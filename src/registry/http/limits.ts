/** Bounds of the registry client: nothing waits, retries, grows or follows without one. */
export interface Limits {
  /** Tries of one repeatable request that fails by the network or by 408/5xx. */
  readonly attempts: number;
  /** Tries of one request that the registry throttles; `maxWait` usually ends them earlier. */
  readonly throttledAttempts: number;
  /** Milliseconds one request may spend waiting in all: Retry-After, pauses of its host, back-off. */
  readonly maxWait: number;
  /** First step of the exponential back-off, in milliseconds. */
  readonly backoff: number;
  /** Milliseconds for the TCP and TLS handshakes. */
  readonly connectTimeout: number;
  /** Milliseconds from a request sent to its response's head. */
  readonly headTimeout: number;
  /** The same for requests that upload: a registry may check a large blob before it answers. */
  readonly uploadTimeout: number;
  /** Milliseconds without a byte of a body. */
  readonly idleTimeout: number;
  /** Milliseconds for a whole manifest, token, tag page or referrers answer, from its head to its last byte. */
  readonly requestTimeout: number;
  /** Bytes a second a blob must come with on average, after `requestTimeout`; waiting time only is counted. */
  readonly minBytesPerSecond: number;
  readonly maxRedirects: number;
  readonly maxManifestBytes: number;
  readonly maxErrorBytes: number;
  readonly maxTokenBytes: number;
  readonly maxTagPageBytes: number;
  readonly maxTagPages: number;
  readonly maxTags: number;
  readonly maxReferrerPages: number;
  /** Times a blob download continues after a broken connection. */
  readonly resumes: number;
  /** Blobs above this many bytes are uploaded in chunks of `chunkBytes`, so that a reset costs one chunk. */
  readonly chunkedFrom: number;
  readonly chunkBytes: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: Limits = {
  attempts: 4,
  throttledAttempts: 12,
  maxWait: 60_000,
  backoff: 500,
  connectTimeout: 10_000,
  headTimeout: 30_000,
  uploadTimeout: 300_000,
  idleTimeout: 30_000,
  requestTimeout: 60_000,
  minBytesPerSecond: 1024,
  maxRedirects: 5,
  maxManifestBytes: 4 * mebibyte,
  maxErrorBytes: 64 * 1024,
  maxTokenBytes: 256 * 1024,
  maxTagPageBytes: 4 * mebibyte,
  maxTagPages: 500,
  maxTags: 250_000,
  maxReferrerPages: 50,
  resumes: 5,
  chunkedFrom: 64 * mebibyte,
  chunkBytes: 16 * mebibyte,
};
