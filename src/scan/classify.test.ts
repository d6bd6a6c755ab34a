import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { classifyInputs } from './classify.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-classify-'));
  await mkdir(join(folder, 'nginx'));
  await writeFile(join(folder, 'list'), 'nginx\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['nginx', 'nginx'],
  ['./list', './list'],
  ['-', '-'],
  ['redis', { kind: 'argument', text: 'redis' }],
  [
    'redis:7@sha256:'.concat('a'.repeat(64)),
    { kind: 'argument', text: 'redis:7@sha256:'.concat('a'.repeat(64)) },
  ],
  ['ghcr.io/acme/app:1.yaml-2', { kind: 'argument', text: 'ghcr.io/acme/app:1.yaml-2' }],
])('%s is taken for %j: what exists is a path', async (text, input) => {
  expect(await classifyInputs([text], folder)).toEqual({ inputs: [input], located: [] });
});

test.each(['oci:nginx', 'oci-archive:a.tar', 'docker-archive:a.tar:app:1', 'docker://redis:7'])(
  '%s names an image by its transport',
  async (text) => {
    expect(await classifyInputs([text], folder)).toEqual({ inputs: [], located: [text] });
  },
);

test.each([
  ['./absent', 'INPUT_NOT_FOUND'],
  ['../absent', 'INPUT_NOT_FOUND'],
  ['/absent', 'INPUT_NOT_FOUND'],
  ['absent/', 'INPUT_NOT_FOUND'],
  ['absent.yaml', 'INPUT_NOT_FOUND'],
  ['', 'INPUT_NOT_FOUND'],
  ['Nginx', 'REFERENCE_INVALID'],
  ['ftp://nginx', 'USAGE'],
  ['oci:', 'USAGE'],
])('%j is a mistake, told at once (%s)', async (text, code) => {
  await expect(classifyInputs([text], folder)).rejects.toMatchObject({ code });
});
