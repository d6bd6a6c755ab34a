import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { executable, file, symlink, writeElf } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import type { NamedReplacement } from '../../options.ts';
import type { OriginPlan } from '../../origin-types.ts';
import { releaseOrigin } from './index.ts';
import { goProgram, imageOf, sha256, workplace, zipOf } from './release.test-support.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const amd64 = writeElf({ machine: 'amd64' });
const arm64 = writeElf({ machine: 'arm64' });
const app = executable('usr/bin/app', amd64);

interface Case {
  readonly above?: readonly TarMember[];
  readonly base?: readonly TarMember[];
  /** Files of this machine, by name. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  readonly replacements?: readonly NamedReplacement[];
  readonly taken?: readonly string[];
}

async function planOf(spec: Case): Promise<OriginPlan & { readonly cwd: string; readonly folder: string }> {
  const { above = [app], base = [], files = { app: arm64 }, taken = [] } = spec;
  const { context, cwd, remove } = workplace();
  closing.push(remove);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  const replacements = spec.replacements ?? [{ path: '/usr/bin/app', from: 'app' }];
  const origin = releaseOrigin(replacements, { cwd });
  const image = await imageOf(above, base);
  const plan = await origin.plan(image, { ...context, taken: new Set(taken) });
  return { ...plan, cwd, folder: context.folder };
}

/** Replaces one file by another, and gives what speaks against it. */
async function refusalsOf(replaced: Uint8Array | string, offered: Uint8Array | string) {
  const plan = await planOf({ above: [executable('usr/bin/app', replaced)], files: { app: offered } });
  const planned = plan.paths.size > 0;
  // What may be waived is planned for the case that it is.
  expect(planned).toBe(plan.refusals.every(({ waivable }) => waivable));
  return plan.refusals.map(({ why, waivable, undetermined }) => ({
    why,
    waivable,
    ...(undetermined && { undetermined }),
  }));
}

async function contentOf(plan: OriginPlan, path: string): Promise<Buffer> {
  const item = plan.paths.get(path);
  if (item?.action !== 'replace' || item.with.kind !== 'file') throw new Error(`${path} is not replaced`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of item.with.content()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a file of this machine', () => {
  test('takes the place of the program, with what was seen of it', async () => {
    const plan = await planOf({});
    expect(plan.refusals).toEqual([]);
    expect(plan.paths.get('usr/bin/app')).toEqual({
      action: 'replace',
      why: 'app was named for /usr/bin/app',
      with: {
        kind: 'file',
        content: expect.any(Function),
        size: arm64.length,
        sha256: sha256(arm64),
        origin: 'release: app',
        facts: expect.objectContaining({ kind: 'elf' }),
      },
    });
    expect(plan.materials).toEqual([
      { origin: 'release', name: 'app', uri: 'file:app', sha256: sha256(arm64), size: arm64.length },
    ]);
  });

  test('is copied: what becomes of it later changes nothing, and it can be read again', async () => {
    const plan = await planOf({});
    writeFileSync(join(plan.cwd, 'app'), 'other');
    expect(await contentOf(plan, 'usr/bin/app')).toEqual(Buffer.from(arm64));
    expect(await contentOf(plan, 'usr/bin/app')).toEqual(Buffer.from(arm64));
  });

  test('is compared with the hash that is named', async () => {
    const right = await planOf({ replacements: [{ path: '/usr/bin/app', from: `app#${sha256(arm64)}` }] });
    expect(right.refusals).toEqual([]);
    const wrong = await planOf({
      replacements: [{ path: '/usr/bin/app', from: 'app', sha256: 'a'.repeat(64) }],
    });
    expect(wrong.paths.size).toBe(0);
    expect(wrong.refusals).toMatchObject([
      {
        kind: 'counterpart',
        path: 'usr/bin/app',
        waivable: false,
        why: expect.stringContaining(sha256(arm64)),
      },
    ]);
  });

  test('that is not there, or is a folder, is wrong usage', async () => {
    const named = (from: string) => planOf({ replacements: [{ path: '/usr/bin/app', from }] });
    await expect(named('gone')).rejects.toMatchObject({
      code: 'INPUT_NOT_FOUND',
      message: expect.stringContaining('gone'),
    });
    await expect(named('.')).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });
});

describe('the path', () => {
  test('that is not there is refused, with what is there', async () => {
    const plan = await planOf({
      above: [executable('opt/app/bin/app', amd64)],
      replacements: [
        { path: '/usr/bin/app', from: 'app' },
        { path: '/opt/app/bin/ap', from: 'app' },
      ],
    });
    expect(plan.refusals.map(({ why }) => why)).toEqual([
      expect.stringContaining('/opt/app/bin/app'),
      expect.stringContaining('/opt/app/bin/app'),
    ]);
    expect(plan.paths.size).toBe(0);
  });

  test('of the base is refused', async () => {
    const plan = await planOf({ base: [app], above: [file('x', '')] });
    expect(plan.refusals).toMatchObject([{ why: expect.stringContaining("base's"), waivable: false }]);
  });

  test('of a folder is refused', async () => {
    const plan = await planOf({ replacements: [{ path: '/usr/bin', from: 'app' }] });
    expect(plan.refusals).toMatchObject([{ why: expect.stringContaining('directory') }]);
  });

  test('of a link stands for the file where it leads', async () => {
    const plan = await planOf({
      above: [executable('usr/bin/app-1', amd64), symlink('usr/bin/app', 'app-1'), symlink('bin', 'usr/bin')],
      replacements: [{ path: '/bin/app', from: 'app' }],
    });
    expect([...plan.paths.keys()]).toEqual(['usr/bin/app-1']);
    expect(plan.notes).toEqual(['/bin/app leads to /usr/bin/app-1, which is replaced']);
  });

  test('has the other names of the file go with it', async () => {
    const link: TarMember = { name: 'usr/bin/other', type: 'hardlink', linkName: 'usr/bin/app' };
    const plan = await planOf({ above: [app, link] });
    expect([...plan.paths.keys()]).toEqual(['usr/bin/app', 'usr/bin/other']);
    const twice = planOf({
      above: [app, link],
      replacements: [
        { path: '/usr/bin/app', from: 'app' },
        { path: '/usr/bin/other', from: 'app' },
      ],
    });
    await expect(twice).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('/usr/bin/other'),
    });
  });

