import { expect, test } from 'vitest';
import { type LayerEntry, type LayerFacts, mergeLayers } from '../../../layer/index.ts';
import { planFor, rename } from '../assembly.test-support.ts';
import type { AssembleInput } from '../types.ts';
import { layOut } from './lay-out.ts';

const entryOf = (path: string, kind: LayerEntry['kind'] = 'file', linkName?: string): LayerEntry => ({
  ...{ path, kind, mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 },
  ...(linkName !== undefined && { linkName }),
  ...(kind === 'file' && { sha256: '0'.repeat(64) }),
});
const layerOf = (entries: readonly LayerEntry[]): LayerFacts => ({
  ...{ diffId: `sha256:${'0'.repeat(64)}`, size: 0, compression: 'gzip', format: 'tar' },
  ...{ entries, notes: [], notesOmitted: 0, contents: new Map() },
});

function inputOf(layers: readonly LayerFacts[], renamed: string): AssembleInput {
  const empty = mergeLayers([]);
  const descriptor = { mediaType: '', digest: `sha256:${'0'.repeat(64)}`, size: 0 } as const;
  const source = { repository: { name: 'app', blob: () => [] as never }, descriptor };
  return {
    source: mergeLayers(layers),
    layers: layers.map(() => source),
    base: empty,
    baseLayers: [],
    plan: {
      layers: layers.map((facts) => ({
        paths: planFor(facts, facts === layers[0] ? { [renamed]: rename('moved') } : {}),
      })),
    },
    mapPath: (path) => path,
    created: 0,
  };
}

function secondsFor(input: AssembleInput): number {
  const started = performance.now();
  layOut(input);
  return (performance.now() - started) / 1000;
}

const count = 40_000;
const names = Array.from({ length: count }, (_, index) => `n${index}`);

test('as many markers for one directory as it has files take no longer than as many files', () => {
  const files = names.map((name) => entryOf(`opt/${name}`));
  const markers = names.map(() => entryOf('opt', 'whiteout'));
  const input = inputOf([layerOf([...files, entryOf('x86')]), layerOf(markers)], 'x86');
  expect(secondsFor(input)).toBeLessThan(8);
});

test('hard links to a file whose first names are gone take no longer than as many files', () => {
  const links = names.map((name) => entryOf(name, 'hardlink', 'a'));
  const again = names.map((name) => entryOf(name));
  const more = names.map((name) => entryOf(`m${name}`, 'hardlink', 'last'));
  const layer = [entryOf('a'), ...links, entryOf('last', 'hardlink', 'a'), entryOf('a'), ...again, ...more];
  expect(secondsFor(inputOf([layerOf([...layer, entryOf('x86')])], 'x86'))).toBeLessThan(8);
});

test('links in circles, links upward and paths as deep as Linux has them come to an end', () => {
  const deep = Array.from({ length: 2000 }, () => 'd').join('/');
  const links = ['loop', 'loop/x', 'up'].map((path) =>
    entryOf(path, 'symlink', path === 'up' ? '../..' : 'loop'),
  );
  const layer = layerOf([...links, entryOf(`${deep}/f`), entryOf(`up/f`), entryOf('loop/y'), entryOf('x86')]);
  expect(() => layOut(inputOf([layer], 'x86'))).toThrow(/out of the root|leads through/);
});
