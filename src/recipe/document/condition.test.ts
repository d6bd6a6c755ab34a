// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so expressions are written in recipes
import { describe, expect, it } from 'vitest';
import { RecipeError } from '../errors.ts';
import { evaluate } from '../plan/resolve.ts';
import { scopeOf } from '../plan/scope.test-support.ts';
import { expressionsOf, parseCondition } from './condition.ts';

const scope = scopeOf({
  steps: { probe: { values: { found: 'yes', off: 'false', empty: '' }, files: {}, images: {} } },
});

function holds(text: string): boolean {
  return evaluate(parseCondition(text), scope);
}

function problemOf(text: string): { message: string; column: unknown } {
  try {
    parseCondition(text);
  } catch (error) {
    if (error instanceof RecipeError) return { message: error.message, column: error.facts['column'] };
    throw error;
  }
  throw new Error(`"${text}" is a condition`);
}

describe('a condition', () => {
  it('compares texts', () => {
    expect(holds("host.os == 'linux'")).toBe(true);
    expect(holds("host.os != 'linux'")).toBe(false);
    expect(holds("'it''s' == 'it''s'")).toBe(true);
    expect(holds("host.cpus == '8'")).toBe(true);
    expect(holds("'a b' == 'a  b'")).toBe(false);
  });

  it('holds for a text that is neither empty nor "false"', () => {
    expect(holds('steps.probe.values.found')).toBe(true);
    expect(holds('steps.probe.values.off')).toBe(false);
    expect(holds('steps.probe.values.empty')).toBe(false);
    expect(holds('true')).toBe(true);
    expect(holds('false')).toBe(false);
    expect(holds("''")).toBe(false);
  });

  it('binds !, then ==, then &&, then ||', () => {
    expect(holds('true || true && false')).toBe(true);
    expect(holds('(true || true) && false')).toBe(false);
    expect(holds('!false && true')).toBe(true);
    expect(holds('!steps.probe.values.off == true')).toBe(true);
    expect(holds('!(true && false)')).toBe(true);
    expect(holds("host.os == 'plan9' || host.architecture == 'arm64' && host.id == 'debian'")).toBe(true);
  });

  it('asks only for what decides', () => {
    expect(holds('true || steps.gone.values.x')).toBe(true);
    expect(holds('false && steps.gone.values.x')).toBe(false);
    expect(() => holds('true && steps.gone.values.x')).toThrow(/the step "gone" was left out/);
  });

  it('may stand in braces, and tells what it names', () => {
    const { node, text } = parseCondition("${{ host.os == 'linux' && steps.a.values.b }}");
    expect(text).toBe("host.os == 'linux' && steps.a.values.b");
    expect(expressionsOf(node).map((expression) => expression.text)).toEqual(['host.os', 'steps.a.values.b']);
  });

  it('that is none is told with its column', () => {
    expect(problemOf("host.os == 'linux")).toEqual({
      message: 'a text in single quotes is not closed (column 12 of the text)',
      column: 12,
    });
    expect(problemOf('host.os == "linux"').message).toContain('single quotes');
    expect(problemOf("host.os = 'x'")).toMatchObject({ column: 9 });
    expect(problemOf('')).toMatchObject({ column: 1 });
    expect(problemOf('a.b c.d')).toMatchObject({ column: 5 });
    expect(problemOf("a.b == 'x' == 'y'").message).toContain('"==" is not expected');
    expect(problemOf('(a.b').message).toContain('")" is expected, not the end');
    expect(problemOf('a.b &&').message).toContain('not the end');
    expect(problemOf('a..b').message).toContain('is no path of names');
    expect(problemOf('${{ a.b | c.d }}')).toMatchObject({ column: 9 });
  });

  it('is not nested without end', () => {
    expect(problemOf('('.repeat(2000)).message).toContain('more than 32 levels');
    expect(problemOf(`${'!'.repeat(2000)}true`).message).toContain('more than 32 levels');
    expect(holds(`${'true && '.repeat(500)}true`)).toBe(true);
  });
});
