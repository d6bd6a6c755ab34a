import { describe, expect, test } from 'vitest';
import { finding, imageAudit, smokeRun } from '../../../test/support/audit-result.ts';
import { portResult, refusal, refusedPort } from '../../../test/support/port-result.ts';
import { digestNumber } from '../../../test/support/publish-result.ts';
import { portResultSchema } from '../../results/index.ts';
import { formats } from '../formats.ts';
import { renderAccount } from './account.ts';
import { renderPortMarkdown } from './markdown.ts';
import { portOutcomeOf } from './outcome.ts';
import { nextStepOf, portTotalsOf } from './sentences.ts';
import { renderPortTable } from './table.ts';

const short = (number: number) => digestNumber(number).slice(0, 19);
const unsure = refusal({ undetermined: true, why: 'the archive did not answer' });

describe('the exit code', () => {
  test.each([
    ['published', portResult(), 0],
    ['unchanged', portResult({ outcome: 'unchanged' }), 0],
    ['planned', portResult({ outcome: 'planned' }), 0],
    ['unneeded', portResult({ outcome: 'unneeded' }), 0],
    ['refused', refusedPort([refusal()]), 1],
    ['unknown', refusedPort([unsure]), 2],
    ['refused and unknown: 2 never hides 1', refusedPort([unsure, refusal()]), 1],
    [
      'called unknown with a sure refusal: 2 never hides 1',
      refusedPort([unsure, refusal()], { outcome: 'unknown' }),
      1,
    ],
  ])('of what is %s', (_name, result, code) => {
    expect(portOutcomeOf(result).code).toBe(code);
    expect(portTotalsOf(result)).toMatch(new RegExp(`exit ${code}: .+$`));
  });
});

test('the table says what became of the image, of what it is made, what proves it, and what to do next', () => {
  const result = portResult({
    materials: [
      {
        origin: 'debian',
        name: 'libz1',
        version: '1:1.2.13',
        architecture: 'arm64',
        uri: 'https://archive.example/libz1.deb',
        sha256: 'b'.repeat(64),
        size: 60_000,
        notes: ['upgraded from 1:1.2.12'],
      },
      {
        origin: 'debian',
        name: 'libc6',
        uri: 'https://archive.example/libc6.deb',
        sha256: 'c'.repeat(64),
        size: 40_000,
      },
      { origin: 'release', name: 'tool', uri: 'https://release.example/tool', sha256: 'd'.repeat(64) },
    ],
    config: [
      { member: 'config.Env.LANG', action: 'kept', why: 'set above the base' },
      { member: 'config.Env.JAVA_HOME', action: 'mapped', why: 'it named amd64' },
    ],
    notes: ['the cache of the loader was made anew'],
    waivers: [{ path: '/opt/old.so', reason: 'never loaded', used: true }],
    attachments: [
      {
        kind: 'provenance',
        digest: digestNumber(50),
        artifactType: 'application/vnd.in-toto+json',
        signed: true,
      },
    ],
  });
  expect(renderPortTable(result)).toBe(`published  registry.example/app:1  linux/arm64
  why      every path above the base is accounted for
  source   docker.io/acme/app:1  linux/amd64  ${short(1)}
  base     docker.io/library/debian:12-slim
           by provenance, 1 layer, ${short(21)} → ${short(22)}
           its sibling has newer packages of the same release: 1 newer
           --all lists 1 difference
  layer    base        ${short(30)}  28 MB
           kept        ${short(31)}  1.2 KB
           rewritten   ${short(32)}  3.4 MB  from ${short(33)}  12 paths changed
  account  312 paths: 300 kept, 10 replaced, 2 dropped
  from     debian: 2 packages, 100 KB: libz1 1:1.2.13 arm64, libc6
           libz1 1:1.2.13 arm64: upgraded from 1:1.2.12
  from     release: 1 file: tool
  config   config.Env.JAVA_HOME mapped: it named amd64
  note     the cache of the loader was made anew
  waived   /opt/old.so: never loaded
  audit    right: what it starts is arm64 machine code, and its documents say so
  attached provenance  ${short(50)}  application/vnd.in-toto+json  signed
  index    ${digestNumber(9)}  OCI index, 2 images
           linux/amd64  ${short(1)}  from docker.io/acme/app:1
           linux/arm64  ${short(2)}  from the port
           2 blobs: 1 uploaded (12 MB), 1 there already (480 KB)

published · 3 layers: 1 of the base, 1 kept, 1 rewritten · 312 paths: 300 kept, 10 replaced, 2 dropped · 3.4 MB new of 31 MB · exit 0: the port is published
Use registry.example/app:1 in the place of docker.io/acme/app:1: it has linux/amd64, linux/arm64.
`);
});