  test('that another origin answers for is refused', async () => {
    const plan = await planOf({ taken: ['usr/bin/app'] });
    expect(plan.refusals).toMatchObject([{ why: expect.stringContaining('already'), waivable: false }]);
  });
});

describe('what is no counterpart', () => {
  const library = (machine: 'amd64' | 'arm64', soname: string) =>
    writeElf({ machine, kind: 'library', soname });

  test('machine code for another machine', async () => {
    expect(await refusalsOf(amd64, amd64)).toEqual([
      { why: expect.stringContaining('linux/amd64, not for linux/arm64'), waivable: false },
    ]);
    expect(await refusalsOf(amd64, writeElf({ machine: 'arm' }))).toMatchObject([{ waivable: false }]);
  });

  test('the right code with foreign code in it, unless a person says so', async () => {
    const both = Buffer.concat([arm64, Buffer.alloc(64), Buffer.from(amd64)]);
    const found = await refusalsOf(
      zipOf({ 'lib/a.so': library('amd64', 'a') }),
      zipOf({ 'lib/a.so': library('arm64', 'a'), 'lib/b.so': library('amd64', 'b') }),
    );
    expect(found).toEqual([{ why: expect.stringContaining('lib/b.so (amd64)'), waivable: true }]);
    const behind = [{ why: expect.stringMatching(/byte \d+ \(amd64\)/), waivable: true }];
    expect(await refusalsOf(amd64, both)).toEqual(behind);
  });

  test('a text or a script for a program', async () => {
    expect(await refusalsOf(amd64, '#!/bin/sh\nexec /usr/bin/other\n')).toEqual([
      { why: 'app is a script, and replaces an ELF file', waivable: false },
    ]);
    expect(await refusalsOf(amd64, 'Not Found\n')).toMatchObject([
      { why: expect.stringContaining('a text'), waivable: false },
    ]);
    expect(await refusalsOf(amd64, '')).toMatchObject([
      { why: expect.stringContaining('empty'), waivable: false },
    ]);
  });

  test('an archive for a program: its member is to be named', async () => {
    const plan = await planOf({ files: { app: zipOf({ 'dist/app': arm64 }) } });
    expect(plan.refusals).toMatchObject([
      { waivable: false, lift: expect.stringMatching(/!\/.*such as dist\/app/) },
    ]);
  });

  test('a library for a program, or a library of another name', async () => {
    expect(await refusalsOf(amd64, library('arm64', 'liba.so.1'))).toMatchObject([
      { why: expect.stringContaining('a shared library, and replaces a program'), waivable: false },
    ]);
    expect(await refusalsOf(library('amd64', 'liba.so.1'), library('arm64', 'liba.so.2'))).toEqual([
      { why: 'app is the library liba.so.2, and replaces liba.so.1', waivable: true },
    ]);
    expect(await refusalsOf(library('amd64', 'liba.so.1'), library('arm64', 'liba.so.1'))).toEqual([]);
  });

  test('code where there was none', async () => {
    expect(await refusalsOf('#!/bin/sh\n', arm64)).toMatchObject([
      { why: expect.stringContaining('without any'), waivable: true },
    ]);
    expect(await refusalsOf('#!/bin/sh\n', '{}')).toEqual([]);
    expect(
      await refusalsOf(zipOf({ 'a.so': library('amd64', 'a') }), zipOf({ 'a.txt': Buffer.from('x') })),
    ).toEqual([]);
  });

  test('another Go program, or another version of it', async () => {
    const tool = { module: 'example.org/tool', version: 'v1.2.3' };
    const was = goProgram({ machine: 'amd64', ...tool });
    const is = (more: object) => goProgram({ machine: 'arm64', ...tool, ...more });
    expect(await refusalsOf(was, is({}))).toEqual([]);
    expect(await refusalsOf(was, is({ version: 'v1.2.4' }))).toEqual([
      {
        why: 'app is the Go program example.org/tool of example.org/tool v1.2.4, and replaces example.org/tool of example.org/tool v1.2.3',
        waivable: true,
      },
    ]);
    expect(await refusalsOf(was, is({ path: 'example.org/tool/cmd/other' }))).toMatchObject([
      { waivable: true },
    ]);
    expect(await refusalsOf(was, is({ module: 'example.org/fork', path: 'example.org/tool' }))).toMatchObject(
      [{ waivable: true }],
    );
    expect(await refusalsOf(was, arm64)).toMatchObject([
      { why: expect.stringContaining('replaces the Go program example.org/tool'), waivable: true },
    ]);
    expect(await refusalsOf(amd64, is({}))).toMatchObject([
      { why: expect.stringContaining('is the Go program example.org/tool'), waivable: true },
    ]);
    const devel = { module: 'example.org/tool', version: '(devel)' };
    const revisions = await refusalsOf(
      goProgram({ machine: 'amd64', ...devel, revision: 'aaa' }),
      goProgram({ machine: 'arm64', ...devel, revision: 'bbb' }),
    );
    expect(revisions).toEqual([
      { why: 'app was built from the revision bbb, and replaces aaa', waivable: true },
    ]);
  });

  test('what says of itself less than is needed', async () => {
    const cut = amd64.slice(0, 70);
    expect(await refusalsOf(cut, arm64)).toMatchObject([{ undetermined: true, waivable: true }]);
  });
});

