import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { peOf } from '../../../binary/archives.test-support.ts';
import { executable, file } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import {
  amd64,
  arm64,
  fates,
  newBytes,
  packed,
  planWith,
  type RunningServer,
  serve,
  sum,
  temporary,
} from '../java/java.test-support.ts';
import { config, hostOf, hostPack, hosts, packName, source, template } from './dotnet.test-support.ts';
import { type DotnetParts, dotnetOrigin } from './dotnet-origin.ts';

const managed = peOf(0x8664, { flags: 1 });

function program(
  more: readonly TarMember[] = [],
  { runtime = config, deps = {} }: { readonly runtime?: unknown; readonly deps?: unknown } = {},
): readonly TarMember[] {
  return [
    executable('app/Shop', hostOf('amd64', 'four')),
    file('app/Shop.dll', managed),
    file('app/Shop.runtimeconfig.json', `\uFEFF${JSON.stringify(runtime)}`),
    file('app/Shop.deps.json', JSON.stringify(deps)),
    ...more,
  ];
}

function origin(from: RunningServer | string, parts: DotnetParts = {}) {
  const url = typeof from === 'string' ? from : `${from.url}index.json`;
  return dotnetOrigin({ sources: [url] }, { environment: {}, ...parts });
}

describe('the host of a program', () => {
  test('becomes the one that the same version of the SDK makes for the new machine', async () => {
    const server = await source(hosts);
    const { plan } = await planWith(origin(server), program());
    expect([fates(plan), plan.refusals]).toEqual([{ 'app/Shop': 'replace' }, []]);
    expect(await newBytes(plan, 'app/Shop')).toEqual(hostOf('arm64', 'four'));
    const pack = hosts[`${packName('arm64')}/8.0.4`] as Buffer;
    expect(plan.materials).toEqual([
      {
        ...{ origin: 'dotnet', name: 'Microsoft.NETCore.App.Host.linux-arm64', version: '8.0.4' },
        uri: `${server.url}flat/${packName('arm64')}/8.0.4/${packName('arm64')}.8.0.4.nupkg`,
        ...{ sha256: sum('sha256', pack), size: pack.length },
        purl: 'pkg:nuget/Microsoft.NETCore.App.Host.linux-arm64@8.0.4',
      },
    ]);
    expect(server.asked.filter((path) => path.includes('9.0.0'))).toEqual([]);
  });

  test('is refused where no version gives it, or none has it for the new machine, or it is for another', async () => {
    const altered = [executable('app/Shop', hostOf('amd64', 'four!')), ...program().slice(1)];
    const { plan } = await planWith(origin(await source(hosts)), altered);
    expect(plan.refusals).toMatchObject([
      {
        path: 'app/Shop',
        kind: 'no-counterpart',
        guess: 'dotnet: Shop',
        why: expect.stringContaining('it was altered'),
      },
    ]);
    const { [`${packName('arm64')}/8.0.4`]: _gone, ...fewer } = hosts;
    const none = await planWith(origin(await source(fewer)), program());
    expect(none.plan.refusals).toMatchObject([
      { why: expect.stringContaining('has no Microsoft.NETCore.App.Host') },
    ]);
    const wrong = { ...hosts, [`${packName('arm64')}/8.0.4`]: hostPack('arm64', template('amd64', 'four')) };
    const other = await planWith(origin(await source(wrong)), program());
    expect(other.plan.refusals).toMatchObject([{ kind: 'counterpart' }]);
    for (const { plan: one } of [none, other]) expect(one.paths.size).toBe(0);
  });

  test('is refused where the package has other bytes than its source says, or the source says nothing', async () => {
    const key = `${packName('arm64')}/8.0.4`;
    for (const [hash, expected] of [
      [Buffer.alloc(64).toString('base64'), { kind: 'counterpart' }],
      ['', { kind: 'package', undetermined: true }],
    ] as const) {
      const { plan } = await planWith(origin(await source(hosts, { [key]: hash })), program());
      expect([plan.refusals.length, plan.paths.size]).toEqual([1, 0]);
      expect(plan.refusals[0]).toMatchObject(expected);
    }
  });

  test('is undetermined where the source does not answer, is none, or none is known', async () => {
    const nonsense = await serve({ 'index.json': '<html>' });
    for (const url of [
      'http://127.0.0.1:9/index.json',
      `${nonsense.url}index.json`,
      `${nonsense.url}none.json`,
    ]) {
      const { plan } = await planWith(origin(url), program());
      expect(plan.refusals).toMatchObject([{ path: 'app/Shop', undetermined: true }]);
    }
    const { plan } = await planWith(dotnetOrigin({}, { environment: {} }), program());
    expect(plan.refusals).toMatchObject([
      { undetermined: true, why: expect.stringContaining('no source is named') },
    ]);
  });
});

const asset = (rid: string) => `runtimes/linux-${rid}/native/libfast.so`;
const fast = packed({ [asset('x64')]: amd64, [asset('arm64')]: arm64, 'lib/net8.0/Fast.dll': managed });
const libraries = { 'Fast.Native/2.1.0': { type: 'package', serviceable: true, sha512: 'sha512-x' } };
const flat = {
  targets: {
    '.NETCoreApp,Version=v8.0/linux-x64': { 'Fast.Native/2.1.0': { native: { [asset('x64')]: {} } } },
  },
  libraries,
};
const native = { rid: 'linux-x64', assetType: 'native' };
const portable = (...rids: readonly string[]) => ({
  targets: {
    '.NETCoreApp,Version=v8.0': {
      'Fast.Native/2.1.0': {
        runtimeTargets: Object.fromEntries(rids.map((rid) => [asset(rid), { ...native, rid }])),
      },
    },
  },
  libraries,
});

