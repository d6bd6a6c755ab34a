import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorOf, isThrottled, statusFailure } from './failure.ts';
import { endpointsOf } from './host-config.ts';
import type { HttpAnswer, HttpRequest } from './message.ts';

const endpoint = endpointsOf('registry.example', () => ({})).at(-1)!;
const request: HttpRequest = {
  method: 'GET',
  target: { origin: 'https://registry.example', path: '/v2/x/manifests/1' },
  endpoint,
  kind: 'manifest',
  what: 'Reading the manifest of registry.example/x:1',
  repository: 'registry.example/x',
  maxBytes: 1,
};

function answer(status: number, body = ''): HttpAnswer {
  return { request, status, headers: {}, bytes: Buffer.from(body), from: request.target };
}

function document(code: string, message = 'said'): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

test.each([
  [401, '', 'unauthorized'],
  [403, document('DENIED'), 'unauthorized'],
  [400, document('DENIED'), 'unauthorized'],
  [404, document('NAME_UNKNOWN'), 'not-found'],
  [404, '', 'not-found'],
  [405, '', 'unsupported'],
  [406, '', 'unsupported'],
  [415, '', 'unsupported'],
  [400, document('UNSUPPORTED'), 'unsupported'],
  [400, document('DIGEST_INVALID'), 'malformed'],
  [408, '', 'timeout'],
  [500, '', 'network'],
  [502, '<html>', 'network'],
  [501, '', 'unsupported'],
  [204, '', 'malformed'],
  [302, '', 'malformed'],
])('%s with %s is %s', (status, body, reason) => {
  expect(statusFailure(request, answer(status, body)).reason).toBe(reason);
});

test('a missing repository and a missing tag read differently', () => {
  expect(statusFailure(request, answer(404, document('NAME_UNKNOWN'))).message).toContain(
    'there is no repository',
  );
  expect(statusFailure(request, answer(404, document('MANIFEST_UNKNOWN'))).message).toContain(
    'no such tag or digest',
  );
});

test('the error carries the request, the status and the code', () => {
  const error = statusFailure(request, answer(404, document('MANIFEST_UNKNOWN', 'no 1 here')));
  expect(error.message).toBe(
    'Reading the manifest of registry.example/x:1 failed: registry.example answered 404 (MANIFEST_UNKNOWN: no 1 here): the repository registry.example/x has no such tag or digest',
  );
  expect(error.request).toEqual({
    host: 'registry.example',
    repository: 'registry.example/x',
    method: 'GET',
    url: 'https://registry.example/v2/x/manifests/1',
    status: 404,
    registryCode: 'MANIFEST_UNKNOWN',
  });
});

describe('what registries say', () => {
  test('only 403 that says so is throttling', () => {
    expect(isThrottled(429, Buffer.from(''))).toBe(true);
    expect(isThrottled(403, Buffer.from(document('TOOMANYREQUESTS')))).toBe(true);
    expect(isThrottled(403, Buffer.from(document('DENIED')))).toBe(false);
  });

  test('its text is printable and short', () => {
    const { message } = errorOf(Buffer.from(document('X', `\u001b[31mred\n${'x'.repeat(5000)}`)));
    expect(message).toMatch(/^\[31mred x+$/);
    expect(message!.length).toBeLessThanOrEqual(300);
  });

  test('any bytes are read without an exception', () => {
    fc.assert(fc.property(fc.json(), (text) => typeof errorOf(Buffer.from(text)) === 'object'));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof errorOf(bytes) === 'object'));
  });
});
