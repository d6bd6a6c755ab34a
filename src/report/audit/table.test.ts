import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { auditIn, auditResult, finding, imageAudit, smokeRun } from '../../../test/support/audit-result.ts';
import { auditResultSchema, auditVerdicts, type ImageAudit } from '../../results/index.ts';
import { renderAuditTable } from './table.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const copied = {
  index: 3,
  digest: digest('a'),
  history: '/bin/sh -c #(nop) COPY file:0123 in /usr/local/bin/',
};

const mislabelled = imageAudit('docker.io/acme/web:1.2', {
  digest: digest('1'),
  manifest: digest('2'),
  verdict: 'mislabelled',
  why: 'what it starts is an amd64 program',
  label: {
    index: 'linux/arm64/v8',
    config: 'linux/arm64',
    bytes: 'linux/amd64',
    code: { arm64: 12, amd64: 300 },
  },
  entries: [
    {
      role: 'entrypoint',
      words: ['/entrypoint.sh', 'nginx', '-g', 'daemon off;'],
      chain: ['/entrypoint.sh', '/bin/sh', '/usr/bin/dash'],
      ends: 'linux/arm64',
      ok: true,
    },
    { role: 'command', words: ['server'], chain: ['/usr/local/bin/server'], ends: 'linux/amd64', ok: false },
    { role: 'healthcheck', words: ['check | grep ok'], chain: [], ends: 'a text for a shell' },
  ],
  causes: ['ARG TARGETARCH has the default amd64, which hides what the builder says'],
  findings: [
    ...['/usr/local/bin/server', '/usr/local/bin/one', '/usr/local/bin/two', '/usr/local/bin/three'].map(
      (path) => finding('error', { verdict: 'reachable', role: 'command', path, layer: copied }),
    ),
    finding('error', {
      kind: 'missing-library',
      path: '/usr/lib/nginx/modules/x.so',
      layer: { index: 0, digest: digest('b') },
      found: 'no libfoo.so.1',
      expected: 'libfoo.so.1',
      why: 'nginx stops when it loads the module',
    }),
    finding('warning', { kind: 'label', found: 'no variant', expected: 'v8', why: 'old clients ask for it' }),
    finding('note', { verdict: 'inert', path: '/usr/share/test.bin', layer: copied }),
    finding('note', { verdict: 'shadowed', path: '/app/x.jar!/linux-x86-64/y.so', layer: copied }),
  ],
  files: 4711,
  bytes: 48_000_000,
  runs: [
    smokeRun('passed', { exitCode: 0, seconds: 0.42 }),
    smokeRun('failed', {
      command: ['server', '--version'],
      exitCode: 255,
      seconds: 1,
      output: 'one\ntwo\n\nexec format error\n',
      why: 'the kernel does not start it',
    }),
  ],
});
const sample = auditResult([imageAudit('docker.io/library/nginx:1'), mislabelled, auditIn('unknown')]);

test('the sample is what an audit gives', () => {
  expect(auditResultSchema.parse(sample)).toEqual(sample);
});

test('people read the worst image first: what it is, what it starts, why, what was found, and the totals', () => {
  expect(renderAuditTable(sample)).toMatchInlineSnapshot(`
    "mislabelled  docker.io/acme/web:1.2  linux/arm64
      why      what it starts is an amd64 program
      label    index linux/arm64/v8, config linux/arm64, bytes linux/amd64
               machine code: 300 amd64, 12 arm64 files
      starts   entrypoint /entrypoint.sh nginx -g "daemon off;"
               /entrypoint.sh → /bin/sh → /usr/bin/dash: linux/arm64
      fails    command server
               /usr/local/bin/server: linux/amd64
      unsure   healthcheck "check | grep ok"
               a text for a shell
      cause    ARG TARGETARCH has the default amd64, which hides what the builder says
      error    foreign-code, reachable (4)
                 /usr/local/bin/server (command)
                 /usr/local/bin/one (command)
                 /usr/local/bin/two (command)
                 and 1 more like it
                   found an amd64 ELF program, expected arm64 machine code
                   layer 3, sha256:aaaaaaaaaaaa: COPY file:0123 in /usr/local/bin/
                   it can not run on arm64 hosts
      error    missing-library (1)
                 /usr/lib/nginx/modules/x.so
                   found no libfoo.so.1, expected libfoo.so.1
                   layer 0, sha256:bbbbbbbbbbbb
                   nginx stops when it loads the module
      warning  label (1)
                 the image as a whole
                   found no variant, expected v8
                   old clients ask for it
      notes    2: --all lists them
      run      passed: nginx -v (docker, exit 0, 0.4 s)
               it is passed
      run      failed: server --version (docker, exit 255, 1.0 s)
               the kernel does not start it
                 one
                 two
                 exec format error

    unknown (timeout)  docker.io/library/unknown:1  linux/arm64
      why      it is unknown

    right  docker.io/library/nginx:1  linux/arm64
      why      what it starts is arm64 machine code, and its documents say so

    3 images: 1 right, 1 mislabelled, 1 unknown · 5 errors, 1 warning, 2 notes · 2 smoke runs: 1 passed, 1 failed · exit 1: an image is not what its label says
    "
  `);
});

