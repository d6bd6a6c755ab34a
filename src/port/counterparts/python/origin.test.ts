import { describe, expect, test } from 'vitest';
import { directory, file, symlink, whiteout, writeElf } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import { expectTrueRecord, fates, indexOf, newBytes, planOf, temporary } from './python.test-support.ts';
import {
  amd64,
  amd64Tag,
  arm64,
  arm64Tag,
  install,
  library,
  makeWheel,
  pairOf,
  sha256,
  site,
} from './wheels.test-support.ts';

const [old, now] = pairOf();
const info = `${site}/fast-1.0.dist-info`;
const code = `${site}/fast/_speed.cpython-311-x86_64-linux-gnu.so`;
const armCode = `${site}/fast/_speed.cpython-311-aarch64-linux-gnu.so`;

function textOf(member: TarMember | undefined): string {
  if (!(member?.body instanceof Uint8Array)) throw new Error('it has no content');
  return Buffer.from(member.body).toString();
}

describe('the wheel for the new machine', () => {
  test('takes the place of the installed one, and is a material', async () => {
    const index = await indexOf([old, now]);
    const planned = await planOf({ layers: [install(old)], index });
    expect(planned.plan.refusals).toEqual([]);
    expect(fates(planned)).toEqual({
      [`${site}/fast/__init__.py`]: 'keep',
      [`${site}/fast/data.txt`]: 'keep',
      [code]: `replace -> ${armCode}`,
      [`${site}/fast.libs/libz-0a1b.so.1`]: 'drop',
      [`${site}/fast.libs/libz-9f8e.so.1`]: 'add',
      [`${info}/METADATA`]: 'keep',
      [`${info}/WHEEL`]: 'replace',
      [`${info}/RECORD`]: 'replace',
    });
    expect(await newBytes(planned, code)).toEqual(Buffer.from(arm64));
    expect((await newBytes(planned, `${info}/WHEEL`)).toString()).toContain('aarch64');
    expect(planned.plan.materials).toEqual([
      {
        ...{ origin: 'python', name: 'fast', version: '1.0', architecture: 'aarch64' },
        uri: `${index.origin}/files/${now.file}`,
        sha256: sha256(now.bytes),
        size: now.bytes.length,
        purl: 'pkg:pypi/fast@1.0',
      },
    ]);
  });

  test('makes a RECORD of what will be there, with what the installer made', async () => {
    const generated = {
      '../../../bin/fast': '#!/usr/local/bin/python\nimport fast\n',
      'fast/__pycache__/__init__.cpython-311.pyc': 'compiled',
      'fast-1.0.dist-info/REQUESTED': '',
    };
    const index = await indexOf([old, now]);
    for (const lineEnd of ['\n', '\r\n']) {
      const planned = await planOf({ layers: [install(old, { generated, lineEnd })], index });
      const listed = await expectTrueRecord(planned, info);
      expect(listed).toEqual(
        expect.arrayContaining([
          '../../../bin/fast',
          'fast/_speed.cpython-311-aarch64-linux-gnu.so',
          'fast/__pycache__/__init__.cpython-311.pyc',
          'fast.libs/libz-9f8e.so.1',
        ]),
      );
      expect(listed.join(' ')).not.toMatch(/x86_64|libz-0a1b/);
      expect(planned.plan.paths.has('usr/local/bin/fast')).toBe(false);
      const text = (await newBytes(planned, `${info}/RECORD`)).toString();
      expect(text.split(lineEnd).length).toBe(listed.length + 1);
    }
  });

  test('is found by an HTML index as well, and by addresses that name no folder', async () => {
    const index = await indexOf([old, now], { format: 'html' });
    const settings = { indexes: [index.url.replace(/\/$/, '')] };
    const planned = await planOf({ layers: [install(old)], settings });
    expect(planned.plan.refusals).toEqual([]);
    expect(index.headers[0]?.accept).toMatch(/^application\/vnd\.pypi\.simple\.v1\+json/);
    expect(planned.plan.materials).toHaveLength(1);
  });

  test('is asked for once, whatever number of ports needs it', async () => {
    const index = await indexOf([old, now]);
    const context = { cache: temporary() };
    for (let turn = 0; turn < 2; turn += 1) await planOf({ layers: [install(old)], index, context });
    expect(index.asked.filter((path) => path.startsWith('/files/'))).toHaveLength(2);
  });

  test('leaves alone what holds no machine code, lies in the base, or is of other packages', async () => {
    const pure = makeWheel({ name: 'pure', tag: 'py3-none-any', files: { 'pure/__init__.py': '' } });
    const packaged = makeWheel({ name: 'sys', tag: amd64Tag, files: { 'sys/x.so': amd64 } });
    const installer = file(`${site}/sys-1.0.dist-info/INSTALLER`, 'rpm\n');
    const index = await indexOf([]);
    const planned = await planOf({
      oldBase: install(old),
      layers: [install(pure), [...install(packaged), installer]],
      index,
    });
    expect([planned.plan, index.asked]).toMatchObject([{ refusals: [], notes: [] }, []]);
    expect(planned.plan.paths.size).toBe(0);
    const both = makeWheel({
      name: 'both',
      tag: 'py3-none-manylinux_2_17_x86_64.manylinux_2_17_aarch64',
      files: { 'both/x86.so': amd64, 'both/arm.so': arm64 },
    });
    expect((await planOf({ layers: [install(both)], index })).plan.paths.size).toBe(0);
    const taken = new Set([code, `${site}/fast.libs/libz-0a1b.so.1`]);
    const given = await planOf({ layers: [install(old)], index, context: { taken } });
    expect(given.plan.paths.size).toBe(0);
  });
});

