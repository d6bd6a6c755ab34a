import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { TarMember } from '../tar/index.ts';
import { createLayerReader, type LayerFacts, type LayerSource, readLayerEntries } from './index.ts';
import { gzipType, sourceOf, tarOf } from './layer.test-support.ts';

const members: TarMember[] = [
  { name: './d/', type: 'directory' },
  { name: '../escape', body: Buffer.from('x') },
  { name: 'd/.wh.gone' },
  { name: 'd/.wh..wh..opq' },
  { name: '.wh..wh.aufs' },
  { name: 'link', type: 'symlink', linkName: 'x'.repeat(5000) },
  { name: 'link', type: 'symlink', linkName: 'y' },
  { name: 'hard', type: 'hardlink', linkName: '../../x' },
  { name: 'hard', type: 'hardlink', linkName: 'd/file' },
  { name: Buffer.from([0x66, 0xff]), body: Buffer.from('content') },
];

async function read(source: LayerSource): Promise<LayerFacts> {
  const reader = createLayerReader({ workerFile: 'none' });
  const facts = await reader.read(source);
  await reader.close();
  return facts;
}

test('a layer read again gives each entry with its place in the facts, and tells those that the facts leave out', async () => {
  const source = sourceOf(gzipSync(await tarOf(members)), gzipType);
  const facts = await read(source);
  const indexes: number[] = [];
  const texts: string[] = [];
  for await (const { tar, index } of readLayerEntries(source, facts)) {
    indexes.push(index);
    for await (const chunk of tar.body) texts.push(Buffer.from(chunk).toString());
  }
  expect(indexes).toEqual([0, -1, 1, 2, -1, -1, 3, -1, 4, 5]);
  expect(texts).toEqual(['x', 'content']);
  expect(facts.entries).toHaveLength(6);
});

test('a layer that is not the one of the facts is told, whichever entry is another', async () => {
  const facts = await read(sourceOf(gzipSync(await tarOf(members)), gzipType));
  for (const [index, name] of [0, 2, 3, 6, 8, 9].entries()) {
    const other = members.map((member, at) => (at === name ? { ...member, name: `other${index}` } : member));
    const source = sourceOf(gzipSync(await tarOf(other)), gzipType);
    const reading = (async () => {
      for await (const _entry of readLayerEntries(source, facts));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'LAYER_MALFORMED' });
  }
});
