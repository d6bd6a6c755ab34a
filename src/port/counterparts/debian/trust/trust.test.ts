import type { CleartextMessage } from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { file } from '../../../../fixture/index.ts';
import { keyringsOf, makeSigner, type Signer, sourceAt } from '../archive/archive.test-support.ts';
import { DebianError } from '../errors.ts';
import { viewOf } from '../parts.test-support.ts';
import { readKeyrings, type Signed, type Trust, trustOf, verifySigned } from './index.ts';

const now = Date.UTC(2026, 0, 15);
const text = 'Suite: stable\nSHA256:\n abc 1 x\n- dashed\ntrailing';
let archive: Signer;
let stranger: Signer;
let expired: Signer;

beforeAll(async () => {
  archive = await makeSigner({ created: new Date(now - 86_400_000 * 100) });
  stranger = await makeSigner({ created: new Date(now - 86_400_000 * 100) });
  expired = await makeSigner({ created: new Date(now - 86_400_000 * 100), lifetime: 86_400 * 50 });
});

function trusting(...signers: readonly Signer[]): Trust {
  return { keyrings: keyringsOf(...signers).trusted, missing: [] };
}

async function inline(signer: Signer, date = now - 1000): Promise<Signed> {
  return { kind: 'inline', bytes: Buffer.from(await signer.clearsign(text, new Date(date))) };
}

/** Two signatures over one text, as archives have them while they change keys. */
async function signedByBoth(first: Signer, second: Signer, secondText = text): Promise<Signed> {
  const openpgp = await import('openpgp');
  const messages = await Promise.all(
    [first.clearsign(text, new Date(now - 1000)), second.clearsign(secondText, new Date(now - 1000))].map(
      async (cleartextMessage) => openpgp.readCleartextMessage({ cleartextMessage: await cleartextMessage }),
    ),
  );
  const signatures = await Promise.all(
    messages.map(async (message) => {
      const armored = message.armor();
      const start = armored.indexOf('-----BEGIN PGP SIGNATURE-----');
      return (await openpgp.readSignature({ armoredSignature: armored.slice(start) })).packets[0];
    }),
  );
  const packets = new openpgp.PacketList<NonNullable<(typeof signatures)[0]>>();
  for (const packet of signatures) if (packet !== undefined) packets.push(packet);
  const joined = Reflect.construct(openpgp.CleartextMessage, [
    text,
    new openpgp.Signature(packets),
  ]) as CleartextMessage;
  return { kind: 'inline', bytes: Buffer.from(joined.armor()) };
}

async function failure(signed: Signed, trust: Trust, at = now): Promise<string> {
  const error = await verifySigned(signed, { name: 'InRelease', trust, now: at }).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DebianError)) throw new Error(`no DebianError: ${String(error)}`);
  return `${error.code} ${String(error.facts['signature'])}: ${error.message}`;
}

describe('a good signature', () => {
  test('of a trusted key gives the signed text, and who signed it', async () => {
    const verified = await verifySigned(await inline(archive), {
      name: 'InRelease',
      trust: trusting(archive),
      now,
    });
    expect(verified).toEqual({ text, signers: [archive.fingerprint] });
  });

  test('may stand in a file of its own', async () => {
    const signature = Buffer.from(await archive.detach(text));
    const signed: Signed = { kind: 'detached', bytes: Buffer.from(text), signature };
    const trust = trusting(archive);
    await expect(
      verifySigned(signed, { name: 'Release', trust, now: Date.now() + 5000 }),
    ).resolves.toMatchObject({ text });
    const changed = { ...signed, bytes: Buffer.from(`${text}.`) };
    expect(await failure(changed, trust, Date.now() + 5000)).toContain('DEBIAN_SIGNATURE wrong');
  });

  test('counts beside one of an unknown key', async () => {
    const signed = await signedByBoth(stranger, archive);
    const verified = await verifySigned(signed, { name: 'InRelease', trust: trusting(archive), now });
    expect(verified.signers).toEqual([archive.fingerprint]);
  });

  test('lets nothing in that stands around the signed text', async () => {
    const { bytes } = await inline(archive);
    const framed = Buffer.concat([Buffer.from('Evil: yes\n'), bytes, Buffer.from('\nEvil: too\n')]);
    const outcome = await verifySigned(
      { kind: 'inline', bytes: framed },
      { name: 'x', trust: trusting(archive), now },
    ).then(
      (verified) => verified.text,
      () => text,
    );
    expect(outcome).toBe(text);
  });

  test('of a keyring with several armored blocks', async () => {
    const bytes = Buffer.from(`${stranger.publicArmored}\n${archive.publicArmored}`);
    const trust = { keyrings: [{ path: '/k.asc', bytes }], missing: [] };
    await expect(verifySigned(await inline(archive), { name: 'x', trust, now })).resolves.toMatchObject({
      text,
    });
  });
});

