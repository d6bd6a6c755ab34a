import { describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { digestOf } from './digest.ts';
import { DocumentError } from './errors.ts';

const parse = (document: unknown) =>
  parseConfig(new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document)));
const diffId = digestOf(new Uint8Array());

test('a config gives platform, diff ids, labels and history', () => {
  expect(
    parse({
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
      rootfs: { type: 'layers', diff_ids: [diffId] },
      config: { Entrypoint: ['/app'], Labels: { a: 'b', n: 1 } },
      history: [{ created_by: 'COPY app /' }, { created_by: 'CMD', empty_layer: true }],
    }),
  ).toEqual({
    platform: { os: 'linux', architecture: 'arm64' },
    diffIds: [diffId],
    labels: { a: 'b' },
    history: [
      { createdBy: 'COPY app /', emptyLayer: false },
      { createdBy: 'CMD', emptyLayer: true },
    ],
  });
});

test.each([
  {},
  { os: 'linux' },
  { architecture: 'arm64' },
  { os: 'linux', architecture: '' },
  { os: '', architecture: 'arm64' },
  { os: null, architecture: null },
  { os: 'linux', architecture: 'unknown' },
])('%j says no platform: that is unknown, never a default', (document) => {
  expect(parse(document).platform).toBeUndefined();
});

test('null members are absent members', () => {
  const empty = { diffIds: [], labels: {}, history: [] };
  expect(parse({ rootfs: null, config: null, history: null, 'os.features': null })).toEqual(empty);
  expect(parse({ rootfs: { diff_ids: null }, config: { Labels: null } })).toEqual(empty);
});

test('a label may have any name', () => {
  expect(Object.keys(parse('{"config":{"Labels":{"toString":"x","":"y"}}}').labels)).toEqual([
    'toString',
    '',
  ]);
  expect(Object.getPrototypeOf(parse('{"config":{"Labels":{"__proto__":"x"}}}').labels)).toBe(
    Object.prototype,
  );
});

describe('what is refused', () => {
  test.each([
    ['not JSON', 'x', 'DOCUMENT_MALFORMED', 'not JSON'],
    ['a list', [], 'DOCUMENT_MALFORMED', 'not a JSON object'],
    ['an architecture of numbers', { os: 'linux', architecture: 386 }, 'DOCUMENT_MALFORMED', 'architecture'],
    [
      'a diff id that is none, for the places count',
      { rootfs: { diff_ids: [diffId, ''] } },
      'DOCUMENT_MALFORMED',
      'rootfs.diff_ids.1',
    ],
    [
      'a flood of history',
      `{"history":[${'1,'.repeat(2_000_000)}1]}`,
      'DOCUMENT_MALFORMED',
      'more than 10000',
    ],
    [
      'a flood of diff ids',
      `{"rootfs":{"diff_ids":[${'1,'.repeat(2_000_000)}1]}}`,
      'DOCUMENT_MALFORMED',
      'more than 10000',
    ],
    ['over 4 MiB', ' '.repeat(4_194_305), 'DOCUMENT_TOO_LARGE', 'image config has 4194305 bytes'],
  ])('%s', (_name, document, code, problem) => {
    try {
      parse(document);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(DocumentError);
      expect(error).toMatchObject({ code, message: expect.stringContaining(problem) });
    }
  });
});
