import type { Readable } from 'node:stream';
import type { Endpoint } from './host-config.ts';
import type { Hop } from './redirect.ts';
import type { RequestKind } from './statistics.ts';

export type Headers = Readonly<Record<string, string>>;
/** Response headers, names in lower case. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Content for an upload: bytes can be sent again, a factory gives a stream once for each try. */
export type RequestBody = Uint8Array | StreamedBody;

export interface StreamedBody {
  /** Bytes, announced as Content-Length. */
  readonly size: number;
  readonly content: () => AsyncIterable<Uint8Array>;
}

export function isStream(body: RequestBody | undefined): body is StreamedBody {
  return body !== undefined && !(body instanceof Uint8Array);
}

/** One request to a registry, before retries, redirects and throttling. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly target: Hop;
  /** Who is asked: for messages, settings and statistics. */
  readonly endpoint: Endpoint;
  readonly kind: RequestKind;
  /** What it is for, as the start of a sentence: `Reading the manifest of docker.io/library/nginx:1.27`. */
  readonly what: string;
  readonly repository?: string | undefined;
  readonly headers?: Headers | undefined;
  /** Sent to the target's origin only. */
  readonly authorization?: string | undefined;
  readonly body?: RequestBody | undefined;
  /** May it be sent again after a failure? Absent: unless its body is a stream. */
  readonly repeatable?: boolean | undefined;
  /** Bytes of a good answer's body, above which it's refused. */
  readonly maxBytes: number;
  /** Give a 2xx answer's body as a stream, not as bytes. */
  readonly stream?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** May this request be sent again after a failure? */
export function isRepeatable(request: HttpRequest): boolean {
  return request.repeatable ?? !isStream(request.body);
}

/** What came back: after redirects, with `from` naming who answered in the end. */
export interface HttpAnswer {
  readonly request: HttpRequest;
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly bytes: Uint8Array;
  /** Only for a request with `stream` and a 2xx answer: to be read to the end or discarded. */
  readonly body?: Readable;
  readonly from: Hop;
}

/** One header's value; the first where a header came several times. */
export function headerOf(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value[0] : value;
}
