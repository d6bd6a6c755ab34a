import { createHash } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { directory, file } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import type { DebianSettings } from '../../options.ts';
import type { OriginPlan } from '../../origin-types.ts';
import {
  archiveFiles,
  makeSigner,
  now,
  type OfferSpec,
  type RunningArchive,
  type Signer,
  serve,
} from './archive/archive.test-support.ts';
import { debianOrigin } from './origin.ts';
import { freshFolder } from './parts.test-support.ts';
import { debOf, elf, installed, type PackageSpec } from './replay/packages.test-support.ts';
import { imageOf } from './replay/replay.test-support.ts';

const lib = 'usr/lib/x86_64-linux-gnu';
const armLib = 'usr/lib/aarch64-linux-gnu';
let signer: Signer;
beforeAll(async () => {
  signer = await makeSigner({ created: new Date(now - 30 * 86_400_000) });
});
const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function library(
  name: string,
  architecture: 'amd64' | 'arm64',
  more: Partial<PackageSpec> = {},
): PackageSpec {
  const folder = architecture === 'amd64' ? lib : armLib;
  return { name, architecture, files: [file(`${folder}/${name}.so.1`, elf(architecture, name))], ...more };
}

async function archiveOf(...offered: readonly PackageSpec[]): Promise<RunningArchive> {
  const packages = await Promise.all(
    offered.map(async (spec): Promise<OfferSpec> => {
      const { name: Package, version: Version = '1.0-1', architecture: Architecture, fields = {} } = spec;
      const source = fields['Source'] === undefined ? {} : { Source: fields['Source'] };
      return { fields: { Package, Version, Architecture, ...source }, file: await debOf(spec) };
    }),
  );
  const archive = await serve(await archiveFiles({ packages, signer }));
  ends.push(() => archive.close());
  return archive;
}

/** apt's settings of an image, and its release. */
function settingsFor({ origin }: RunningArchive): readonly TarMember[] {
  return [
    file('etc/apt/sources.list', `deb ${origin}/debian stable main\n`),
    file('etc/apt/trusted.gpg.d/archive.gpg', signer.publicBytes),
    file('etc/os-release', 'NAME="Some"\nID=somelinux\n'),
  ];
}

async function planOf(
  layers: readonly (readonly TarMember[])[],
  settings: DebianSettings = {},
  taken: readonly string[] = [],
): Promise<OriginPlan> {
  const [cache, folder] = [freshFolder(), freshFolder()];
  ends.push(cache.remove, folder.remove);
  const { image } = await imageOf({ layers });
  return debianOrigin(settings).plan(image, {
    folder: folder.path,
    cache: cache.path,
    taken: new Set(taken),
    clock: { now: () => now, sleep: async () => undefined },
  });
}