describe('a library of a package', () => {
  const packages = { ...hosts, 'fast.native/2.1.0': fast };
  const flatFile = 'app/libfast.so';
  const byPlatform = `app/${asset('x64')}`;

  test('beside a program for one platform becomes the same version of it for the new one', async () => {
    const members = program([file(flatFile, amd64)], { deps: flat });
    const { plan } = await planWith(origin(await source(packages)), members);
    expect([fates(plan), plan.refusals]).toEqual([{ 'app/Shop': 'replace', [flatFile]: 'replace' }, []]);
    expect(await newBytes(plan, flatFile)).toEqual(Buffer.from(arm64));
    expect(plan.materials.map(({ purl }) => purl)).toContain('pkg:nuget/Fast.Native@2.1.0');
  });

  test('of a program for all is kept with its twin, and comes back where it is listed and missing', async () => {
    const both = program([file(byPlatform, amd64), file(`app/${asset('arm64')}`, arm64)], {
      deps: portable('x64', 'arm64'),
    });
    const kept = await planWith(origin(await source(packages)), both);
    expect(fates(kept.plan)).toEqual({ 'app/Shop': 'replace' });
    const missing = program([file(byPlatform, amd64)], { deps: portable('x64', 'arm64') });
    const { plan } = await planWith(origin(await source(packages)), missing);
    expect(fates(plan)).toEqual({ 'app/Shop': 'replace', [`app/${asset('arm64')}`]: 'add' });
    const unlisted = program([file(byPlatform, amd64)], { deps: portable('x64') });
    const refused = await planWith(origin(await source(packages)), unlisted);
    expect(refused.plan.refusals).toMatchObject([
      { path: byPlatform, why: expect.stringContaining('does not list') },
    ]);
  });

  test.each([
    ['altered', packed({ [asset('x64')]: arm64, [asset('arm64')]: arm64 })],
    ['no-counterpart', packed({ [asset('x64')]: amd64 })],
    ['counterpart', packed({ [asset('x64')]: amd64, [asset('arm64')]: amd64 })],
  ])('is refused as %s where the package is not as it should be', async (kind, bytes) => {
    const members = program([file(flatFile, amd64)], { deps: flat });
    const { plan } = await planWith(
      origin(await source({ ...packages, 'fast.native/2.1.0': bytes })),
      members,
    );
    expect(plan.refusals).toMatchObject([{ path: flatFile, kind }]);
    expect(fates(plan)).toEqual({ 'app/Shop': 'replace' });
  });
});

test('a program that brings its runtime is refused as a whole, with how it would be published', async () => {
  const runtime = {
    runtimeOptions: { includedFrameworks: [{ name: 'Microsoft.NETCore.App', version: '8.0.4' }] },
  };
  const members = program([file('app/libcoreclr.so', amd64), file('app/libclrjit.so', amd64)], { runtime });
  const { plan } = await planWith(origin('http://127.0.0.1:9/index.json'), members);
  expect(plan.refusals).toMatchObject([
    { path: 'app/Shop', covers: ['app/libclrjit.so', 'app/libcoreclr.so'], kind: 'no-counterpart' },
  ]);
  expect(plan.refusals[0]?.undetermined).toBeUndefined();
});

test('assemblies that were compiled ahead are refused together, and the host is ported all the same', async () => {
  // The machine is mixed with a constant of Linux.
  const ahead = peOf(0x8664 ^ 0x7b79, { flags: 0, readyToRun: true });
  const members = program([file('app/Fast.dll', ahead), file('app/de/Fast.dll', ahead)]);
  const { plan } = await planWith(origin(await source(hosts)), members);
  expect(plan.refusals).toMatchObject([
    {
      path: 'app/Fast.dll',
      covers: ['app/de/Fast.dll'],
      why: expect.stringContaining('ReadyToRun'),
      waivable: true,
    },
  ]);
  expect(fates(plan)).toEqual({ 'app/Shop': 'replace' });
});

test('what is in the base, answered for, or no program of .NET is left alone', async () => {
  const nowhere = origin('http://127.0.0.1:9/index.json');
  for (const [members, context] of [
    [[file('x', 'y')], { base: program() }],
    [program(), { taken: new Set(['app/Shop']) }],
    [program().filter((_member, index) => index !== 2), {}],
    [program([], { runtime: 'nonsense' }), {}],
  ] as const) {
    const { plan } = await planWith(nowhere, members, context);
    expect([fates(plan), plan.refusals]).toEqual([{}, []]);
  }
});

test("NuGet's own configuration says where packages are, with logins in plain text", async () => {
  const server = await source(hosts);
  const home = temporary();
  mkdirSync(join(home, '.nuget', 'NuGet'), { recursive: true });
  writeFileSync(
    join(home, '.nuget', 'NuGet', 'NuGet.Config'),
    `<?xml version="1.0" encoding="utf-8"?><configuration><packageSources><add key="gone" value="https://old.example/v3/index.json"/><clear/><add key="ours" value="${server.url}index.json" protocolVersion="3"/><add key="off" value="https://off.example/v3/index.json"/></packageSources><disabledPackageSources><add key="off" value="true"/></disabledPackageSources><packageSourceCredentials><ours><add key="Username" value="reader"/><add key="ClearTextPassword" value="s3cret"/></ours></packageSourceCredentials></configuration>`,
  );
  const { plan } = await planWith(dotnetOrigin({}, { environment: { HOME: home } }), program());
  expect([fates(plan), plan.refusals]).toEqual([{ 'app/Shop': 'replace' }, []]);
  expect(JSON.stringify(plan)).not.toContain('s3cret');
});
