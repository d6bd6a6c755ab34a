import { type PortRefusal, type PortResult, portSchemaVersion } from '../../src/results/index.ts';
import { imageAudit } from './audit-result.ts';
import { digestNumber, publishedImage, publishResult } from './publish-result.ts';

/** A published port of two layers on a base, unless the fields say otherwise. */
export function portResult(fields: Partial<PortResult> = {}): PortResult {
  return {
    schemaVersion: portSchemaVersion,
    platform: 'linux/arm64',
    source: {
      reference: 'docker.io/acme/app:1',
      written: 'acme/app:1',
      platform: 'linux/amd64',
      digest: digestNumber(1),
    },
    destination: 'registry.example/app:1',
    outcome: 'published',
    why: 'every path above the base is accounted for',
    base: {
      state: 'found',
      why: 'its layers are the lowest of the image',
      reference: 'docker.io/library/debian:12-slim',
      evidence: 'provenance',
      index: digestNumber(20),
      source: digestNumber(21),
      target: digestNumber(22),
      layers: 1,
      parity: {
        verdict: 'newer-patch',
        acceptable: true,
        accepted: false,
        differences: [
          {
            kind: 'package',
            name: 'libc6',
            old: '2.36-9',
            new: '2.36-10',
            weight: 'newer',
            why: 'same release',
          },
        ],
        uncompared: [],
      },
      candidates: [],
      proposals: [],
    },
    layers: [
      { kind: 'base', digest: digestNumber(30), diffId: digestNumber(40), size: 28_000_000, changes: 0 },
      {
        kind: 'kept',
        digest: digestNumber(31),
        diffId: digestNumber(41),
        size: 1200,
        from: digestNumber(31),
        changes: 0,
      },
      {
        kind: 'rewritten',
        digest: digestNumber(32),
        diffId: digestNumber(42),
        size: 3_400_000,
        from: digestNumber(33),
        changes: 12,
      },
    ],
    totals: { kept: 300, replaced: 10, mapped: 0, dropped: 2, added: 0 },
    refusals: [],
    waivers: [],
    materials: [],
    notes: [],
    config: [],
    audit: imageAudit('registry.example/app:1'),
    image: {
      digest: digestNumber(2),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      bytes: 31_401_200,
      newBytes: 3_400_000,
    },
    attachments: [],
    publish: publishResult({
      images: [
        publishedImage('linux/amd64'),
        publishedImage('linux/arm64', { digest: digestNumber(2), source: 'the port' }),
      ],
    }),
    account: [
      {
        layer: 1,
        path: 'usr/bin/tool',
        kind: 'file',
        outcome: 'replaced',
        origin: 'tool 1.2 (arm64)',
        sha256: 'a'.repeat(64),
        why: 'of a package',
      },
      { layer: 1, path: 'etc/tool.conf', kind: 'file', outcome: 'kept', why: 'no machine code' },
    ],
    ...fields,
  };
}

/** Nothing was put together, and nothing is to be published. */
export function refusedPort(refusals: readonly PortRefusal[], fields: Partial<PortResult> = {}): PortResult {
  const { audit: _audit, image: _image, publish: _publish, ...rest } = portResult();
  const isUnknown = refusals.every(({ undetermined }) => undetermined);
  return {
    ...rest,
    outcome: isUnknown ? 'unknown' : 'refused',
    why: 'something can not be carried over',
    layers: [],
    totals: { kept: 0, replaced: 0, mapped: 0, dropped: 0, added: 0 },
    account: [],
    refusals: [...refusals],
    ...fields,
  };
}

/** A program that nothing answers for, unless the fields say otherwise. */
export function refusal(fields: Partial<PortRefusal> = {}): PortRefusal {
  return {
    kind: 'no-counterpart',
    path: '/opt/app/tool',
    layer: { index: 2, digest: digestNumber(33), history: 'COPY tool /opt/app/' },
    undetermined: false,
    guess: 'go: example.com/tool v1.2.3',
    why: 'it is amd64 machine code, and nothing answers for it',
    lift: 'Name a file for it with --replace PATH=FILE.',
    ...fields,
  };
}