describe("the packages of Debian's archives", () => {
  test('take the place of those in the image, and each is a material', async () => {
    const foo = library('libfoo1', 'arm64', { version: '1.0-1+b2', fields: { Source: 'foo (1.0-1)' } });
    const archive = await archiveOf(foo);
    const old = library('libfoo1', 'amd64', { fields: { Source: 'foo' } });
    const plan = await planOf([[...installed([old]), ...settingsFor(archive)]]);
    expect(plan.refusals).toEqual([]);
    expect(plan.paths.get(`${lib}/libfoo1.so.1`)).toMatchObject({
      action: 'replace',
      to: `${armLib}/libfoo1.so.1`,
      with: { origin: 'libfoo1 1.0-1+b2 (arm64)' },
    });
    const bytes = await debOf(foo);
    expect(plan.materials).toEqual([
      {
        origin: 'debian',
        name: 'libfoo1',
        version: '1.0-1+b2',
        architecture: 'arm64',
        uri: `${archive.origin}/debian/pool/main/libfoo1_1.0-1+b2_arm64.deb`,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        size: bytes.length,
        purl: 'pkg:deb/somelinux/libfoo1@1.0-1%2Bb2?arch=arm64',
        signers: [signer.fingerprint],
        notes: ['rebuilt from 1.0-1'],
      },
    ]);
  });

  test('give content that is still there when the plan is made', async () => {
    const archive = await archiveOf(library('libfoo1', 'arm64'));
    const plan = await planOf([[...installed([library('libfoo1', 'amd64')]), ...settingsFor(archive)]]);
    const item = plan.paths.get(`${lib}/libfoo1.so.1`);
    if (item?.action !== 'replace' || item.with.kind !== 'file') throw new TypeError('it is not replaced');
    const hash = createHash('sha256');
    for await (const chunk of item.with.content()) hash.update(chunk);
    expect(hash.digest('hex')).toBe(item.with.sha256);
  });

  test("tell what the old package's files were, where the image does not", async () => {
    const bare = { withoutSums: true as const };
    const archive = await archiveOf(library('libfoo1', 'arm64'));
    const old = library('libfoo1', 'amd64', bare);
    const files = await archiveFiles({
      packages: [
        { fields: { Package: 'libfoo1', Version: '1.0-1', Architecture: 'amd64' }, file: await debOf(old) },
      ],
      architecture: 'amd64',
      suite: 'old',
      signer,
    });
    for (const [path, bytes] of files) archive.files.set(path, bytes);
    const both = `deb ${archive.origin}/debian stable main\ndeb ${archive.origin}/debian old main\n`;
    const settings = [...settingsFor(archive).slice(1), file('etc/apt/sources.list', both)];
    const plan = await planOf([[...installed([old]), ...settings]]);
    expect(plan.refusals).toEqual([]);
    expect(plan.paths.get(`${lib}/libfoo1.so.1`)).toMatchObject({ action: 'replace' });
  });
});