test('asked for everything, it lists notes, every path, whole digests and what was read', () => {
  expect(renderAuditTable(auditResult([mislabelled]), { all: true, detail: true })).toMatchInlineSnapshot(`
    "mislabelled  docker.io/acme/web:1.2  linux/arm64
      why      what it starts is an amd64 program
      label    index linux/arm64/v8, config linux/arm64, bytes linux/amd64
               machine code: 300 amd64, 12 arm64 files
      starts   entrypoint /entrypoint.sh nginx -g "daemon off;"
               /entrypoint.sh → /bin/sh → /usr/bin/dash: linux/arm64
      fails    command server
               /usr/local/bin/server: linux/amd64
      unsure   healthcheck "check | grep ok"
               a text for a shell
      cause    ARG TARGETARCH has the default amd64, which hides what the builder says
      error    foreign-code, reachable (4)
                 /usr/local/bin/server (command)
                 /usr/local/bin/one (command)
                 /usr/local/bin/two (command)
                 /usr/local/bin/three (command)
                   found an amd64 ELF program, expected arm64 machine code
                   layer 3, sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:
                   COPY file:0123 in /usr/local/bin/
                   it can not run on arm64 hosts
      error    missing-library (1)
                 /usr/lib/nginx/modules/x.so
                   found no libfoo.so.1, expected libfoo.so.1
                   layer 0, sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
                   nginx stops when it loads the module
      warning  label (1)
                 the image as a whole
                   found no variant, expected v8
                   old clients ask for it
      note     foreign-code, inert (1)
                 /usr/share/test.bin
                   found an amd64 ELF program, expected arm64 machine code
                   layer 3, sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:
                   COPY file:0123 in /usr/local/bin/
                   it can not run on arm64 hosts
      note     foreign-code, shadowed (1)
                 /app/x.jar!/linux-x86-64/y.so
                   found an amd64 ELF program, expected arm64 machine code
                   layer 3, sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:
                   COPY file:0123 in /usr/local/bin/
                   it can not run on arm64 hosts
      run      passed: nginx -v (docker, exit 0, 0.4 s)
               it is passed
      run      failed: server --version (docker, exit 255, 1.0 s)
               the kernel does not start it
                 one
                 two
                 exec format error
      digest   sha256:1111111111111111111111111111111111111111111111111111111111111111
      manifest sha256:2222222222222222222222222222222222222222222222222222222222222222
      read     4711 files, 48 MB of layers
      has      linux/amd64, linux/arm64

    1 image: 1 mislabelled · 5 errors, 1 warning, 2 notes · 2 smoke runs: 1 passed, 1 failed · exit 1: an image is not what its label says
    "
  `);
});

test('every verdict has its place, so that no image can vanish', () => {
  const images = auditVerdicts.map((verdict) => auditIn(verdict));
  const text = renderAuditTable(auditResult(images));
  for (const { reference, why } of images) {
    expect(text).toContain(reference);
    expect(text).toContain(`why      ${why}\n`);
  }
});

