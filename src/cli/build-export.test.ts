import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fakeIo } from '../../test/support/fake-io.ts';
import { run } from './build-export.ts';
import { reportFailure } from './failure.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-export-'));
  await writeFile(
    join(folder, 'recipe.yaml'),
    `schemaVersion: 1
kind: recipe
name: sample
parameters: { tag: { default: one }, token: { type: secret, default: TOKEN } }
steps:
  make:
    run: [echo, '\${{ parameters.tag }}']
    environment: { SECRET: '\${{ parameters.token }}' }
    timeout: 24h
`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function exportBuild(...args: readonly string[]) {
  const io = fakeIo({ cwd: folder, environment: { TOKEN: 'sesame' } });
  const code = await run(args, io).catch((error: unknown) => reportFailure(error, { io, verbose: false }));
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

test('a script is printed, with its parameters and without any secret', async () => {
  const { code, stdout, stderr } = await exportBuild('./recipe.yaml', '--as', 'shell', '--param', 'tag=two');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^#!\/bin\/sh\n/);
  expect(stdout).toContain('run_words echo two\n');
  expect(stdout).not.toContain('sesame');
});

test('a workflow is written to a file, and what it may not do is said beside it', async () => {
  const { code, stdout, stderr } = await exportBuild(
    ...['recipe.yaml', '--as', 'github-actions', '--runs-on', 'self-hosted,ARM64', '--output', 'w.yaml'],
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(stderr).toMatch(
    /wrote w\.yaml: 1 steps\narmload: warning: Machines of GitHub’s end a job after 6 h/,
  );
  expect(parse(await readFile(join(folder, 'w.yaml'), 'utf8')).jobs.build['runs-on']).toEqual([
    'self-hosted',
    'ARM64',
  ]);
});

test('the catalog’s recipes are exported by the name of their product', async () => {
  const { code, stdout } = await exportBuild('istio@1.14.1', '--as', 'shell', '--param', 'tag=1.14.1');
  expect(code).toBe(0);
  expect(stdout).toContain('gives take_image pilot istio/pilot:1.14.1 linux/arm64\n');
});

test.each([
  [['recipe.yaml'], /--as/],
  [['recipe.yaml', '--as', 'tekton'], /tekton/],
  [['recipe.yaml', '--as', 'shell', '--runs-on', 'x'], /--runs-on is for/],
  [['recipe.yaml', '--as', 'github-actions', '--runs-on', 'a b'], /no label/],
  [['recipe.yaml', '--as', 'shell', '--param', 'tga=1'], /did you mean "tag"/],
  [['recipe.yaml', '--as', 'shell', '--param', 'token=not-a-name'], /never its value/],
  [['none.yaml', '--as', 'shell'], /can't read the recipe/],
  [['broken.yaml', '--as', 'shell'], /steps/],
  [['recipe.yaml', '--as', 'shell', '--output', 'no/such/folder'], /can't write/],
])('%j is wrong usage, and leaves nothing', async (args, problem) => {
  await writeFile(join(folder, 'broken.yaml'), 'schemaVersion: 1\nkind: recipe\nname: x\n');
  const { code, stdout, stderr } = await exportBuild(...args);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(problem);
  expect((await readdir(folder)).sort()).toEqual(['broken.yaml', 'recipe.yaml']);
});
