import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { DocumentError, readDocument } from './index.ts';

const schema = z.strictObject({
  name: z.string(),
  steps: z.record(z.string(), z.strictObject({ run: z.string(), timeout: z.string().optional() })).optional(),
  list: z.array(z.strictObject({ id: z.int() })).optional(),
  source: z
    .union([z.strictObject({ git: z.string() }), z.strictObject({ url: z.string(), sha256: z.string() })])
    .optional(),
});

function problemsOf(text: string): { code: string; message: string; problems: DocumentError['problems'] } {
  try {
    readDocument(schema, { text, file: 'recipe.yaml' });
  } catch (error) {
    if (error instanceof DocumentError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('a document', () => {
  test('is read as its schema has it, with the place of each member', () => {
    const { value, placeOf } = readDocument(schema, {
      text: 'name: a\nsteps:\n  one:\n    run: make\n',
      file: 'r.yaml',
    });
    expect(value).toEqual({ name: 'a', steps: { one: { run: 'make' } } });
    expect(placeOf(['steps', 'one', 'run'])).toEqual({ line: 4, column: 5 });
    expect(placeOf(['steps', 'one', 'timeout'])).toEqual({ line: 3, column: 3 });
    expect(placeOf(['nothing'])).toBeUndefined();
  });

  test('says all that is wrong at once, in the order of its lines', () => {
    const { message, problems } = problemsOf('nam: a\nsteps:\n  one:\n    run: 3\n    tmeout: 5m\n');
    expect(problems.map(({ line }) => line)).toEqual([undefined, 1, 4, 5]);
    expect(message).toContain('recipe.yaml:1: "nam" is unknown; did you mean "name"?');
    expect(message).toContain('recipe.yaml:5: "steps.one.tmeout" is unknown; did you mean "timeout"?');
    expect(message).toContain('recipe.yaml:4: "steps.one.run" is wrong');
  });

  test('has the index of a list member in its place', () => {
    expect(problemsOf('name: a\nlist:\n  - id: 1\n  - id: x\n').problems).toMatchObject([
      { line: 4, member: 'list.1.id' },
    ]);
  });

  test('of several shapes is judged by the one that was begun', () => {
    const { message } = problemsOf('name: a\nsource:\n  git: https://example.com/a.git\n  comit: b\n');
    expect(message).toContain('recipe.yaml:4: "source.comit" is unknown');
  });

  test('of several shapes is judged by the one whose members it has, whatever they hold', () => {
    const { problems } = problemsOf('name: a\nsource:\n  url: https://example.com/a\n  sha256: 0000\n');
    expect(problems).toMatchObject([{ line: 4, member: 'source.sha256' }]);
  });

  test('that is no YAML says where', () => {
    expect(problemsOf('name: a\nsteps: [1, 2\n')).toMatchObject({
      code: 'DOCUMENT_MALFORMED',
      problems: [{ line: 3 }],
    });
    expect(problemsOf('name: a\nname: b\n')).toMatchObject({
      code: 'DOCUMENT_MALFORMED',
      problems: [{ line: 2 }],
    });
  });

  test('that is too large, too deep or multiplies itself is refused', () => {
    expect(problemsOf(`name: ${'x'.repeat(1 << 20)}`).code).toBe('DOCUMENT_MALFORMED');
    expect(problemsOf(`name: ${'['.repeat(100_000)}`).code).toBe('DOCUMENT_MALFORMED');
    const bombs = Array.from(
      { length: 30 },
      (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]`,
    );
    expect(problemsOf(`a0: &a0 [x]\n${bombs.join('\n')}\n`).code).toBe('DOCUMENT_MALFORMED');
  });

  test('with a member named __proto__ changes nobody else', () => {
    expect(problemsOf('name: a\n__proto__:\n  steps: {}\n').code).toBe('DOCUMENT_INVALID');
  });
});
