import { expect, test } from 'vitest';
import { executable, file, type Machine, userland, writeElf } from '../../../fixture/index.ts';
import { expectSound, sharedPortWorld } from '../../shared-world.test-support.ts';
import { amd64, arm64 } from '../java/java.test-support.ts';
import { installed, makeGem, root, serveGems } from './ruby.test-support.ts';

const world = sharedPortWorld();
const withRuby = (machine: Machine) => [
  ...userland(machine),
  executable('usr/bin/ruby', writeElf({ machine, interpreter: true, needed: ['libc.so.6'] })),
];
const spec = { files: withRuby, config: { Cmd: ['/usr/bin/ruby', '/app/main.rb'] } };
const old = await makeGem({
  platform: 'x86_64-linux',
  files: { 'lib/fast.rb': 'x', 'lib/fast/fast.so': amd64 },
});
const now = await makeGem({
  platform: 'aarch64-linux',
  files: { 'lib/fast.rb': 'x', 'lib/fast/fast.so': arm64 },
});

test('an image with a gem for the old machine is ported, and has it under the name of the new', async () => {
  const server = await serveGems([old, now]);
  const app = [file('app/main.rb', 'require "fast"\n')];
  const ported = await world.ported([installed(old), app], spec, { ruby: { sources: [server.url] } });
  const pulled = await expectSound(world, ported);
  const { result } = ported;
  expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' }, refusals: [] });
  expect(result.layers.map(({ kind }) => kind)).toEqual(['base', 'rewritten', 'kept']);
  expect(result.materials).toMatchObject([
    { origin: 'ruby', purl: 'pkg:gem/fast@1.2.0?platform=aarch64-linux' },
  ]);
  const paths = [...(pulled?.view.entries() ?? [])].map(({ path }) => path);
  expect(paths.filter((path) => path.includes('x86_64'))).toEqual([]);
  expect(paths).toEqual(
    expect.arrayContaining([
      `${root}/cache/${now.fullName}.gem`,
      `${root}/gems/${now.fullName}/lib/fast/fast.so`,
      `${root}/specifications/${now.fullName}.gemspec`,
    ]),
  );
});

test('a gem without a counterpart is one refusal, and its files are judged one by one once that is waived', async () => {
  const server = await serveGems([old]);
  const ruby = { sources: [server.url] };
  const path = `/${root}/gems/${old.fullName}`;
  const refused = await world.ported([installed(old)], spec, { ruby });
  await expectSound(world, refused);
  expect(refused.result).toMatchObject({
    outcome: 'refused',
    refusals: [{ path, guess: 'ruby: fast 1.2.0' }],
  });
  const waivers = [{ path, reason: 'it has a slow path' }];
  const waived = await world.ported([installed(old)], spec, { ruby, waivers });
  expect(waived.result.refusals).toMatchObject([{ path: `${path}/lib/fast/fast.so` }]);
});
