import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foreignCodeIn } from '../../../../audit/index.ts';
import { file, symlink } from '../../../../fixture/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import { elf, installed, type PackageSpec } from './packages.test-support.ts';
import { databaseOf, sceneOf } from './replay.test-support.ts';

const folders = { amd64: 'usr/lib/x86_64-linux-gnu', arm64: 'usr/lib/aarch64-linux-gnu' };
const kinds = ['library', 'program', 'neutral', 'differing', 'link', 'conffile'] as const;

interface FileSpec {
  readonly kind: (typeof kinds)[number];
  readonly name: string;
  readonly has: 'both' | 'amd64' | 'arm64';
  readonly image: 'as-it-is' | 'deleted' | 'altered';
}

interface ImageSpec {
  readonly packages: readonly (readonly FileSpec[])[];
  readonly unowned: readonly ('cfg' | 'program' | 'link' | 'copy' | 'pyc')[];
  readonly inBase: boolean;
  readonly shared: boolean;
}

const fileSpecs = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom(...kinds),
    name: fc.constantFrom('a', 'b', 'c'),
    has: fc.constantFrom('both' as const, 'both' as const, 'amd64' as const, 'arm64' as const),
    image: fc.constantFrom('as-it-is' as const, 'as-it-is' as const, 'deleted' as const, 'altered' as const),
  }),
  { maxLength: 6, selector: ({ kind, name }) => `${kind} ${name}` },
);
const imageSpecs: fc.Arbitrary<ImageSpec> = fc.record({
  packages: fc.array(fileSpecs, { minLength: 1, maxLength: 3 }),
  unowned: fc.uniqueArray(fc.constantFrom('cfg', 'program', 'link', 'copy', 'pyc')),
  inBase: fc.boolean(),
  shared: fc.boolean(),
});

function memberOf({ kind, name }: FileSpec, owner: string, machine: 'amd64' | 'arm64'): TarMember {
  const own = `${owner}-${name}`;
  switch (kind) {
    case 'library':
      return file(`${folders[machine]}/lib${own}.so.1`, elf(machine, own));
    case 'program':
      return file(`usr/bin/${own}`, elf(machine, own));
    case 'neutral':
      return file(`usr/share/${owner}/${name}`, own);
    case 'differing':
      return file(`usr/share/${owner}/${name}.txt`, machine);
    case 'link':
      return symlink(`${folders[machine]}/${own}.so`, `lib${own}.so.1`);
    case 'conffile':
      return file(`etc/${own}-${machine === 'amd64' ? 'x86_64' : 'aarch64'}.conf`, machine);
  }
}

function packageOf(
  files: readonly FileSpec[],
  at: number,
  machine: 'amd64' | 'arm64',
  shared: boolean,
): PackageSpec {
  const name = `pkg${at}`;
  const own = files.filter(({ has }) => has === 'both' || has === machine);
  const members = own.map((one) => memberOf(one, name, machine));
  return {
    name,
    architecture: machine,
    ...(shared ? { fields: { 'Multi-Arch': 'same' } } : {}),
    files: members,
    conffiles: members.flatMap(({ name: path }, index) =>
      own[index]?.kind === 'conffile' ? [String(path)] : [],
    ),
  };
}

function layerOf(
  spec: ImageSpec,
  all: readonly PackageSpec[],
  own: readonly PackageSpec[],
): readonly TarMember[] {
  const changes = new Map<string, FileSpec['image']>();
  for (const [at, files] of spec.packages.entries())
    for (const one of files) changes.set(String(memberOf(one, `pkg${at}`, 'amd64').name), one.image);
  const status = installed(all).filter(({ name }) => name === 'var/lib/dpkg/status');
  const files = installed(own).flatMap((member): TarMember[] => {
    if (member.name === 'var/lib/dpkg/status') return [];
    const change = changes.get(String(member.name));
    if (change === 'deleted') return [];
    if (change !== 'altered') return [member];
    if (member.type === 'symlink') return [{ ...member, linkName: 'elsewhere' }];
    return [{ ...member, body: Buffer.concat([member.body as Uint8Array, Buffer.from(' altered')]) }];
  });
  return [...files, ...status, ...spec.unowned.map((kind) => unownedMember(kind))];
}

function unownedMember(kind: ImageSpec['unowned'][number]): TarMember {
  switch (kind) {
    case 'cfg':
      return file(`${folders.amd64}/own.cfg`, 'x86_64');
    case 'program':
      return file(`${folders.amd64}/own/program`, elf('amd64', 'own'));
    case 'link':
      return symlink('opt/link', `/${folders.amd64}/libpkg0-a.so.1`);
    case 'copy':
      return file('opt/copy', elf('amd64', 'pkg0-a'));
    case 'pyc':
      return file('usr/share/pkg0/__pycache__/a.cpython-311.pyc', 'compiled');
  }
}

test('every plan fits its image, can be put together, and leaves a record of the new architecture', async () => {
  await fc.assert(
    fc.asyncProperty(imageSpecs, async (spec) => {
      const old = spec.packages.map((files, at) => packageOf(files, at, 'amd64', spec.shared));
      const now = spec.packages.map((files, at) => packageOf(files, at, 'arm64', spec.shared));
      const inBase = spec.inBase ? 1 : 0;
      const scene = await sceneOf({
        oldBase: spec.inBase ? [installed(old.slice(0, 1))] : [],
        newBase: spec.inBase ? [installed(now.slice(0, 1))] : [],
        layers: [layerOf(spec, old, old.slice(inBase))],
        offered: now.slice(inBase),
      });
      try {
        // Only altered code is refused: every package has its counterpart.
        for (const { kind, path = '' } of scene.plan.refusals) {
          expect(kind).toBe('altered');
          expect(scene.plan.paths.has(path)).toBe(false);
        }
        const view = await scene.ported();
        const database = databaseOf(view);
        expect(database.problems).toEqual([]);
        expect(database.packages.map(({ name, architecture }) => `${name} ${architecture}`)).toEqual(
          now.map(({ name }) => `${name} arm64`),
        );
        const refused = new Set(scene.plan.refusals.map(({ path }) => path));
        for (const { path, entry, layer } of view.entries()) {
          if (entry.facts === undefined || layer < inBase) continue;
          const isForeign = foreignCodeIn(entry.facts, scene.image.target).length > 0;
          const isOthers = refused.has(path) || path.startsWith('opt/') || path.endsWith('/own/program');
          if (isForeign && !isOthers) throw new Error(`${path} is of the old architecture`);
        }
        for (const { path, entry } of view.entries())
          if (entry.kind === 'symlink' && scene.plan.paths.get(path)?.action === 'replace')
            expect(view.resolve(path).found, path).toBe(true);
      } finally {
        scene.remove();
      }
    }),
    { numRuns: 25 },
  );
});