test('the version that a Go program says goes to the materials', async () => {
  const tool = { module: 'example.org/tool', version: 'v1.2.3' };
  const plan = await planOf({
    above: [executable('usr/bin/app', goProgram({ machine: 'amd64', ...tool }))],
    files: { app: goProgram({ machine: 'arm64', ...tool }) },
  });
  expect(plan.materials).toMatchObject([{ version: 'v1.2.3' }]);
});

test('nothing named, nothing planned', async () => {
  const plan = await planOf({ replacements: [] });
  expect(plan).toMatchObject({ refusals: [], materials: [], notes: [] });
  expect(plan.paths.size).toBe(0);
});

test('no folder of this machine shows in what is published', async () => {
  const { context, cwd, remove } = workplace();
  closing.push(remove);
  mkdirSync(join(cwd, 'secret-place'));
  writeFileSync(join(cwd, 'secret-place', 'app'), arm64);
  linkSync(join(cwd, 'secret-place', 'app'), join(cwd, 'app'));
  const origin = releaseOrigin([{ path: '/usr/bin/app', from: join(cwd, 'secret-place', 'app') }], {
    cwd: '/',
  });
  const plan = await origin.plan(await imageOf([app]), context);
  expect(JSON.stringify([plan.materials, plan.notes, [...plan.paths]])).not.toContain('secret-place');
  expect(readFileSync(join(cwd, 'app'))).toEqual(Buffer.from(arm64));
});
