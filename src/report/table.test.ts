import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { image, imageIn, scanResult, workload } from '../../test/support/scan-result.ts';
import { readinessStates, unknownReasons } from '../results/index.ts';
import { renderTable } from './table.ts';

const use = { source: 'kubernetes' as const, file: 'shop/web.yaml', workload: 'Deployment shop/web' };
const selector = {
  kind: 'node-selector' as const,
  text: 'kubernetes.io/arch: amd64',
  architectures: ['amd64'],
  required: true,
  blocks: true,
  file: 'shop/web.yaml',
  line: 20,
};
const missing = image('docker.io/acme/web:1.2', {
  readiness: { state: 'missing' },
  evidence: [
    { kind: 'platforms', text: 'the index has linux/amd64 only' },
    { kind: 'tags', text: 'looked at 12 tags' },
  ],
  remedies: [
    {
      kind: 'use-tag',
      reference: 'docker.io/acme/web:1.2.5',
      verified: true,
      why: 'the nearest newer patch has linux/arm64',
    },
    { kind: 'other', verified: false, why: 'ask the publisher' },
  ],
  uses: [3, 9, 12, 14, 20].map((line) => ({ ...use, line, container: 'app' })),
});
const sample = scanResult({
  images: [
    missing,
    image('docker.io/library/nginx:1.27'),
    image('quay.io/acme/private:1', {
      readiness: { state: 'unknown', reason: 'unauthorized' },
      evidence: [{ kind: 'registry', text: 'quay.io answered 401 to a manifest request' }],
      remedies: [
        { kind: 'authenticate', command: 'docker login quay.io', verified: false, why: 'it may be private' },
      ],
      uses: [{ source: 'list', file: '-', line: 4 }],
    }),
  ],
  workloads: [
    workload('Deployment shop/web', {
      file: 'shop/web.yaml',
      ready: false,
      images: [missing.reference],
      blockers: [{ reference: missing.reference, readiness: missing.readiness }],
      constraints: [selector],
    }),
    workload('CronJob shop/clean'),
  ],
  problems: [{ file: 'shop/broken.yaml', line: 7, message: 'not YAML: bad indentation' }],
});

test('people read what they must do first, then workloads, unread files and the totals', () => {
  expect(renderTable(sample)).toMatchInlineSnapshot(`
    "Needs another image (missing) (1)
      docker.io/acme/web:1.2
        why   the index has linux/amd64 only
        do    use docker.io/acme/web:1.2.5 (checked)
              the nearest newer patch has linux/arm64
        used  shop/web.yaml:3 (Deployment shop/web, container app)
              shop/web.yaml:9 (Deployment shop/web, container app)
              shop/web.yaml:12 (Deployment shop/web, container app)
              and 2 more

    Could not be determined: unauthorized (1)
      quay.io/acme/private:1
        why   quay.io answered 401 to a manifest request
        do    run: docker login quay.io
              it may be private
        used  stdin:4

    Ready (1) --all lists them

    Workloads that need attention (1 of 2)
      Deployment shop/web  shop/web.yaml:1
        missing: docker.io/acme/web:1.2
        nodeSelector kubernetes.io/arch: amd64 keeps it off linux/arm64 (shop/web.yaml:20)

    Files that could not be read (1)
      shop/broken.yaml:7
        not YAML: bad indentation

    3 images: 1 ready, 1 missing, 1 unknown · 1 of 2 workloads ready · 1 kept off by a constraint · 1 problem · exit 1: something is not ready
    "
  `);
});

test('asked for everything, it lists what is ready and every detail', () => {
  expect(renderTable(sample, { all: true, detail: true })).toMatchInlineSnapshot(`
    "Needs another image (missing) (1)
      docker.io/acme/web:1.2
        why   the index has linux/amd64 only
        why   looked at 12 tags
        do    use docker.io/acme/web:1.2.5 (checked)
              the nearest newer patch has linux/arm64
        do    ask the publisher
        used  shop/web.yaml:3 (Deployment shop/web, container app)
              shop/web.yaml:9 (Deployment shop/web, container app)
              shop/web.yaml:12 (Deployment shop/web, container app)
              shop/web.yaml:14 (Deployment shop/web, container app)
              shop/web.yaml:20 (Deployment shop/web, container app)

    Could not be determined: unauthorized (1)
      quay.io/acme/private:1
        why   quay.io answered 401 to a manifest request
        do    run: docker login quay.io
              it may be private
        used  stdin:4

    Ready (1)
      docker.io/library/nginx:1.27
        why   the index has linux/arm64

    Workloads (2)
      CronJob shop/clean  app.yaml:1  ready
      Deployment shop/web  shop/web.yaml:1
        missing: docker.io/acme/web:1.2
        nodeSelector kubernetes.io/arch: amd64 keeps it off linux/arm64 (shop/web.yaml:20)

    Files that could not be read (1)
      shop/broken.yaml:7
        not YAML: bad indentation

    3 images: 1 ready, 1 missing, 1 unknown · 1 of 2 workloads ready · 1 kept off by a constraint · 1 problem · exit 1: something is not ready
    "
  `);
});

