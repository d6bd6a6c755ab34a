import { describe, expect, test } from 'vitest';
import { digestOf } from '../../oci/index.ts';
import { DocumentWriter } from './document.ts';
import { readDocument } from './read-document.ts';
import type { LayerEntry } from './types.ts';

const entryOf = (path: string): LayerEntry => ({
  path,
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 1,
  mtime: 0,
});

function write(paths: readonly string[], contents: ReadonlyMap<number, Uint8Array> = new Map()): Uint8Array {
  const writer = new DocumentWriter(2 ** 30);
  for (const [index, path] of paths.entries())
    writer.add(entryOf(path), { sha256: 'ab', facts: { kind: 'text' }, content: contents.get(index) });
  return writer.finish({
    diffId: digestOf(Buffer.from('tar')),
    size: 1024,
    compression: 'gzip',
    format: 'tar',
    notes: [],
    notesOmitted: 0,
  });
}

describe('a document of a layer', () => {
  test.each([0, 1, 2, 20_000])('gives back its %i rows, whatever the names hold', (count) => {
    const odd = ['new\nline', 'comma,', ']', '\u{dc80}raw', 'ümläut', '"],'];
    const paths = Array.from({ length: count }, (_, index) => `${odd[index % odd.length]}${index}`);
    const facts = readDocument(write(paths));
    expect(facts?.entries.map(({ path }) => path)).toEqual(paths);
    expect(
      facts?.entries.every(({ sha256, facts: found }) => sha256 === 'ab' && found?.kind === 'text'),
    ).toBe(true);
  });

  test('keeps contents with their rows', () => {
    const facts = readDocument(write(['a', 'b'], new Map([[1, Buffer.from('two\n')]])));
    expect([...(facts?.contents ?? [])]).toEqual([[1, Buffer.from('two\n')]]);
  });

  test('that is cut, of another version or something else is none', () => {
    const whole = Buffer.from(write(['a', 'b']));
    for (let length = 0; length < whole.length; length++)
      expect(readDocument(whole.subarray(0, length))).toBeUndefined();
    const other = whole.toString().replace('"version":', '"version":9');
    expect(readDocument(Buffer.from(other))).toBeUndefined();
    expect(readDocument(Buffer.from('{"version":1,"entries":[]}'))).toBeUndefined();
  });
});
