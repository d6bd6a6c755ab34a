import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCondition } from '../document/condition.ts';
import { parseTemplate } from '../document/template.ts';
import { evaluate } from '../plan/resolve.ts';
import { scopeOf } from '../plan/scope.test-support.ts';
import { shellCondition } from './condition.ts';
import { runShell } from './export.test-support.ts';
import { hostileText } from './hostile.test-support.ts';
import { basics } from './library/basics.ts';
import { delimiterFor, displayText, shellTemplate, shellText, variableOf } from './words.ts';

async function printed(script: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runShell(script, [], { cwd: tmpdir() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\0').slice(0, -1);
}

describe('any text', () => {
  test('is one word for sh, the same to the byte, and opens no expression of GitHub', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileText, { minLength: 1, maxLength: 30 }), async (texts) => {
        const words = texts.map(shellText);
        expect(words.join(' ')).not.toContain('${{');
        expect(await printed(`printf '%s\\0' ${words.join(' ')}`)).toEqual(texts);
      }),
      { numRuns: 30 },
    );
  });

  test('stays text in a here-document whose end it holds', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (text) => {
        const document = `${text}\nEND\nEND_2\n`;
        const end = delimiterFor(document);
        expect(await printed(`cat <<'${end}'\n${document}${end}\nprintf '\\0'`)).toEqual([document]);
      }),
      { numRuns: 10 },
    );
  });

  test('that a step gave is a value in a word, never code, also when it was quoted for eval', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileText, { minLength: 1, maxLength: 10 }), async (texts) => {
        const word = shellTemplate(parseTemplate(`a \${{ steps.one-two.values.v }} $z`));
        const lines = texts.map(
          (text) => `remember steps.one-two.values.v ${shellText(text)}
quoted ${word}
eval "printf '%s\\0' $quoted"`,
        );
        expect(await printed(`${basics}\n${lines.join('\n')}`)).toEqual(texts.map((text) => `a ${text} $z`));
      }),
      { numRuns: 15 },
    );
  });

  test('is one line without control characters where people read it', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(displayText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\$\{\{/u);
      }),
    );
  });

  test('with a NUL is refused', () => {
    expect(() => shellText('a\0')).toThrow(/NUL/);
  });
});

test('no two expressions have one variable', () => {
  const name = (text: string) => variableOf({ text, path: text.split('.') });
  expect(name('steps.a-b.values.c')).toBe('steps__a_b__values__c');
  const texts = [
    'steps.a.values.b-values-c',
    'steps.a-values-b.values.c',
    'steps.a.values.b',
    'steps.a.files.b.sha256',
  ];
  expect(new Set(texts.map(name)).size).toBe(texts.length);
  expect(() => name('steps.A.values.b')).toThrow(/no name/);
});

test('a condition holds in sh where it does in armload', async () => {
  const operand = fc.constantFrom(
    'host.os',
    'run.id',
    "'linux'",
    "''",
    "'false'",
    "'it''s \"$(id)\" \\'",
    'true',
    'false',
  );
  const condition = fc.letrec<{ all: string }>((tie) => ({
    all: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      operand,
      fc.tuple(operand, fc.constantFrom('==', '!='), operand).map((parts) => parts.join(' ')),
      fc
        .tuple(tie('all'), fc.constantFrom('==', '!=', '&&', '||'), tie('all'))
        .map(([l, o, r]) => `(${l}) ${o} (${r})`),
      tie('all').map((inner) => `!(${inner})`),
    ),
  })).all;
  const facts = scopeOf();
  const known = `host__os=${shellText(facts.host.os)} run__id=${shellText(facts.run.id)}`;
  await fc.assert(
    fc.asyncProperty(fc.array(condition, { minLength: 20, maxLength: 40 }), async (texts) => {
      const conditions = texts.map((text) => parseCondition(text));
      const lines = conditions.map(
        (one) => `if ! { ${shellCondition(one)}; }; then printf 'no\\0'; else printf 'yes\\0'; fi`,
      );
      expect(await printed(`set -eu\n${basics}\n${known}\n${lines.join('\n')}`)).toEqual(
        conditions.map((one) => (evaluate(one, facts) ? 'yes' : 'no')),
      );
    }),
    { numRuns: 15 },
  );
});

test('what a condition does not need is not looked up, and what has no value ends it', async () => {
  const lazy = shellCondition(parseCondition("'a' == 'a' || steps.x.values.y"));
  expect(await printed(`set -eu\n${basics}\nif ! { ${lazy}; }; then exit 3; fi\nprintf 'on\\0'`)).toEqual([
    'on',
  ]);
  const eager = shellCondition(parseCondition("('a' == 'b') == (steps.x.values.y == 'z')"));
  const end = await runShell(`set -eu\n${basics}\nif ! { ${eager}; }; then :; fi\necho on`, [], {
    cwd: tmpdir(),
  });
  expect(end).toMatchObject({
    stdout: '',
    stderr: expect.stringContaining('steps__x__values__y: has no value'),
  });
});
