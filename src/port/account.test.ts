import { describe, expect, test } from 'vitest';
import { type LayerEntry, type LayerFacts, mergeLayers } from '../layer/index.ts';
import { AccountError, type AccountRecord, checkAccount } from './account.ts';
import { entryPath } from './plan-types.ts';

const entryOf = (path: string, kind: LayerEntry['kind'] = 'file'): LayerEntry => ({
  ...{ path, kind, mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 },
});
const layerOf = (...entries: LayerEntry[]): LayerFacts => ({
  ...{ diffId: `sha256:${'0'.repeat(64)}`, size: 0, compression: 'gzip', format: 'tar' },
  ...{ entries, notes: [], notesOmitted: 0, contents: new Map() },
});
const source = mergeLayers([
  layerOf(entryOf('base')),
  layerOf(entryOf('a'), entryOf('d', 'directory'), entryOf('d', 'opaque')),
  layerOf(entryOf('a', 'whiteout'), entryOf('twice'), entryOf('twice')),
]);
const image = { source, baseLayers: 1 };

const record = (layer: number, path: string, more: Partial<AccountRecord> = {}): AccountRecord => ({
  ...{ layer, path, kind: 'file', outcome: 'kept', why: 'neutral' },
  ...more,
});
const total: readonly AccountRecord[] = [
  record(0, 'a', { outcome: 'replaced', origin: 'a package', sha256: 'a'.repeat(64) }),
  record(0, 'd', { kind: 'directory', outcome: 'mapped', to: 'e' }),
  record(0, 'd/.wh..wh..opq', { kind: 'opaque' }),
  record(1, '.wh.a', { kind: 'whiteout', outcome: 'dropped' }),
  record(1, 'twice'),
  record(1, 'twice'),
  record(1, 'new', { outcome: 'added' }),
  record(1, '../x', { kind: 'unread', outcome: 'dropped' }),
];

test('an account with one record for each entry above the base is total, and is counted', () => {
  expect(checkAccount({ records: total }, image)).toEqual({
    ...{ kept: 3, replaced: 1, mapped: 1, dropped: 2, added: 1 },
  });
});

function problemsOf(records: readonly AccountRecord[]): readonly string[] {
  try {
    checkAccount({ records }, image);
    return [];
  } catch (error) {
    if (error instanceof AccountError) return error.problems;
    throw error;
  }
}

describe('an account is not total', () => {
  test.each(total.slice(0, 6).map((one, index) => [one.path, index] as const))(
    'without the record of %s (%i)',
    (path, index) => {
      const problems = problemsOf(total.filter((_one, at) => at !== index));
      expect(problems).toEqual([expect.stringContaining(`${path}: no record says what became of it`)]);
    },
  );

  test.each<[string, AccountRecord, string]>([
    ['speaks twice of a path', record(0, 'a'), 'layer 0, a: there is more than one record of it'],
    ['speaks of what is not there', record(0, 'nowhere'), 'nowhere: the layer has no such entry'],
    ['speaks of the base as if it were above', record(0, 'base'), 'base: the layer has no such entry'],
    ['speaks of a layer that is not there', record(2, 'a'), 'there is no such layer above the base'],
    ['gives no reason', record(1, 'new', { outcome: 'added', why: ' ' }), 'the record gives no reason'],
  ])('when it %s', (_, extra, text) => {
    expect(problemsOf([...total, extra])).toEqual([expect.stringContaining(text)]);
  });

  test.each<[string, Partial<AccountRecord>, string]>([
    ['replaced from where', { outcome: 'replaced', sha256: 'a'.repeat(64) }, 'not from where'],
    ['replaced by what', { outcome: 'replaced', origin: 'x' }, 'no hash of the new content'],
    ['mapped where to', { outcome: 'mapped' }, 'not where to'],
  ])('when a record does not say %s', (_, change, text) => {
    const { origin: _origin, sha256: _sha256, ...first } = total[0]!;
    expect(problemsOf([{ ...first, ...change }, ...total.slice(1)])).toContainEqual(
      expect.stringContaining(text),
    );
  });
});

test.each([
  ['file', 'a/b', 'a/b'],
  ['whiteout', 'a/b', 'a/.wh.b'],
  ['whiteout', 'b', '.wh.b'],
  ['opaque', 'a/b', 'a/b/.wh..wh..opq'],
  ['opaque', '', '.wh..wh..opq'],
] as const)('a %s of %s is %s in its tar', (kind, path, expected) => {
  expect(entryPath({ kind, path })).toBe(expected);
});
