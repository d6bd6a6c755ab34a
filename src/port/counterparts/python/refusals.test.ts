import { describe, expect, test } from 'vitest';
import { file } from '../../../fixture/index.ts';
import type { Refusal } from '../../origin-types.ts';
import type { IndexSpec, ServedFile } from './index.test-support.ts';
import { fates, indexOf, nowhere, planOf } from './python.test-support.ts';
import {
  amd64,
  amd64Tag,
  arm64,
  arm64Tag,
  install,
  library,
  type MadeWheel,
  makeWheel,
  pairOf,
  recordLine,
  site,
  zipOf,
} from './wheels.test-support.ts';

const [old, now] = pairOf();
const info = `${site}/fast-1.0.dist-info`;
const code = [`${site}/fast/_speed.cpython-311-x86_64-linux-gnu.so`, `${site}/fast.libs/libz-0a1b.so.1`];

/** What is refused where the index has this beside the installed wheel. */
async function refused(
  offered: readonly (MadeWheel | ServedFile)[],
  spec: Partial<IndexSpec> = {},
  time = 60_000,
): Promise<Refusal> {
  const files = [old, ...offered].map((one) => ('wheel' in one ? one : { wheel: one }));
  const index = await indexOf([], { projects: { fast: files }, ...spec });
  const planned = await planOf({
    layers: [install(old)],
    index,
    parts: { limits: { pageTime: time, wheelTime: time } },
  });
  const [refusal, ...more] = planned.plan.refusals;
  if (refusal === undefined || more.length > 0) throw new Error(JSON.stringify(planned.plan.refusals));
  expect(refusal).toMatchObject({ path: info, guess: 'python: fast 1.0', waivable: true, covers: code });
  expect(planned.plan.materials).toEqual([]);
  expect(Object.values(fates(planned)).every((fate) => fate === 'keep')).toBe(true);
  return refusal;
}

const arm = (files: Readonly<Record<string, Uint8Array | string>>, more = {}) =>
  makeWheel({ tag: arm64Tag, files, ...more });
const good = { 'fast/x.so': arm64 };

