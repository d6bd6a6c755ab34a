import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { UsageError } from '../../core/index.ts';
import { digestOf, parseManifest } from '../../oci/index.ts';
import { type AttachmentOptions, attachments } from './attachments.ts';
import {
  documentOf,
  imageNamed,
  keyFolder,
  keyKinds,
  makeKeyPair,
  manifestOf,
  pemOf,
} from './attest.test-support.ts';
import { cycloneDxSbom } from './cyclonedx.ts';
import { hintOf } from './key/key-signer.ts';
import { checkSignSettings } from './signer.ts';
import { slsaProvenance } from './slsa.ts';
import { inTotoStatement } from './statement.ts';
import type { Attachment, SignSettings } from './types.ts';
import {
  type BundleDocument,
  statementIn,
  verifyByHand,
  verifyByLibrary,
  withStatement,
} from './verify-bundle.test-support.ts';

const folder = keyFolder();
afterAll(() => folder.remove());

const image = imageNamed('an image');
const provenance = slsaProvenance({
  buildType: 'https://armload.example/port/v1',
  externalParameters: { image: 'registry.example/team/app:1' },
  builder: { id: 'https://armload.example/builder' },
});
const account = {
  kind: 'account',
  type: 'https://armload.example/account/v1',
  predicate: { paths: [{ path: '/usr/bin/app', outcome: 'replaced' }] },
};
const statements = [provenance, account];
const sbom = await cycloneDxSbom({
  image,
  components: [{ type: 'library', name: 'zlib1g', version: '1.3.1' }],
  toolVersion: '1.2.3',
});

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const annotations = z.record(z.string(), z.string());
/** image-spec manifest.md, "Guidelines for Artifact Usage", the case of one document. */
const referrerSchema = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal('application/vnd.oci.image.manifest.v1+json'),
  artifactType: z.string(),
  config: z.strictObject({
    mediaType: z.literal('application/vnd.oci.empty.v1+json'),
    digest: z.literal('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'),
    size: z.literal(2),
  }),
  layers: z.tuple([
    z.strictObject({
      mediaType: z.string(),
      digest,
      size: z.int().positive(),
      annotations: annotations.optional(),
    }),
  ]),
  subject: z.strictObject({ mediaType: z.string(), digest, size: z.int().positive() }),
  annotations: annotations.optional(),
});
/** sigstore/protobuf-specs, sigstore_bundle.proto, for version 0.3 and a key: nothing of a certificate or a log. */
const bundleSchema = z.strictObject({
  mediaType: z.literal('application/vnd.dev.sigstore.bundle.v0.3+json'),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: z.base64() }),
    timestampVerificationData: z.strictObject({}),
  }),
  dsseEnvelope: z.strictObject({
    payload: z.base64(),
    payloadType: z.literal('application/vnd.in-toto+json'),
    signatures: z.tuple([z.strictObject({ sig: z.base64() })]),
  }),
});

async function attached(more: Partial<AttachmentOptions> = {}): Promise<readonly Attachment[]> {
  const all = await attachments(image, { statements, sbom, environment: {}, ...more });
  for (const { manifest, blobs, artifactType } of all) {
    const read = referrerSchema.parse(JSON.parse(new TextDecoder().decode(manifest.bytes)));
    expect(read.subject).toEqual(image.descriptor);
    expect(read.artifactType).toBe(artifactType);
    expect(read.layers[0].mediaType).toBe(artifactType);
    expect([read.config, ...read.layers]).toEqual(blobs.map(({ descriptor }) => descriptor));
    for (const { descriptor, bytes } of blobs)
      expect(descriptor).toMatchObject({ digest: digestOf(bytes), size: bytes.length });
    expect(manifest.digest).toBe(digestOf(manifest.bytes));
    // armload itself takes it for what it is.
    expect(parseManifest(manifest.bytes, manifest.mediaType)).toMatchObject({
      kind: 'artifact',
      artifactType,
    });
  }
  return all;
}

const kindsOf = (all: readonly Attachment[]) =>
  all.map(({ kind, signed }) => `${kind}${signed ? ', signed' : ''}`);

describe('without a signer', () => {
  test('each statement and the SBOM are attached as they are', async () => {
    const all = await attached();
    expect(kindsOf(all)).toEqual(['provenance', 'account', 'sbom']);
    expect(all.map(({ artifactType }) => artifactType)).toEqual([
      'application/vnd.in-toto+json',
      'application/vnd.in-toto+json',
      'application/vnd.cyclonedx+json',
    ]);
    expect(documentOf(all[0] as Attachment)).toEqual(inTotoStatement(image, provenance));
    expect(manifestOf(all[1] as Attachment)).toMatchObject({
      annotations: { 'in-toto.io/predicate-type': account.type },
      layers: [{ annotations: { 'in-toto.io/predicate-type': account.type } }],
    });
    expect(all[2]?.blobs[1]?.bytes).toEqual(sbom.bytes);
  });

  test('nothing is attached where nothing is said', async () => {
    expect(await attachments(image, { statements: [], environment: {} })).toEqual([]);
  });

  test('the same input gives the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), async (predicate, text) => {
        const said = { kind: 'any', type: 'https://any.example', predicate };
        const make = () => attachments(imageNamed(text), { statements: [said], environment: {} });
        expect(await make()).toEqual(await make());
      }),
      { numRuns: 30 },
    );
  });
});

