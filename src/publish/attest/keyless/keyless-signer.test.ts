import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ArmloadError, UsageError } from '../../../core/index.ts';
import { attachments } from '../attachments.ts';
import { documentOf, imageNamed } from '../attest.test-support.ts';
import { SigningError } from '../errors.ts';
import { checkSignSettings } from '../signer.ts';
import type { Environment } from '../types.ts';
import { type BundleDocument, statementIn, withStatement } from '../verify-bundle.test-support.ts';
import { type StandIn, startStandIn } from './stand-in.test-support.ts';

const image = imageNamed('an image');
const subject = 'https://ci.example/team/app/.ci/release@refs/heads/main';
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (claims: unknown) => `${part({ alg: 'none' })}.${part(claims)}.c2lnbmF0dXJl`;
const token = tokenOf({ sub: subject, iss: 'https://ci.example', aud: 'sigstore' });
const bearer = 'bearer-of-this-run-0123456789';

let services: StandIn;
beforeAll(async () => {
  services = await startStandIn(token);
});
afterEach(() => {
  services.instead.clear();
  services.requests.length = 0;
});
afterAll(() => services?.close());

const inVariable: Environment = { SIGSTORE_ID_TOKEN: token };
const inGitHub = (): Environment => ({
  ACTIONS_ID_TOKEN_REQUEST_URL: `${services.url}/token?run=7`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer,
});

async function signed(environment: Environment, signal?: AbortSignal): Promise<BundleDocument> {
  const sign = { kind: 'keyless', fulcio: services.url, rekor: services.url } as const;
  const options = { statements: [], sign, environment, ...(signal === undefined ? {} : { signal }) };
  const [attachment] = await attachments(image, options);
  if (attachment === undefined) throw new Error('nothing was attached');
  return documentOf(attachment) as BundleDocument;
}

/** The error, which holds neither token, wherever one looks. */
async function failure(environment: Environment): Promise<ArmloadError> {
  const error = await signed(environment).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ArmloadError)) throw new Error('no error of ours', { cause: error });
  const given = environment['SIGSTORE_ID_TOKEN'] || token;
  const all = JSON.stringify([error.message, error.hint, error.facts, error.stack, String(error.cause)]);
  for (const secret of [given, token, bearer]) expect(all).not.toContain(secret);
  return error;
}

/** Whom sigstore's own verifier takes for the signer: certificate, its log, and the transparency log are checked. */
function signerOf(bundle: BundleDocument): string | undefined {
  const verifier = new Verifier(toTrustMaterial(services.root));
  return verifier.verify(toSignedEntity(bundleFromJSON(bundle))).identity?.subjectAlternativeName;
}