describe('of the wheels that an index has, the one is taken', () => {
  const [x86, arm] = [{ 'fast/x.abi3.so': amd64 }, { 'fast/x.abi3.so': arm64 }];
  const made = (tag: string, files = tag.includes('aarch64') ? arm : x86, build?: string) =>
    makeWheel({ tag, files, ...(build === undefined ? {} : { build }) });
  const cases: readonly (readonly [string, string, readonly string[], string | RegExp])[] = [
    [
      'for the same ABI of all versions',
      'cp37-abi3-manylinux_2_17_x86_64',
      ['cp39-cp39-manylinux_2_17_aarch64', 'cp37-abi3-manylinux_2_17_aarch64'],
      'fast-1.0-cp37-abi3-manylinux_2_17_aarch64.whl',
    ],
    [
      'for the same C library',
      'cp311-cp311-musllinux_1_1_x86_64',
      ['cp311-cp311-manylinux_2_17_aarch64', 'cp311-cp311-musllinux_1_2_aarch64'],
      'fast-1.0-cp311-cp311-musllinux_1_2_aarch64.whl',
    ],
    [
      'whose C library is nearest to the old',
      'cp311-cp311-manylinux_2_17_x86_64',
      ['cp311-cp311-manylinux_2_34_aarch64', 'cp311-cp311-manylinux_2_28_aarch64'],
      'fast-1.0-cp311-cp311-manylinux_2_28_aarch64.whl',
    ],
    [
      'that the same Python takes too',
      'cp311-cp311-manylinux_2_17_x86_64',
      [
        'cp310-cp310-manylinux_2_17_aarch64',
        'cp38-abi3-manylinux_2_17_aarch64',
        'cp312-abi3-manylinux_2_17_aarch64',
      ],
      'fast-1.0-cp38-abi3-manylinux_2_17_aarch64.whl',
    ],
  ];
  test.each(cases)('%s', async (_, tag, tags, file) => {
    const installed = made(tag);
    const index = await indexOf([installed, ...tags.map((one) => made(one))]);
    const { plan } = await planOf({ layers: [install(installed)], index });
    expect(plan.refusals).toEqual([]);
    expect(plan.materials.map(({ uri }) => uri.split('/').at(-1))).toEqual([file]);
  });

  test('that is for any machine, if there is no other, and that is said', async () => {
    const installed = made(amd64Tag);
    const any = makeWheel({ tag: 'py3-none-any', files: { 'fast/__init__.py': 'slow = 1\n' } });
    const index = await indexOf([installed, any]);
    const planned = await planOf({ layers: [install(installed)], index });
    expect(planned.plan.refusals).toEqual([]);
    expect(fates(planned)).toMatchObject({
      [`${site}/fast/x.abi3.so`]: 'drop',
      [`${site}/fast/__init__.py`]: 'add',
    });
    expect(planned.plan.notes).toEqual([
      `the index has ${any.file} in place of ${installed.file}, of another kind`,
    ]);
  });

  test('of the same build, and a withdrawn one is taken with a word', async () => {
    const installed = made(amd64Tag, x86, '2');
    const [first, second] = [made(arm64Tag, arm, '1'), made(arm64Tag, arm, '2')];
    const projects = {
      fast: [{ wheel: installed }, { wheel: first }, { wheel: second, yanked: 'a bug' }],
    };
    for (const format of ['json', 'html'] as const) {
      const index = await indexOf([], { projects, format });
      const { plan } = await planOf({ layers: [install(installed)], index });
      expect(plan.notes).toEqual([`${second.file} was withdrawn from the index: a bug`]);
      expect(plan.materials).toMatchObject([{ sha256: sha256(second.bytes), notes: [expect.any(String)] }]);
    }
  });

  test('that the new C library is new enough for', async () => {
    const installed = made(amd64Tag);
    const libc = (version: string) => [
      file('lib/aarch64-linux-gnu/libc.so.6', library('arm64')),
      file('usr/lib/libc.so.6', glibc(version)),
    ];
    const offered = [installed, made('cp311-cp311-manylinux_2_28_aarch64')];
    const index = await indexOf(offered);
    const on = (version: string) =>
      planOf({ layers: [install(installed)], newBase: libc(version), oldBase: [directory('etc/')], index });
    expect((await on('2.36')).plan.refusals).toEqual([]);
    expect((await on('2.17')).plan.refusals).toMatchObject([
      { kind: 'no-counterpart', why: `${offered[1]?.file} needs glibc 2.28, and the new image has 2.17` },
    ]);
  });
});

