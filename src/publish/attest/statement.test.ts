import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { digestOf } from '../../oci/index.ts';
import { imageNamed } from './attest.test-support.ts';
import { slsaProvenance } from './slsa.ts';
import { imageSignatureStatement, inTotoStatement, statementBytes } from './statement.ts';

const hex = z.string().regex(/^[0-9a-f]{40,128}$/);
const address = z.string().regex(/^[a-z][a-z0-9+.-]*:/);
/** in-toto attestation framework, spec/v1/statement.md. */
const statementSchema = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z
    .array(z.strictObject({ name: z.string().min(1).optional(), digest: z.record(z.string(), hex) }))
    .min(1),
  predicateType: address,
  predicate: z.record(z.string(), z.unknown()).optional(),
});
/** in-toto, spec/v1/resource_descriptor.md. */
const resourceSchema = z
  .strictObject({
    name: z.string().optional(),
    uri: address.optional(),
    digest: z.record(z.string(), hex).optional(),
    downloadLocation: address.optional(),
    mediaType: z.string().optional(),
    annotations: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ uri, digest }) => uri !== undefined || digest !== undefined);
/** slsa.dev/spec/v1.0/provenance. */
const provenanceSchema = z.strictObject({
  buildDefinition: z.strictObject({
    buildType: address,
    externalParameters: z.record(z.string(), z.unknown()),
    internalParameters: z.record(z.string(), z.unknown()).optional(),
    resolvedDependencies: z.array(resourceSchema).optional(),
  }),
  runDetails: z.strictObject({
    builder: z.strictObject({ id: address, version: z.record(z.string(), z.string()).optional() }),
    metadata: z
      .strictObject({
        invocationId: z.string().optional(),
        startedOn: z.iso.datetime().optional(),
        finishedOn: z.iso.datetime().optional(),
      })
      .optional(),
    byproducts: z.array(resourceSchema).optional(),
  }),
});

const image = imageNamed('an image');
const smallest = {
  buildType: 'https://armload.example/port/v1',
  externalParameters: {},
  builder: { id: 'https://armload.example/builder' },
};
const full = {
  ...smallest,
  externalParameters: { image: 'registry.example/team/app:1', waivers: ['/opt/x86'] },
  internalParameters: { base: 'registry.example/debian:12' },
  resolvedDependencies: [
    {
      uri: 'pkg:deb/debian/zlib1g@1.3.1?arch=arm64',
      digest: { sha256: 'a'.repeat(64) },
      name: 'zlib1g',
      annotations: { path: '/usr/lib' },
    },
    { uri: 'git+https://git.example/recipes', digest: { gitCommit: 'b'.repeat(40) } },
  ],
  builder: { id: 'https://armload.example/builder', version: { armload: '1.2.3' } },
  metadata: {
    invocationId: 'run 7',
    startedOn: '2026-11-26T01:00:00Z',
    finishedOn: '2026-11-26T01:01:00Z',
  },
  byproducts: [{ name: 'log', digest: { sha256: 'c'.repeat(64) } }],
};

describe('an in-toto statement', () => {
  test('names the image and its digest, and says the predicate of it', () => {
    const statement = inTotoStatement(image, slsaProvenance(full));
    expect(statementSchema.parse(statement)).toEqual(statement);
    expect(statement.subject).toEqual([
      {
        name: 'registry.example/team/app',
        digest: { sha256: image.descriptor.digest.slice('sha256:'.length) },
      },
    ]);
    expect(statement.predicateType).toBe('https://slsa.dev/provenance/v1');
  });

  test('names a digest by its algorithm', () => {
    const digest = digestOf(new Uint8Array(1), 'sha512');
    const { subject } = imageSignatureStatement({ ...image, descriptor: { ...image.descriptor, digest } });
    expect(subject).toEqual([{ digest: { sha512: digest.slice('sha512:'.length) } }]);
  });

  test('that signs the image says no more than its digest', () => {
    const statement = imageSignatureStatement(image);
    expect(statementSchema.parse(statement)).toEqual(statement);
    expect(statement).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: image.descriptor.digest.slice('sha256:'.length) } }],
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
    });
  });

  test('has the same bytes, in whatever order its maker filled in the predicate', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (predicate) => {
        const turned = Object.fromEntries(Object.entries(predicate).reverse());
        const [bytes, other] = [predicate, turned].map((value) =>
          statementBytes(
            inTotoStatement(image, { kind: 'any', type: 'https://any.example', predicate: value }),
          ),
        );
        expect(other).toEqual(bytes);
        const read = JSON.parse(new TextDecoder().decode(bytes)) as { predicate: unknown };
        expect(read.predicate).toEqual(JSON.parse(JSON.stringify(predicate)));
      }),
      { numRuns: 50 },
    );
  });
});

describe('SLSA provenance', () => {
  test('has the shape of version 1, with all that can be said', () => {
    const { type, predicate } = slsaProvenance(full);
    expect(type).toBe('https://slsa.dev/provenance/v1');
    expect(provenanceSchema.parse(predicate)).toEqual(predicate);
    expect(predicate).toMatchObject({
      buildDefinition: { resolvedDependencies: full.resolvedDependencies },
      runDetails: { metadata: full.metadata, byproducts: full.byproducts, builder: full.builder },
    });
  });

  test('says nothing of what nobody told', () => {
    const { predicate } = slsaProvenance(smallest);
    expect(provenanceSchema.parse(predicate)).toEqual(predicate);
    expect(JSON.stringify(predicate)).toBe(
      '{"buildDefinition":{"buildType":"https://armload.example/port/v1","externalParameters":{}},"runDetails":{"builder":{"id":"https://armload.example/builder"}}}',
    );
  });
});