describe('a package without a counterpart', () => {
  test('is one refusal, whatever it holds', async () => {
    const archive = await archiveOf(library('libfoo1', 'arm64'));
    const files = ['a', 'b', 'c'].map((name) => file(`usr/bin/${name}`, elf('amd64', name)));
    const plan = await planOf([
      [
        ...installed([library('mkl', 'amd64', { files }), library('libfoo1', 'amd64')]),
        ...settingsFor(archive),
      ],
    ]);
    expect(plan.refusals).toMatchObject([
      { kind: 'package', guess: 'debian: mkl 1.0-1', why: 'no source has mkl for arm64', waivable: false },
    ]);
    expect(plan.paths.get('usr/bin/a')).toMatchObject({ action: 'keep' });
  });

  test('is none where a person names files for all of its programs', async () => {
    const archive = await archiveOf(library('libfoo1', 'arm64'));
    const files = [file('usr/bin/a', elf('amd64', 'a')), file('usr/share/mkl/a', 'text')];
    const layer = installed([library('mkl', 'amd64', { files }), library('libfoo1', 'amd64')]);
    const plan = await planOf([[...layer, ...settingsFor(archive)]], {}, ['usr/bin/a']);
    expect(plan.refusals).toEqual([]);
    expect(plan.notes).toEqual(['mkl is recorded for arm64: its programs were replaced by name']);
    const status = plan.paths.get('var/lib/dpkg/status');
    if (status?.action !== 'replace' || status.with.kind !== 'file') throw new TypeError('no new record');
    const chunks: Uint8Array[] = [];
    for await (const chunk of status.with.content()) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).not.toContain('amd64');
  });

  test('may be had in a newer version, if that is wanted', async () => {
    const archive = await archiveOf(library('libfoo1', 'arm64', { version: '1.0-2' }));
    const layers = [[...installed([library('libfoo1', 'amd64')]), ...settingsFor(archive)]];
    const [refused] = (await planOf(layers)).refusals;
    expect(refused).toMatchObject({ kind: 'package', lift: expect.stringContaining('--allow-upgrade') });
    const plan = await planOf(layers, { allowUpgrade: true });
    expect(plan.refusals).toEqual([]);
    expect(plan.materials).toMatchObject([{ version: '1.0-2', notes: ['upgraded from 1.0-1'] }]);
  });

  test('is undetermined where a source is silent', async () => {
    const archive = await archiveOf(library('libfoo1', 'arm64'));
    archive.files.clear();
    const files = [directory('etc/foo'), file(`${lib}/libfoo1.so.1`, elf('amd64', 'libfoo1'))];
    const plan = await planOf([
      [...installed([library('libfoo1', 'amd64', { files })]), ...settingsFor(archive)],
    ]);
    const code = `${lib}/libfoo1.so.1`;
    expect(plan.refusals).toMatchObject([
      { kind: 'package', undetermined: true, guess: 'debian: libfoo1 1.0-1', covers: [code] },
    ]);
    // Nothing of it goes: links and configuration may name it.
    const gone = [...plan.paths].filter(([, { action }]) => action === 'drop' || action === 'rename');
    expect(gone.map(([path]) => path)).toEqual([]);
  });

  test('goes where it was there for others, which do not need it on the new architecture', async () => {
    const archive = await archiveOf(library('libgfortran5', 'arm64'));
    const fortran = library('libgfortran5', 'amd64', { fields: { Depends: 'libquadmath0 (>= 1)' } });
    const layer = [...installed([fortran, library('libquadmath0', 'amd64')]), ...settingsFor(archive)];
    const plan = await planOf([layer]);
    expect(plan.refusals).toEqual([]);
    expect(plan.paths.get(`${lib}/libquadmath0.so.1`)).toMatchObject({ action: 'drop' });
    expect(plan.notes).toContain(
      'libquadmath0 is not in the new image: the new architecture has no use for it',
    );
  });

  test('goes where it is named for the old architecture, and the archive has a cross compiler of that name', async () => {
    const needs = (name: string) => ({ version: '14-1', fields: { Depends: `${name} (= 14-1)` } });
    const archive = await archiveOf(
      library('gcc-14', 'arm64', needs('gcc-14-aarch64-linux-gnu')),
      library('gcc-14-aarch64-linux-gnu', 'arm64', { version: '14-1' }),
      library('gcc-14-x86-64-linux-gnu', 'arm64', { version: '14-1cross1' }),
      library('gcc', 'arm64', needs('gcc-aarch64-linux-gnu')),
      library('gcc-aarch64-linux-gnu', 'arm64', needs('gcc-14-aarch64-linux-gnu')),
      library('gcc-x86-64-linux-gnu', 'arm64', needs('gcc-14-x86-64-linux-gnu')),
    );
    const layer = installed([
      library('gcc-14', 'amd64', needs('gcc-14-x86-64-linux-gnu')),
      library('gcc-14-x86-64-linux-gnu', 'amd64', { version: '14-1' }),
      library('gcc', 'amd64', needs('gcc-x86-64-linux-gnu')),
      // Of one version everywhere: what the archive has of it needs the cross compiler.
      library('gcc-x86-64-linux-gnu', 'amd64', needs('gcc-14-x86-64-linux-gnu')),
    ]);
    const plan = await planOf([[...layer, ...settingsFor(archive)]]);
    expect(plan.refusals).toEqual([]);
    expect(plan.materials.map(({ name }) => name).sort()).toEqual([
      'gcc',
      'gcc-14',
      'gcc-14-aarch64-linux-gnu',
      'gcc-aarch64-linux-gnu',
    ]);
  });

  test('stays refused where something on the new architecture needs it', async () => {
    const depends = { fields: { Depends: 'libquadmath0' } };
    const archive = await archiveOf(library('libgfortran5', 'arm64', depends));
    const layer = installed([library('libgfortran5', 'amd64', depends), library('libquadmath0', 'amd64')]);
    const plan = await planOf([[...layer, ...settingsFor(archive)]]);
    expect(plan.refusals).toMatchObject([{ kind: 'package', guess: 'debian: libquadmath0 1.0-1' }]);
  });
});

