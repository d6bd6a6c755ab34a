import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOutputFile } from './output-file.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-output-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a result replaces the old file as a whole and leaves nothing else behind', async () => {
  await writeFile(join(directory, 'report.json'), 'old and longer');
  await chmod(join(directory, 'report.json'), 0o640);
  await (await openOutputFile('report.json', directory)).write('new');
  expect(await readFile(join(directory, 'report.json'), 'utf8')).toBe('new');
  expect((await stat(join(directory, 'report.json'))).mode & 0o777).toBe(0o640);
  expect(await readdir(directory)).toEqual(['report.json']);
});

test('a reader never sees a half-written file', async () => {
  const path = join(directory, 'report.json');
  const [first, second] = ['a'.repeat(300_000), 'b'.repeat(300_000)];
  await writeFile(path, first);
  const writing = (await openOutputFile(path, directory)).write(second);
  const seen = new Set<string>();
  for (let reads = 0; reads < 20; reads++) seen.add(await readFile(path, 'utf8'));
  await writing;
  seen.add(await readFile(path, 'utf8'));
  for (const text of seen) expect(text === first || text === second).toBe(true);
});

test('until the result is there, the old file is untouched', async () => {
  await writeFile(join(directory, 'report.json'), 'old');
  await openOutputFile('report.json', directory);
  expect(await readFile(join(directory, 'report.json'), 'utf8')).toBe('old');
  expect(await readdir(directory)).toEqual(['report.json']);
});

test('a link stays a link, and its target gets the result', async () => {
  await mkdir(join(directory, 'real'));
  await writeFile(join(directory, 'real', 'report.json'), 'old');
  await symlink(join('real', 'report.json'), join(directory, 'link.json'));
  await (await openOutputFile('link.json', directory)).write('new');
  expect(await readFile(join(directory, 'real', 'report.json'), 'utf8')).toBe('new');
  expect(await readdir(directory)).toEqual(['link.json', 'real']);
  expect(await readFile(join(directory, 'link.json'), 'utf8')).toBe('new');
});

test('a device is written to, not replaced', async () => {
  await (await openOutputFile('/dev/null', directory)).write('text');
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
});

test.each([
  ['a directory that is not there', 'nowhere/report.json'],
  ['a directory itself', '.'],
])('%s is told before the work starts', async (_name, file) => {
  await expect(openOutputFile(file, directory)).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
    message: expect.stringContaining(`can't write the result to "${file}"`),
  });
});

test('a directory that goes away meanwhile is told as well', async () => {
  const output = await openOutputFile('report.json', directory);
  await rm(directory, { recursive: true });
  await expect(output.write('text')).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
});