test('every state and every reason has its place, so that no image can vanish', () => {
  const images = [
    ...readinessStates.filter((state) => state !== 'unknown').map((state) => imageIn(state)),
    ...unknownReasons.map((reason) =>
      image(`quay.io/acme/${reason}:1`, { readiness: { state: 'unknown', reason } }),
    ),
    image('quay.io/acme/no-reason:1', { readiness: { state: 'unknown' } }),
  ];
  const text = renderTable(scanResult({ images }), { all: true });
  for (const { reference } of images) expect(text).toContain(`  ${reference}\n`);
});

test('a remedy without a reference says what to do, then why', () => {
  const remedies = [{ kind: 'retry' as const, verified: false, why: 'quay.io did not answer' }];
  const result = scanResult({ images: [{ ...imageIn('unknown'), remedies }] });
  expect(renderTable(result)).toContain('    do    try again\n          quay.io did not answer\n');
});

test('a remedy can be copied from one line, however narrow the terminal', () => {
  const command = `skopeo copy --all docker://${'a'.repeat(60)} docker://${'b'.repeat(60)}`;
  const remedies = [{ kind: 'other' as const, command, verified: false, why: 'the mirror lost arm64' }];
  const result = scanResult({ images: [{ ...imageIn('missing'), remedies }] });
  expect(renderTable(result, { columns: 40 })).toContain(`run: ${command}\n`);
});

test('hostile text from files and registries cannot drive the terminal or forge lines', () => {
  const hostile = '\u001b[2J\u001b]8;;http://evil.example\u0007\u009b31m\n12 images: 12 ready\r\b\u202e';
  const result = scanResult({
    images: [
      image(`docker.io/a/${hostile}`, {
        readiness: { state: 'missing' },
        evidence: [{ kind: 'x', text: hostile }],
        remedies: [
          { kind: 'use-tag', reference: hostile, verified: true, why: hostile },
          { kind: 'other', command: hostile, verified: true, why: hostile },
        ],
        uses: [{ source: 'list', file: hostile, line: 1, workload: hostile, container: hostile }],
      }),
    ],
    workloads: [
      workload(hostile, {
        file: hostile,
        ready: false,
        blockers: [{ reference: hostile, readiness: { state: 'missing' } }],
        constraints: [{ ...selector, text: hostile, file: hostile }],
      }),
    ],
    problems: [{ file: hostile, message: hostile }],
  });
  for (const color of [true, false]) {
    const text = renderTable({ ...result, platform: hostile }, { color, all: true, detail: true });
    // Of escape sequences there are only our own, which set and reset colours.
    const ours = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(text.replace(ours, '').replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).not.toMatch(/^12 images/m);
  }
});

test('lines keep to the width, and a reference is never broken', () => {
  const reference = `registry.example.com/${'a-long-team-name/'.repeat(5)}app@sha256:${'0'.repeat(64)}`;
  const result = scanResult({
    images: [
      image(reference, {
        readiness: { state: 'missing' },
        evidence: [
          { kind: 'x', text: `the manifest ${reference} is for linux/amd64 and for nothing else at all` },
        ],
      }),
    ],
  });
  const lines = renderTable(result, { columns: 60 }).split('\n');
  const tooLong = lines.filter((line) => line.length > 60 && !line.startsWith('1 image'));
  expect(tooLong.every((line) => line.trim() === reference)).toBe(true);
  expect(tooLong).toHaveLength(2);
});

test('colour changes nothing but colour', () => {
  const colored = renderTable(sample, { color: true });
  expect(colored).not.toBe(renderTable(sample));
  expect(stripVTControlCharacters(colored)).toBe(renderTable(sample));
});

test('a constraint that names its kind is not named twice', () => {
  const constraint = { ...selector, kind: 'platform' as const, text: 'platform: linux/amd64' };
  const result = scanResult({ workloads: [workload('service web', { constraints: [constraint] })] });
  expect(renderTable(result)).toContain('    platform: linux/amd64 keeps it off linux/arm64');
});

test('an image ready on the platform but kept off by its workload is not passed over', () => {
  const result = scanResult({
    images: [image('docker.io/library/nginx:1')],
    workloads: [workload('Deployment web', { constraints: [selector] })],
  });
  expect(renderTable(result)).toContain('nodeSelector kubernetes.io/arch: amd64 keeps it off linux/arm64');
});
