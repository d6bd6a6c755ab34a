import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../core/index.ts';
import { RegistryError } from '../errors.ts';
import { parseAuthDocument } from './auth-document.ts';
import { DocumentStore } from './document-store.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function lookup(document: unknown, registry = 'h.io', format: 'config' | 'dockercfg' = 'config') {
  const store = new DocumentStore(parseAuthDocument(JSON.stringify(document), 'auth.json', format));
  return store.lookup({ registry, repository: 'team/app' });
}

describe('an entry', () => {
  test('holds a user and a password that may contain colons', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[A-Za-z0-9_]{1,10}$/),
        fc.string({ minLength: 1 }),
        async (user, password) => {
          fc.pre(!password.endsWith('\u0000') && Buffer.from(password).toString() === password);
          const found = await lookup({ auths: { 'h.io': { auth: base64(`${user}:${password}`) } } });
          expect(found).toEqual({ username: user, password, source: 'auth.json' });
        },
      ),
    );
  });

  test('with an identity token uses it, the empty password beside it left out', async () => {
    const auth = base64('00000000-0000-0000-0000-000000000000:');
    expect(await lookup({ auths: { 'h.io': { auth, identitytoken: 'refresh' } } })).toEqual({
      username: '00000000-0000-0000-0000-000000000000',
      identityToken: 'refresh',
      source: 'auth.json',
    });
    expect(await lookup({ auths: { 'h.io': { identitytoken: 'refresh', auth: '' } } })).toEqual({
      identityToken: 'refresh',
      source: 'auth.json',
    });
  });

  test('with a registry token uses it before all else', async () => {
    expect(await lookup({ auths: { 'h.io': { auth: base64('a:b'), registrytoken: 'bearer' } } })).toEqual({
      registryToken: 'bearer',
      source: 'auth.json',
    });
  });

  test('may spell user and password out', async () => {
    expect(await lookup({ auths: { 'h.io': { username: 'a', password: 'b' } } })).toMatchObject({
      username: 'a',
      password: 'b',
    });
  });

  test('loses the NUL bytes that old clients put after the password', async () => {
    expect(await lookup({ auths: { 'h.io': { auth: base64('a:b\0\0') } } })).toMatchObject({ password: 'b' });
  });

  test('that is empty holds nothing, and does not hide another spelling that does', async () => {
    expect(await lookup({ auths: { 'h.io': {} } })).toBeUndefined();
    expect(await lookup({ auths: { 'h.io': {}, 'https://h.io': { auth: base64('a:b') } } })).toMatchObject({
      username: 'a',
    });
  });

  test.each([['not base64!'], [base64('no colon here')]])(
    'with auth %j fails for its own host only',
    async (auth) => {
      const document = { auths: { 'h.io': { auth }, 'other.io': { auth: base64('a:b') } } };
      const error = await lookup(document).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RegistryError);
      expect(error).toMatchObject({
        reason: 'unauthorized',
        message: expect.stringContaining('"h.io" in auth.json'),
      });
      expect(String(error)).not.toContain(auth);
      expect(await lookup(document, 'other.io')).toMatchObject({ username: 'a' });
    },
  );
});

describe('a document', () => {
  test('of the old format has its entries at the top', async () => {
    const document = { 'https://index.docker.io/v1/': { auth: base64('a:b'), email: 'a@example.com' } };
    expect(await lookup(document, 'docker.io', 'dockercfg')).toMatchObject({ username: 'a', password: 'b' });
  });

  test('that is no JSON is an error with file and position, and without its text', () => {
    const text = '{\n "auths": {"h.io": {"auth": "c2VjcmV0OnNlY3JldA==" oops}}}';
    let thrown: unknown;
    try {
      parseAuthDocument(text, '/etc/auth.json');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect(thrown).toMatchObject({
      code: 'CONFIG',
      message: `/etc/auth.json is not valid JSON: line 2, column ${(text.split('\n')[1] ?? '').indexOf('oops') + 1}`,
    });
    expect(thrown).not.toHaveProperty('cause');
    expect(JSON.stringify(thrown)).not.toContain('c2Vj');
  });

  test('with a wrong type is an error that names the member', () => {
    expect(() => parseAuthDocument('{"auths":{"h.io":{"auth":7}}}', 'a.json')).toThrow(
      /a\.json is malformed at \["auths"\]\["h\.io"\]\["auth"\]/,
    );
    expect(() => parseAuthDocument('[]', 'a.json')).toThrow(/a\.json is malformed at the document/);
  });

  test.each([['../../tmp/evil'], ['a b'], ['x;y'], ['/bin/sh'], ['a\u0000b']])(
    'that names the helper %j is refused',
    (name) => {
      expect(() => parseAuthDocument(JSON.stringify({ credsStore: name }), 'a.json')).toThrow(/credsStore/);
      expect(() => parseAuthDocument(JSON.stringify({ credHelpers: { 'h.io': name } }), 'a.json')).toThrow(
        /credHelpers/,
      );
    },
  );

  test('may be empty, start with a byte order mark, and hold other settings', async () => {
    expect(parseAuthDocument(' \n', 'a').entries.size).toBe(0);
    expect(parseAuthDocument('\uFEFF{"proxies":{},"HttpHeaders":{"x":"y"}}', 'a').entries.size).toBe(0);
    expect(await lookup({ auths: null, credHelpers: null, credsStore: null })).toBeUndefined();
  });

  test('with the keys of Object.prototype answers for no host by them', async () => {
    for (const registry of ['constructor', '__proto__', 'toString'])
      expect(await lookup({}, registry)).toBeUndefined();
  });
});
