import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact } from './redact.ts';

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyb2JvdCJ9.c2lnbmF0dXJl';
const hex = 'a'.repeat(64);

describe('what is hidden', () => {
  test.each([
    ['a user and password in a URL', 'GET https://robot:hunter2hunter2@ghcr.io/v2/ failed', 'hunter2hunter2'],
    ['a password that holds an @', 'https://robot:hunter@2hunter@ghcr.io/v2/', '2hunter'],
    ['a password without a user', 'https://:hunter2hunter2@ghcr.io/v2/', 'hunter2hunter2'],
    ['a user alone, which may be a token', 'https://hunter2hunter2@ghcr.io/v2/', 'hunter2hunter2'],
    ['a bearer header', 'authorization: Bearer hunter2hunter2', 'hunter2hunter2'],
    ['a proxy header', 'Proxy-Authorization: Basic aHVudGVyMjpodW50ZXIy', 'aHVudGVyMjpodW50ZXIy'],
    ['a header as JSON', '{"authorization":"Basic aHVudGVyMjpodW50ZXIy"}', 'aHVudGVyMjpodW50ZXIy'],
    ['a bearer value without its header', 'sent bearer hunter2hunter2 to the host', 'hunter2hunter2'],
    ['a basic value without its header', 'Basic aHVudGVyMjpodW50ZXIy==', 'aHVudGVyMjpodW50ZXIy'],
    ['a token in JSON', '{"token":"hunter2hunter2","expires_in":300}', 'hunter2hunter2'],
    ['an access token in JSON', '{ "access_token" : "hunter2hunter2" }', 'hunter2hunter2'],
    ['a camel-case token in JSON', '{"refreshToken":"hunter2hunter2"}', 'hunter2hunter2'],
    ['an auth in a docker config', '{"auths":{"ghcr.io":{"auth":"aHVudGVyMg=="}}}', 'aHVudGVyMg'],
    ['the Secret of a credential helper', '{"Username":"u","Secret":"hunter2hunter2"}', 'hunter2hunter2'],
    ['a JSON value with an escaped quote', '{"password":"hunter\\"2hunter2"}', '2hunter2'],
    ['a JSON value cut off', '{"token":"hunter2hunter2', 'hunter2hunter2'],
    ['JSON inside JSON', '{"body":"{\\"token\\":\\"hunter2hunter2\\"}"}', 'hunter2hunter2'],
    ['a form body', 'refresh_token=hunter2hunter2&service=r', 'hunter2hunter2'],
    [
      'an S3 signature',
      'https://s3.example/b?X-Amz-Date=1&X-Amz-Signature=hunter2hunter2&x=1',
      'hunter2hunter2',
    ],
    ['an S3 credential', 'https://s3.example/b?X-Amz-Credential=hunter2hunter2%2F2026', 'hunter2hunter2'],
    ['an S3 session token', 'https://s3.example/b?X-Amz-Security-Token=hunter2hunter2', 'hunter2hunter2'],
    ['a Google signature', 'https://g.example/b?X-Goog-Signature=hunter2hunter2', 'hunter2hunter2'],
    ['an Azure signature', 'https://a.example/b?sv=2019&sig=hunter2hunter2', 'hunter2hunter2'],
    ['a CloudFront signature', 'https://c.example/b?Expires=1&Signature=hunter2hunter2', 'hunter2hunter2'],
    ['a CDN check value', 'https://production.cloudflare.example/b?verify=hunter2hunter2', 'hunter2hunter2'],
    ['a JSON web token anywhere', `the helper said ${jwt} and left`, 'c2lnbmF0dXJl'],
    ['a GitHub token anywhere', 'tried ghp_hunter2hunter2hunter2', 'hunter2hunter2'],
    ['a Docker Hub token anywhere', 'tried dckr_pat_hunter2hunter2hunter2', 'hunter2hunter2'],
  ])('%s', (_what, text, secret) => {
    expect(text).toContain(secret);
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain('[redacted]');
  });

  test('what stands around a secret stays', () => {
    expect(redact('GET https://u:p@ghcr.io/v2/ answered 401')).toBe(
      'GET https://[redacted]@ghcr.io/v2/ answered 401',
    );
    expect(redact('{"token":"abc","expires_in":300}')).toBe('{"token":"[redacted]","expires_in":300}');
    expect(redact('https://s3.example/b?a=1&X-Amz-Signature=ff&b=2')).toBe(
      'https://s3.example/b?a=1&X-Amz-Signature=[redacted]&b=2',
    );
  });

  test('a password of any characters is hidden from a URL', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9:@!$&*+=._~-]{4,40}$/).map((text) => `zZ9${text}`);
    fc.assert(
      fc.property(secret, (password) => {
        expect(redact(`https://robot:${password}@ghcr.io/v2/`)).toBe('https://[redacted]@ghcr.io/v2/');
      }),
    );
  });
});

describe('what stays as it is', () => {
  test.each([
    `https://registry.example/v2/app/manifests/sha256:${hex}`,
    `https://registry.example/app@sha256:${hex}`,
    `docker://nginx@sha256:${hex}`,
    `docker://quay.io/argoproj/argocd:v2.0.5@sha256:${hex}`,
    'user@sha256',
    `team/user@sha256:${hex}`,
    'someone@example.org wrote it',
    'https://auth.docker.io/token?service=registry.docker.io&scope=repository:library/nginx:pull',
    'the registry wants basic authentication',
    'a bearer challenge came without a realm',
    'WWW-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
    'the token endpoint answered 500',
    '{"tokens":3,"author":"someone"}',
    'oci:./layout:latest',
    'localhost:5000/app:1.2',
    '',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

test('redacting twice changes nothing more', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('https://', 'u:p@h', 'Bearer ', 'token=', '"auth":"', jwt, '&sig=', 'authorization: '),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = redact(pieces.join(''));
      expect(redact(once)).toBe(once);
    }),
  );
});

test.each([
  'a.',
  'token',
  'a://',
  '?token',
  '"auth":',
  'bearer ',
  'eyJaaaaaaaa.',
  '"\\',
  'https://@',
  'ghp_',
])('a megabyte of %j is redacted in linear time', (unit) => {
  const started = performance.now();
  redact(unit.repeat(1_000_000 / unit.length));
  expect(performance.now() - started).toBeLessThan(1500);
});
