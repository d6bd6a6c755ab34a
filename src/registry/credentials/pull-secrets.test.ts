import { describe, expect, test } from 'vitest';
import { type PullSecret, pullSecretStore } from './pull-secrets.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function secret(name: string, auths: Readonly<Record<string, string>>): PullSecret {
  const entries = Object.fromEntries(
    Object.entries(auths).map(([key, user]) => [key, { auth: base64(`${user}:pw`) }]),
  );
  return {
    name,
    namespace: 'shop',
    data: { '.dockerconfigjson': base64(JSON.stringify({ auths: entries })) },
  };
}

function user(secrets: readonly PullSecret[], registry: string, repository = 'team/app') {
  return pullSecretStore(secrets)
    .lookup({ registry, repository })
    .then((credential) => credential?.username);
}

describe('image pull secrets', () => {
  test('field 12: a private image is asked for with the credential of its pull secret', async () => {
    const store = pullSecretStore([secret('regcred', { 'registry.example.com': 'robot' })]);
    expect(await store.lookup({ registry: 'registry.example.com', repository: 'private/app' })).toEqual({
      username: 'robot',
      password: 'pw',
      source: 'Secret shop/regcred',
    });
    expect(await store.lookup({ registry: 'other.example.com', repository: 'private/app' })).toBeUndefined();
  });

  test('are looked at together: the longest key wins, then the earlier secret', async () => {
    const secrets = [
      secret('one', { '*.example.com': 'glob', 'reg.example.com': 'host' }),
      secret('two', { 'reg.example.com/team': 'team', 'reg.example.com': 'late' }),
    ];
    expect(await user(secrets, 'reg.example.com')).toBe('team');
    expect(await user(secrets, 'reg.example.com', 'other/app')).toBe('host');
    expect(await user(secrets, 'x.example.com')).toBe('glob');
  });

  test('of the old type, and as plain stringData, work too', async () => {
    const old = {
      name: 'old',
      data: { '.dockercfg': base64(JSON.stringify({ 'h.io': { username: 'o', password: 'p' } })) },
    };
    const plain = {
      name: 'plain',
      stringData: { '.dockerconfigjson': JSON.stringify({ auths: { 'p.io': { auth: base64('s:p') } } }) },
    };
    expect(await user([old, plain], 'h.io')).toBe('o');
    expect(await user([old, plain], 'p.io')).toBe('s');
  });

  test('run no helper programs, whatever they name', async () => {
    const data = { '.dockerconfigjson': base64('{"credsStore":"evil","credHelpers":{"h.io":"evil"}}') };
    expect(await user([{ name: 'x', data }], 'h.io')).toBeUndefined();
  });

  test.each([
    [{ name: 'x', namespace: 'shop', data: { token: 'eA==' } }, /Secret shop\/x is not an image pull secret/],
    [
      { name: 'x', data: { '.dockerconfigjson': '%%%' } },
      /Secret x is malformed: its \.dockerconfigjson is not base64/,
    ],
    [
      { name: 'x', data: { '.dockerconfigjson': base64('{"auths":') } },
      /Secret x, \.dockerconfigjson is not valid JSON: line 1, column 10/,
    ],
  ])('that hold something else are an error naming the secret (%#)', (wrong, message) => {
    expect(() => pullSecretStore([wrong])).toThrow(message);
  });
});
