import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectBytes } from '../../../binary/index.ts';
import { parseBuildInfo } from './build-info.ts';
import { checkToolFlags } from './flags.ts';
import { goElf, linesOf, type ProgramSpec } from './go.test-support.ts';
import { readRecipe } from './recipe.ts';
import { splitWords, unquote } from './words.ts';

const recipeOf = (spec: ProgramSpec) => readRecipe(inspectBytes('tool', goElf(spec)));
const whyOf = (spec: ProgramSpec): string => {
  const recipe = recipeOf(spec);
  return 'why' in recipe ? recipe.why : 'complete';
};
const withSettings = (settings: Readonly<Record<string, string | undefined>>): string =>
  whyOf({ lines: linesOf(settings) });

test('a recipe is what the program holds, flags as they were', () => {
  const lines = linesOf({
    ...{ '-ldflags': '-s -w -X "main.text=a \\ b" -extldflags=-static', '-gcflags': 'all=-N -l' },
    ...{ '-tags': 'netgo,osusergo', '-asmflags': '-trimpath=/x' },
  });
  expect(recipeOf({ lines, version: 'go1.21rc2' })).toMatchObject({
    toolchain: 'go1.21rc2',
    source: { kind: 'module', version: 'v1.2.3' },
    flags: [
      '-ldflags=-s -w -X "main.text=a \\ b" -extldflags=-static',
      ...['-gcflags=all=-N -l', '-asmflags=-trimpath=/x', '-tags=netgo,osusergo'],
    ],
    ...{ variables: {}, isTrimmed: false, hidesLinkFlags: false },
  });
  expect(recipeOf({ lines: linesOf({ '-trimpath': 'true' }) })).toMatchObject({
    isTrimmed: true,
    hidesLinkFlags: true,
  });
});

describe('a recipe that is not complete, or does more than armload does, is none:', () => {
  const revision = { vcs: 'git', 'vcs.revision': 'a'.repeat(40), 'vcs.modified': 'false' };
  const devel = (
    mod = 'example.com/tool\t(devel)\t',
    settings: object = revision,
    deps: readonly string[] = [],
  ) => whyOf({ lines: linesOf({ ...settings }, { mod, deps }) });

  test.each([
    ['a linked program', whyOf({ interpreter: true }), 'dynamic'],
    ['an own Go', whyOf({ version: 'go1.22.5-corp' }), 'no released version'],
    ['a Go between versions', whyOf({ version: 'devel go1.23-abc' }), 'no released version'],
    ['an old Go', whyOf({ version: 'go1.18.10' }), 'since go1.19'],
    ['an old Go, with less', whyOf({ version: 'go1.9' }), 'since go1.19'],
    ['no word of cgo', withSettings({ CGO_ENABLED: undefined }), '"build CGO_ENABLED" is missing'],
    ['no word of its kind', withSettings({ '-buildmode': undefined }), '"build -buildmode" is missing'],
    ['cgo', withSettings({ CGO_ENABLED: '1' }), 'CGO_ENABLED=1'],
    ['another compiler', withSettings({ '-compiler': 'gccgo' }), '-compiler=gccgo'],
    ['a plug-in', withSettings({ '-buildmode': 'plugin' }), '-buildmode=plugin'],
    ['a race detector', withSettings({ '-race': 'true' }), '"build -race"'],
    ['a setting of times to come', withSettings({ '-new': 'x' }), '"build -new"'],
    ['a profile of its builder', withSettings({ '-pgo': '/home/x/cpu.pprof' }), '-pgo'],
    ['a linker of its own', withSettings({ '-ldflags': '-s -extld=/evil' }), '"-extld"'],
    ['a changed tree', devel(undefined, { ...revision, 'vcs.modified': 'true' }), 'vcs.modified=true'],
    ['a changed tree, by its version', devel('example.com/tool\tv1.0.1-0.2024+dirty\t'), 'changed'],
    ['no source', devel(undefined, {}), '"build vcs.revision" is missing'],
    ['another system', devel(undefined, { ...revision, vcs: 'hg' }), 'only git'],
    ['an odd revision', devel(undefined, { ...revision, 'vcs.revision': '--upload-pack=x' }), 'no revision'],
    ['a module of no place', devel('tool\t(devel)\t', revision), 'not of its main module'],
    [
      'a folder',
      devel(undefined, revision, ['example.com/lib\tv1.0.0\n=>\t../lib\t(devel)\t']),
      '"=> ../lib"',
    ],
    [
      'a folder by a way around',
      devel(undefined, revision, ['example.com/lib\tv1.0.0\n=>\t./x/../../lib\t(devel)\t']),
      '"=> ./x',
    ],
    [
      'an absolute folder',
      devel(undefined, revision, ['example.com/lib\tv1.0.0\n=>\t/src/lib\t(devel)\t']),
      '"=> /src/lib"',
    ],
    [
      'a package of elsewhere',
      whyOf({ lines: linesOf({}, { path: 'example.com/other' }) }),
      'not of its main module',
    ],
    ['files', whyOf({ lines: linesOf({}, { path: 'command-line-arguments' }) }), 'command-line-arguments'],
    [
      'a flag for a name',
      whyOf({ lines: linesOf({}, { path: '-x', mod: '-x\tv1.0.0\th1:x=' }) }),
      'a name that none can have',
    ],
    ['no lines', whyOf({ lines: [] }), 'names no package'],
  ])('%s', (_what, why, part) => {
    expect(why).toContain(part);
  });

  test('but Go 1.19 says less of plain programs', () => {
    expect(whyOf({ version: 'go1.19.13', lines: linesOf({ '-buildmode': undefined }) })).toBe('complete');
  });

  test('but folders of the repository and modules instead of others are of the revision', () => {
    const deps = [
      'example.com/lib\tv1.0.0\n=>\t./lib\t(devel)\t\n',
      'example.com/a\tv1.0.0\n=>\texample.com/b\tv1.0.1\th1:x=\n',
    ];
    expect(devel(undefined, revision, deps)).toBe('complete');
  });

  test('and what it says has no values of link flags in it', () => {
    expect(withSettings({ '-ldflags': '-X main.token=hunter2 hunter2' })).not.toContain('hunter2');
    expect(withSettings({ '-ldflags': '-tmpdir=/hunter2' })).not.toContain('hunter2');
  });
});

