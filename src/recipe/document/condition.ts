import type { Condition, ConditionNode, Expression } from '../plan/types.ts';
import { expressionOf, malformed } from './template.ts';

/** Parentheses and `!` inside each other. */
const maxDepth = 32;

interface Token {
  readonly kind: 'operator' | 'string' | 'word' | 'end';
  readonly text: string;
  /** From 0. */
  readonly column: number;
}

/**
 * Reads a condition. From loose to tight: `||`, `&&`, `==` and `!=` (one, not a chain), `!`. Operands are paths
 * (`host.os`), texts in single quotes (a quote in them is doubled), `true`, `false`, and conditions in parentheses.
 * `${{ … }}` around the whole of it may be left out or not.
 * @throws RecipeError `EXPRESSION_MALFORMED` with the column.
 */
export function parseCondition(text: string, secrets: ReadonlySet<string> = new Set()): Condition {
  const wrapped = /^\s*\$\{\{(.*)\}\}\s*$/s.exec(text)?.[1];
  const offset = wrapped === undefined ? 0 : text.indexOf('${{') + 3;
  const parser = new Parser(tokensOf(wrapped ?? text, offset), secrets);
  return { text: (wrapped ?? text).trim(), node: parser.whole() };
}

/** The expressions of a condition, in order. */
export function expressionsOf(node: ConditionNode): readonly Expression[] {
  if (node.kind === 'literal') return [];
  if (node.kind === 'expression') return [node.expression];
  if (node.kind === 'not') return expressionsOf(node.inner);
  return [...expressionsOf(node.left), ...expressionsOf(node.right)];
}

/** Fills in what's known. */
export function bindCondition(
  { text, node }: Condition,
  known: (expression: Expression) => string | undefined,
): Condition {
  return { text, node: bound(node, known) };
}

function bound(node: ConditionNode, known: (expression: Expression) => string | undefined): ConditionNode {
  if (node.kind === 'literal') return node;
  if (node.kind === 'not') return { kind: 'not', inner: bound(node.inner, known) };
  if (node.kind !== 'expression')
    return { kind: node.kind, left: bound(node.left, known), right: bound(node.right, known) };
  const value = known(node.expression);
  return value === undefined ? node : { kind: 'literal', value };
}

function tokensOf(text: string, offset: number): readonly Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s+|(?<operator>==|!=|&&|\|\||!|\(|\))|'(?<string>(?:[^']|'')*)'|(?<word>[A-Za-z][\w.-]*)/y;
  while (pattern.lastIndex < text.length) {
    const column = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw malformed(unreadable(text, column), column + offset);
    const { operator, string, word } = match.groups ?? {};
    const at = { column: column + offset };
    if (operator !== undefined) tokens.push({ kind: 'operator', text: operator, ...at });
    else if (string !== undefined) tokens.push({ kind: 'string', text: string.replaceAll("''", "'"), ...at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, ...at });
  }
  return [...tokens, { kind: 'end', text: 'the end', column: text.length + offset }];
}

function unreadable(text: string, column: number): string {
  const found = text[column] ?? '';
  if (found === "'") return 'a text in single quotes is not closed';
  if (found === '"') return 'texts stand in single quotes here';
  if (found === '=') return '"=" compares nothing: "==" does';
  return `"${found}" has no place in a condition`;
}

/** By recursive descent. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #secrets: ReadonlySet<string>;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], secrets: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#secrets = secrets;
  }

  whole(): ConditionNode {
    const node = this.#either();
    const rest = this.#next();
    if (rest.kind !== 'end') throw malformed(`"${rest.text}" is not expected`, rest.column);
    return node;
  }

  #either(): ConditionNode {
    let left = this.#both();
    while (this.#takes('||')) left = { kind: 'or', left, right: this.#both() };
    return left;
  }

  #both(): ConditionNode {
    let left = this.#comparison();
    while (this.#takes('&&')) left = { kind: 'and', left, right: this.#comparison() };
    return left;
  }

  #comparison(): ConditionNode {
    const left = this.#negation();
    if (this.#takes('==')) return { kind: 'equal', left, right: this.#negation() };
    if (this.#takes('!=')) return { kind: 'unequal', left, right: this.#negation() };
    return left;
  }

  #negation(): ConditionNode {
    if (!this.#takes('!')) return this.#operand();
    return this.#deeper(() => ({ kind: 'not', inner: this.#negation() }));
  }

  #operand(): ConditionNode {
    const token = this.#next();
    this.#at += 1;
    if (token.kind === 'string') return { kind: 'literal', value: token.text };
    if (token.kind === 'word') return this.#named(token);
    if (token.text !== '(')
      throw malformed(`a path, a text or "(" is expected, not ${shown(token)}`, token.column);
    const inner = this.#deeper(() => this.#either());
    const close = this.#next();
    if (!this.#takes(')')) throw malformed(`")" is expected, not ${shown(close)}`, close.column);
    return inner;
  }

  #named({ text, column }: Token): ConditionNode {
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    const expression = expressionOf(text, this.#secrets);
    if (expression === undefined) throw malformed(`"${text.slice(0, 80)}" is no path of names`, column);
    return { kind: 'expression', expression };
  }

  #deeper(parse: () => ConditionNode): ConditionNode {
    if (this.#depth >= maxDepth) throw malformed(`more than ${maxDepth} levels`, this.#next().column);
    this.#depth += 1;
    const node = parse();
    this.#depth -= 1;
    return node;
  }

  #takes(operator: string): boolean {
    const token = this.#next();
    if (token.kind !== 'operator' || token.text !== operator) return false;
    this.#at += 1;
    return true;
  }

  #next(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] ?? { kind: 'end', text: '', column: 0 };
  }
}

function shown({ kind, text }: Token): string {
  return kind === 'end' ? 'the end' : `"${text}"`;
}
