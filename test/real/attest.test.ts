// What armload signs, cosign verifies, with its own rules and through a registry; keys that cosign made are read.
// cosign is not packaged by Debian: where it isn't on the PATH these tests are skipped, visibly, in CI too.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImage, file, platformOf, push } from '../../src/fixture/index.ts';
import { keyFolder, makeKeyPair, pemOf, publicPemOf } from '../../src/publish/attest/attest.test-support.ts';
import {
  type Attachment,
  type AttestedImage,
  attachments,
  cycloneDxSbom,
  type SignSettings,
  slsaProvenance,
} from '../../src/publish/index.ts';
import {
  createRegistryClient,
  type RegistryClient,
  type RunningRegistry,
  startRegistry,
  type WritableRepository,
} from '../../src/registry/index.ts';

const run = promisify(execFile);
const here = await run('cosign', ['version']).then(
  () => true,
  () => false,
);

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

const passphrase = 'a passphrase of tests';
const provenanceType = 'https://slsa.dev/provenance/v1';
const provenance = slsaProvenance({
  buildType: 'https://armload.example/port/v1',
  externalParameters: { image: 'registry.example/app:1' },
  builder: { id: 'https://armload.example/builder' },
});

describe.skipIf(!here)('cosign', () => {
  const folder = keyFolder();
  let client: RegistryClient;
  let registry: RunningRegistry;
  let count = 0;
  beforeAll(async () => {
    folder.write(
      'trusted-root.json',
      '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    );
    registry = await startRegistry({ directory: join(folder.path, 'registry') });
    client = createRegistryClient();
  });
  afterAll(async () => {
    await client?.close();
    await registry?.close();
    folder.remove();
  });

  /** A new image in a repository of its own. */
  async function pushedImage(): Promise<AttestedImage & { repository: WritableRepository }> {
    count += 1;
    const path = `app${count}`;
    const repository = client.repository({ registry: registry.host, repository: path });
    const built = await buildImage({ platform: platformOf('linux/arm64'), layers: [[file('marker', path)]] });
    await push(repository, built, { tag: '1' });
    return { repository, name: `${registry.host}/${path}`, descriptor: built.manifest.descriptor };
  }

  async function attach(repository: WritableRepository, all: readonly Attachment[]): Promise<void> {
    for (const { blobs, manifest } of all) {
      for (const { descriptor, bytes } of blobs) await repository.putBlob(descriptor, () => chunks(bytes));
      await repository.putManifest(manifest);
    }
  }

  async function attested(sign: SignSettings): Promise<string> {
    const { repository, ...image } = await pushedImage();
    const sbom = await cycloneDxSbom({
      image,
      components: [{ type: 'library', name: 'zlib1g', version: '1.3.1' }],
      toolVersion: '1.0.0',
    });
    await attach(
      repository,
      await attachments(image, { statements: [provenance], sbom, sign, environment: {} }),
    );
    return `${image.name}@${image.descriptor.digest}`;
  }

  // cosign wants a file of trusted services even where it is to ask none; without one it looks for it in the network.
  const noServices = join(folder.path, 'trusted-root.json');
  const offline = [
    ...['--new-bundle-format', '--insecure-ignore-tlog=true', '--trusted-root', noServices],
    '--allow-http-registry',
  ];
  const cosign = async (...args: readonly string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'], HOME: folder.path, COSIGN_PASSWORD: passphrase };
    const { stdout, stderr } = await run('cosign', [...args], { env, cwd: folder.path });
    return stdout + stderr;
  };

  /** cosign signs with the hash that belongs to a curve, and has to be told of it when it verifies. */
  const kinds = [
    { kind: 'P-256', flags: [] },
    { kind: 'P-384', flags: ['--signature-digest-algorithm', 'sha384'] },
    { kind: 'P-521', flags: ['--signature-digest-algorithm', 'sha512'] },
    { kind: 'RSA 2048', flags: [] },
    { kind: 'Ed25519', flags: [] },
  ] as const;

  describe.each(kinds)('with a key of the kind $kind', ({ kind, flags }) => {
    let publicFile: string;
    let otherFile: string;
    const verify = (key: string) => cosign('verify', '--key', key, ...flags, ...offline, reference);
    const verifyStatement = (type: string) =>
      cosign('verify-attestation', '--key', publicFile, '--type', type, ...flags, ...offline, reference);
    let reference: string;
    beforeAll(async () => {
      const { privateKey, publicKey } = makeKeyPair(kind);
      const file = folder.write(`${kind}.pem`, pemOf(privateKey, passphrase));
      publicFile = folder.write(`${kind}.pub`, publicPemOf(publicKey));
      otherFile = folder.write(`${kind}-other.pub`, publicPemOf(makeKeyPair(kind).publicKey));
      reference = await attested({ kind: 'key', file, passphrase });
    });

    test('takes the image for signed, and refuses another key', async () => {
      expect(await verify(publicFile)).toContain('docker-manifest-digest');
      await expect(verify(otherFile)).rejects.toThrow('failed to verify signature');
    });

    test.each([provenanceType, 'https://cyclonedx.org/bom', 'https://sigstore.dev/cosign/sign/v1'])(
      'finds the statement %s',
      async (type) => {
        expect(await verifyStatement(type)).toContain('"payloadType":"application/vnd.in-toto+json"');
      },
    );

    test('finds no statement that nobody made', async () => {
      const never = verifyStatement('https://armload.example/never-said');
      await expect(never).rejects.toThrow('none of the attestations matched');
    });
  });

  test('makes keys that are read, and verifies what they sign', async () => {
    await cosign('generate-key-pair', '--output-key-prefix', 'own');
    const file = join(folder.path, 'own.key');
    const reference = await attested({ kind: 'key', file, passphrase });
    const publicFile = join(folder.path, 'own.pub');
    expect(await cosign('verify', '--key', publicFile, ...offline, reference)).toContain(
      'docker-manifest-digest',
    );
    await expect(attested({ kind: 'key', file, passphrase: 'another' })).rejects.toThrow('does not open');
  });

  test('takes no image for signed that only has unsigned statements', async () => {
    const { repository, ...image } = await pushedImage();
    await attach(repository, await attachments(image, { statements: [provenance], environment: {} }));
    const publicFile = folder.write('nobody.pub', publicPemOf(makeKeyPair('P-256').publicKey));
    const reference = `${image.name}@${image.descriptor.digest}`;
    await expect(cosign('verify', '--key', publicFile, ...offline, reference)).rejects.toThrow(
      /no valid bundles|no signatures found/,
    );
  });

  test('takes no image for signed that carries the attachments of another one', async () => {
    const { privateKey, publicKey } = makeKeyPair('P-256');
    const file = folder.write('moved.pem', pemOf(privateKey));
    const publicFile = folder.write('moved.pub', publicPemOf(publicKey));
    const [{ repository, ...image }, { repository: _, ...other }] = [
      await pushedImage(),
      await pushedImage(),
    ];
    const made = await attachments(other, { statements: [], sign: { kind: 'key', file }, environment: {} });
    const moved = made.map((attachment) => {
      const text = new TextDecoder().decode(attachment.manifest.bytes);
      const bytes = new TextEncoder().encode(text.replace(other.descriptor.digest, image.descriptor.digest));
      return { ...attachment, manifest: { ...attachment.manifest, bytes } };
    });
    await attach(repository, moved);
    const reference = `${image.name}@${image.descriptor.digest}`;
    await expect(cosign('verify', '--key', publicFile, ...offline, reference)).rejects.toThrow('digest');
  });
});
