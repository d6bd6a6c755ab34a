import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import {
  type Built,
  buildImage,
  executable,
  multiArch,
  platformOf,
  push,
  writeElf,
} from '../fixture/index.ts';
import { openLayout } from '../registry/index.ts';
import { auditResultSchema } from '../results/index.ts';
import { run } from './run.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-audit-'));
  const layout = await openLayout(join(directory, 'layout'), { create: true });
  await push(layout, multiArch('linux/amd64', 'linux/arm64'), { tag: 'honest' });
  await push(layout, liar(), { tag: 'liar' });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Says arm64, starts amd64. */
function liar(): Promise<Built> {
  return buildImage({
    platform: platformOf('linux/arm64'),
    layers: [
      [executable('app', writeElf({ machine: 'amd64' })), executable('tool', writeElf({ machine: 'arm64' }))],
    ],
    config: { Entrypoint: ['/app'] },
    history: ['COPY app tool /'],
  });
}

async function audit(args: readonly string[], options: { stdin?: string; abort?: boolean } = {}) {
  const io = fakeIo({ cwd: directory, environment: {}, stdin: options.stdin ?? '' });
  if (options.abort) io.abort.abort();
  const code = await run(['audit', '--no-cache', ...args], io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

describe('the exit code of', () => {
  test.each([
    ['an honest image', ['oci:layout:honest'], 0, '1 image: 1 right'],
    ['one that lies', ['oci:layout:liar'], 1, '1 image: 1 mislabelled'],
    ['one that is not there', ['oci:layout:none'], 2, '1 image: 1 unknown'],
    [
      'all of them: 2 never hides 1',
      ['oci:layout:none', 'oci:layout:liar', 'oci:layout:honest'],
      1,
      '3 images',
    ],
    ['one without the platform', ['oci:layout:honest', '-p', 'linux/s390x'], 1, '1 image: 1 missing'],
    ['every platform of an honest one', ['oci:layout:honest', '--all-platforms'], 0, '2 images: 2 right'],
    ['one that lies, where that is let pass', ['oci:layout:liar', '--fail-on', 'none'], 0, '1 mislabelled'],
    ['a list on stdin', ['-'], 1, '2 images: 1 right, 1 mislabelled'],
  ])('%s', async (_name, args, code, counts) => {
    const stdin = 'oci:layout:honest # good\n\noci:layout:liar\n';
    const end = await audit(args, { stdin });
    expect([end.code, end.stderr]).toEqual([code, '']);
    const totals = end.stdout.trimEnd().split('\n').at(-1);
    expect(totals).toContain(counts);
    expect(totals).toMatch(new RegExp(`exit ${code}: .+$`));
  });
});

test('people read which path of which layer it is', async () => {
  const { stdout } = await audit(['oci:layout:liar']);
  expect(stdout).toMatch(/^mislabelled {2}oci:layout:liar {2}linux\/arm64\n/);
  expect(stdout).toContain('\n  fails    entrypoint /app\n');
  expect(stdout).toMatch(/ {2}\/app \(.*\)\n/);
  expect(stdout).toMatch(/layer 0, sha256:[0-9a-f]{12}: COPY app tool \//);
});

test('what Kubernetes starts goes before what the image says', async () => {
  const { stdout } = await audit([
    'oci:layout:liar',
    '--command',
    '/tool',
    '--args',
    '--port',
    '--args',
    '["80"]',
  ]);
  expect(stdout).toMatch(/starts {3}(entrypoint|command) \/tool/);
  expect(stdout).not.toMatch(/^ {2}fails/m);
});

test('JSON keeps to its schema and is the same however the references are ordered', async () => {
  const images = ['oci:layout:honest', 'oci:layout:liar'];
  const first = await audit([...images, '--format', 'json']);
  const second = await audit([...images.toReversed(), '--format', 'json']);
  expect(auditResultSchema.parse(JSON.parse(first.stdout)).images).toHaveLength(2);
  expect(second).toEqual(first);
});

test('the report goes into a file whole, and the totals to stderr', async () => {
  const end = await audit(['oci:layout:liar', '-f', 'markdown', '-o', 'audit.md']);
  expect(end).toMatchObject({ code: 1, stdout: '' });
  expect(end.stderr).toMatch(/^armload: wrote audit\.md: 1 image: 1 mislabelled .* exit 1: .*\n$/);
  expect(await readFile(join(directory, 'audit.md'), 'utf8')).toMatch(/^## `linux\/arm64` audit\n/);
});

test('the policy may stand in the configuration', async () => {
  await writeFile(join(directory, 'own.yaml'), 'audit:\n  failOn: none\n');
  expect(await audit(['oci:layout:liar', '-c', 'own.yaml'])).toMatchObject({ code: 0 });
});

test('an image over the budget is unknown, not right', async () => {
  const end = await audit(['oci:layout:honest', '--max-bytes', '10B']);
  expect([end.code, end.stdout]).toEqual([2, expect.stringContaining('unknown (too-large)')]);
});

test('an interruption is 130, and nothing is called unknown for it', async () => {
  expect(await audit(['oci:layout:honest'], { abort: true })).toEqual({
    code: 130,
    stdout: '',
    stderr: 'armload: interrupted; no result was written\n',
  });
});

test('a deep scan reads the bytes too, within its budget', async () => {
  const scan = async (...args: readonly string[]) => {
    const io = fakeIo({ cwd: directory });
    const code = await run(['scan', '--no-cache', ...args], io);
    return [code, io.stdout.text.trimEnd().split('\n').at(-1)];
  };
  expect(await scan('oci:layout:liar')).toEqual([0, expect.stringContaining('1 ready')]);
  expect(await scan('--deep', 'all', 'oci:layout:liar')).toEqual([
    1,
    expect.stringContaining('1 mislabelled'),
  ]);
  expect(await scan('--deep', 'oci:layout:liar')).toEqual([0, expect.stringContaining('1 ready')]);
  expect(await scan('--deep=all', '--deep-bytes', '10B', 'oci:layout:liar')).toEqual([
    0,
    expect.stringContaining('1 ready'),
  ]);
});
