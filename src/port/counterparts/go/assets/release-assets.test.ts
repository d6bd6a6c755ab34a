import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { executable } from '../../../../fixture/index.ts';
import type { GoAsset, GoSettings } from '../../../options.ts';
import type { OriginPlan } from '../../../origin-types.ts';
import { imageOf, serve, sha256, tarOf } from '../../release/release.test-support.ts';
import { goElf, linesOf, type Script, type Workplace, workplace } from '../go.test-support.ts';
import { goOrigin } from '../index.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const old = goElf();
const lines = linesOf({ GOARCH: 'arm64', GOAMD64: undefined });
const built = goElf({ machine: 'arm64', lines });
/** The same program as upstream has built it: elsewhere, so of other bytes. */
const released = goElf({ machine: 'arm64', lines, behind: 64 });
const builder: Script = { programs: { amd64: old, arm64: built } };

interface Case {
  readonly script?: Script;
  readonly place?: Workplace;
  readonly program?: Buffer;
  readonly another?: Buffer;
  readonly settings?: GoSettings;
  readonly signal?: AbortSignal;
}

async function planOf(assets: readonly GoAsset[], spec: Case = {}): Promise<OriginPlan> {
  const place = spec.place ?? newPlace();
  if (spec.script !== undefined) place.install(spec.script);
  const environment = spec.script === undefined ? { PATH: place.context.folder } : place.environment;
  const origin = goOrigin({ ...spec.settings, assets }, { environment, cwd: place.context.folder });
  const { program = old, another } = spec;
  const more = another === undefined ? [] : [executable('usr/bin/other', another)];
  const image = await imageOf([executable('usr/bin/tool', program), ...more]);
  return origin.plan(image, { ...place.context, signal: spec.signal });
}

function newPlace(): Workplace {
  const place = workplace();
  closing.push(place.remove);
  return place;
}

/** An asset that is a file of the workplace. */
function fileAsset(place: Workplace, bytes: Buffer, more: Partial<GoAsset> = {}): GoAsset {
  writeFileSync(join(place.context.folder, 'tool_linux_arm64'), bytes);
  return {
    ...{ module: 'example.com/tool', version: 'v1.2.3', platform: 'linux/arm64' },
    ...{ from: 'tool_linux_arm64', sha256: sha256(bytes), ...more },
  };
}

