import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolders } from './make-folders.ts';

test('folders are made with those above them, as often as asked', async () => {
  const root = await mkdtemp(join(tmpdir(), 'armload-folders-'));
  await Promise.all([
    makeFolders(join(root, 'a/b/c')),
    makeFolders(join(root, 'a/b/d')),
    makeFolders(join(root, 'a/b/c')),
  ]);
  await makeFolders(join(root, 'private'), 0o700);
  expect((await stat(join(root, 'a/b/c'))).isDirectory()).toBe(true);
  expect((await stat(join(root, 'private'))).mode & 0o777).toBe(0o700);
  await writeFile(join(root, 'file'), '');
  await expect(makeFolders(join(root, 'file/x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeFolders(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await rm(root, { recursive: true });
});

test.skipIf(!existsSync('/proc/self'))(
  'where nothing can be made, an error comes back, and soon',
  async () => {
    await expect(makeFolders('/proc/armload/cache')).rejects.toMatchObject({ code: 'ENOENT' });
  },
);