describe('what is not believed', () => {
  test('a text that was changed', async () => {
    const { bytes } = await inline(archive);
    const changed = Buffer.from(Buffer.from(bytes).toString().replace('Suite: stable', 'Suite: stabel'));
    expect(await failure({ kind: 'inline', bytes: changed }, trusting(archive))).toContain(
      'DEBIAN_SIGNATURE wrong',
    );
  });

  test('a wrong signature of one trusted key beside a good one of another', async () => {
    const signed = await signedByBoth(archive, stranger, 'another text');
    expect(await failure(signed, trusting(archive, stranger))).toContain('DEBIAN_SIGNATURE wrong');
    // Of a key that nobody trusts, it says nothing.
    const verified = await verifySigned(signed, { name: 'x', trust: trusting(archive), now });
    expect(verified.signers).toEqual([archive.fingerprint]);
  });

  test('a key that is not trusted', async () => {
    expect(await failure(await inline(stranger), trusting(archive))).toMatch(
      /untrusted.*not among the trusted ones/,
    );
    expect(await failure(await inline(archive), { keyrings: [], missing: ['/k.gpg'] })).toContain(
      'the keyring /k.gpg is not in the image, or was not read',
    );
  });

  test('a key that is expired now, even if it was not when it signed', async () => {
    const signed = await inline(expired, now - 86_400_000 * 80);
    await expect(
      verifySigned(signed, { name: 'x', trust: trusting(expired), now: now - 86_400_000 * 70 }),
    ).resolves.toMatchObject({ signers: [expired.fingerprint] });
    expect(await failure(signed, trusting(expired))).toMatch(/untrusted.*expired/);
  });

  test('a signature from the future', async () => {
    expect(await failure(await inline(archive, now + 86_400_000), trusting(archive))).toMatch(
      /untrusted.*future/,
    );
  });

  test('nothing at all, and a keyring that is none', async () => {
    const unsigned: Signed = { kind: 'inline', bytes: Buffer.from(text) };
    expect(await failure(unsigned, trusting(archive))).toContain('DEBIAN_MALFORMED');
    const rubbish = { keyrings: [{ path: '/k.gpg', bytes: Buffer.from('rubbish') }], missing: [] };
    expect(await failure(await inline(archive), rubbish)).toContain("the keyring /k.gpg can't be read");
  });
});

describe('fingerprints that a source names', () => {
  test.each([
    ['the key itself', (key: Signer) => [key.fingerprint], true],
    ['exactly the key', (key: Signer) => [`${key.fingerprint}!`], true],
    ['another one', () => ['A'.repeat(40)], false],
  ])('%s', async (_what, fingerprints, isGood) => {
    const trust = { ...trusting(archive), fingerprints: fingerprints(archive) };
    const signed = await inline(archive);
    if (isGood)
      await expect(verifySigned(signed, { name: 'x', trust, now })).resolves.toMatchObject({ text });
    else expect(await failure(signed, trust)).toContain('the source does not name the key');
  });
});

describe('the keys of an image', () => {
  test('without Signed-By, only those of trusted.gpg and its folder sign', async () => {
    const view = await viewOf([
      file('etc/apt/trusted.gpg', 'a'),
      file('etc/apt/trusted.gpg.d/b.gpg', 'b'),
      file('etc/apt/trusted.gpg.d/c.asc', 'c'),
      file('etc/apt/trusted.gpg.d/d.bak', 'd'),
      file('usr/share/keyrings/e.gpg', 'e'),
      file('etc/apt/keyrings/f.asc', 'f'),
    ]);
    const keyrings = readKeyrings(view);
    const paths = (trust: Trust) => trust.keyrings.map(({ path }) => path);
    const source = sourceAt('http://deb.example.org');
    expect(paths(trustOf(source, keyrings))).toEqual([
      '/etc/apt/trusted.gpg',
      '/etc/apt/trusted.gpg.d/b.gpg',
      '/etc/apt/trusted.gpg.d/c.asc',
    ]);
    const named = {
      ...source,
      signedBy: { kind: 'named' as const, names: ['/usr/share/keyrings/e.gpg', '/elsewhere/x.gpg', 'abcd'] },
    };
    const extra = { path: '/extra.gpg', bytes: Buffer.from('x') };
    const trust = trustOf(named, keyrings, [extra]);
    expect(paths(trust)).toEqual(['/usr/share/keyrings/e.gpg', '/extra.gpg']);
    expect(trust).toMatchObject({ missing: ['/elsewhere/x.gpg'], fingerprints: ['ABCD'] });
    const inlined = trustOf({ ...source, signedBy: { kind: 'inline', armored: 'key' } }, keyrings);
    expect(inlined.keyrings.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['key']);
  });
});
