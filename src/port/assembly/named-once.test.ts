// Some engines take no layer that names a path twice (containers/storage: "duplicates of file paths not supported").
import { expect, test } from 'vitest';
import { directory, file } from '../../fixture/index.ts';
import type { AddedPath } from '../plan-types.ts';
import { drop, type Ported, port, rename } from './assembly.test-support.ts';

const [amd, other, arm] = ['usr/lib/x86', 'usr/lib/x64', 'usr/lib/arm'];
const base = [[directory('usr'), directory('usr/lib')]];
const moved = { [amd]: rename(arm), [`${amd}/a`]: rename(`${arm}/a`) };
const closed = { name: arm, type: 'directory', mode: 0o700 } as const;
const layer = [directory(amd), file(`${amd}/a`, 'a')];

function namesIn({ view }: Ported): readonly string[] {
  return (view.layers.at(-1)?.entries ?? []).map(({ path }) => path).sort();
}

test.each([
  ['before', [closed, ...layer]],
  ['after', [...layer, closed]],
])('a directory that comes to one that the layer names itself %s it', async (_when, members) => {
  const ported = await port({ oldBase: base, newBase: base, layers: [members], plan: [moved] });
  expect(namesIn(ported)).toEqual([arm, `${arm}/a`]);
  expect(ported.view.lookup(arm)?.entry.mode).toBe(0o700);
  expect(ported.assembled.account.records).toContainEqual(
    expect.objectContaining({ path: amd, outcome: 'mapped', to: arm }),
  );
});

test('two directories that come to the same place', async () => {
  const layers = [[...layer, directory(other), file(`${other}/b`, 'b')]];
  const plan = [{ ...moved, [other]: rename(arm), [`${other}/b`]: rename(`${arm}/b`) }];
  const ported = await port({ oldBase: base, newBase: base, layers, plan });
  expect(namesIn(ported)).toEqual([arm, `${arm}/a`, `${arm}/b`]);
});

test('a directory that is added where another comes to', async () => {
  const added: AddedPath[] = [{ kind: 'directory', path: arm, why: 'of a package' }];
  const ported = await port({ oldBase: base, newBase: base, layers: [layer], plan: [moved], added: [added] });
  expect(namesIn(ported)).toEqual([arm, `${arm}/a`]);
});

// Buildah fails on the others: it makes the directory for them first, and then has no place for its marker.
test('what is hidden goes by the marker of the outermost directory alone', async () => {
  const lower = [directory(amd), file(`${amd}/a`, 'a'), directory(`${amd}/in`), file(`${amd}/in/b`, 'b')];
  const plan = [{}, Object.fromEntries(lower.map(({ name }) => [name, drop({ below: 'hidden' })]))];
  const ported = await port({ oldBase: base, newBase: base, layers: [lower, lower], plan });
  expect(namesIn(ported)).toEqual([amd]);
  expect(ported.view.lookup(amd)).toBeUndefined();
});
