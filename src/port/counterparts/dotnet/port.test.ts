import { expect, test } from 'vitest';
import { peOf } from '../../../binary/archives.test-support.ts';
import { executable, file } from '../../../fixture/index.ts';
import { expectSound, sharedPortWorld } from '../../shared-world.test-support.ts';
import { config, hostOf, hosts, source } from './dotnet.test-support.ts';

const world = sharedPortWorld();
const program = [
  executable('app/Shop', hostOf('amd64', 'four')),
  file('app/Shop.dll', peOf(0x8664, { flags: 1 })),
  file('app/Shop.runtimeconfig.json', JSON.stringify(config)),
];
const spec = { config: { Cmd: ['/app/Shop'] } };

test('an image with a program of .NET is ported with the host for the new machine', async () => {
  const server = await source(hosts);
  const dotnet = { sources: [`${server.url}index.json`] };
  const ported = await world.ported([program], spec, { dotnet });
  const pulled = await expectSound(world, ported);
  expect(ported.result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' }, refusals: [] });
  expect(ported.result.materials).toMatchObject([{ origin: 'dotnet', version: '8.0.4' }]);
  expect(pulled?.view.lookup('app/Shop')?.entry.mode).toBe(0o755);
  expect(pulled?.view.lookup('app/Shop')?.entry.facts).toMatchObject({ elf: { architecture: 'arm64' } });
});

test('without a source that is undetermined, and with code compiled ahead it is refused', async () => {
  const { result } = await world.ported([program], spec);
  expect(result).toMatchObject({ outcome: 'unknown', refusals: [{ path: '/app/Shop', undetermined: true }] });
  const ahead = file('app/Fast.dll', peOf(0x8664 ^ 0x7b79, { flags: 0, readyToRun: true }));
  const server = await source(hosts);
  const dotnet = { sources: [`${server.url}index.json`] };
  const refused = await world.ported([[...program, ahead]], spec, { dotnet });
  expect(refused.result).toMatchObject({
    outcome: 'refused',
    refusals: [{ path: '/app/Fast.dll', guess: 'dotnet: Shop', why: expect.stringContaining('ReadyToRun') }],
  });
});