function glibc(version: string): Uint8Array {
  const versionsGiven = ['GLIBC_2.0', `GLIBC_${version}`];
  return writeElf({ machine: 'arm64', kind: 'library', soname: 'libc.so.6', versionsGiven });
}

test('what the new base has of a version that was replaced stays hidden', async () => {
  const [x86, arm] = pairOf({ version: '0.9' });
  const at = (path: string) => whiteout(`${site}/${path}`);
  const upgrade = [...install(old), at('fast-0.9.dist-info'), at('fast.libs/libz-0a1b.so.1')].filter(
    ({ name }) => name !== `${site}/fast.libs/libz-0a1b.so.1`,
  );
  const index = await indexOf([old, makeWheel({ tag: arm64Tag, files: { 'fast/x.so': arm64 } })]);
  const planned = await planOf({ oldBase: install(x86), newBase: install(arm), layers: [upgrade], index });
  expect(planned.plan.refusals).toEqual([]);
  const hidden = planned.plan.added.filter(({ kind }) => kind === 'whiteout');
  expect(hidden).toMatchObject([{ path: `${site}/fast.libs/libz-9f8e.so.1`, layer: 0 }]);
});

describe('the files of a distribution', () => {
  test('that somebody altered stay, but for machine code, which is refused', async () => {
    const index = await indexOf([old, now]);
    const [, other] = pairOf({}, { 'fast/data.txt': 'other data\n' });
    const changed = {
      'fast/data.txt': 'mine\n',
      'fast/_speed.cpython-311-x86_64-linux-gnu.so': library('amd64', 'stripped'),
    };
    const planned = await planOf({ layers: [install(old, { changed })], index: await indexOf([old, other]) });
    expect(planned.plan.refusals).toMatchObject([
      { path: code, kind: 'altered', guess: 'python: fast 1.0', waivable: true },
    ]);
    expect(fates(planned)).toMatchObject({ [`${site}/fast/data.txt`]: 'keep' });
    expect(planned.plan.notes).toEqual([
      `altered since it was installed, and kept so: /${site}/fast/data.txt`,
    ]);
    const same = await planOf({ layers: [install(old, { changed: { 'fast/data.txt': 'mine\n' } })], index });
    expect(same.plan.refusals).toEqual([]);
  });

  test('that somebody deleted do not come back, nor what only the new wheel has in their folder', async () => {
    const [x86, arm] = pairOf(
      { files: { 'fast/tests/a.py': '' } },
      { 'fast/tests/b.py': '', 'fast/c.py': '' },
    );
    const index = await indexOf([x86, arm]);
    const changed = { 'fast/tests/a.py': undefined, 'fast.libs/libz-0a1b.so.1': undefined };
    const planned = await planOf({ layers: [install(x86, { changed })], index });
    const added = planned.plan.added.map(({ path }) => path);
    expect(added).toEqual([`${site}/fast/c.py`]);
    const text = (await newBytes(planned, `${info}/RECORD`)).toString();
    expect(text).not.toContain('libz');
    expect(text).toContain('fast/tests/a.py');
  });

  test('compiled of sources that are replaced go, those of others stay', async () => {
    const [x86, arm] = pairOf(
      { files: { 'fast/platform.py': 'bits = 64\n' } },
      { 'fast/platform.py': 'bits = "64"\n' },
    );
    const generated = {
      'fast/__pycache__/__init__.cpython-311.pyc': 'one',
      'fast/__pycache__/platform.cpython-311.pyc': 'two',
    };
    const layers = [
      [
        ...install(x86, { generated }),
        file(`${site}/fast/__pycache__/platform.cpython-311.opt-1.pyc`, 'three'),
      ],
    ];
    const planned = await planOf({ layers, index: await indexOf([x86, arm]) });
    expect(fates(planned)).toMatchObject({
      [`${site}/fast/platform.py`]: 'replace',
      [`${site}/fast/__pycache__/platform.cpython-311.pyc`]: 'drop',
      [`${site}/fast/__pycache__/platform.cpython-311.opt-1.pyc`]: 'drop',
    });
    expect(fates(planned)).not.toHaveProperty(`${site}/fast/__pycache__/__init__.cpython-311.pyc`);
    await expectTrueRecord(planned, info);
  });

  test('that go elsewhere go where the old ones went', async () => {
    const spread = (machine: Uint8Array, text: string) => ({
      'fast-1.0.data/scripts/fastc': machine,
      'fast-1.0.data/scripts/fast-run': `#!python\nprint(${text})\n`,
      'fast-1.0.data/data/share/fast/x.txt': 'x\n',
    });
    const x86 = makeWheel({ tag: amd64Tag, files: { ...spread(amd64, '1'), 'fast.py': '' } });
    const arm = makeWheel({
      tag: arm64Tag,
      files: { ...spread(arm64, '2'), 'fast.py': '', 'fast-1.0.data/headers/fast.h': '/* */\n' },
    });
    const written = { '../../../bin/fast-run': '#!/usr/local/bin/python3.11\nprint(1)\n' };
    const planned = await planOf({ layers: [install(x86, { written })], index: await indexOf([x86, arm]) });
    expect(planned.plan.refusals).toEqual([]);
    expect(fates(planned)).toMatchObject({
      'usr/local/bin/fastc': 'replace',
      'usr/local/bin/fast-run': 'replace',
      'usr/local/share/fast/x.txt': 'keep',
      'usr/local/include/python3.11/fast/fast.h': 'add',
      'usr/local/include/python3.11/fast': 'add /',
    });
    expect((await newBytes(planned, 'usr/local/bin/fast-run')).toString()).toBe(
      '#!/usr/local/bin/python3.11\nprint(2)\n',
    );
    await expectTrueRecord(planned, info);
  });

  test('are found in virtual environments, in folders of one’s own and through links', async () => {
    const index = await indexOf([old, now]);
    const sites = ['opt/venv/lib/python3.11/site-packages', 'app/vendor', 'usr/lib/python3/dist-packages'];
    const layers = sites.map((folder) => install(old, { site: folder, uid: 1000 }));
    const links = [symlink('opt/venv/lib64', 'lib'), file('opt/venv/pyvenv.cfg', 'home = /usr/bin\n')];
    const planned = await planOf({ layers: [...layers, links], index });
    expect(planned.plan.refusals).toEqual([]);
    for (const [layer, folder] of sites.entries()) {
      const path = `${folder}/fast/_speed.cpython-311-x86_64-linux-gnu.so`;
      expect(fates(planned)[path]).toMatch(/^replace -> .*aarch64/);
      const added = planned.plan.added.find((one) => one.path === `${folder}/fast.libs/libz-9f8e.so.1`);
      expect(added).toMatchObject({ uid: 1000, gid: 1000, mode: 0o644, layer });
    }
    expect(index.asked.filter((path) => path.startsWith('/files/'))).toHaveLength(2);
  });

  test('that pip put beside each other with --target are found, though its RECORD says they lie elsewhere', async () => {
    const data = (bytes: Uint8Array) => ({ 'fast-1.0.data/data/lib/libfast.so.1': bytes, 'fast.py': '' });
    const [x86, arm] = [
      makeWheel({ tag: amd64Tag, files: data(amd64) }),
      makeWheel({ tag: arm64Tag, files: data(arm64) }),
    ];
    const moved = install(x86, { site: 'srv/vendor' }).map((member) => {
      if (member.name === 'lib/libfast.so.1') return { ...member, name: 'srv/vendor/lib/libfast.so.1' };
      if (member.name !== 'srv/vendor/fast-1.0.dist-info/RECORD') return member;
      return {
        ...member,
        body: Buffer.from(textOf(member).replace('../../../lib/libfast', '../libfast')),
      };
    });
    const planned = await planOf({ layers: [moved], index: await indexOf([x86, arm]) });
    expect(planned.plan.refusals).toEqual([]);
    expect(fates(planned)).toMatchObject({ 'srv/vendor/lib/libfast.so.1': 'replace' });
    expect((await newBytes(planned, 'srv/vendor/fast-1.0.dist-info/RECORD')).toString()).toContain(
      '../libfast.so.1,',
    );
  });

  test('that an installer only linked to are replaced by files', async () => {
    const path = 'fast/_speed.cpython-311-x86_64-linux-gnu.so';
    const linked = install(old).map((member) =>
      member.name === `${site}/${path}` ? symlink(`${site}/${path}`, '/root/.cache/uv/a/_speed.so') : member,
    );
    const layers = [[...linked, file('root/.cache/uv/a/_speed.so', amd64)]];
    const planned = await planOf({ layers, index: await indexOf([old, now]) });
    expect(planned.plan.paths.get(code)).toMatchObject({
      action: 'replace',
      to: armCode,
      with: { mode: 0o755 },
    });
    await expectTrueRecord(planned, info);
  });

  test('of a namespace that others share are told apart', async () => {
    const spec = (name: string, machine: string, bytes: Uint8Array) =>
      makeWheel({
        name,
        tag: machine === 'aarch64' ? arm64Tag : amd64Tag,
        files: { [`space/${name}/x.cpython-311-${machine}-linux-gnu.so`]: bytes },
      });
    const all = ['one', 'two'].map(
      (name) => [spec(name, 'x86_64', amd64), spec(name, 'aarch64', arm64)] as const,
    );
    const projects = Object.fromEntries(
      all.map((both, at) => [at === 0 ? 'one' : 'two', both.map((wheel) => ({ wheel }))]),
    );
    const index = await indexOf([], { projects });
    const planned = await planOf({ layers: [all.flatMap(([x86]) => install(x86))], index });
    expect(planned.plan.refusals).toEqual([]);
    expect(planned.plan.materials.map(({ name }) => name)).toEqual(['one', 'two']);
  });

  test('no longer say what address they came from', async () => {
    const generated = { 'fast-1.0.dist-info/direct_url.json': '{"url":"file:///fast.whl"}' };
    const planned = await planOf({ layers: [install(old, { generated })], index: await indexOf([old, now]) });
    expect(fates(planned)[`${info}/direct_url.json`]).toBe('drop');
    await expectTrueRecord(planned, info);
  });

  test('that an older version left behind lists too are those of the version that is there', async () => {
    const before = makeWheel({
      tag: amd64Tag,
      version: '0.9',
      files: { ...old.files, 'fast/data.txt': 'old\n' },
    });
    const text = install(before).find(({ name }) => String(name).endsWith('0.9.dist-info/RECORD'));
    const leftover = install(before).filter(({ name }) => String(name).includes('fast-0.9.dist-info/'));
    const record = textOf(text).replace(/^(fast\/_speed[^,]*,sha256=).{43}/m, `$1${'A'.repeat(43)}`);
    const layer = [
      ...install(old),
      ...leftover.map((member) =>
        String(member.name).endsWith('/RECORD') ? { ...member, body: Buffer.from(record) } : member,
      ),
    ];
    const planned = await planOf({ layers: [layer], index: await indexOf([old, now, before]) });
    expect(planned.plan.refusals).toEqual([]);
    expect(planned.plan.materials).toMatchObject([{ version: '1.0' }]);
  });

  test('that others answer for are theirs', async () => {
    const index = await indexOf([old, now]);
    const context = { taken: new Set([`${site}/fast.libs/libz-0a1b.so.1`]) };
    const planned = await planOf({ layers: [install(old)], index, context });
    expect(fates(planned)).not.toHaveProperty(`${site}/fast.libs/libz-0a1b.so.1`);
    const text = (await newBytes(planned, `${info}/RECORD`)).toString();
    expect(text).toContain('fast.libs/libz-0a1b.so.1,,\n');
  });
});