describe('flags for tools', () => {
  test.each([
    ...[
      '-s -w',
      '--s',
      '-X main.a=b',
      "-X 'main.a=b c'",
      '-X=main.a=b',
      '-buildid=',
      '-buildid ""',
      'all=-s',
      '',
    ],
    ...['-extldflags "-static"', '-linkmode internal', '-compressdwarf=false'],
  ])('%j are passed on', (text) => {
    expect(checkToolFlags('-ldflags', text)).toBeUndefined();
  });

  test.each([
    ...[
      '-extld=/x',
      '-extld /x',
      '-extldflags=-fplugin=x',
      '-cpuprofile=/x',
      '-o /x',
      '-linkmode=external',
      '-tmpdir x',
    ],
    ...[
      '-X',
      '-X a',
      'x',
      '"-s',
      '@file',
      '-s -',
      'pattern -s=',
      '---s',
      '-toolexec=x',
      '-r /x',
      '-I/x',
      '-plugin x',
    ],
  ])('%j are not', (text) => {
    expect(checkToolFlags('-ldflags', text)).toEqual(expect.any(String));
  });

  test('are of their own kind', () => {
    expect(checkToolFlags('-gcflags', 'all=-N -l')).toBeUndefined();
    for (const flag of [
      '-cpuprofile=x',
      '-o=x',
      '-embedcfg=x',
      '-importcfg=x',
      '-linkobj=x',
      '-bench=x',
      '-live',
      '-json=0,/x',
    ])
      expect(checkToolFlags('-gcflags', flag)).toContain('not passed on');
    expect(checkToolFlags('-asmflags', '-o=x')).toContain('not passed on');
  });
});

describe('texts', () => {
  test('are divided into words as Go divides them', () => {
    expect(splitWords(` a "b c"d 'e "f'\tg"h\n`)).toEqual(['a', 'b c', 'd', 'e "f', 'g"h']);
    expect(splitWords('"a')).toBeUndefined();
    expect(splitWords(' ')).toEqual([]);
  });

  test('are unquoted as Go quotes them', () => {
    expect(unquote('"a\\tb\\"\\\\ \\u00e9\\U0001f600 \\x41\\101"')).toBe('a\tb"\\ é😀 AA');
    expect(unquote('`a\\b`')).toBe('a\\b');
    expect(unquote('plain')).toBe('plain');
    for (const bad of ['"a', '"\\xff"', '"\\q"', '"a"b"', '"\\x00"', '"\\ud800"', '`a`b`', '"'])
      expect([bad, unquote(bad)]).toEqual([bad, undefined]);
  });

  test('quoted as JSON are the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/[\0\ufffd]/.test(text));
        expect(unquote(JSON.stringify(text))).toBe(text);
      }),
    );
  });

  test('of any kind are build information, or say why not', () => {
    const line = fc.oneof(
      fc.constantFrom(...linesOf(), '=>\tx\tv1', 'dep', 'mod', 'path\tx', 'build\t"', 'build\t=x', '\t'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const info = parseBuildInfo(lines.join('\n'));
        expect(typeof info === 'string' ? info.length > 0 : info.package.length > 0).toBe(true);
      }),
    );
  });
});
