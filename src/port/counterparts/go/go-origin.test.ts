import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { executable, writeElf } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import type { GoSettings } from '../../options.ts';
import type { OriginPlan } from '../../origin-types.ts';
import { imageOf, sha256 } from '../release/release.test-support.ts';
import { goElf, linesOf, type Script, type Workplace, workplace } from './go.test-support.ts';
import { goOrigin } from './index.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const old = goElf();
const built = goElf({ machine: 'arm64', lines: linesOf({ GOARCH: 'arm64', GOAMD64: undefined }) });
const honest: Script = { programs: { amd64: old, arm64: built } };

interface Case {
  readonly script?: Script | 'none';
  readonly above?: readonly TarMember[];
  readonly base?: readonly TarMember[];
  readonly settings?: GoSettings;
  readonly taken?: readonly string[];
  readonly place?: Workplace;
  readonly signal?: AbortSignal;
}

async function planOf(spec: Case = {}): Promise<OriginPlan & { readonly place: Workplace }> {
  const { script = honest, above = [executable('usr/bin/tool', old)], base = [], taken = [] } = spec;
  const place = spec.place ?? workplace();
  if (spec.place === undefined) closing.push(place.remove);
  if (script !== 'none') place.install(script);
  const environment = script === 'none' ? { PATH: place.context.folder } : place.environment;
  const origin = goOrigin(spec.settings, { environment });
  const context = { ...place.context, taken: new Set(taken), signal: spec.signal };
  return { ...(await origin.plan(await imageOf(above, base), context)), place };
}

async function refusalOf(spec: Case): Promise<object | undefined> {
  const { refusals, paths } = await planOf(spec);
  expect(paths.size).toBe(0);
  expect(refusals).toHaveLength(1);
  return refusals[0];
}