describe('a package that only the new architecture needs', () => {
  const gcc = library('libgcc-dev', 'amd64', { version: '12-1' });
  const armGcc = library('libgcc-dev', 'arm64', {
    version: '12-1',
    fields: { Depends: 'libhwasan0 (>= 12)' },
  });

  test('is added, with all that it needs itself', async () => {
    const hwasan = library('libhwasan0', 'arm64', { version: '12-1', fields: { Depends: 'libbar1 | none' } });
    const archive = await archiveOf(armGcc, hwasan, library('libbar1', 'arm64'));
    const plan = await planOf([[...installed([gcc]), ...settingsFor(archive)]]);
    expect(plan.refusals).toEqual([]);
    const added = plan.added.map(({ path }) => path);
    expect(added).toEqual(
      expect.arrayContaining([
        `${armLib}/libhwasan0.so.1`,
        `${armLib}/libbar1.so.1`,
        'var/lib/dpkg/info/libhwasan0.list',
      ]),
    );
    expect(plan.notes).toContain('libhwasan0 12-1 is added: libgcc-dev needs it on arm64');
    expect(plan.materials.map(({ name }) => name)).toEqual(['libgcc-dev', 'libhwasan0', 'libbar1']);
  });

  test('is refused where its scripts would have to run', async () => {
    const hwasan = library('libhwasan0', 'arm64', { version: '12-1', control: { postinst: '#!/bin/sh\n' } });
    const archive = await archiveOf(armGcc, hwasan);
    const plan = await planOf([[...installed([gcc]), ...settingsFor(archive)]]);
    expect(plan.refusals).toMatchObject([{ kind: 'package', guess: 'debian: libhwasan0 12-1' }]);
  });

  test('is refused where there is none', async () => {
    const plan = await planOf([[...installed([gcc]), ...settingsFor(await archiveOf(armGcc))]]);
    expect(plan.refusals).toMatchObject([
      {
        kind: 'package',
        guess: 'debian: libgcc-dev',
        why: expect.stringContaining('libhwasan0 (>= 12)'),
      },
    ]);
    expect(plan.refusals[0]).not.toHaveProperty('undetermined');
  });
});

describe('an image', () => {
  test('without packages of Debian is left to others', async () => {
    const plan = await planOf([[file('usr/bin/foo', elf('amd64'))]]);
    expect(plan).toEqual({ paths: new Map(), added: [], refusals: [], materials: [], notes: [] });
  });

  test('whose record can not be read is undetermined, once', async () => {
    const plan = await planOf([
      [file('var/lib/dpkg/status', 'no record\n'), file('usr/bin/foo', elf('amd64'))],
    ]);
    expect(plan.refusals).toMatchObject([
      { path: 'var/lib/dpkg/status', kind: 'package', undetermined: true },
    ]);
    expect(plan.refusals).toHaveLength(1);
  });

  test('in which dpkg was stopped is undetermined', async () => {
    const plan = await planOf([
      [...installed([library('foo', 'amd64')]), file('var/lib/dpkg/updates/0001', 'x')],
    ]);
    expect(plan.refusals).toMatchObject([{ path: 'var/lib/dpkg/updates/0001', undetermined: true }]);
  });

  test('without the lists of its packages is refused for each', async () => {
    const archive = await archiveOf(library('foo', 'arm64'));
    const members = installed([library('foo', 'amd64')]).filter(
      ({ name }) => !String(name).includes('/info/'),
    );
    const plan = await planOf([[...members, ...settingsFor(archive)]]);
    expect(plan.refusals).toMatchObject([
      { kind: 'package', undetermined: true, guess: 'debian: foo 1.0-1' },
    ]);
  });

  test('whose packages are of a third architecture is refused', async () => {
    const status = 'Package: dpkg\nStatus: install ok installed\nVersion: 1\nArchitecture: riscv64\n\n';
    const plan = await planOf([[file('var/lib/dpkg/status', status)]]);
    expect(plan.refusals).toMatchObject([{ kind: 'image' }]);
  });
});

test('a keyring that can not be read is a mistake of the configuration', async () => {
  const layers = [installed([library('foo', 'amd64')])];
  await expect(planOf(layers, { keyrings: ['/nowhere/keyring.gpg'] })).rejects.toMatchObject({
    code: 'CONFIG',
  });
});
