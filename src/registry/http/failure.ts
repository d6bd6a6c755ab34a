import { type ErrorDetails, messageOf } from '../../core/index.ts';
import { type FailedRequest, RegistryError, type RegistryFailure } from '../errors.ts';
import { type HttpAnswer, type HttpRequest, headerOf } from './message.ts';
import type { Hop } from './redirect.ts';

/** The first error of a registry's error document (distribution-spec, "Error Codes"). Text of others: capped. */
export interface RegistryAnswerError {
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** Reads `{"errors":[{"code","message"}]}`, and the plainer forms token servers use. */
export function errorOf(bytes: Uint8Array): RegistryAnswerError {
  const document = parseJson(bytes);
  const listed = (document?.['errors'] as unknown[] | undefined)?.[0] ?? document;
  const first = isObject(listed) ? listed : {};
  const code = textOf(first['code']) ?? textOf(first['error']);
  return {
    code,
    message: textOf(first['message']) ?? textOf(first['details']) ?? textOf(first['error_description']),
  };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> | undefined {
  if (bytes.length === 0 || bytes[0] !== 0x7b) return undefined;
  try {
    const value: unknown = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'),
    );
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Printable and short: it ends in a terminal. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const printable = value
    .slice(0, 300)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return printable === '' ? undefined : printable;
}

const throttleCodes: ReadonlySet<string> = new Set(['TOOMANYREQUESTS', 'SLOWDOWN', 'THROTTLED']);

/** True for "come back later": 429, and the 403 that says TOOMANYREQUESTS. */
export function isThrottled(status: number, bytes: Uint8Array): boolean {
  if (status === 429) return true;
  return status === 403 && throttleCodes.has(errorOf(bytes).code?.replace(/_/g, '').toUpperCase() ?? '');
}

/** The facts of a failed request, free of secrets: queries of foreign addresses are signatures. */
export function requestFacts(request: HttpRequest, at: Hop = request.target): FailedRequest {
  const query = at.path.indexOf('?');
  return {
    host: at.origin.replace(/^https?:\/\//, ''),
    ...(request.repository === undefined ? {} : { repository: request.repository }),
    method: request.method,
    url: at.origin + (query < 0 ? at.path : at.path.slice(0, query)),
  };
}

interface Failure extends ErrorDetails {
  readonly reason: RegistryFailure;
  /** What came back, after "HOST ": `answered 404 …`. */
  readonly outcome: string;
  readonly answer?: HttpAnswer | undefined;
  readonly at?: Hop | undefined;
}

/** A RegistryError whose sentence says what was tried, who was asked and what came back. */
export function failure(
  request: HttpRequest,
  { reason, outcome, answer, at, ...details }: Failure,
): RegistryError {
  const facts = requestFacts(request, at ?? answer?.from);
  const code = answer === undefined ? undefined : errorOf(answer.bytes).code;
  return new RegistryError(
    reason,
    `${request.what} failed: ${facts.host} ${outcome}`,
    {
      ...facts,
      ...(answer === undefined ? {} : { status: answer.status }),
      ...(code === undefined ? {} : { registryCode: code }),
    },
    details,
  );
}

/** `answered 404 (MANIFEST_UNKNOWN: manifest unknown)` */
export function outcomeOf(answer: HttpAnswer): string {
  const { code, message } = errorOf(answer.bytes);
  const said = [code, message].filter((part) => part !== undefined).join(': ');
  return `answered ${answer.status}${said === '' ? '' : ` (${said})`}`;
}

/** Maps an answer nobody expected. 401 and 403 have their own words in `auth/`. */
export function statusFailure(request: HttpRequest, answer: HttpAnswer): RegistryError {
  const outcome = outcomeOf(answer);
  const { code } = errorOf(answer.bytes);
  const { status } = answer;
  const give = (reason: RegistryFailure, rest = '', hint?: string) =>
    failure(request, { reason, outcome: outcome + rest, answer, hint });
  if (status === 401 || status === 403 || code === 'DENIED' || code === 'UNAUTHORIZED')
    return give('unauthorized');
  if (status === 404) return give('not-found', missing(request, code));
  if (status === 408) return give('timeout');
  if (status >= 500 && status !== 501)
    return give('network', '', 'The registry has trouble; try again later.');
  if (code === 'DIGEST_INVALID' || code === 'SIZE_INVALID') return give('malformed');
  if (status >= 400) return give('unsupported', ': it does not take this request');
  const type = headerOf(answer.headers, 'content-type');
  return give('malformed', `, which is no answer to this request${type === undefined ? '' : ` (${type})`}`);
}

function missing(request: HttpRequest, code: string | undefined): string {
  const repository = request.repository ?? 'it';
  if (code === 'NAME_UNKNOWN') return `: there is no repository ${repository}`;
  if (code === 'MANIFEST_UNKNOWN') return `: the repository ${repository} has no such tag or digest`;
  if (code === 'BLOB_UNKNOWN') return `: the repository ${repository} has no such blob`;
  return '';
}

const certificateHint =
  'If the registry uses a company or self-signed certificate, add its CA for this host, or name the file in SSL_CERT_FILE.';
const hints: Readonly<Record<string, string>> = {
  ENOTFOUND: 'Check the name of the registry, the DNS and the proxy settings (HTTPS_PROXY, NO_PROXY).',
  EAI_AGAIN: 'The DNS does not answer: check the network.',
  ECONNREFUSED: 'Nothing listens there: check the port, and that the registry runs.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'The registry seems to speak plain HTTP: configure the host for it.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'The registry seems to speak plain HTTP: configure the host for it.',
  EPROTO: 'The registry seems to speak plain HTTP: configure the host for it.',
};

const timeouts: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'did not take the connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'took the request and did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'stopped in the middle of its answer',
  ETIMEDOUT: 'did not answer in time',
};

const resets: ReadonlySet<string> = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EAI_AGAIN',
  'HPE_INVALID_EOF_STATE',
]);
const neverReached: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

/** The stable code of a connection's error: the one that says most, of an error and its causes. */
export function codeOf(error: unknown): string {
  const { name, code, cause } = error as { name?: unknown; code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  if (name === 'HTTPParserError') return 'HPE_UNKNOWN';
  return cause === undefined || cause === null ? '' : codeOf(cause);
}

/** Is it a reset, a timeout or a spoilt connection, which another try may not meet? */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  // Left-overs of an answer before, as of a HEAD answered with a body, spoil a connection and not the next one.
  return resets.has(code) || code in timeouts || code.startsWith('HPE_');
}

/** Did the request never reach the host? */
export function isUnreachable(error: unknown): boolean {
  return neverReached.has(codeOf(error));
}

/** Maps what a connection threw. */
export function connectionFailure(request: HttpRequest, error: unknown, at: Hop): RegistryError {
  const code = codeOf(error);
  const timeout = timeouts[code];
  if (timeout !== undefined)
    return failure(request, { reason: 'timeout', outcome: timeout, at, cause: error });
  const said = messageOf(error) || code;
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return failure(request, {
      reason: 'malformed',
      outcome: `sent no proper HTTP (${said})`,
      at,
      cause: error,
    });
  }
  const certificate = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/.test(code);
  const hint = hints[code] ?? (certificate ? certificateHint : undefined);
  const outcome = isUnreachable(error) ? `could not be reached (${said})` : `broke the connection (${said})`;
  return failure(request, {
    reason: 'network',
    outcome: certificate ? `showed a certificate that is not trusted (${said})` : outcome,
    at,
    cause: error,
    hint,
  });
}