test('a refusal says path, layer, guess, why and what lifts it, and what is alike once', () => {
  const alike = ['/a', '/b', '/c', '/d'].map((path) => refusal({ path }));
  const result = refusedPort([...alike, refusal({ path: '/e', why: 'it is another' }), unsure]);
  const table = renderPortTable(result);
  expect(table).toContain(`  refused  no-counterpart (5)
             /a
             /b
             /c
             and 1 more like it: --all lists them
               layer 2, ${short(33)}: COPY tool /opt/app/
               seems to be from go: example.com/tool v1.2.3
               it is amd64 machine code, and nothing answers for it
               Name a file for it with --replace PATH=FILE.
             /e
               layer 2,`);
  expect(table).toMatch(/ {2}unknown {2}no-counterpart \(1\)\n/);
  expect(table).toContain('5 refusals, 1 undetermined · exit 1: the port is refused');
  expect(table).toMatch(/\nLift what is refused as said above, and run it again; nothing was written\.\n$/);
  expect(renderPortTable(result, { all: true })).toContain('/d\n');
});

test('sentences that differ by the path alone are said once', () => {
  const named = ['/a', '/b'].map((path) => refusal({ path, lift: `Name a file: --replace ${path}=FILE.` }));
  expect(renderPortTable(refusedPort(named)).match(/--replace/g)).toHaveLength(1);
});

test('a base that was not found says why, and what may be tried', () => {
  const base = {
    state: 'none' as const,
    why: 'nothing names one',
    candidates: [
      { reference: 'docker.io/a', evidence: 'label', outcome: 'rejected' as const, why: 'other layers' },
    ],
    proposals: [{ reference: 'docker.io/library/debian:12', why: 'os-release says Debian 12' }],
  };
  const table = renderPortTable(portResult({ base }));
  expect(table).toContain(`  base     none: nothing names one
  try      --base docker.io/library/debian:12: os-release says Debian 12
`);
  expect(table).not.toContain('other layers');
  expect(renderPortTable(portResult({ base }), { detail: true })).toContain('(label) rejected: other layers');
});

test('--all lists differences and packages, every detail also each path that changed', () => {
  const materials = [
    { origin: 'debian', name: 'libc6', uri: 'https://archive.example/libc6.deb', sha256: 'c'.repeat(64) },
  ];
  const all = renderPortTable(portResult({ materials }), { all: true });
  expect(all).toContain('package libc6: 2.36-9 → 2.36-10 (newer): same release');
  expect(all).toContain('https://archive.example/libc6.deb');
  expect(all).not.toContain('usr/bin/tool');
  const detail = renderPortTable(portResult({ materials }), { detail: true });
  expect(detail).toContain('replaced /usr/bin/tool from tool 1.2 (arm64): of a package');
  expect(detail).not.toContain('etc/tool.conf');
});

test('findings of the audit are shown, its notes counted', () => {
  const audit = imageAudit('registry.example/app:1', {
    verdict: 'mixed',
    why: 'a file of others is used',
    findings: [
      finding('error', { verdict: 'reachable', path: '/usr/bin/yq' }),
      finding('note', { path: '/x' }),
    ],
    runs: [smokeRun('failed', { exitCode: 1 })],
  });
  const table = renderPortTable(portResult({ outcome: 'refused', audit }));
  expect(table).toContain('  audit    mixed: a file of others is used\n');
  expect(table).toContain('  error    foreign-code, reachable (1)\n');
  expect(table).toContain('  notes    1: --all lists them\n');
  expect(table).toContain('  run      failed: nginx -v');
});

test('what is refused by name is not told again as a finding', () => {
  const found = ['/opt/app/tool', '/opt/app/tool!/x.so', '/usr/bin/yq'];
  const audit = imageAudit('registry.example/app:1', {
    verdict: 'mixed',
    findings: found.map((path) => finding('error', { verdict: 'reachable', path })),
  });
  const result = portResult({ outcome: 'refused', audit, refusals: [refusal()] });
  const table = renderPortTable(result);
  expect(table).toContain('  error    foreign-code, reachable (1)\n             /usr/bin/yq\n');
  expect(renderPortTable(result, { all: true })).toContain('foreign-code, reachable (3)');
});

