import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHtmlPage } from './html-page.ts';
import { htmlTags } from './html-tags.ts';
import { parseJsonPage } from './json-page.ts';

const place = { url: 'https://reader:secret@packages.example/simple/fast/', maxFiles: 3 };
const sum = 'ab'.repeat(32);

describe('an HTML page', () => {
  test('gives its links, with sums, reasons and addresses as they count from it', () => {
    const page = `<!doctype html><html><body><script>var a = '<a href="no.whl">'</SCRIPT><!-- <a href="no.whl"> -->
      <A HREF='../../f/fast%2B1.whl#sha256=${sum.toUpperCase()}' data-yanked>x</a>
      <a data-x="a > b" href = https://files.example/a.whl?x=1&amp;y=2#egg=a&amp;sha256=${sum} data-yanked="bad &quot;build&#34;">y</a>
      <a href="ftp://files.example/b.whl">z</a><a name="top">t</a></body>`;
    expect(parseHtmlPage(page, place)).toEqual([
      {
        ...{ file: 'fast+1.whl', sha256: sum, yanked: '' },
        url: 'https://reader:secret@packages.example/f/fast%2B1.whl',
      },
      { file: 'a.whl', sha256: sum, yanked: 'bad "build"', url: 'https://files.example/a.whl?x=1&y=2' },
    ]);
  });

  test('follows the base that it names, and takes nothing in the clear', () => {
    const page =
      '<base href="https://files.example/x/"><a href="a.whl">a</a><a href="http://files.example/b.whl">b</a>';
    expect(parseHtmlPage(page, place)).toEqual([{ file: 'a.whl', url: 'https://files.example/x/a.whl' }]);
  });

  test('of another version, without tags, or without end is none', () => {
    const meta = '<html><meta name="pypi:repository-version" content="2.0">';
    expect(() => parseHtmlPage(meta, place)).toThrow('by version 2.0');
    expect(() => parseHtmlPage('not found', place)).toThrow('neither JSON nor HTML');
    expect(() => parseHtmlPage('<a href="x.whl">'.repeat(4), place)).toThrow('more than 3 files');
  });

  test('is read in time, whatever it is', () => {
    const piece = fc.constantFrom(
      '<',
      '<a',
      ' href=',
      '"',
      "'",
      '>',
      '<!--',
      '-->',
      '&#x110000;',
      '&amp;',
      '/',
      'x',
      '=',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect([...htmlTags(pieces.join(''))].length).toBeLessThanOrEqual(pieces.length);
      }),
    );
    const started = performance.now();
    for (const text of ['<a ', '<!--', '<a href="', '<script>', '<a ='])
      expect([...htmlTags(text.repeat(100_000))].length).toBeLessThan(100_001);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe('a JSON page', () => {
  const page = (file: object, version = '1.4') =>
    JSON.stringify({ meta: { 'api-version': version }, files: [file] });
  const fast = { filename: 'fast.whl', url: 'fast.whl', hashes: { sha256: sum }, more: 1 };

  test('gives its files', () => {
    expect(parseJsonPage(page({ ...fast, yanked: true }), place)).toMatchObject([
      { sha256: sum, yanked: '' },
    ]);
    expect(parseJsonPage(page({ ...fast, yanked: false, hashes: { md5: 'x' } }), place)).toEqual([
      { file: 'fast.whl', url: 'https://reader:secret@packages.example/simple/fast/fast.whl' },
    ]);
    const elsewhere = parseJsonPage(page({ ...fast, url: 'https://a:b@files.example/f' }), place);
    expect(elsewhere).toMatchObject([{ url: 'https://files.example/f' }]);
  });

  test('of another kind is refused', () => {
    expect(() => parseJsonPage(page(fast, '2.0'), place)).toThrow('of another kind: meta.api-version');
    expect(() => parseJsonPage(page({ ...fast, hashes: null }), place)).toThrow('files.0.hashes');
    expect(() => parseJsonPage('{', place)).toThrow('damaged JSON');
  });
});
