import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

test("Docker Hub's challenge", () => {
  const header =
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push"';
  expect(parseChallenges(header)).toEqual([
    {
      scheme: 'bearer',
      token68: undefined,
      parameters: {
        realm: 'https://auth.docker.io/token',
        service: 'registry.docker.io',
        scope: 'repository:library/nginx:pull,push',
      },
    },
  ]);
});

test('several challenges in one header', () => {
  const header =
    'Basic realm="a, b", BEARER Realm = "https://x/token" , service=reg, Negotiate, Digest qop="auth"';
  expect(parseChallenges(header).map(({ scheme, parameters }) => [scheme, parameters])).toEqual([
    ['basic', { realm: 'a, b' }],
    ['bearer', { realm: 'https://x/token', service: 'reg' }],
    ['negotiate', {}],
    ['digest', { qop: 'auth' }],
  ]);
});

test('several headers', () => {
  expect(parseChallenges(['Basic realm="x"', 'Bearer realm="y"']).map(({ scheme }) => scheme)).toEqual([
    'basic',
    'bearer',
  ]);
});

test('token68 is told from parameters', () => {
  expect(parseChallenges('Negotiate YIIB+/aa==, Basic realm="x"')).toEqual([
    { scheme: 'negotiate', token68: 'YIIB+/aa==', parameters: {} },
    { scheme: 'basic', token68: undefined, parameters: { realm: 'x' } },
  ]);
});

test('a challenge without parameters before another one', () => {
  expect(parseChallenges('Negotiate, Bearer realm="x"').map(({ scheme }) => scheme)).toEqual([
    'negotiate',
    'bearer',
  ]);
  expect(parseChallenges('Basic').map(({ scheme }) => scheme)).toEqual(['basic']);
});

test('escapes in quotes are undone', () => {
  expect(parseChallenges('Basic realm="a\\"b\\\\c"')[0]!.parameters['realm']).toBe('a"b\\c');
});

test('the first of two equal parameters wins', () => {
  expect(parseChallenges('Bearer realm="first",realm="second"')[0]!.parameters['realm']).toBe('first');
});

test('a quote that never ends takes the rest', () => {
  expect(parseChallenges('Bearer realm="https://x')[0]!.parameters['realm']).toBe('https://x');
});

test.each([undefined, '', ',,,', '"', '=', '\u0000'])('%j holds none', (header) => {
  expect(parseChallenges(header)).toEqual([]);
});

const token = fc.stringMatching(/^[a-z][a-z0-9_-]{0,10}$/);
const challenge = fc.record({
  scheme: token,
  parameters: fc.dictionary(token, fc.string({ maxLength: 20 }), {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  }),
});

test('what is written as challenges is read as these challenges', () => {
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 5 }), (challenges) => {
      const header = challenges
        .map(({ scheme, parameters }) => {
          const written = Object.entries(parameters).map(
            ([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`,
          );
          return `${scheme} ${written.join(', ')}`;
        })
        .join(', ');
      const read = parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, parameters }));
      expect(read).toEqual(challenges);
    }),
  );
});

test('any text is read, and ends', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('a', '=', '"', ',', ' ', '\\', '/', 'B', '\t', 'é'),
        maxLength: 200,
      }),
      (text) => {
        expect(parseChallenges(text).length).toBeLessThanOrEqual(16);
      },
    ),
  );
});

test('a header of megabytes costs little', () => {
  expect(parseChallenges('a="b",'.repeat(500_000)).length).toBeLessThanOrEqual(16);
});
