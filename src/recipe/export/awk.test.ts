import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { versionIn, versionSatisfies } from '../preflight/tool-version.ts';
import { awkPattern } from './awk-pattern.ts';
import { runShell } from './export.test-support.ts';
import { requirements } from './library/requirements.ts';
import { shellRange } from './version-range.ts';
import { shellText } from './words.ts';

async function lines(script: string): Promise<readonly string[]> {
  const { stdout, stderr } = await runShell(script, [], { cwd: tmpdir(), environment: { LC_ALL: 'C' } });
  expect(stderr).toBe('');
  return stdout.split('\n').slice(0, -1);
}

/** awk's answers, all by one program. */
async function matched(
  cases: readonly { readonly pattern: string; readonly text: string }[],
): Promise<readonly boolean[]> {
  const calls = cases.map(
    ({ pattern, text }) =>
      `P=${shellText(pattern)} T=${shellText(text)} awk 'BEGIN { print ENVIRON["T"] ~ ENVIRON["P"] ? "yes" : "no" }'`,
  );
  return (await lines(calls.join('\n'))).map((line) => line === 'yes');
}

describe('a pattern for awk', () => {
  const character = fc.constantFrom(
    'a',
    'b',
    '1',
    '.',
    '-',
    ' ',
    '^',
    ']',
    '[',
    '\\',
    '/',
    '\n',
    '_',
    '$',
    '"',
  );
  const atom = fc.constantFrom(
    ...[
      'a',
      'b',
      '1',
      '\\.',
      '.',
      '\\d',
      '\\w',
      '\\s',
      '\\D',
      '\\W',
      '[ab]',
      '[^a]',
      '[a-c1]',
      '[\\]^-]',
      '[^\\]]',
    ],
    ...[
      '[\\^]',
      '\\^',
      '\\\\',
      '[\\\\/]',
      '\\[',
      '\\n',
      '-',
      ' ',
      '_',
      '/',
      '\\$',
      '[.$]',
      '[-a]',
      '[\\d.]',
      '(?:a|1)',
      '(b)',
    ],
  );
  const repeat = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{1,}', '+?', '*?');
  const term = fc.tuple(atom, repeat).map((parts) => parts.join(''));
  const branch = fc.array(term, { minLength: 1, maxLength: 4 }).map((terms) => terms.join(''));
  const pattern = fc
    .tuple(fc.boolean(), fc.array(branch, { minLength: 1, maxLength: 2 }), fc.boolean())
    .map(([start, branches, end]) => `${start ? '^' : ''}${branches.join('|')}${end ? '$' : ''}`);

  test('matches what the one of JavaScript does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(pattern, fc.string({ unit: character, maxLength: 6 })), {
          minLength: 20,
          maxLength: 30,
        }),
        async (pairs) => {
          const cases = pairs.map(([source, text]) => ({
            pattern: awkPattern(source)?.pattern ?? 'untranslated',
            text,
          }));
          expect(await matched(cases)).toEqual(
            pairs.map(([source, text]) => new RegExp(source, 'u').test(text)),
          );
        },
      ),
      { numRuns: 5 },
    );
  });

  test.each([
    '(?=a)',
    '(?<!a)',
    '(?<name>a)',
    '(a)\\1',
    '\\bgo',
    '\\p{L}',
    '\\u0041',
    '(|a)',
    '[é]',
    '\\S',
    'a{1000}',
  ])('%s has none', (source) => {
    expect(awkPattern(source)).toBeUndefined();
  });

  test('says where it counts characters, as awk counts bytes', () => {
    expect(awkPattern('^.$')).toMatchObject({ counts: true });
    expect(awkPattern('a.*b[^c]+')).toMatchObject({ counts: false });
    expect(awkPattern('[^a]?')).toMatchObject({ counts: true });
  });
});

describe('a range of versions', () => {
  const number = fc.constantFrom('0', '1', '2', '9', '10', '20');
  const version = fc.tuple(number, number, number).map((parts) => parts.join('.'));
  const end = fc.constantFrom(
    '',
    '',
    '',
    '-rc1',
    'beta2',
    '+dfsg1',
    ' (build 3)',
    '-alpha',
    '-1ubuntu1',
    'rcx',
  );
  const printed = fc
    .tuple(fc.constantFrom('', 'go version go', 'v', 'Docker version '), version, end)
    .map((parts) => parts.join(''));
  const comparator = fc
    .tuple(fc.constantFrom('>=', '>', '<', '<=', '=', '^', '~', ''), version)
    .map((parts) => parts.join(''));
  const range = fc.oneof(
    comparator,
    fc.tuple(comparator, comparator).map((parts) => parts.join(' ')),
    fc.tuple(comparator, comparator).map((parts) => parts.join(' || ')),
    fc.constantFrom('*', '1.x', '>=1 <3', '1.2 - 2'),
  );

  test('is told by the script as by armload', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(printed, range), { minLength: 20, maxLength: 30 }),
        async (pairs) => {
          const calls = pairs.map(
            ([text, wanted]) =>
              `printf '%s' ${shellText(text)} | RANGE=${shellText(shellRange(wanted))} awk "$version_awk"`,
          );
          const answers = (await lines(`${requirements}\n${calls.join('\n')}`)).map(
            (line) => line.split(' ')[0],
          );
          expect(answers).toEqual(
            pairs.map(([text, wanted]) => (versionSatisfies(versionIn(text) ?? '', wanted) ? 'yes' : 'no')),
          );
        },
      ),
      { numRuns: 5 },
    );
  });

  test.each(['none', 'version 7', '12345678901.2'])(
    'where there is no version, as in %j, none is told',
    async (text) => {
      expect(versionIn(text)).toBeUndefined();
      expect(
        await lines(`${requirements}\nprintf '%s' ${shellText(text)} | RANGE='' awk "$version_awk"`),
      ).toEqual(['none']);
    },
  );

  test('between two that come before the same release nothing is told', async () => {
    const range = shellRange('>=1.2.3-rc.2');
    expect(await lines(`${requirements}\nprintf 1.2.3-rc1 | RANGE='${range}' awk "$version_awk"`)).toEqual([
      'unknown 1.2.3-pre',
    ]);
  });
});
