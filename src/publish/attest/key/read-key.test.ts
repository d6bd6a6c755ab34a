import { generateKeyPairSync, type KeyObject, randomBytes, scryptSync } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../core/index.ts';
import { keyFolder, keyKinds, makeKeyPair, pemOf, publicPemOf } from '../attest.test-support.ts';
import { keySigner } from './key-signer.ts';
import { readKey } from './read-key.ts';

const folder = keyFolder();
afterAll(() => folder.remove());

const passphrase = 'correct horse battery';
const { privateKey, publicKey } = makeKeyPair('P-256');
const plainPem = pemOf(privateKey);
const lockedPem = pemOf(privateKey, passphrase);
const same = (key: KeyObject): boolean => key.equals(privateKey);

/** As go-securesystemslib encrypts. Its costs are too high for many tests: the lowest is taken. */
function sigstorePem(
  label = 'SIGSTORE',
  { N = 2 ** 15, password = passphrase, content = derOf(privateKey) } = {},
) {
  const salt = randomBytes(32);
  const nonce = randomBytes(24);
  const key = scryptSync(password, salt, 32, { N, r: 8, p: 1, maxmem: 2 ** 28 });
  const json = {
    kdf: { name: 'scrypt', params: { N, r: 8, p: 1 }, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(xsalsa20poly1305(key, nonce).encrypt(content)).toString('base64'),
  };
  return pemAround(label, json);
}

function pemAround(label: string, json: unknown): string {
  const lines =
    Buffer.from(JSON.stringify(json))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [
    `-----BEGIN ENCRYPTED ${label} PRIVATE KEY-----`,
    ...lines,
    `-----END ENCRYPTED ${label} PRIVATE KEY-----`,
    '',
  ].join('\n');
}

function derOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'pkcs8' });
}

/** The error, which holds no secret, wherever one looks. */
async function failure(file: string, given?: string): Promise<UsageError> {
  const settings = { file, ...(given === undefined ? {} : { passphrase: given }) };
  const error = await keySigner(settings).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UsageError)) throw new Error('no UsageError', { cause: error });
  expect(error.code).toBe('CONFIG');
  const all = JSON.stringify([error.message, error.hint, error.facts, String(error.cause), error.stack]);
  for (const secret of [
    passphrase,
    given || passphrase,
    ...plainPem.split('\n').slice(1, -2),
    derOf(privateKey).toString('base64'),
  ])
    expect(all).not.toContain(secret);
  return error;
}

describe('a private key', () => {
  test('is read from PKCS#8, with and without a passphrase', async () => {
    expect(same(await readKey({ file: folder.write('plain.pem', plainPem) }))).toBe(true);
    expect(same(await readKey({ file: folder.write('locked.pem', lockedPem), passphrase }))).toBe(true);
  });

  test('that is not encrypted needs no passphrase, and may be given one', async () => {
    expect(same(await readKey({ file: folder.write('plain2.pem', plainPem), passphrase }))).toBe(true);
  });

  test('is read from the older forms, and behind other blocks', async () => {
    const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }).toString();
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    expect(same(await readKey({ file: folder.write('sec1.pem', parameters + sec1) }))).toBe(true);
    const rsa = makeKeyPair('RSA 2048').privateKey;
    const legacy = { format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase } as const;
    const file = folder.write('pkcs1.pem', rsa.export(legacy).toString());
    expect((await readKey({ file, passphrase })).equals(rsa)).toBe(true);
    expect((await failure(file)).message).toContain('there is no passphrase');
  });

  test.each(['SIGSTORE', 'COSIGN'])(
    'is read in the form that cosign encrypts, labelled %s',
    async (label) => {
      expect(
        same(await readKey({ file: folder.write(`${label}.key`, sigstorePem(label)), passphrase })),
      ).toBe(true);
    },
  );

  test('that cosign encrypted with an empty passphrase needs none', async () => {
    const file = folder.write('empty.key', sigstorePem('SIGSTORE', { password: '' }));
    expect(same(await readKey({ file }))).toBe(true);
  });

  test.each(keyKinds)('of the kind %s signs', async (kind) => {
    const pair = makeKeyPair(kind);
    const { who } = await keySigner({ file: folder.write(`${kind}.pem`, pemOf(pair.privateKey)) });
    expect(who).toContain(kind);
  });
});

describe('a file that no signature can be made with', () => {
  test.each([
    { what: 'is not there', file: `${folder.path}/nowhere.pem`, says: "can't be read" },
    { what: 'is a folder', file: folder.path, says: "can't be read" },
    { what: 'is huge', content: 'x'.repeat(70_000), says: 'larger than a key' },
    { what: 'is empty', content: '', says: 'holds no key in PEM form' },
    { what: 'is binary', content: derOf(privateKey), says: 'holds no key in PEM form' },
    { what: 'is a public key', content: publicPemOf(publicKey), says: 'holds a public key' },
    {
      what: 'is a certificate',
      content: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      says: 'holds a certificate',
    },
    {
      what: 'is a key of OpenSSH',
      content: '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
      says: "OpenSSH's own form",
    },
    {
      what: 'is a request',
      content: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
      says: 'holds no private key in PEM form',
    },
    { what: 'is cut off', content: plainPem.slice(0, 90), says: 'holds none that can be read' },
    {
      what: 'is damaged',
      content: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      says: 'holds none that can be read',
    },
    { what: 'is encrypted', content: lockedPem, says: 'there is no passphrase' },
    { what: 'is encrypted otherwise', content: lockedPem, given: 'wrong words', says: 'does not open' },
    { what: 'is encrypted, and no passphrase', content: lockedPem, given: '', says: 'does not open' },
    { what: 'is encrypted by cosign', content: sigstorePem(), says: 'there is no passphrase' },
    {
      what: 'is encrypted otherwise by cosign',
      content: sigstorePem(),
      given: 'wrong words',
      says: 'does not open',
    },
    {
      what: 'holds no key under its encryption',
      content: sigstorePem('SIGSTORE', { content: Buffer.from('nothing') }),
      given: passphrase,
      says: 'holds no private key',
    },
    { what: 'is damaged under its label', content: pemAround('SIGSTORE', { kdf: 1 }), says: 'is damaged' },
    {
      what: 'asks for all memory',
      content: pemAround('SIGSTORE', {
        kdf: { name: 'scrypt', params: { N: 2 ** 30, r: 8, p: 1 }, salt: 'AAAA' },
        cipher: { name: 'nacl/secretbox', nonce: 'AAAA' },
        ciphertext: 'AAAA',
      }),
      says: 'in a way that armload does not know',
    },
    {
      what: 'has a short nonce',
      content: pemAround('SIGSTORE', {
        kdf: { name: 'scrypt', params: { N: 2 ** 15, r: 8, p: 1 }, salt: 'AAAA' },
        cipher: { name: 'nacl/secretbox', nonce: 'AAAA' },
        ciphertext: 'AAAA',
      }),
      says: 'is damaged',
    },
  ])('$what: said so, without secrets', async ({ what, content, given, says, ...rest }) => {
    const file = rest.file ?? folder.write(`${what}.pem`, content ?? '');
    const { message } = await failure(file, given);
    expect(message).toContain(says);
    expect(message).toContain(file);
  });

  test.each([
    ['x25519', generateKeyPairSync('x25519')],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['ed448', generateKeyPairSync('ed448')],
  ])('is of a kind that verifiers do not take: %s', async (name, pair) => {
    const { message, hint } = await failure(folder.write(`${name}.pem`, pemOf(pair.privateKey)));
    expect(message).toContain(name);
    expect(hint).toContain('Ed25519');
  });
});
