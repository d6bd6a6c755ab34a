import { expect, test } from 'vitest';
import { directory, executable, file, writeElf } from '../../fixture/index.ts';
import { mergeLayers } from '../../layer/index.ts';
import type { TarMember } from '../../tar/index.ts';
import { imageOf } from '../assembly/assembly.test-support.ts';
import type { PlacedAddition, PortImage } from '../origin-types.ts';
import { pathNames } from './map-path.ts';
import { answeredFor, joined, layerPlans, noPlans } from './plan.ts';

const [source, target] = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
];

async function portImage(...layers: readonly (readonly TarMember[])[]): Promise<PortImage> {
  const folders = ['usr/', 'usr/lib/', 'usr/lib/x86_64-linux-gnu/', 'usr/lib/x86_64-linux-gnu/plugins/'];
  const code = writeElf({ machine: 'amd64' });
  const { view } = await imageOf([
    [...folders.map((path) => directory(path)), file('usr/lib/x86_64-linux-gnu/plugins/one.so', code)],
    ...layers,
  ]);
  const none = mergeLayers([]);
  return {
    ...{ reference: 'registry.example/app:1', source, target, view },
    ...{ baseLayers: 0, oldBase: none, newBase: none, mapPath: pathNames(source, target, none) },
  };
}

test('a directory that is added where one of the layer goes under its new name is named once', async () => {
  const image = await portImage();
  const added = [
    'usr/lib/aarch64-linux-gnu',
    'usr/lib/aarch64-linux-gnu/plugins',
    'usr/lib/aarch64-linux-gnu/more',
  ].map((path): PlacedAddition => ({ layer: 0, kind: 'directory', path, why: 'of a package' }));
  const from = 'usr/lib/x86_64-linux-gnu/plugins/one.so';
  const to = 'usr/lib/aarch64-linux-gnu/plugins/one.so';
  const paths = new Map([[from, { action: 'rename', to, why: 'of a package' } as const]]);
  const [layer] = layerPlans(image, { ...noPlans, paths, added }).layers;
  expect(layer?.paths.get('usr/lib/x86_64-linux-gnu/plugins')).toMatchObject({
    action: 'rename',
    to: 'usr/lib/aarch64-linux-gnu/plugins',
  });
  expect(layer?.added?.map(({ path }) => path)).toEqual(['usr/lib/aarch64-linux-gnu/more']);
});

test('a directory is added again where the layer has one that is dropped', async () => {
  const image = await portImage();
  const path = 'usr/lib/x86_64-linux-gnu/plugins';
  const paths = new Map([
    [path, { action: 'drop', why: 'gone' } as const],
    [`${path}/one.so`, { action: 'drop', why: 'gone' } as const],
  ]);
  const added: PlacedAddition[] = [{ layer: 0, kind: 'directory', path, why: 'of a package' }];
  const [layer] = layerPlans(image, { ...noPlans, paths, added }).layers;
  expect(layer?.added?.map((item) => item.path)).toEqual([path]);
});

test('a directory that is named again above goes where that one goes, and leaves no empty one behind', async () => {
  const folder = 'usr/lib/x86_64-linux-gnu/plugins';
  const image = await portImage([directory(`${folder}/`)]);
  const to = 'usr/lib/aarch64-linux-gnu/plugins/one.so';
  const paths = new Map([[`${folder}/one.so`, { action: 'rename', to, why: 'of a package' } as const]]);
  const { layers } = layerPlans(image, { ...noPlans, paths });
  for (const layer of layers)
    expect(layer.paths.get(folder)).toMatchObject({
      action: 'rename',
      to: 'usr/lib/aarch64-linux-gnu/plugins',
    });
});

test('code that a layer above hides goes by all its names, and stays where one of them is left', async () => {
  const code = (name: string) => executable(name, writeElf({ machine: 'amd64' }));
  const link = (name: string, linkName: string): TarMember => ({ name, type: 'hardlink', linkName });
  const lower = [
    code('a'),
    link('b', 'a'),
    link('c', 'b'),
    code('d'),
    link('e', 'd'),
    file('f', 'text'),
    link('g', 'f'),
  ];
  const upper = ['a', 'b', 'c', 'd', 'f', 'g'].map((name) => file(name, 'other'));
  const image = await portImage(lower, upper);
  const plans = layerPlans(image, noPlans).layers[1]?.paths;
  const actions = Object.fromEntries([...(plans ?? [])].map(([path, { action }]) => [path, action]));
  const [drop, keep] = ['drop', 'keep'];
  expect(actions).toEqual({ a: drop, b: drop, c: drop, d: keep, e: keep, f: keep, g: keep });
});

test("paths are an origin's own where it answers for them, and where it can't be reached", () => {
  const refused = { kind: 'counterpart', why: 'no', lift: 'take another', waivable: true } as const;
  const plans = joined(noPlans, {
    paths: new Map([['answered', { action: 'keep', why: 'neutral' }]]),
    refusals: [
      { ...refused, path: 'silent', undetermined: true, covers: ['silent/a'] },
      { ...refused, undetermined: true, covers: ['b'] },
      // Others may know better.
      { ...refused, path: 'refused' },
    ],
    ...{ added: [], materials: [], notes: [] },
  });
  expect([...answeredFor(plans)].sort()).toEqual(['answered', 'b', 'silent', 'silent/a']);
});
