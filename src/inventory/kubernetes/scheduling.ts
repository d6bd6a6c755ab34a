import type { Constraint } from '../../results/index.ts';
import { allExcept, knownArchitectures } from '../architectures.ts';
import type { LineIndex } from '../line-index.ts';
import { templateReason } from '../reference-text.ts';
import {
  field,
  fieldAt,
  itemsOf,
  textField,
  textsOf,
  type YamlMapping,
  type YamlNode,
} from '../yaml/nodes.ts';

export type FoundConstraint = Omit<Constraint, 'blocks'>;

/** The stable label and the one it replaced in Kubernetes 1.14. */
const archLabels: ReadonlySet<string> = new Set(['kubernetes.io/arch', 'beta.kubernetes.io/arch']);

interface Place {
  readonly file: string;
  readonly lines: LineIndex;
}

/**
 * What a pod spec's `nodeSelector` says of architectures. Label values are compared literally by the scheduler, so
 * they are kept as written: `aarch64` matches no node, and saying it allows arm64 would be wrong.
 */
export function nodeSelectorConstraints(selector: YamlNode, place: Place): FoundConstraint[] {
  if (selector.kind !== 'mapping') return [];
  return selector.entries.flatMap(({ key, keyOffset, value }) => {
    if (!archLabels.has(key) || value.kind !== 'scalar' || value.value === '') return [];
    return [
      {
        kind: 'node-selector' as const,
        text: `${key}: ${value.value}`,
        // A template's value is not known, so nothing is said to be required.
        ...(isTemplate(value.value)
          ? { architectures: [], required: false }
          : { architectures: [value.value], required: true }),
        ...at(place, keyOffset),
      },
    ];
  });
}

/**
 * What a `nodeAffinity` says of architectures: at most one required constraint (its terms are ORed, so it requires
 * only what every term restricts) and one for each preference.
 */
export function nodeAffinityConstraints(affinity: YamlNode, place: Place): FoundConstraint[] {
  const required = fieldAt(affinity, 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const preferred = field(affinity, 'preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...requiredConstraint(itemsOf(required), place),
    ...itemsOf(preferred).flatMap((item) => preference(item, place)),
  ];
}

interface Term {
  readonly allowed: readonly string[];
  readonly text: string;
  readonly offset: number;
}

function requiredConstraint(terms: readonly YamlNode[], place: Place): FoundConstraint[] {
  // A term without expressions matches no node, so it adds no way out.
  const effective = terms.filter((term) => isEffective(term));
  const restricting = effective.flatMap((term) => restriction(term) ?? []);
  const [first] = restricting;
  if (first === undefined) return [];
  const allowed = new Set(restricting.flatMap((term) => term.allowed));
  const complete =
    restricting.length === effective.length && ![...allowed].some((value) => isTemplate(value));
  if (complete && knownArchitectures.every((architecture) => allowed.has(architecture))) return [];
  return [
    {
      kind: 'node-affinity',
      text: restricting.map((term) => term.text).join(' or '),
      architectures: complete ? [...allowed].sort() : [],
      required: complete,
      ...at(place, first.offset),
    },
  ];
}

function preference(item: YamlNode, place: Place): FoundConstraint[] {
  const term = field(item, 'preference');
  const found = term === undefined ? undefined : restriction(term);
  if (found === undefined) return [];
  const weight = textField(item, 'weight');
  const text = weight === undefined ? found.text : `${found.text} (weight ${weight})`;
  return [{ kind: 'node-affinity', text, architectures: [], required: false, ...at(place, found.offset) }];
}

function isTemplate(value: string): boolean {
  return templateReason(value) !== undefined;
}

function isEffective(term: YamlNode): boolean {
  return itemsOf(field(term, 'matchExpressions')).length + itemsOf(field(term, 'matchFields')).length > 0;
}

/** The architectures a term allows; `undefined` where it says nothing of them. Its expressions are ANDed. */
function restriction(term: YamlNode): Term | undefined {
  const expressions = itemsOf(field(term, 'matchExpressions')).filter(
    (item): item is YamlMapping => item.kind === 'mapping' && archLabels.has(textField(item, 'key') ?? ''),
  );
  const [first] = expressions;
  if (first === undefined) return undefined;
  let allowed: readonly string[] | undefined;
  for (const expression of expressions) {
    const next = allowedBy(expression);
    allowed = allowed === undefined ? next : allowed.filter((architecture) => next.includes(architecture));
  }
  return { allowed: allowed ?? [], text: expressions.map(textOf).join(' and '), offset: first.offset };
}

function allowedBy(expression: YamlMapping): readonly string[] {
  const values = textsOf(field(expression, 'values'));
  const operator = textField(expression, 'operator');
  if (operator === 'In') return values;
  if (operator === 'NotIn') return allExcept(new Set(values));
  // Every kubelet sets the label, so no node is without it.
  return operator === 'DoesNotExist' ? [] : knownArchitectures;
}

function textOf(expression: YamlMapping): string {
  const values = textsOf(field(expression, 'values'));
  const shown = values.length === 0 ? '' : ` ${values.join(', ')}`;
  return `${textField(expression, 'key')} ${textField(expression, 'operator') ?? ''}${shown}`;
}

function at(place: Place, offset: number): { file: string; line: number; column: number } {
  return { file: place.file, ...place.lines.at(offset) };
}