describe('a distribution is refused as one', () => {
  test('where its version has no wheel for the new machine, or none that its Python takes', async () => {
    const others = [
      makeWheel({ tag: arm64Tag, version: '1.1', files: good }),
      makeWheel({ tag: 'cp312-cp312-manylinux_2_17_aarch64', files: good }),
      makeWheel({ tag: 'cp311-cp311-musllinux_1_1_aarch64', files: good }),
      makeWheel({ tag: 'cp311-cp311-macosx_11_0_arm64', files: good }),
    ];
    const { kind, why, undetermined } = await refused(others);
    expect({ kind, undetermined }).toEqual({ kind: 'no-counterpart', undetermined: undefined });
    expect(why).toContain('has no wheel of that version for aarch64');
  });

  test.each([
    ['other bytes than the index says', [{ wheel: now, sha256: 'ab'.repeat(32) }], /its index says abab/],
    ['no sum from the index', [{ wheel: now, sha256: null }], /gives no SHA-256/],
    ['code of the old machine', [arm({ 'fast/x.so': amd64 })], /holds machine code for amd64 in fast\/x\.so/],
    [
      'an extension by the old name',
      [arm({ 'fast/x.cpython-311-x86_64-linux-gnu.so': amd64, 'fast/y.so': arm64 })],
      /holds machine code for amd64/,
    ],
    ['no code at all', [arm({ 'fast/x.py': '' })], /holds no machine code for arm64/],
    [
      "another project's METADATA",
      [arm(good, { metadata: 'Name: slow\nVersion: 1.0\n\n' })],
      /that of slow 1\.0/,
    ],
    ["another version's METADATA", [arm(good, { metadata: 'Name: fast\nVersion: 2\n\n' })], /that of fast 2/],
    [
      'the tags of another machine',
      [arm(good, { wheel: 'Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n' })],
      /for x86_64/,
    ],
    [
      'a file that RECORD has another sum of',
      [
        arm(good, {
          record: (text: string) => text.replace(/^fast\/x.so,.*$/m, recordLine('fast/x.so', 'y')),
        }),
      ],
      /fast\/x\.so is not as its RECORD says/,
    ],
    [
      'a file that RECORD lacks',
      [arm(good, { more: [{ name: 'fast/y.so', data: arm64 }] })],
      /its RECORD lacks fast\/y\.so/,
    ],
    [
      'a RECORD without sums',
      [arm(good, { record: (text: string) => text.replace(/,.*$/gm, ',,') })],
      /RECORD says/,
    ],
  ] as const)('for a wheel with %s', async (_, offered, why) => {
    const refusal = await refused([...offered]);
    expect(refusal.kind).toBe('counterpart');
    expect(refusal.undetermined).toBeUndefined();
    expect(refusal.why).toMatch(why);
  });

  test.each([
    ['a path out of the root', [{ name: '../evil.so', data: arm64 }], 'is no path'],
    ['an absolute path', [{ name: '/etc/evil', data: '' }], 'is no path'],
    ['a path of another system', [{ name: 'fast\\evil.so', data: arm64 }], 'is no path'],
    ['a link', [{ name: 'fast/link', data: '/etc/passwd', mode: 0o120_777 }], 'is no plain file'],
    ['a device', [{ name: 'fast/null', data: '', mode: 0o020_666 }], 'is no plain file'],
    ['a name twice', [{ name: 'fast/x.so', data: arm64 }], 'twice'],
    ['a file in place of a folder', [{ name: 'fast', data: '' }], 'a file, and a folder too'],
    [
      'another name where it is',
      [{ name: 'fast/y', data: '', localName: 'fast/z' }],
      'another name where it is',
    ],
    ['more bytes than it says', [{ name: 'fast/y', data: 'abc', size: 1 }], 'another size'],
  ] as const)('for a zip with %s', async (_, more, why) => {
    const line = more.map(({ name, data }) => recordLine(name, data)).join('\n');
    const record = (text: string) => `${text}${text.includes(more[0]?.name ?? '') ? '' : `${line}\n`}`;
    const refusal = await refused([arm(good, { more, record })]);
    expect(refusal.kind).toBe('counterpart');
    expect(refusal.why).toContain(why);
  });

  test('for a zip that unpacks to too much, or shares bytes among its files', async () => {
    const bomb = arm({ ...good, 'fast/zeros': new Uint8Array(8 * 1024 ** 2) });
    const limits = { ratioFreeBytes: 1024 ** 2, ratio: 50 };
    const index = await indexOf([old, bomb]);
    const { plan } = await planOf({ layers: [install(old)], index, parts: { limits } });
    expect(plan.refusals).toMatchObject([
      { kind: 'counterpart', why: expect.stringContaining('more than 50 bytes') },
    ]);
    const shared = arm(good);
    const bytes = Buffer.from(shared.bytes);
    const list = bytes.indexOf('PK\x01\x02', 0, 'latin1');
    const second = bytes.indexOf('PK\x01\x02', list + 4, 'latin1');
    bytes.writeUInt32LE(0, second + 42);
    expect((await refused([{ wheel: { file: shared.file, bytes } }])).why).toContain(
      'not in a place of its own',
    );
    expect((await refused([{ wheel: { file: shared.file, bytes: zipOf([]) } }])).why).toContain(
      'it has 0 folders',
    );
    expect((await refused([{ wheel: { file: shared.file, bytes: Buffer.from('no zip') } }])).why).toContain(
      'damaged',
    );
  });

  test('where what is installed is of no wheel of the index: it was built on a machine', async () => {
    const built = { ...old.files, 'fast/_speed.cpython-311-x86_64-linux-gnu.so': library('amd64', 'own') };
    const wheelText = 'Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n';
    const layer = install({ ...old, files: built }, { wheelText });
    const { plan } = await planOf({ layers: [layer], index: await indexOf([old, now]) });
    expect(plan.refusals).toMatchObject([
      {
        ...{ kind: 'package', path: info },
        why: expect.stringContaining('it was built on a machine'),
        lift: expect.stringContaining(`there is ${now.file}`),
      },
    ]);
    const nothing = await planOf({ layers: [layer], index: await indexOf([]) });
    expect(nothing.plan.refusals).toMatchObject([
      { why: expect.stringContaining('has no wheel of fast 1.0') },
    ]);
  });

  test('where a program beside it is of no wheel of the index', async () => {
    const made = (bytes: Uint8Array) => ({ 'fast-1.0.data/scripts/fastc': bytes, 'fast.py': '' });
    const offered = makeWheel({ tag: amd64Tag, files: made(amd64) });
    const own = makeWheel({ tag: amd64Tag, files: made(library('amd64', 'own')) });
    const arms = makeWheel({ tag: arm64Tag, files: made(arm64) });
    const { plan } = await planOf({ layers: [install(own)], index: await indexOf([offered, arms]) });
    expect(plan.refusals).toMatchObject([{ why: expect.stringContaining('it was built on a machine') }]);
    const same = await planOf({ layers: [install(offered)], index: await indexOf([offered, arms]) });
    expect(same.plan.refusals).toEqual([]);
  });

  test('where it is in an environment of conda, or an egg', async () => {
    const conda = [
      file('opt/conda/conda-meta/numpy-1.26.4-py311h64a7726_0.json', '{"subdir": "linux-64"}'),
      file('opt/conda/lib/libblas.so', amd64),
      ...install(old, { site: 'opt/conda/lib/python3.11/site-packages' }),
    ];
    const egg = 'usr/lib/python3/dist-packages/quick-2.1-py3.11-linux-x86_64.egg';
    const eggs = [
      file(`${egg}/quick/_q.so`, amd64),
      file(`${site}/brisk-0.3.egg-info/installed-files.txt`, '../brisk/_b.so\n../brisk/b.py\n'),
      file(`${site}/brisk/_b.so`, amd64),
    ];
    const index = await indexOf([old, now]);
    const planned = await planOf({ layers: [conda, eggs], index });
    expect(planned.plan.refusals.map(({ path, guess, covers }) => [path, guess, covers?.length])).toEqual([
      ['opt/conda', 'conda: the environment in /opt/conda', 3],
      [egg, 'python: quick 2.1', 1],
      [`${site}/brisk-0.3.egg-info`, 'python: brisk 0.3', 1],
    ]);
    expect(index.asked).toEqual([]);
  });
});