describe('a keyless signature', () => {
  test('is the identity’s, for a verifier that trusts authority and log', async () => {
    const bundle = await signed(inVariable);
    expect(signerOf(bundle)).toBe(subject);
    expect(bundle.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    expect(bundle.verificationMaterial.tlogEntries).toHaveLength(1);
    expect(statementIn(bundle)).toMatchObject({ predicateType: 'https://sigstore.dev/cosign/sign/v1' });
  });

  test('does not hold for another statement', async () => {
    const bundle = await signed(inVariable);
    const changed = withStatement(bundle, { ...statementIn(bundle), predicate: {} });
    expect(() => signerOf(changed)).toThrow();
  });

  test('takes its identity from GitHub Actions, and asks for Sigstore’s own', async () => {
    expect(signerOf(await signed(inGitHub()))).toBe(subject);
    const [first] = services.requests;
    expect(first).toEqual({ path: '/token?run=7&audience=sigstore', authorization: `Bearer ${bearer}` });
  });

  test('prefers the token that it was given', async () => {
    await signed({ ...inGitHub(), ...inVariable });
    expect(services.requests.map(({ path }) => path)).toEqual(['/api/v2/signingCert', '/api/v1/log/entries']);
  });
});

describe('without an identity', () => {
  test.each([
    { environment: {}, hint: 'SIGSTORE_ID_TOKEN' },
    { environment: { SIGSTORE_ID_TOKEN: '' }, hint: 'SIGSTORE_ID_TOKEN' },
    { environment: { GITHUB_ACTIONS: 'true' }, hint: 'permissions: id-token: write' },
    { environment: { GITLAB_CI: 'true' }, hint: 'id_tokens' },
  ])('nothing is asked, and $hint is what helps', async ({ environment, hint }) => {
    const error = await failure(environment);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'CONFIG', hint: expect.stringContaining(hint) });
    await expect(checkSignSettings({ kind: 'keyless' }, environment)).rejects.toThrow(error.message);
    expect(services.requests).toEqual([]);
  });

  test.each([
    { what: 'one word', text: 'not-a-token-but-a-secret' },
    { what: 'no claims', text: 'secret.secret.secret' },
    { what: 'no subject', text: tokenOf({ iss: 'https://ci.example' }) },
    { what: 'an empty subject', text: tokenOf({ sub: '' }) },
    {
      what: 'an address that nobody verified',
      text: tokenOf({ sub: 'somebody', email: 'somebody@ci.example' }),
    },
    { what: 'a text for claims', text: tokenOf('text') },
    { what: 'a part too many', text: `${token}.more` },
  ])('a variable that holds $what is refused, and not shown', async ({ text }) => {
    const error = await failure({ SIGSTORE_ID_TOKEN: text });
    expect(error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining('not an OIDC token') });
    expect(services.requests).toEqual([]);
  });

  test.each(['http://provider.example/token', 'file:///etc/passwd', 'provider'])(
    'the run’s bearer token is not sent to %s',
    async (url) => {
      const environment = { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer };
      expect(await failure(environment)).toMatchObject({ code: 'CONFIG' });
    },
  );
});

describe('a service that fails', () => {
  test.each([
    { status: 403, body: '{}', says: 'answered 403' },
    { status: 200, body: '{"value":7}', says: 'answered without one' },
    { status: 200, body: 'no JSON', says: 'answered without one' },
    { status: 200, body: `{"value":"${'x'.repeat(70_000)}"}`, says: 'answered without one' },
  ])('gives no identity: $says', async ({ status, body, says }) => {
    services.instead.set('/token', { status, body });
    const error = await failure(inGitHub());
    expect(error).toBeInstanceOf(SigningError);
    expect(error).toMatchObject({ code: 'SIGNING_NO_IDENTITY', message: expect.stringContaining(says) });
  });

  test.each([
    { path: '/api/v2/signingCert', service: 'the certificate authority' },
    { path: '/api/v1/log/entries', service: 'the transparency log' },
  ])('is named: $service', async ({ path, service }) => {
    services.instead.set(path, { status: 400, body: JSON.stringify({ message: `no: ${token}` }) });
    const error = await failure(inVariable);
    expect(error).toMatchObject({ code: 'SIGNING_FAILED' });
    expect(error.message).toContain(`${service} ${services.url}, which failed: (400) no`);
  });

  test.each(['{}', 'no JSON', '[]', 'null'])(
    'answers nonsense, and that is an error too: %s',
    async (body) => {
      services.instead.set('/api/v2/signingCert', { status: 201, body });
      expect(await failure(inVariable)).toMatchObject({ code: 'SIGNING_FAILED' });
      services.instead.clear();
      services.instead.set('/api/v1/log/entries', { status: 201, body });
      expect(await failure(inVariable)).toMatchObject({ code: 'SIGNING_FAILED' });
    },
  );

  test('is not waited for after the signal', async () => {
    services.instead.set('/api/v2/signingCert', { status: 503, body: '{}' });
    const controller = new AbortController();
    const work = signed(inVariable, controller.signal);
    setTimeout(() => controller.abort(), 100);
    await expect(work).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
