import type { Condition, ConditionNode } from '../plan/types.ts';
import { shellTemplate, shellText } from './words.ts';

/** A condition as a command of sh, true where it holds. What doesn't decide is not looked up, as in armload itself. */
export function shellCondition({ node }: Condition): string {
  return truth(node);
}

function truth(node: ConditionNode): string {
  switch (node.kind) {
    case 'and':
      return `{ ${truth(node.left)} && ${truth(node.right)}; }`;
    case 'or':
      return `{ ${truth(node.left)} || ${truth(node.right)}; }`;
    case 'not':
      return `! { ${truth(node.inner)}; }`;
    case 'equal':
      return comparison('is_same', node);
    case 'unequal':
      return comparison('is_other', node);
    case 'literal':
      return String(node.value) === '' || String(node.value) === 'false' ? 'false' : 'true';
    case 'expression':
      return `is_true ${shellTemplate([node.expression])}`;
  }
}

interface Sides {
  readonly left: ConditionNode;
  readonly right: ConditionNode;
}

/** Both sides are looked up, then compared as texts. */
function comparison(test: 'is_same' | 'is_other', { left, right }: Sides): string {
  const [one, other] = [textOf(left), textOf(right)];
  if (one !== undefined && other !== undefined) return `${test} ${one} ${other}`;
  return `compare ${test} ${shellText(sideOf(left))} ${shellText(sideOf(right))}`;
}

function textOf(node: ConditionNode): string | undefined {
  if (node.kind === 'literal') return shellTemplate([String(node.value)]);
  return node.kind === 'expression' ? shellTemplate([node.expression]) : undefined;
}

/** A condition in a comparison is the text "true" or "false". */
function sideOf(node: ConditionNode): string {
  const text = textOf(node);
  return text === undefined ? `if ${truth(node)}; then side=true; else side=false; fi` : `side=${text}`;
}
