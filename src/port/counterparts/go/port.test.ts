import { afterAll, expect, test } from 'vitest';
import { buildImage, executable, file } from '../../../fixture/index.ts';
import type { PortResult } from '../../../results/index.ts';
import { portWorld } from '../../port.test-support.ts';
import { goElf, linesOf, workplace } from './go.test-support.ts';

const world = portWorld();
const place = workplace();
afterAll(() => place.remove());

const old = goElf();
const built = goElf({ machine: 'arm64', lines: linesOf({ GOARCH: 'arm64' }) });

async function ported(
  path: string,
  environment: Readonly<Record<string, string>>,
  settings: object = {},
): Promise<{ readonly result: PortResult; readonly to: string }> {
  const image = buildImage({
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [[{ ...executable(path, old), uid: 7, mode: 0o4711 }, file('etc/tool.yaml', 'a: 1\n')]],
    config: { Cmd: [`/${path}`] },
  });
  const app = await world.pushed(image, 'app:1');
  const to = app.replace('app:1', 'ported:1');
  return { result: await world.port(app, { to, noBase: true, environment, ...settings }), to };
}

test('an image of a Go program is published with the program built anew', async () => {
  place.install({ programs: { amd64: old, arm64: built } });
  const { result, to } = await ported('usr/bin/tool', place.environment);
  expect(result).toMatchObject({ outcome: 'published', refusals: [], totals: { replaced: 1, kept: 1 } });
  expect(result.notes).toEqual([expect.stringContaining('example.com/tool v1.2.3 was built for arm64')]);
  const { view } = await world.pull(to);
  expect(view.lookup('usr/bin/tool')?.entry).toMatchObject({
    ...{ uid: 7, mode: 0o4711, size: built.length },
    facts: { elf: { architecture: 'arm64' } },
  });
});

test('without Go on this machine it is undetermined, once for the program', async () => {
  const { result } = await ported('usr/bin/tool', {});
  expect(result).toMatchObject({
    outcome: 'unknown',
    refusals: [{ path: '/usr/bin/tool', undetermined: true, lift: expect.stringContaining('Install Go') }],
  });
});

test('turned off, it is refused as all machine code is', async () => {
  place.install({ programs: { amd64: old, arm64: built } });
  const { result } = await ported('usr/bin/tool', place.environment, { go: { enabled: false } });
  expect(result).toMatchObject({ outcome: 'refused', refusals: [{ guess: 'go: example.com/tool v1.2.3' }] });
});

test('a program that nothing uses needs no counterpart', async () => {
  const image = buildImage({
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [[file('srv/index.html', 'x'), file('usr/lib/go/src/debug/elf/testdata/tool', old)]],
  });
  const app = await world.pushed(image, 'app:1');
  const result = await world.port(app, { dryRun: true, noBase: true });
  expect(result.refusals).toEqual([]);
});