describe('nobody can tell', () => {
  test('where no index is known', async () => {
    const { plan } = await planOf({ layers: [install(old)], settings: {} });
    expect(plan.refusals).toMatchObject([
      {
        ...{ kind: 'package', undetermined: true, covers: code },
        lift: 'Name an index with --python-index or port.python.indexes, or configure pip for one.',
      },
    ]);
  });

  test('where the index answers with errors, too late, or with something else', async () => {
    const answers: readonly NonNullable<IndexSpec['answer']>[] = [
      (_, response) => response.writeHead(503).end() !== undefined,
      (_, response) => response.writeHead(403).end() !== undefined,
      () => true,
      (_, response) => response.end('{"meta": {"api-version": "2.0"}, "files": []}') !== undefined,
      (_, response) => response.end('plain text') !== undefined,
      (_, response) => response.end('{"meta": ') !== undefined,
    ];
    for (const answer of answers)
      expect(await refused([now], { answer }, 700)).toMatchObject({ undetermined: true });
  });

  test('where the wheel never ends', async () => {
    const spec: Partial<IndexSpec> = {
      answer: (request, response) => {
        if (request.url?.includes('aarch64') !== true) return false;
        response.writeHead(200, { 'content-length': '1000000' }).write('PK');
        return true;
      },
    };
    const refusal = await refused([now], spec, 700);
    expect(refusal).toMatchObject({ kind: 'package', undetermined: true });
    expect(refusal.why).toContain('was not done after 0.7 seconds');
  });

  test('but a port that is ended ends', async () => {
    const ending = new AbortController();
    const index = await indexOf([old, now], {
      answer: () => {
        setTimeout(() => ending.abort(new Error('enough')), 20);
        return true;
      },
    });
    const context = { signal: ending.signal };
    await expect(planOf({ layers: [install(old)], index, context })).rejects.toThrow('enough');
  });
});

describe('addresses', () => {
  test('elsewhere are followed without the password of the index, which is told nowhere', async () => {
    const files = await indexOf([old, now]);
    const link = (wheel: MadeWheel) => ({
      wheel,
      url: `${files.origin}/files/${encodeURIComponent(wheel.file)}`,
    });
    const index = await indexOf([], { projects: { fast: [old, now].map(link) }, login: 'reader:secret' });
    const named = index.url.replace('http://', 'http://reader:secret@');
    const { plan } = await planOf({ layers: [install(old)], settings: { indexes: [named] } });
    expect(plan.refusals).toEqual([]);
    expect(files.headers.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(JSON.stringify(plan.materials)).not.toContain('secret');
    const wrong = index.url.replace('http://', 'http://reader:wrong-secret@');
    const { plan: refusedPlan } = await planOf({ layers: [install(old)], settings: { indexes: [wrong] } });
    expect(refusedPlan.refusals).toMatchObject([{ undetermined: true }]);
    expect(JSON.stringify(refusedPlan.refusals)).not.toContain('secret');
  });

  test('on the host of the index get its password, by redirects too', async () => {
    // The page lies deeper than it was asked for: relative addresses count from there.
    const moved = await indexOf([old, now], {
      login: 'reader:secret',
      answer: (request, response) => {
        if (request.url !== '/old/fast/') return false;
        response.writeHead(301, { location: '/simple/fast/' }).end();
        return true;
      },
    });
    const settings = { indexes: [`${moved.origin.replace('http://', 'http://reader:secret@')}/old/`] };
    const { plan } = await planOf({ layers: [install(old)], settings });
    expect(plan.refusals).toEqual([]);
  });

  test('of several indexes are asked in turn, and only one that has what is installed gives its counterpart', async () => {
    const [, mine] = pairOf({}, { 'fast/evil.py': '' });
    const empty = await indexOf([], { projects: {} });
    const impostor = await indexOf([mine, makeWheel({ tag: amd64Tag, files: { 'fast/x.so': amd64 } })]);
    const right = await indexOf([old, now]);
    const settings = { indexes: [empty.url, impostor.url, right.url] };
    const { plan } = await planOf({ layers: [install(old)], settings });
    expect(plan.refusals).toEqual([]);
    expect(plan.materials.map(({ uri }) => new URL(uri).origin)).toEqual([right.origin]);
  });

  test("are those of pip's configuration, or of an installed pip", async () => {
    const index = await indexOf([old, now]);
    const environment = { PIP_INDEX_URL: index.url };
    const { plan } = await planOf({
      layers: [install(old)],
      settings: {},
      parts: { ...nowhere, environment },
    });
    expect(plan.refusals).toEqual([]);
  });
});
