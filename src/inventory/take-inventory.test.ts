import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/index.ts';
import { takeInventory } from './take-inventory.ts';
import { inventoryOf, lookups, places, withFolder } from './test-folder.test-support.ts';

const pod = (image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "${image}"}]}\n`;

describe('inputs', () => {
  test('files, folders, stdin and references, in their order', async () => {
    const inventory = await inventoryOf(
      { 'b/x.yaml': pod('b:1'), 'a.yaml': pod('a:1') },
      [
        'b',
        { kind: 'argument', text: 'quay.io/acme/app:1' },
        './a.yaml',
        '-',
        { kind: 'argument', text: 'a/NOT' },
      ],
      { stdin: async () => '\uFEFF# from kubectl\nnginx\n\nredis:7 # cache\n' },
    );
    expect(lookups(inventory)).toEqual(['b:1', 'quay.io/acme/app:1', 'a:1', 'nginx', 'redis:7', '? a/NOT']);
    expect(inventory.uses.map(({ use }) => [use.source, use.file, use.line])).toEqual([
      ['kubernetes', 'b/x.yaml', 4],
      ['argument', undefined, undefined],
      ['kubernetes', 'a.yaml', 4],
      ['list', '-', 2],
      ['list', '-', 4],
      ['argument', undefined, undefined],
    ]);
  });

  test('stdin goes through recognition', async () => {
    const inventory = await inventoryOf({}, ['-'], { stdin: async () => pod('x:1') });
    expect(inventory.uses).toMatchObject([{ written: 'x:1', use: { source: 'kubernetes', file: '-' } }]);
  });

  test('a path that is not there is a usage error that names it, before anything is read', async () => {
    const attempt = inventoryOf({ 'a.yaml': pod('a') }, ['a.yaml', 'nope/x.yaml']);
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(attempt).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringContaining('nope/x.yaml'),
    });
  });

  test('a named file that nothing recognises is a problem; in a folder it is ignored', async () => {
    const files = { 'a.yaml': 'hello: world\n', 'empty.yaml': '', 'b.bin': new Uint8Array([0, 1, 2]) };
    expect((await inventoryOf(files, ['a.yaml', 'empty.yaml', 'b.bin'])).problems).toMatchObject([
      { file: 'a.yaml', message: expect.stringContaining('none of what can be read') },
      { file: 'empty.yaml', message: 'it is empty' },
      { file: 'b.bin', message: 'it is a binary file' },
    ]);
    expect(await inventoryOf(files)).toEqual({ uses: [], workloads: [], problems: [] });
  });

  test('inputs that overlap count once', async () => {
    expect(lookups(await inventoryOf({ 'k/a.yaml': pod('a') }, ['.', 'k', 'k/a.yaml']))).toEqual(['a']);
  });

  test('an aborted signal ends the run', async () => {
    await expect(
      inventoryOf({ 'a.yaml': pod('a') }, ['.'], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('broken files', () => {
  test('a broken document is a problem with its place; the other documents and files are read', async () => {
    const broken = `${pod('one:1')}---\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n - image: bad\n---\n${pod('two:1')}`;
    const inventory = await inventoryOf({ 'a.yaml': broken, 'b.yaml': pod('three:1') });
    expect(lookups(inventory)).toEqual(['one:1', 'two:1', 'three:1']);
    expect(inventory.problems).toMatchObject([
      {
        file: 'a.yaml',
        line: 10,
        column: expect.any(Number),
        message: expect.stringContaining('not valid YAML'),
      },
    ]);
  });

  test('a closing bracket at the parent’s column is read by the second parser, with places', async () => {
    const text =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [\n    {name: c, image: "x:1"},\n    {name: d, image: y:1}\n  ]\n  args: [\n    a\n  ]\n';
    const inventory = await inventoryOf({ 'a.yaml': text });
    expect(inventory.problems).toEqual([]);
    expect(places(inventory)).toEqual(['a.yaml:6:23 x:1', 'a.yaml:7:22 y:1']);
  });

  test('invalid UTF-8 is a problem with its place, and the rest is read', async () => {
    const bytes = Buffer.concat([Buffer.from(pod('a:1')), Buffer.from([0x23, 0xff, 0xfe, 0x0a])]);
    const inventory = await inventoryOf({ 'a.yaml': bytes });
    expect(lookups(inventory)).toEqual(['a:1']);
    expect(inventory.problems).toMatchObject([{ file: 'a.yaml', line: 5, column: 2 }]);
  });

  test('a byte order mark and UTF-16 from PowerShell are read', async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(pod('b:1'), 'utf16le')]);
    const inventory = await inventoryOf({ 'a.yaml': `\uFEFF${pod('a:1')}`, 'b.yaml': utf16 });
    expect(places(inventory)).toEqual(['a.yaml:4:39 a:1', 'b.yaml:4:39 b:1']);
  });

  test('the size limit is a problem that names it', async () => {
    const inventory = await inventoryOf({ 'a.yaml': pod('a').padEnd(5000, '#') }, ['.'], {
      limits: { maxFileBytes: 1000 },
    });
    expect(inventory.problems).toMatchObject([
      { file: 'a.yaml', message: expect.stringContaining('1000 bytes') },
    ]);
  });
});

describe('folders', () => {
  test('.gitignore is obeyed, nested and with negation; tools’ folders are left out; the order is that of paths', async () => {
    const inventory = await inventoryOf({
      '.gitignore': '/build\n*.gen.yaml\n!keep.gen.yaml\n',
      'build/a.yaml': pod('ignored:1'),
      'x.gen.yaml': pod('ignored:2'),
      'keep.gen.yaml': pod('kept:1'),
      'sub/.gitignore': '!deep.gen.yaml\nlocal.yaml\n',
      'sub/deep.gen.yaml': pod('kept:2'),
      'sub/local.yaml': pod('ignored:3'),
      'sub/build/a.yaml': pod('kept:3'),
      'local.yaml': pod('kept:4'),
      'node_modules/m/Dockerfile': 'FROM ignored\n',
      '.git/a.yaml': pod('ignored:4'),
    });
    expect(lookups(inventory)).toEqual(['kept:1', 'kept:4', 'kept:3', 'kept:2']);
  });

  test('a hostile ignore pattern can’t hang the walk', async () => {
    const name = 'a'.repeat(200);
    const started = performance.now();
    const inventory = await inventoryOf({
      '.gitignore': `${'*a'.repeat(40)}b\n`,
      [`${name}.yaml`]: pod('a:1'),
    });
    expect(lookups(inventory)).toEqual(['a:1']);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('links are not followed out of the folder, nor in circles', async () => {
    await withFolder({ 'out/secret.yaml': pod('out:1'), 'in/a.yaml': pod('in:1') }, async (folder) => {
      await symlink(join(folder, 'out'), join(folder, 'in/link'));
      await symlink(join(folder, 'out/secret.yaml'), join(folder, 'in/file.yaml'));
      await symlink(join(folder, 'in'), join(folder, 'in/loop'));
      expect(lookups(await takeInventory(['in'], { cwd: folder }))).toEqual(['in:1']);
      expect(lookups(await takeInventory(['in/file.yaml'], { cwd: folder }))).toEqual(['out:1']);
    });
  });

  test('what can’t be read is a problem', async () => {
    await withFolder({ 'a.yaml': pod('a:1') }, async (folder) => {
      await chmod(join(folder, 'a.yaml'), 0);
      await mkdir(join(folder, 'closed'), { mode: 0 });
      const inventory = await takeInventory(['.'], { cwd: folder });
      await chmod(join(folder, 'closed'), 0o700);
      // Root reads everything.
      if (process.getuid?.() === 0) expect(lookups(inventory)).toEqual(['a:1']);
      else expect(new Set(inventory.problems.map(({ file }) => file))).toEqual(new Set(['closed', 'a.yaml']));
    });
  });

  test('more files than the limit are a problem', async () => {
    const inventory = await inventoryOf({ 'a.yaml': pod('a'), 'b.yaml': pod('b') }, ['.'], {
      limits: { maxFiles: 1 },
    });
    expect(lookups(inventory)).toEqual(['a']);
    expect(inventory.problems).toMatchObject([
      { file: 'b.yaml', message: expect.stringContaining('more than 1 files') },
    ]);
  });

  test('prose and programs that quote manifests are not read', async () => {
    expect(
      lookups(
        await inventoryOf({
          'README.md': pod('a'),
          'x.go': pod('b'),
          'notes.txt': 'see apiVersion and kind\n',
        }),
      ),
    ).toEqual([]);
  });
});

describe('lists', () => {
  test('an unmistakable list is found in a folder; words, paths and passwords are not', async () => {
    const inventory = await inventoryOf({
      'images.txt': '# ours\nnginx:1.27\n  quay.io/acme/app@sha256:0  # broken\nredis\n\nbusybox',
      'fleet.list': 'quay.io/acme/a:1\nquay.io/acme/b:2\n',
      'words.txt': 'alpha\nbeta\n',
      'sources.txt': 'src/a.c\nsrc/b.c\n',
      'users.txt': 'alice:secret\nbob:hunter2\n',
      'requirements.txt': 'requests==2.0\n',
    });
    expect(lookups(inventory)).toEqual([
      'quay.io/acme/a:1',
      'quay.io/acme/b:2',
      'nginx:1.27',
      '? quay.io/acme/app@sha256:0',
      'redis',
      'busybox',
    ]);
    expect(places(inventory)[3]).toBe('images.txt:3:3 quay.io/acme/app@sha256:0');
  });

  test('a file that a person names may be any list', async () => {
    expect(lookups(await inventoryOf({ fleet: 'nginx\nredis:7\n' }, ['fleet']))).toEqual([
      'nginx',
      'redis:7',
    ]);
  });
});