async function contentOf(plan: OriginPlan, path: string): Promise<Buffer> {
  const item = plan.paths.get(path);
  if (item?.action !== 'replace' || item.with.kind !== 'file') throw new Error(`${path} is not replaced`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of item.with.content()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A process that was killed is gone, or waits to be by its parent. */
async function expectEnd(id: number): Promise<void> {
  const state = () =>
    existsSync(`/proc/${id}/stat`) ? readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.[0] : 'Z';
  for (let tries = 0; tries < 100 && state() !== 'Z'; tries += 1) await delay(10);
  expect(state()).toBe('Z');
}

describe('a Go program', () => {
  test('is built anew by the recipe that it holds, after the recipe gave the program itself', async () => {
    const plan = await planOf();
    expect(plan.refusals).toEqual([]);
    expect(plan.paths.get('usr/bin/tool')).toMatchObject({
      action: 'replace',
      with: {
        size: built.length,
        sha256: sha256(built),
        origin: 'go: example.com/tool v1.2.3',
        facts: { kind: 'elf' },
      },
    });
    expect(await contentOf(plan, 'usr/bin/tool')).toEqual(built);
    expect(plan.notes).toEqual([expect.stringContaining("it is the image's to the byte")]);
    const installs = plan.place.calls().filter(({ words }) => words[1] === 'install');
    expect(installs.map(({ words }) => words)).toEqual([
      ['go', 'install', '--', 'example.com/tool@v1.2.3'],
      ['go', 'install', '--', 'example.com/tool@v1.2.3'],
    ]);
  });

  test('is built in an environment in which only what is recorded counts', async () => {
    const lines = linesOf({ GOAMD64: 'v3', GOEXPERIMENT: 'rangefunc' });
    const version = 'go1.22.5 X:rangefunc';
    const program = goElf({ lines, version });
    const arm64 = goElf({
      machine: 'arm64',
      version,
      lines: linesOf({ GOARCH: 'arm64', GOEXPERIMENT: 'rangefunc' }),
    });
    const plan = await planOf({
      above: [executable('tool', program)],
      script: {
        programs: { amd64: program, arm64 },
        settings: { GOPROXY: 'https://proxy.example', GOPRIVATE: 'x.example' },
      },
    });
    expect(plan.refusals).toEqual([]);
    const [first, second] = plan.place.calls().filter(({ words }) => words[1] === 'install');
    const shared = {
      ...{
        CGO_ENABLED: '0',
        GOOS: 'linux',
        GOENV: 'off',
        GOWORK: 'off',
        GOTOOLCHAIN: 'local',
        GOEXPERIMENT: 'rangefunc',
      },
      ...{ GOPROXY: 'https://proxy.example', GOPRIVATE: 'x.example' },
    };
    expect(first?.environment).toMatchObject({ ...shared, GOARCH: 'amd64', GOAMD64: 'v3' });
    expect(second?.environment).toMatchObject({ ...shared, GOARCH: 'arm64', GOARM64: 'v8.0' });
    for (const call of [first, second]) {
      expect(call?.environment).not.toHaveProperty('GOFLAGS');
      expect(call?.environment).not.toHaveProperty('GIT_DIR');
    }
  });

  test('is built once for all its paths, and not again for the next port', async () => {
    const above = [
      executable('a', old),
      executable('b', old),
      { name: 'c', type: 'hardlink', linkName: 'a' } as const,
    ];
    const place = workplace();
    closing.push(place.remove);
    const first = await planOf({ above, place });
    expect([...first.paths.keys()].sort()).toEqual(['a', 'b', 'c']);
    const calls = place.calls().length;
    const second = await planOf({ above, place });
    expect(place.calls()).toHaveLength(calls);
    expect(second.notes).toEqual(first.notes);
    expect(await contentOf(second, 'c')).toEqual(built);
  });

  test('that was built before is built again where what was kept is damaged', async () => {
    const place = workplace();
    closing.push(place.remove);
    await planOf({ place });
    const programs = join(place.context.cache, 'programs');
    const [name = '', ...more] = readdirSync(programs);
    expect(more).toEqual([]);
    writeFileSync(join(programs, name, 'program'), 'other');
    const plan = await planOf({ place });
    expect(await contentOf(plan, 'usr/bin/tool')).toEqual(built);
    expect(readFileSync(join(programs, name, 'program'))).toEqual(built);
  });

  test('has its module and what is in it as materials', async () => {
    const place = workplace();
    closing.push(place.remove);
    const zips = { 'example.com/tool/@v/v1.2.3.zip': 'tool', 'example.com/lib/@v/v0.1.0.zip': 'lib' };
    for (const [name, text] of Object.entries(zips)) {
      const file = join(dirname(place.context.cache), 'modules/cache/download', name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const script = { ...honest, settings: { GOPROXY: 'https://user:secret@proxy.example/go/,direct' } };
    const plan = await planOf({ place, script });
    expect(plan.materials).toEqual([
      {
        ...{
          origin: 'go',
          name: 'example.com/tool',
          version: 'v1.2.3',
          size: 4,
          sha256: sha256(Buffer.from('tool')),
        },
        uri: 'https://proxy.example/go/example.com/tool/@v/v1.2.3.zip',
        purl: 'pkg:golang/example.com/tool@v1.2.3',
        notes: ['its checksum is h1:abc='],
      },
      expect.objectContaining({ name: 'example.com/lib', version: 'v0.1.0' }),
    ]);
  });

  test('is left alone where somebody answered for it, in the base, and where nothing is to be built', async () => {
    const nothing = { paths: new Map(), refusals: [], notes: [] };
    expect(await planOf({ taken: ['usr/bin/tool'] })).toMatchObject(nothing);
    expect(await planOf({ base: [executable('usr/bin/tool', old)], above: [] })).toMatchObject(nothing);
    expect(await planOf({ settings: { enabled: false } })).toMatchObject(nothing);
    expect(await planOf({ above: [executable('usr/bin/tool', built)] })).toMatchObject(nothing);
    expect(await planOf({ above: [executable('x', writeElf({ machine: 'amd64' }))] })).toMatchObject(nothing);
  });

  test('named for its machine is left beside its twin, and refused without one', async () => {
    const [amd64, arm64] = [
      executable('opt/tool-linux-amd64', old),
      executable('opt/tool-linux-arm64', built),
    ];
    expect(await planOf({ above: [amd64, arm64] })).toMatchObject({ paths: new Map(), refusals: [] });
    expect(await refusalOf({ above: [amd64] })).toMatchObject({
      onlyIfUsed: true,
      why: expect.stringContaining('amd64'),
    });
    const inFolder = await planOf({ above: [executable('usr/lib/x86_64-linux-gnu/tool/tool', old)] });
    expect(inFolder.paths.size).toBe(1);
  });

  test('of which Go takes other modules on the new machine says so', async () => {
    const more = linesOf({ GOARCH: 'arm64' }, { deps: ['example.com/cpu\tv1.0.0\th1:x='] });
    const plan = await planOf({
      script: { programs: { amd64: old, arm64: goElf({ machine: 'arm64', lines: more }) } },
    });
    expect(plan.refusals).toEqual([]);
    expect(plan.notes.slice(1)).toEqual([
      expect.stringContaining('no code of example.com/lib v0.1.0'),
      expect.stringContaining('code of example.com/cpu v1.0.0'),
    ]);
  });
});

describe('the recipe', () => {
  test('with paths of its builder in it is proven by its sections', async () => {
    const elsewhere = goElf({ behind: 100 });
    const plan = await planOf({ script: { programs: { amd64: elsewhere, arm64: built } } });
    expect(plan.refusals).toEqual([]);
    expect(plan.notes).toEqual([expect.stringContaining('the sizes of code and data')]);
  });

  test.each([
    ['code', { sizes: { '.text': 656 } }, 'section .text has 656 bytes, and had 640'],
    ['data', { sizes: { '.data': 64 } }, 'section .data'],
    ['constants', { sizes: { '.rodata': 3200 } }, 'section .rodata'],
    ['size', { behind: 200_000 }, 'bytes, and had'],
    ['Go', { version: 'go1.22.4' }, 'its Go is go1.22.4, and was go1.22.5'],
    ['tags', { lines: linesOf({ '-tags': 'x' }) }, 'the line "build -tags" is "x", and was not there'],
    ['machine level', { lines: linesOf({ GOAMD64: 'v2' }) }, '"build GOAMD64"'],
    [
      'checksum',
      { lines: linesOf({}, { mod: 'example.com/tool\tv1.2.3\th1:other=' }) },
      'the line "mod" is "example.com/tool v1.2.3 h1:other="',
    ],
    [
      'dependency',
      { lines: linesOf({}, { deps: ['example.com/lib\tv0.1.0\th1:other='] }) },
      'the line "dep"',
    ],
  ])(
    'that gives another program on the old machine counts for nothing: other %s',
    async (_what, spec, why) => {
      expect(await refusalOf({ script: { programs: { amd64: goElf(spec), arm64: built } } })).toMatchObject({
        kind: 'counterpart',
        why: expect.stringContaining(why),
        waivable: true,
        guess: 'go: example.com/tool v1.2.3',
        lift: expect.stringContaining('--replace /usr/bin/tool=FILE'),
      });
    },
  );

  test.each([
    ['of another machine', old, 'is for amd64, not for arm64'],
    [
      'that is linked',
      goElf({ machine: 'arm64', interpreter: true, lines: linesOf({ GOARCH: 'arm64' }) }),
      'is dynamic',
    ],
    [
      'of another version',
      goElf({
        machine: 'arm64',
        lines: linesOf({ GOARCH: 'arm64' }, { mod: 'example.com/tool\tv1.2.4\th1:abc=' }),
      }),
      'the line "mod"',
    ],
    [
      'with another dependency',
      goElf({
        machine: 'arm64',
        lines: linesOf({ GOARCH: 'arm64' }, { deps: ['example.com/lib\tv0.2.0\th1:x='] }),
      }),
      'the line "dep"',
    ],
    ['that is no program', Buffer.from('text'), 'no build information'],
  ])('that gives a program %s for the new one is refused', async (_what, arm64, why) => {
    expect(await refusalOf({ script: { programs: { amd64: old, arm64 } } })).toMatchObject({
      kind: 'counterpart',
      why: expect.stringContaining(why),
    });
  });

  describe('of a program without paths, whose link flags are not recorded,', () => {
    const trimmed = (lines = linesOf({ '-trimpath': 'true' })) => goElf({ lines });
    const stripped = goElf({ lines: linesOf({ '-trimpath': 'true' }), sizes: { '.text': 624 } });
    const arm64 = goElf({ machine: 'arm64', lines: linesOf({ '-trimpath': 'true', GOARCH: 'arm64' }) });

    test('is completed with the usual ones, where they give the file itself', async () => {
      const programs = { amd64: trimmed(), 'amd64 -ldflags=-w -s': stripped, arm64 };
      const plan = await planOf({ above: [executable('tool', stripped)], script: { programs } });
      expect(plan.refusals).toEqual([]);
      expect(plan.place.calls().at(-1)?.words).toEqual([
        'go',
        'install',
        '-trimpath',
        '-ldflags=-w -s',
        '--',
        'example.com/tool@v1.2.3',
      ]);
    });

    test('is refused where none does, and says which line is missing', async () => {
      const programs = { amd64: trimmed(), arm64 };
      expect(await refusalOf({ above: [executable('tool', stripped)], script: { programs } })).toMatchObject({
        why: expect.stringContaining('the line "build -ldflags" is missing'),
        lift: expect.stringContaining('--go-ldflags'),
      });
    });

    test('is completed by a person, and checked', async () => {
      const flags = '-s -X main.version=1';
      const programs = { amd64: trimmed(), [`amd64 -ldflags=${flags}`]: stripped, arm64 };
      const above = [executable('tool', stripped)];
      const settings = (linkFlags: string) => ({ linkFlags: { '/tool': linkFlags } });
      expect((await planOf({ above, script: { programs }, settings: settings(flags) })).refusals).toEqual([]);
      expect(await refusalOf({ above, script: { programs }, settings: settings('-s') })).toMatchObject({
        why: expect.stringContaining('that were given'),
      });
      expect(await refusalOf({ above, script: { programs }, settings: settings('-extld=/x') })).toMatchObject(
        { why: expect.stringContaining('"-extld"') },
      );
    });
  });
});

describe('on a machine', () => {
  test('without Go nobody can tell', async () => {
    expect(await refusalOf({ script: 'none' })).toMatchObject({
      kind: 'no-counterpart',
      undetermined: true,
      onlyIfUsed: true,
      lift: expect.stringContaining('Install Go'),
    });
  });

  test('whose Go is of another version, that version is asked for', async () => {
    const versions = { local: 'go1.26.0', 'go1.22.5': 'go1.22.5' };
    const plan = await planOf({ script: { ...honest, versions } });
    expect(plan.refusals).toEqual([]);
    expect(plan.place.calls().at(-1)?.environment).toMatchObject({ GOTOOLCHAIN: 'go1.22.5' });
  });

  test.each([
    ['takes no other', { GOTOOLCHAIN: 'local' }, /this machine has go1\.26\.0 and takes no other/],
    ['gets no other', {}, /go1\.22\.5, which can't be had: go: download go1\.22\.5: not available/],
  ])('that %s, it is undetermined', async (_what, settings, why) => {
    const script = { ...honest, versions: { local: 'go1.26.0' }, settings };
    expect(await refusalOf({ script })).toMatchObject({
      undetermined: true,
      why: expect.stringMatching(why),
    });
  });

  test('that has only a go command which says nothing, it is undetermined', async () => {
    const acts = { 'go env': { stderr: 'flag provided but not defined', code: 2 } };
    expect(await refusalOf({ script: { ...honest, acts } })).toMatchObject({ undetermined: true });
  });

  test('that is slow, it ends in time, with all that it started', async () => {
    const place = workplace();
    closing.push(place.remove);
    const started = performance.now();
    const script = { ...honest, acts: { 'go install': { hang: true } } };
    expect(await refusalOf({ place, script, settings: { timeoutSeconds: 2 } })).toMatchObject({
      undetermined: true,
      why: expect.stringContaining('longer than it may'),
    });
    expect(performance.now() - started).toBeLessThan(5000);
    await expectEnd(place.child());
  });

  test('whose person gives up, it ends at once, and nothing is kept', async () => {
    const controller = new AbortController();
    const place = workplace();
    closing.push(place.remove);
    const running = planOf({
      place,
      script: { ...honest, acts: { 'go install': { hang: true } } },
      signal: controller.signal,
    });
    const given = expect(running).rejects.toThrow('enough');
    while (!existsSync(join(dirname(place.context.cache), 'child'))) await delay(10);
    await delay(20);
    controller.abort(new Error('enough'));
    await given;
    await expectEnd(place.child());
    expect(existsSync(join(place.context.cache, 'programs'))).toBe(false);
  });
});

describe('what the go command says', () => {
  const failing = (stderr: string) =>
    refusalOf({ script: { ...honest, acts: { 'go install': { stderr, code: 1 } } } });

  test.each([
    'example.com/tool@v1.2.3: Get "https://proxy.example/x": dial tcp 127.0.0.1:1: connect: connection refused',
    'reading https://proxy.example/x.info: 503 Service Unavailable',
    'reading https://proxy.example/x.info: 403 Forbidden',
    'fatal: unable to access: Could not resolve host: git.example.com',
    'write /tmp/x: no space left on device',
  ])('"%s" is undetermined', async (stderr) => {
    expect(await failing(stderr)).toMatchObject({ kind: 'no-counterpart', undetermined: true });
  });

  test.each([
    ['reading https://proxy.example/x.info: 404 Not Found', 'no-counterpart'],
    ['reading https://proxy.example/x.info: 410 Gone', 'no-counterpart'],
    ['invalid version: unknown revision v1.2.3', 'no-counterpart'],
    ['# example.com/tool\n./main.go:3:2: undefined: x', 'no-counterpart'],
    ['verifying module: checksum mismatch\n\tdownloaded: h1:x=\nSECURITY ERROR', 'counterpart'],
  ])('"%s" is refused for sure', async (stderr, kind) => {
    const refusal = await failing(stderr);
    expect(refusal).toMatchObject({ kind });
    expect(refusal).not.toHaveProperty('undetermined');
  });

  test('is told in short, in one line, and without passwords', async () => {
    const stderr = `${'x'.repeat(100_000)}\ngo: https://user:hunter2hunter2@proxy.example/x\u001b[31m: 404 Not Found`;
    const { why } = (await failing(stderr)) as { why: string };
    expect(why.length).toBeLessThan(700);
    expect(why).not.toMatch(/hunter2|\p{Cc}/u);
  });

  test('is not told where the assembler quotes files', async () => {
    const stderr =
      '# example.com/tool\nx.s:1: expected identifier, found "root:x:0"\nasm: assembly of x.s failed';
    expect(await failing(stderr)).toMatchObject({ why: expect.not.stringContaining('root:') });
  });

  test('without end is not kept', async () => {
    for (const flood of ['stdout', 'stderr'] as const)
      expect(
        await refusalOf({
          script: { ...honest, acts: { 'go install': { flood } } },
          settings: { timeoutSeconds: 1 },
        }),
      ).toMatchObject({ kind: 'no-counterpart' });
  });

  test('of a program that it did not make', async () => {
    expect(await refusalOf({ script: { programs: { arm64: built } } })).toMatchObject({
      why: expect.stringContaining('made no program'),
    });
  });
});

describe('a program of a revision', () => {
  const revision = 'a'.repeat(40);
  const vcs = {
    vcs: 'git',
    'vcs.revision': revision,
    'vcs.time': '2024-05-06T07:08:09Z',
    'vcs.modified': 'false',
  };
  const mod = { path: 'example.com/tool/v2/cmd/tool', mod: 'example.com/tool/v2\t(devel)\t' };
  const settings = { '-ldflags': '-X "main.version=1 2"', ...vcs };
  const program = goElf({ lines: linesOf(settings, mod) });
  const arm64 = goElf({ machine: 'arm64', lines: linesOf({ ...settings, GOARCH: 'arm64' }, mod) });
  const repository = {
    'go.mod': 'module example.com/tool\n',
    'v2/go.mod': '// x\nmodule example.com/tool/v2\n',
  };
  const above = [executable('tool', program)];
  const script = { programs: { amd64: program, arm64 }, repository };

  test('is built in a clone of its repository, where its module is', async () => {
    const plan = await planOf({ above, script });
    expect(plan.refusals).toEqual([]);
    const calls = plan.place.calls();
    expect(calls.find(({ words }) => words[1] === 'list')?.words.at(-1)).toBe(
      `example.com/tool/v2@${revision}`,
    );
    const clone = calls.find(({ words }) => words.includes('clone'));
    expect(clone?.words).toEqual(
      expect.arrayContaining(['--template=', '--', 'https://git.example.com/tool']),
    );
    expect(clone?.environment).toMatchObject({
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: 'https:ssh:file',
    });
    const build = calls.findLast(({ words }) => words[1] === 'build');
    expect(build?.words.slice(-3)).toEqual([
      '-ldflags=-X "main.version=1 2"',
      '--',
      'example.com/tool/v2/cmd/tool',
    ]);
    expect(build?.environment).toMatchObject({
      PWD: expect.stringMatching(/\/clone\/v2$/),
      GOWORK: 'off',
      GOARCH: 'arm64',
    });
    expect(plan.materials).toMatchObject([
      {
        name: 'example.com/tool/v2',
        version: revision,
        uri: `git+https://git.example.com/tool@${revision}`,
        sha256: sha256(Buffer.from('archive')),
      },
    ]);
  });

  test('is built with the workspace that its repository has', async () => {
    const plan = await planOf({ above, script: { ...script, repository: { ...repository, 'go.work': '' } } });
    const build = plan.place.calls().findLast(({ words }) => words[1] === 'build');
    expect(build?.environment).toMatchObject({ GOWORK: expect.stringMatching(/\/clone\/go\.work$/) });
  });

  test.each([
    ['with submodules', { repository: { ...repository, '.gitmodules': '' } }, /submodules/, false],
    [
      'without the module',
      { repository: { 'go.mod': 'module example.com/other\n' } },
      /no module example\.com\/tool\/v2/,
      false,
    ],
    [
      'that is nowhere to be found',
      { acts: { 'go list': { stdout: '{}' } } },
      /nothing says in which git repository/,
      false,
    ],
    [
      'at an odd address',
      { acts: { 'go list': { stdout: '{"Origin":{"VCS":"git","URL":"ext::sh -c x"}}' } } },
      /nothing says/,
      false,
    ],
    [
      'that is away',
      { acts: { 'git clone': { stderr: 'fatal: unable to access', code: 128 } } },
      /git clone of https:\/\/git\.example\.com\/tool failed/,
      true,
    ],
    [
      'without the revision',
      {
        acts: {
          'git cat-file': { code: 1 },
          'git fetch': { stderr: 'fatal: remote error: upload-pack: not our ref', code: 128 },
        },
      },
      /git fetch/,
      false,
    ],
  ])('of a repository %s is refused', async (_what, more, why, isUnknown) => {
    const refusal = await refusalOf({ above, script: { ...script, ...more } });
    expect(refusal).toMatchObject({ why: expect.stringMatching(why) });
    expect(Object.hasOwn(refusal ?? {}, 'undetermined')).toBe(isUnknown);
  });
});