async function contentOf(plan: OriginPlan): Promise<Buffer> {
  const item = plan.paths.get('usr/bin/tool');
  if (item?.action !== 'replace' || item.with.kind !== 'file') throw new Error('the program is not replaced');
  const chunks: Uint8Array[] = [];
  for await (const chunk of item.with.content()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("upstream's own program", () => {
  test('that was built the same way is taken on a machine without Go', async () => {
    const place = newPlace();
    const plan = await planOf([fileAsset(place, released)], { place });
    expect(plan.refusals).toEqual([]);
    expect(plan.paths.get('usr/bin/tool')).toMatchObject({
      action: 'replace',
      with: { sha256: sha256(released), origin: 'go: example.com/tool v1.2.3 (release)' },
    });
    expect(await contentOf(plan)).toEqual(released);
    expect(plan.materials).toEqual([
      {
        ...{ origin: 'go', name: 'example.com/tool', version: 'v1.2.3', uri: 'file:tool_linux_arm64' },
        ...{ sha256: sha256(released), size: released.length },
        purl: 'pkg:golang/example.com/tool@v1.2.3',
        notes: [expect.stringContaining("upstream's own release")],
      },
    ]);
    expect(plan.notes).toEqual([expect.stringContaining('its code was not compared')]);
  });

  test('comes before building, and the go command is not even asked', async () => {
    const place = newPlace();
    const plan = await planOf([fileAsset(place, released)], { place, script: builder });
    expect(await contentOf(plan)).toEqual(released);
    expect(place.calls()).toEqual([]);
  });

  test('comes from an archive at an address, fetched once', async () => {
    const archive = await tarOf(executable('bin/tool', released));
    const { origin, requests, close } = await serve((_, response) => response.end(archive));
    closing.push(close);
    const place = newPlace();
    const asset = fileAsset(place, released, {
      from: `${origin}/tool.tar!/bin/tool`,
      sha256: sha256(archive),
    });
    for (let time = 0; time < 2; time += 1)
      expect(await contentOf(await planOf([asset], { place }))).toEqual(released);
    expect(requests).toEqual(['/tool.tar']);
  });

  test('comes beside another of the same archive, which is one material', async () => {
    const path = 'example.com/tool/cmd/other';
    const other = goElf({ machine: 'arm64', lines: linesOf({ GOARCH: 'arm64' }, { path }) });
    const archive = await tarOf(executable('tool', released), executable('other', other));
    const place = newPlace();
    const asset = fileAsset(place, archive);
    const assets = [
      { ...asset, package: 'example.com/tool', from: `${asset.from}!/tool` },
      { ...asset, package: path, from: `${asset.from}!/other` },
    ];
    const plan = await planOf(assets, { place, another: goElf({ lines: linesOf({}, { path }) }) });
    expect([...plan.paths.keys()].sort()).toEqual(['usr/bin/other', 'usr/bin/tool']);
    expect(plan.materials).toHaveLength(1);
    const notes = plan.materials[0]?.notes;
    for (const bytes of [released, other])
      expect(notes).toContainEqual(expect.stringContaining(sha256(bytes)));
  });

  test.each<[string, Partial<GoAsset>]>([
    ['any version', { version: undefined as never }],
    ['its package', { package: 'example.com/tool' }],
    ['its platform in another spelling', { platform: 'linux/aarch64' }],
  ])('is found by %s', async (_what, more) => {
    const place = newPlace();
    const { version, ...rest } = fileAsset(place, released, more);
    const plan = await planOf([version === undefined ? rest : { ...rest, version }], { place });
    expect(await contentOf(plan)).toEqual(released);
  });

  test('is told to have hidden link flags where Go does not record them', async () => {
    const place = newPlace();
    const trimmed = (settings: Readonly<Record<string, string>>) =>
      linesOf({ '-trimpath': 'true', ...settings });
    const arm64 = goElf({ machine: 'arm64', lines: trimmed({ GOARCH: 'arm64' }) });
    const plan = await planOf([fileAsset(place, arm64)], { place, program: goElf({ lines: trimmed({}) }) });
    expect(plan.notes).toEqual([expect.stringContaining('link flags are not recorded with -trimpath')]);
  });
});

describe('an asset that is not taken, so that the program is built,', () => {
  const other = (settings: Readonly<Record<string, string>>, more = {}) =>
    goElf({ machine: 'arm64', lines: linesOf({ GOARCH: 'arm64', ...settings }, more) });

  test.each([
    ['has other settings', other({ '-tags': 'x' }), 'the line "build -tags" is "x", and was not there'],
    ['is of another version', other({}, { mod: 'example.com/tool\tv1.2.4\th1:x=' }), 'the line "mod"'],
    ['has another dependency', other({}, { deps: ['example.com/lib\tv0.1.0\th1:other='] }), 'the line "dep"'],
    ['is of another package', other({}, { path: 'example.com/tool/cmd' }), 'the line "path"'],
    ['is of another Go', goElf({ machine: 'arm64', version: 'go1.22.6', lines }), 'its Go is go1.22.6'],
    ['needs newer machines', other({ GOARM64: 'v9.0' }), 'the line "build GOARM64" is "v9.0"'],
    ['is for the old machine', old, 'it is for amd64, not for arm64'],
    ['says so of itself only', goElf({ machine: 'arm64' }), 'the line "build GOARCH" is "amd64"'],
    ['is linked', goElf({ machine: 'arm64', lines, interpreter: true }), 'it is dynamic'],
    ['is no program', Buffer.from('text'), 'it is no ELF program'],
  ])('%s, and the first difference is told', async (_what, bytes, why) => {
    const place = newPlace();
    const plan = await planOf([fileAsset(place, bytes)], { place, script: builder });
    expect(await contentOf(plan)).toEqual(built);
    expect(plan.paths.get('usr/bin/tool')).toMatchObject({
      with: { origin: 'go: example.com/tool v1.2.3' },
    });
    expect(plan.notes).toEqual([
      expect.stringContaining(why),
      expect.stringContaining('was built for arm64'),
    ]);
  });

  test.each<[string, Partial<GoAsset>, string]>([
    ['has another checksum', { sha256: 'a'.repeat(64) }, `not ${'a'.repeat(64)}`],
    ['is not there', { from: 'none' }, "none can't be read"],
    ['can not be reached', { from: 'http://127.0.0.1:9/tool' }, '127.0.0.1:9'],
    ['is not in its archive', { from: 'tool_linux_arm64!/tool' }, 'not taken'],
  ])('%s', async (_what, more, why) => {
    const place = newPlace();
    const context = { ...place.context, clock: { ...place.context.clock, sleep: async () => undefined } };
    const plan = await planOf([fileAsset(place, released, more)], {
      place: { ...place, context },
      script: builder,
    });
    expect(await contentOf(plan)).toEqual(built);
    expect(plan.notes[0]).toContain(why);
  });

  test('is of another module, version, package or platform, and is not even looked at', async () => {
    const place = newPlace();
    const asset = fileAsset(place, released, { from: 'none' });
    const others = [
      { ...asset, module: 'example.com/other' },
      { ...asset, version: 'v1.2.4' },
      { ...asset, package: 'example.com/tool/cmd' },
      { ...asset, platform: 'linux/arm/v7' },
    ];
    const plan = await planOf(others, { place, script: builder });
    expect(plan.notes).toEqual([expect.stringContaining('was built for arm64')]);
  });

  test('is passed by for the next, eight of them at most', async () => {
    const place = newPlace();
    const good = fileAsset(place, released);
    const bad = { ...good, sha256: 'a'.repeat(64) };
    const bads = (count: number) => Array.from({ length: count }, () => bad);
    const eighth = await planOf([...bads(7), good], { place, script: builder });
    expect(await contentOf(eighth)).toEqual(released);
    const ninth = await planOf([...bads(8), good], { place, script: builder });
    expect(await contentOf(ninth)).toEqual(built);
    expect(ninth.notes).toContainEqual(expect.stringContaining('1 more release assets'));
  });

  test('is for a program whose link flags a person named', async () => {
    const place = newPlace();
    const settings = { linkFlags: { '/usr/bin/tool': '-s' } };
    const plan = await planOf([fileAsset(place, released)], { place, script: builder, settings });
    expect(await contentOf(plan)).toEqual(built);
  });
});

test('without Go, an asset that differs leaves the program refused, and the difference told', async () => {
  const place = newPlace();
  const plan = await planOf([fileAsset(place, old)], { place });
  expect(plan.refusals).toHaveLength(1);
  expect(plan.notes).toEqual([expect.stringContaining('it is for amd64')]);
});

test('an abort ends it', async () => {
  const place = newPlace();
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(planOf([fileAsset(place, released)], { place, signal })).rejects.toThrow('enough');
});
