import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ControlOptions, fieldOf, type Paragraph, parseControl, readControl } from './control.ts';
import { piecesOf } from './parts.test-support.ts';

const options: ControlOptions = { name: 'status' };

function plain(paragraphs: readonly Paragraph[]): readonly Record<string, string>[] {
  return paragraphs.map(({ fields }) =>
    Object.fromEntries([...fields.values()].map(({ name, value }) => [name, value])),
  );
}

const text = `Package: one
Version:1.0
Description: the first
 in lines
 .
  indented

# a comment
Package: two
Conffiles:
 /etc/two 0123456789abcdef0123456789abcdef
`;

describe('paragraphs', () => {
  test('have their fields, with the lines of each', () => {
    expect(plain(parseControl(text, options))).toEqual([
      { Package: 'one', Version: '1.0', Description: 'the first\nin lines\n.\n indented' },
      { Package: 'two', Conffiles: '\n/etc/two 0123456789abcdef0123456789abcdef' },
    ]);
  });

  test('know where they and their fields start, and the comments above', () => {
    const [, second] = parseControl(text, options);
    expect(second?.line).toBe(9);
    expect(second?.fields.get('conffiles')?.line).toBe(10);
    expect(second?.fields.get('package')?.comments).toEqual(['a comment']);
  });

  test('are found by names of any case', () => {
    const [first] = parseControl('PACKAGE: x\n', options);
    expect(first && fieldOf(first, 'Package')).toBe('x');
    expect(first && fieldOf(first, 'Version')).toBeUndefined();
  });

  test('are parted by any number of empty lines, of either line ending', () => {
    expect(plain(parseControl('\n\nA: 1\r\n\r\n\n\nB: 2', options))).toEqual([{ A: '1' }, { B: '2' }]);
    expect(parseControl('', options)).toEqual([]);
    expect(parseControl('# only this\n', options)).toEqual([]);
  });

  test('keep the fields that are asked for only', () => {
    const [first] = parseControl(text, { ...options, fields: new Set(['version']) });
    expect([...(first?.fields.keys() ?? [])]).toEqual(['version']);
  });

  test('are the same however a stream is cut, characters of many bytes too', async () => {
    const bytes = Buffer.from(`${text}\nPackage: drei\nMaintainer: Jürgen Größe 東京\n`);
    const whole = parseControl(bytes, options);
    for (const size of [1, 3, 10, 1000]) {
      const found: Paragraph[] = [];
      for await (const some of readControl(piecesOf(bytes, size), options)) found.push(...some);
      expect(found).toEqual(whole);
    }
  });

  test('come back as they were written', () => {
    const word = fc.stringMatching(/^[!-~]{1,10}$/);
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
    const fields = fc.uniqueArray(fc.tuple(name, fc.array(word, { minLength: 1, maxLength: 3 })), {
      selector: ([key]) => key.toLowerCase(),
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 4 }), (paragraphs) => {
        const written = paragraphs
          .map((list) => list.map(([key, lines]) => `${key}: ${lines.join('\n ')}\n`).join(''))
          .join('\n');
        expect(plain(parseControl(written, options)).map((one) => Object.entries(one))).toEqual(
          paragraphs.map((list) =>
            Object.entries(Object.fromEntries(list.map(([key, lines]) => [key, lines.join('\n')]))),
          ),
        );
      }),
    );
  });
});

describe('what is wrong is named with its line', () => {
  test.each([
    ['no field', 'A: 1\nnot a field\n', 'status line 2: the line is no field'],
    ['a field twice', 'A: 1\nB: 2\na: 3\n', 'status line 3: the paragraph has the field a twice'],
    [
      'a continuation of nothing',
      '\n more\n',
      'status line 2: the line goes on with a field that never began',
    ],
    ['blanks for an empty line', 'A: 1\n  \nB: 2\n', 'status line 2: the line holds nothing but blanks'],
    ['a name with a blank', 'A B: 1\n', 'status line 1: the line is no field'],
    ['a name that starts with a hyphen', '-A: 1\n', 'status line 1: the line is no field'],
  ])('%s', (_what, bad, message) => {
    expect(() => parseControl(bad, options)).toThrow(message);
  });

  test.each([
    ['a long line', `A: ${'x'.repeat(200)}`, { lineBytes: 100 }],
    ['a long line without end', 'x'.repeat(200), { lineBytes: 100 }],
    ['a long paragraph', `A:${'\n x'.repeat(100)}\n`, { paragraphBytes: 100 }],
    ['many paragraphs', 'A: 1\n\n'.repeat(20), { paragraphs: 10 }],
  ])('%s is over a limit', (_what, bad, limits) => {
    expect(() => parseControl(bad, { ...options, limits })).toThrow('the limit');
  });
});