test.each([
  [
    'published under its own name',
    { destination: 'docker.io/acme/app:1' },
    'docker.io/acme/app:1 has linux/amd64, linux/arm64 now',
  ],
  [
    'planned without a destination',
    { outcome: 'planned' as const, destination: undefined },
    '--to DESTINATION',
  ],
  ['planned for one', { outcome: 'planned' as const }, 'run it again without --dry-run'],
  [
    'unneeded',
    { outcome: 'unneeded' as const, destination: undefined },
    'armload audit docker.io/acme/app:1 --platform linux/arm64',
  ],
  [
    'unneeded, and wanted elsewhere',
    { outcome: 'unneeded' as const },
    'armload publish registry.example/app:1 docker.io/acme/app:1',
  ],
  ['unknown', { outcome: 'unknown' as const }, 'Run it again when'],
])('what to do next when it is %s', (_name, fields, said) => {
  const { destination, ...rest } = { ...portResult(), ...fields };
  expect(nextStepOf(destination === undefined ? rest : { ...rest, destination })).toContain(said);
});

test('Markdown has tables for a pull request, and drives no forge', () => {
  const text = renderPortMarkdown(
    refusedPort([refusal({ path: '/a|b`c', why: '@team #1', lift: '<b>' }), refusal()], {
      waivers: [{ path: '/x', reason: '[a](https://evil.example)', used: false }],
    }),
  );
  expect(text).toContain('## `registry.example/app:1` for `linux/arm64`: refused');
  expect(text).toContain('### Refusals (2)');
  expect(text).toContain('### Waivers (1)');
  expect(text).toContain('exit 1');
  expect(text.replace(/\\./g, '')).not.toMatch(/<(?!br>)|\]\(|@team|#1/);
  const rows = text.split('\n').filter((line) => line.startsWith('| no-counterpart'));
  expect(rows.map((row) => row.replace(/\\./g, '').split('|').length)).toEqual([8, 8]);
});

test('Markdown of a published port fits a comment, whatever its size', () => {
  const refusals = Array.from({ length: 5000 }, (_, index) =>
    refusal({ path: `/${index}`, why: `${index}` }),
  );
  expect(renderPortMarkdown(portResult({ refusals })).length).toBeLessThan(65_536);
  const text = renderPortMarkdown(portResult(), { all: true });
  expect(text).toContain('### Layers (3)');
  expect(text).toContain('### Differences of the base (1)');
});

test('no format lets an image drive the terminal, and the JSON is the document itself', () => {
  const hostile = '\u001b[2J\u202e\nx\u0007';
  const result = portResult({
    why: hostile,
    notes: [hostile],
    source: { reference: hostile, written: hostile, platform: hostile, digest: hostile },
    refusals: [refusal({ kind: hostile, path: hostile, guess: hostile, why: hostile, lift: hostile })],
    waivers: [{ path: hostile, reason: hostile, used: true }],
    materials: [
      { origin: hostile, name: hostile, uri: hostile, sha256: hostile, notes: [hostile], signers: [hostile] },
    ],
    config: [{ member: hostile, action: hostile, why: hostile }],
    attachments: [{ kind: hostile, digest: hostile, artifactType: hostile, signed: false }],
    account: [
      {
        layer: 0,
        path: hostile,
        kind: 'file',
        outcome: 'replaced',
        to: hostile,
        origin: hostile,
        why: hostile,
      },
    ],
  });
  for (const format of formats)
    for (const drawing of [{}, { all: true }, { all: true, detail: true }]) {
      const text = format.renderPort(result, drawing);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
      if (format.name === 'json') expect(portResultSchema.parse(JSON.parse(text))).toEqual(result);
    }
  expect(renderAccount(result).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
});

test('the account by itself is one document, or a record a line', () => {
  const result = portResult();
  expect(JSON.parse(renderAccount(result))).toMatchObject({
    source: { reference: 'docker.io/acme/app:1' },
    image: digestNumber(2),
    totals: { kept: 300 },
    account: result.account,
  });
  const lines = renderAccount(result, { lines: true }).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(result.account);
});
