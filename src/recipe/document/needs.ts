import type { MemberPath } from '../../document/index.ts';
import { RecipeError } from '../errors.ts';
import type { Expression } from '../plan/types.ts';
import { expressionsOf, parseCondition } from './condition.ts';
import type { RecipeDocument, StepDocument } from './schema.ts';
import { expressionsIn, parseTemplate } from './template.ts';
import { environmentTexts, type RecipeText, stepTexts } from './texts.ts';

/** That one step comes after another, and where the recipe says so. */
export interface Need {
  readonly step: string;
  readonly path: MemberPath;
  readonly why: 'told' | 'above' | 'expression';
}

/** Circles that are named; who has more has enough to do. */
const maxCycles = 20;

export interface Cycle {
  /** Each needs the next one, the last one the first. */
  readonly steps: readonly string[];
  /** Of the need that closes it. */
  readonly path: MemberPath;
  /** Does one of them need another only because that stands above it? */
  readonly above: boolean;
}

/**
 * What each step needs, by name and in the document's order: what it's told, or else the one above, and the steps that its
 * expressions name. Steps that don't exist and expressions that are none are left out: others complain of them.
 */
export function needsOf(document: RecipeDocument): ReadonlyMap<string, readonly Need[]> {
  const shared = sharedNeeds(document);
  const needs = new Map<string, readonly Need[]>();
  let above: string | undefined;
  for (const [name, step] of Object.entries(document.steps)) {
    const found = new Map<string, Need>();
    for (const need of [
      ...toldNeeds(name, step, above),
      ...shared(step),
      ...textNeeds(stepTexts(name, step)),
    ])
      if (Object.hasOwn(document.steps, need.step) && !found.has(need.step)) found.set(need.step, need);
    needs.set(name, [...found.values()]);
    above = name;
  }
  return needs;
}

function toldNeeds(name: string, { needs }: StepDocument, above: string | undefined): readonly Need[] {
  if (needs !== undefined)
    return needs.map((step, index): Need => ({ step, path: ['steps', name, 'needs', index], why: 'told' }));
  return above === undefined ? [] : [{ step: above, path: ['steps', name], why: 'above' }];
}

/** What the recipe's environment and its sets name, read once. */
function sharedNeeds(document: RecipeDocument): (step: StepDocument) => readonly Need[] {
  const everywhere = textNeeds(environmentTexts(document.environment, ['environment']));
  const sets = new Map(
    Object.entries(document.environments ?? {}).map(([name, environment]) => [
      name,
      textNeeds(environmentTexts(environment, ['environments', name])),
    ]),
  );
  return ({ environments = [] }) => [
    ...everywhere,
    ...[...new Set(environments)].flatMap((name) => sets.get(name) ?? []),
  ];
}

function textNeeds(texts: Iterable<RecipeText>): readonly Need[] {
  const needs = new Map<string, Need>();
  for (const text of texts)
    for (const { path } of expressionsOfText(text)) {
      const [root, step] = path;
      if (root === 'steps' && step !== undefined && !needs.has(step))
        needs.set(step, { step, path: text.path, why: 'expression' });
    }
  return [...needs.values()];
}

function expressionsOfText({ text, kind }: RecipeText): readonly Expression[] {
  try {
    return kind === 'condition'
      ? expressionsOf(parseCondition(text).node)
      : expressionsIn(parseTemplate(text));
  } catch (error) {
    if (error instanceof RecipeError) return [];
    throw error;
  }
}

/**
 * An order in which each step comes after those that it needs: the document's own order wherever that can be, with a step
 * that something above it needs moved up before it. And each need that can't be met because it closes a circle.
 */
export function orderSteps(needs: ReadonlyMap<string, readonly Need[]>): {
  readonly order: readonly string[];
  readonly cycles: readonly Cycle[];
} {
  const order: string[] = [];
  const cycles: Cycle[] = [];
  const state = new Map<string, 'open' | 'done'>();
  // Depth first with a stack of our own: a chain of ten thousand steps is too deep for the language's.
  for (const start of needs.keys()) {
    const way: { readonly name: string; at: number }[] = [];
    const enter = (name: string): void => {
      state.set(name, 'open');
      way.push({ name, at: 0 });
    };
    if (!state.has(start)) enter(start);
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const need = needs.get(top.name)?.[top.at];
      top.at += 1;
      if (need === undefined) {
        state.set(top.name, 'done');
        order.push(top.name);
        way.pop();
      } else if (!state.has(need.step)) enter(need.step);
      else if (state.get(need.step) === 'open' && cycles.length < maxCycles)
        cycles.push(
          cycleOf(
            way.map(({ name }) => name),
            { need, needs },
          ),
        );
    }
  }
  return { order, cycles };
}

function cycleOf(
  way: readonly string[],
  { need, needs }: { need: Need; needs: ReadonlyMap<string, readonly Need[]> },
): Cycle {
  const steps = way.slice(way.indexOf(need.step));
  const above = steps.some((name, index) =>
    needs.get(name)?.some(({ step, why }) => why === 'above' && step === (steps[index + 1] ?? steps[0])),
  );
  return { steps, path: need.path, above };
}
