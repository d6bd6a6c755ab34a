import { type Need, needsOf, orderSteps } from '../document/needs.ts';
import type { RecipeDocument, StepDocument } from '../document/schema.ts';
import { RecipeError } from '../errors.ts';
import type { Binding } from './binding.ts';

/** Above these, somebody's foreach is a mistake. */
const maxSteps = 10_000;
const maxNeeds = 1_000_000;

/** One doing of one step. */
export interface Turn {
  readonly id: string;
  readonly name: string;
  readonly step: StepDocument;
  readonly needs: readonly string[];
  /** In a foreach: its variable and value. */
  readonly foreach?: { readonly variable: string; readonly value: string };
}

/**
 * The steps' turns, each after all that it needs. The turns of a foreach are done in order, so each needs the one before it;
 * who needs the step needs its last turn, and by that all of them.
 * @throws RecipeError `PLAN_TOO_LARGE`, `PLAN_INVALID` for a value that is there twice
 */
export function unroll(document: RecipeDocument, binding: Binding): readonly Turn[] {
  const needs = needsOf(document);
  const turns: Turn[] = [];
  const last = new Map<string, string>();
  let edges = 0;
  for (const name of orderSteps(needs).order) {
    const step = document.steps[name];
    if (step === undefined) continue;
    const before = idsOf(needs.get(name) ?? [], last);
    const added = turnsOf(name, { step, before, binding });
    edges += added.length * (before.length + 1);
    if (turns.length + added.length > maxSteps || edges > maxNeeds)
      throw new RecipeError(
        'PLAN_TOO_LARGE',
        `the recipe is done in more than ${maxSteps} steps, or they need too many others`,
        {
          hint: 'A command can do many things in one step.',
        },
      );
    turns.push(...added);
    last.set(name, added.at(-1)?.id ?? name);
  }
  return turns;
}

function idsOf(needs: readonly Need[], last: ReadonlyMap<string, string>): readonly string[] {
  return needs.map(({ step }) => last.get(step) ?? step);
}

function turnsOf(
  name: string,
  { step, before, binding }: { step: StepDocument; before: readonly string[]; binding: Binding },
): readonly Turn[] {
  const [foreach] = Object.entries(step.foreach ?? {});
  if (foreach === undefined) return [{ id: name, name, step, needs: before }];
  const [variable, texts] = foreach;
  const values = texts.map((text) => binding.text(text));
  if (new Set(values).size < values.length)
    throw new RecipeError('PLAN_INVALID', `the foreach of the step "${name}" has a value twice`);
  const ids = values.map((value, index) => `${name}/${isPlainWord(value) ? value : index + 1}`);
  return values.map((value, index) => {
    const previous = index === 0 ? undefined : ids[index - 1];
    const needs = previous === undefined ? before : [...before, previous];
    return { id: ids[index] ?? name, name, step, needs, foreach: { variable, value } };
  });
}

/** Not a number, which could be that of another value. */
function isPlainWord(value: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(value) && !/^\d+$/.test(value);
}
