import { expect, test } from 'vitest';
import { executable, file, type Machine, symlink, writeElf } from '../../../fixture/index.ts';
import { expectSound, sharedPortWorld } from '../../shared-world.test-support.ts';
import { serve, textOf } from '../shared/packages/scene.test-support.ts';
import { type ApkSpec, apkOf, installed, type MadeApk, repositoryOf, system } from './apk.test-support.ts';

const world = sharedPortWorld();

const words = { amd64: 'x86_64', arm64: 'aarch64' } as const;
type Both = keyof typeof words;

const made = async (machine: Both): Promise<{ readonly base: MadeApk; readonly tool: MadeApk }> => {
  const architecture = words[machine];
  const libc = `libc.musl-${architecture}.so.1`;
  const loader = `lib/ld-musl-${architecture}.so.1`;
  const program = (text: string): Uint8Array =>
    Buffer.concat([writeElf({ machine, interpreter: `/${loader}`, needed: [libc] }), Buffer.from(text)]);
  const musl: ApkSpec = {
    ...{ name: 'musl', architecture, fields: { p: `so:${libc}=1` } },
    files: [
      executable(
        loader,
        Buffer.concat([
          writeElf({ machine, kind: 'library', soname: libc }),
          Buffer.from('\0/lib:/usr/local/lib:/usr/lib\0'),
        ]),
      ),
      symlink(`lib/${libc}`, `ld-musl-${architecture}.so.1`),
      executable('bin/busybox', program('busybox')),
    ],
  };
  const tool: ApkSpec = {
    ...{ name: 'tool', version: '2.1-r4', architecture, fields: { D: `so:${libc} so:libtool.so.2` } },
    files: [
      executable(
        'usr/bin/tool',
        Buffer.concat([writeElf({ machine, interpreter: `/${loader}`, needed: [libc, 'libtool.so.2'] })]),
      ),
      executable(
        'usr/lib/libtool.so.2',
        writeElf({ machine, kind: 'library', soname: 'libtool.so.2', needed: [libc] }),
      ),
    ],
  };
  return { base: await apkOf(musl), tool: await apkOf(tool) };
};

test('with a repository that nobody can reach, nobody can tell: unknown, and not refused for the files that are left', async () => {
  const [old, now] = [await made('amd64'), await made('arm64')];
  const ofBase = (machine: Machine) => [
    ...system('http://127.0.0.1:1').filter(({ name }) => name !== 'etc/apk/arch'),
    file('etc/apk/arch', `${words[machine as Both]}\n`),
    ...installed([(machine === 'amd64' ? old : now).base]),
    symlink('bin/sh', '/bin/busybox'),
  ];
  const above = installed([old.base, old.tool]).filter(({ name }) => !/musl|bin\/busybox/.test(String(name)));
  const config = { Cmd: ['/usr/bin/tool'], Env: ['PATH=/usr/bin:/bin'] };
  const { result } = await world.ported([above], { files: ofBase, config });
  expect(result.refusals).toMatchObject([{ kind: 'package', undetermined: true }]);
  expect(result.outcome).toBe('unknown');
});

test('an image with packages above an Alpine base is ported, audited right, and says what it took', async () => {
  const [old, now] = [await made('amd64'), await made('arm64')];
  const server = await serve(await repositoryOf([now.tool]));
  const ofBase = (machine: Machine) => [
    ...system(server.url).filter(({ name }) => name !== 'etc/apk/arch'),
    file('etc/apk/arch', `${words[machine as Both]}\n`),
    ...installed([(machine === 'amd64' ? old : now).base]),
    symlink('bin/sh', '/bin/busybox'),
  ];
  const above = installed([old.base, old.tool]).filter(({ name }) => !/musl|bin\/busybox/.test(String(name)));
  const layers = [above, [file('srv/run.sh', '#!/bin/sh\nexec /usr/bin/tool\n', 0o755)]];
  const config = { Cmd: ['/usr/bin/tool'], Env: ['PATH=/usr/bin:/bin'] };
  const ported = await world.ported(layers, { files: ofBase, config });
  expect(ported.result.refusals).toEqual([]);
  const pulled = await expectSound(world, ported);
  expect(ported.result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
  expect(ported.result.layers.map(({ kind }) => kind)).toEqual(['base', 'rewritten', 'kept']);
  expect(ported.result.materials).toMatchObject([
    { origin: 'apk', purl: 'pkg:apk/alpine/tool@2.1-r4?arch=aarch64' },
  ]);
  const text = pulled === undefined ? '' : textOf(pulled.view, 'lib/apk/db/installed');
  expect(text.match(/^[PA]:.*/gm)).toEqual(['P:musl', 'A:aarch64', 'P:tool', 'A:aarch64']);
});
