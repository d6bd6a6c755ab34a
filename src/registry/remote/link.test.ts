import { expect, test } from 'vitest';
import { nextLink } from './link.ts';

test.each([
  ['</v2/x>; rel="next"', '/v2/x'],
  ['</v2/x>;rel=next', '/v2/x'],
  ['</v2/x?a=1,2>; title="a, b"; REL="NEXT"', '/v2/x?a=1,2'],
  ['</a>; rel="prev", </b>; rel="next"', '/b'],
  ['</a>; rel="prev next"', '/a'],
  ['</a>; rel="nextish"', undefined],
  ['</a>; rel="prev"', undefined],
  ['</a', undefined],
  ['', undefined],
  [undefined, undefined],
])('%s leads to %s', (header, link) => {
  expect(nextLink(header)).toBe(link);
});

test('several headers', () => {
  expect(nextLink(['</a>; rel="prev"', '</b>; rel="next"'])).toBe('/b');
});