test('a thousand files with the same trouble are a few lines, with the number of them', () => {
  const findings = Array.from({ length: 1000 }, (_, index) =>
    finding('error', { path: `/lib/${index}.so`, why: `it is needed by ${index % 100}` }),
  );
  const text = renderAuditTable(
    auditResult([imageAudit('docker.io/a/b:1', { findings, findingsOmitted: 7 })]),
  );
  expect(text.split('\n').length).toBeLessThan(50);
  expect(text).toContain('foreign-code (1000)');
  expect(text).toMatch(/ {2}and 950 more\n/);
  expect(text).toContain('7 findings more than this result can list');
  const detailed = renderAuditTable(auditResult([imageAudit('docker.io/a/b:1', { findings })]), {
    detail: true,
  });
  for (const { path } of findings) expect(detailed).toContain(`  ${path}\n`);
});

test('a label that agrees is not repeated; variants are no contradiction', () => {
  const label = { index: 'linux/arm64/v8', config: 'linux/arm64', bytes: 'linux/arm64', code: { arm64: 3 } };
  const result = auditResult([imageAudit('docker.io/a/b:1', { label })]);
  expect(renderAuditTable(result)).not.toMatch(/^ {2}label/m);
  expect(renderAuditTable(result, { detail: true })).toContain(
    'label    index linux/arm64/v8, config linux/arm64, bytes linux/arm64\n           machine code: 3 arm64 files\n',
  );
});

const hostile = '\u001b[2J\u001b]8;;http://evil.example\u0007\u009b31m\n3 images: 3 right\r\b\u202e';

function hostileImage(): ImageAudit {
  const texts = { found: hostile, expected: hostile, why: hostile, kind: hostile, role: hostile };
  return imageAudit(`docker.io/a/${hostile}`, {
    written: hostile,
    platform: hostile,
    digest: hostile,
    manifest: hostile,
    verdict: 'mislabelled',
    why: hostile,
    label: { index: hostile, config: hostile, bytes: hostile, code: { [hostile]: 1 } },
    entries: [{ role: 'entrypoint', words: [hostile], chain: [hostile], ends: hostile, ok: false }],
    causes: [hostile],
    findings: [
      finding('error', {
        ...texts,
        path: hostile,
        layer: { index: 0, digest: hostile, diffId: hostile, history: hostile },
      }),
    ],
    platforms: [hostile],
    runs: [smokeRun('failed', { command: [hostile], means: hostile, output: hostile, why: hostile })],
  });
}

test('hostile text from images cannot drive the terminal or forge lines', () => {
  for (const color of [true, false]) {
    const text = renderAuditTable(auditResult([hostileImage()]), { color, all: true, detail: true });
    // Of escape sequences there are only our own, which set and reset colours.
    const ours = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(text.replace(ours, '').replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).not.toMatch(/^3 images/m);
  }
});

test('lines keep to the width, and a path is never broken', () => {
  const path = `/${'a-long-folder/'.repeat(8)}file with spaces.so`;
  const image = imageAudit('docker.io/a/b:1', {
    verdict: 'mislabelled',
    why: 'a sentence that is quite a bit longer than such a narrow terminal is wide',
    causes: ['a cause that is quite a bit longer than such a narrow terminal is wide'],
    findings: [
      finding('error', { path, layer: copied, why: 'a reason that is longer than the terminal is wide' }),
    ],
  });
  const lines = renderAuditTable(auditResult([image]), { columns: 50 }).split('\n');
  const tooLong = lines.filter((line) => line.length > 50 && !line.startsWith('1 image'));
  expect(tooLong.map((line) => line.trim())).toEqual([path]);
});

test('a run without any means says no more than it knows', () => {
  const runs = [smokeRun('not-run', { means: '', why: 'there is neither Docker nor a user namespace' })];
  const text = renderAuditTable(auditResult([imageAudit('docker.io/a/b:1', { runs })]));
  expect(text).toContain('  run      not-run: nginx -v\n           there is neither Docker');
});

test('colour changes nothing but colour', () => {
  const colored = renderAuditTable(sample, { color: true });
  expect(colored).not.toBe(renderAuditTable(sample));
  expect(stripVTControlCharacters(colored)).toBe(renderAuditTable(sample));
});
