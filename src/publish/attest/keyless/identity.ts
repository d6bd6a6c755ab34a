import { UsageError } from '../../../core/index.ts';
import { SigningError } from '../errors.ts';
import type { Environment } from '../types.ts';

/** Where an identity token comes from. */
export interface Identity {
  /** For people: `the identity of GitHub Actions`. */
  readonly who: string;
  /** @throws SigningError; UsageError where the variable that should hold a token holds something else. */
  getToken(): Promise<string>;
}

/** Whom the token is for. Sigstore's certificate authority takes no other. */
const audience = 'sigstore';
const maxAnswerBytes = 64 * 1024;
const answerTime = 10_000;

/**
 * Finds who vouches for this run: a token in SIGSTORE_ID_TOKEN (GitLab's `id_tokens`, and any other CI), or GitHub
 * Actions' provider. Asks nobody yet.
 * @throws UsageError `CONFIG` where the environment has neither, or something that is no token.
 */
export function identityOf(environment: Environment): Identity {
  const { SIGSTORE_ID_TOKEN: token } = environment;
  if (token !== undefined && token !== '') return fromVariable(token);
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = environment;
  if (url && bearer) return fromGitHub(requestUrl(url), bearer);
  throw new UsageError(
    'CONFIG',
    'keyless signing needs an identity, and nothing in this environment vouches for one',
    { hint: hintFor(environment) },
  );
}

function hintFor({ GITHUB_ACTIONS, GITLAB_CI }: Environment): string {
  if (GITHUB_ACTIONS === 'true') return 'Give the job "permissions: id-token: write".';
  if (GITLAB_CI === 'true') return `Give the job "id_tokens: SIGSTORE_ID_TOKEN: aud: ${audience}".`;
  return `Put an OIDC token for the audience "${audience}" into SIGSTORE_ID_TOKEN, run it in a CI job that has one, or sign with a key.`;
}

function fromVariable(token: string): Identity {
  if (!isToken(token))
    throw new UsageError('CONFIG', 'SIGSTORE_ID_TOKEN holds something that is not an OIDC token', {
      hint: 'It is a JSON web token: three parts with dots between them, the second of which names a subject.',
    });
  return { who: 'the identity in SIGSTORE_ID_TOKEN', getToken: () => Promise.resolve(token) };
}

/** The bearer token is sent there, so it's nowhere that others could listen. */
function requestUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url?.hostname === '127.0.0.1' || url?.hostname === 'localhost';
  if (url !== undefined && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))) {
    url.searchParams.set('audience', audience);
    return url;
  }
  throw new UsageError('CONFIG', 'ACTIONS_ID_TOKEN_REQUEST_URL does not hold an https address');
}

function fromGitHub(url: URL, bearer: string): Identity {
  return {
    who: 'the identity of GitHub Actions',
    getToken: async () => {
      const token = await askGitHub(url, bearer);
      if (isToken(token)) return token;
      throw noIdentity(`${url.host} was asked for an identity token, and answered without one`);
    },
  };
}

async function askGitHub(url: URL, bearer: string): Promise<unknown> {
  // What the signing library itself calls with, so that one set of proxy variables holds for all.
  const { default: fetch } = await import('make-fetch-happen');
  const headers = { accept: 'application/json', authorization: `Bearer ${bearer}` };
  const options = {
    headers,
    retry: 2,
    timeout: answerTime,
    size: maxAnswerBytes,
    redirect: 'error',
  } as const;
  const answer = await fetch(url.href, options).catch((error: unknown) => {
    throw noIdentity(`${url.host} was asked for an identity token, and could not be reached`, error);
  });
  if (!answer.ok)
    throw noIdentity(`${url.host} was asked for an identity token, and answered ${answer.status}`);
  const body = await readJson(answer.body ?? []).catch(() => undefined);
  return typeof body === 'object' && body !== null && 'value' in body ? body.value : undefined;
}

/** What is longer than any token is not read to its end. */
async function readJson(body: AsyncIterable<string | Buffer> | Iterable<Buffer>): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > maxAnswerBytes) return undefined;
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** The library puts what it can't read into its error's message, so nothing but a token may reach it. */
function isToken(token: unknown): token is string {
  if (typeof token !== 'string' || token.length > maxAnswerBytes) return false;
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token) ?? [];
  if (payload === undefined) return false;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return namesSubject(claims);
  } catch {
    return false;
  }
}

/** An address counts only once its provider has verified it; without one the subject counts. */
function namesSubject(claims: unknown): boolean {
  if (typeof claims !== 'object' || claims === null) return false;
  if ('email' in claims && claims.email) return 'email_verified' in claims && claims.email_verified === true;
  return 'sub' in claims && typeof claims.sub === 'string' && claims.sub !== '';
}

function noIdentity(sentence: string, cause?: unknown): SigningError {
  return new SigningError('SIGNING_NO_IDENTITY', sentence, {
    cause,
    hint: 'Run it again, or sign with a key.',
  });
}