describe.each(keyKinds)('with a key of the kind %s', (kind) => {
  const { privateKey, publicKey } = makeKeyPair(kind);
  const other = makeKeyPair(kind).publicKey;
  const file = folder.write(`${kind}.pem`, pemOf(privateKey, 'words'));
  const sign: SignSettings = { kind: 'key', file, passphrase: 'words' };
  const bundleIn = (attachment: Attachment | undefined) =>
    bundleSchema.parse(documentOf(attachment as Attachment)) as BundleDocument;

  test('each statement, the SBOM and the image are signed, and only the SBOM also stands by itself', async () => {
    const all = await attached({ sign });
    expect(kindsOf(all)).toEqual([
      'provenance, signed',
      'account, signed',
      'sbom, signed',
      'signature, signed',
      'sbom',
    ]);
    const said = all.slice(0, 4).map((attachment) => statementIn(bundleIn(attachment)));
    expect(said[0]).toEqual(inTotoStatement(image, provenance));
    expect(said[2]).toMatchObject({
      predicateType: 'https://cyclonedx.org/bom',
      predicate: JSON.parse(new TextDecoder().decode(sbom.bytes)),
    });
    expect(said[3]).toMatchObject({ predicateType: 'https://sigstore.dev/cosign/sign/v1' });
    all.slice(0, 4).forEach((attachment, place) => {
      expect(manifestOf(attachment)).toMatchObject({
        annotations: {
          'dev.sigstore.bundle.content': 'dsse-envelope',
          'dev.sigstore.bundle.predicateType': said[place]?.['predicateType'],
        },
      });
    });
  });

  test('the signature is the key’s, and nobody else’s', async () => {
    for (const attachment of (await attached({ sign })).slice(0, 4)) {
      const bundle = bundleIn(attachment);
      expect(bundle.verificationMaterial.publicKey?.hint).toBe(hintOf(publicKey));
      expect(verifyByHand(bundle, publicKey)).toBe(true);
      expect(verifyByHand(bundle, other)).toBe(false);
      // The library's verifier takes SHA-256 with every curve.
      if (kind !== 'P-384' && kind !== 'P-521') expect(verifyByLibrary(bundle, publicKey)).toBe(true);
      expect(verifyByLibrary(bundle, other)).toBe(false);
    }
  });

  test('a changed statement is not signed any more', async () => {
    const [first] = await attached({ sign });
    const bundle = bundleIn(first);
    const changed = withStatement(bundle, { ...statementIn(bundle), predicate: {} });
    expect(verifyByHand(changed, publicKey)).toBe(false);
    expect(verifyByLibrary(changed, publicKey)).toBe(false);
    expect(verifyByHand(withStatement(bundle, statementIn(bundle)), publicKey)).toBe(true);
  });
});

test.each(['Ed25519', 'RSA 2048'] as const)(
  'the same input gives the same signed bytes: %s',
  async (kind) => {
    const file = folder.write('same.pem', pemOf(makeKeyPair(kind).privateKey));
    const sign: SignSettings = { kind: 'key', file };
    expect(await attached({ sign })).toEqual(await attached({ sign }));
  },
);

describe('signing', () => {
  const { privateKey, publicKey } = makeKeyPair('Ed25519');
  const file = folder.write('one.pem', pemOf(privateKey, 'words'));

  test('notes a time only if it was told one', async () => {
    const sign: SignSettings = { kind: 'key', file, passphrase: 'words' };
    const [without] = await attached({ sign });
    expect(JSON.stringify(manifestOf(without as Attachment))).not.toContain('created');
    const [given] = await attached({ sign, created: new Date(Date.UTC(2026, 10, 26)) });
    expect(manifestOf(given as Attachment)).toMatchObject({
      annotations: { 'org.opencontainers.image.created': '2026-11-26T00:00:00.000Z' },
    });
  });

  test('can be checked beforehand', async () => {
    const checked = await checkSignSettings({ kind: 'key', file, passphrase: 'words' }, {});
    expect(checked.who).toBe(`the Ed25519 key ${hintOf(publicKey)}`);
    await expect(checkSignSettings({ kind: 'key', file, passphrase: 'other' }, {})).rejects.toThrow(
      UsageError,
    );
    await expect(checkSignSettings({ kind: 'keyless' }, {})).rejects.toThrow(UsageError);
  });

  test('ends with the signal', async () => {
    const sign: SignSettings = { kind: 'key', file, passphrase: 'words' };
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(attached({ sign, signal })).rejects.toThrow('enough');
  });
});
