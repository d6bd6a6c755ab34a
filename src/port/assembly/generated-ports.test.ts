import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MergedView } from '../../layer/index.ts';
import { assemble } from './assemble.ts';
import { bytesOf, hashOf, inFolder, port, sourceOf } from './assembly.test-support.ts';
import { generatedKeep, generatedPort } from './generated-ports.test-support.ts';

/** In the words of the model; contents by their hash. */
function describe(view: MergedView): Record<string, string> {
  return Object.fromEntries(
    [...view.entries()].map(({ path, entry }) => {
      const { kind, mode, uid, sha256, linkName } = entry;
      const group = kind === 'directory' ? path : view.links(path).join(' ');
      return [path, `${kind} ${mode.toString(8)} ${uid} ${sha256 ?? linkName ?? ''} = ${group}`];
    }),
  );
}

function hashed(expected: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(expected).map(([path, text]) => {
      const [, start = '', json = '""', end = ''] = /^(\S+ \S+ \S+) (".*") (= .*)$/s.exec(text) ?? [];
      const content = JSON.parse(json) as string;
      return [path, `${start} ${start.startsWith('file') ? hashOf(content) : content} ${end}`];
    }),
  );
}

test('a plan that keeps all keeps every digest, over the same base', async () => {
  await fc.assert(
    fc.asyncProperty(generatedKeep, async ({ scene, expected }) => {
      const { assembled, view, input } = await port(scene);
      expect(assembled.layers.map(({ descriptor }) => descriptor)).toEqual(
        input.layers.map(({ descriptor }) => descriptor),
      );
      expect(describe(view)).toEqual(hashed(expected));
    }),
    { numRuns: 40 },
  );
});

test('random plans over another base give exactly what they promise, and twice the same bytes', async () => {
  let rewritten = 0;
  await fc.assert(
    fc.asyncProperty(generatedPort, async ({ scene, expected }) => {
      const { assembled, view, input, blobs } = await port(scene);
      expect(describe(view)).toEqual(hashed(expected));
      rewritten += assembled.layers.filter(({ kind }) => kind === 'rewritten').length;
      await inFolder(async (folder) => {
        const again = await assemble(input, { folder });
        expect(await Promise.all(again.layers.map(bytesOf))).toEqual(blobs);
      });
    }),
    { numRuns: 50 },
  );
  expect(rewritten).toBeGreaterThan(30);
});

test('what was ported needs no change any more: kept whole over its new base, it stays as it is', async () => {
  await fc.assert(
    fc.asyncProperty(generatedPort, async ({ scene, expected }) => {
      const { blobs } = await port(scene);
      const layers = blobs.map((blob) => sourceOf(blob));
      const { assembled, view } = await port({ oldBase: scene.newBase, newBase: scene.newBase, layers });
      expect(assembled.layers.every(({ kind }) => kind === 'kept')).toBe(true);
      expect(describe(view)).toEqual(hashed(expected));
    }),
    { numRuns: 25 },
  );
});
