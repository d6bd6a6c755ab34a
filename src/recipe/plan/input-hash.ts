import { createHash } from 'node:crypto';
import { compareText } from '../../core/index.ts';
import { RecipeError } from '../errors.ts';
import type { HostFacts } from '../executors/types.ts';
import { expressionValue, resolve, resolvePath } from './resolve.ts';
import type { Plan, PlannedStep, Scope, StepFacts, Template } from './types.ts';

export interface HashContext {
  readonly plan: Plan;
  readonly scope: Scope;
  readonly host: HostFacts;
}

/** Raised when the same step's text means another thing to armload: no result of before counts then. */
const meaning = 'armload-step-1';

/**
 * What the step's result depends on, as a hexadecimal SHA-256: where two of them are the same, so is what they'd give, as
 * far as armload can know. It is over the canonical JSON of
 *
 * - the step's id, its command and where that's run, with all values filled in;
 * - its environment, filled in: of secrets the parameters' names alone, so that a new token makes nothing old;
 * - the names of variables handed through from the place, not their values, which armload doesn't record;
 * - whether it may use the network, and what it's to give;
 * - the content of all sources, as any step may read them;
 * - what all steps before it gave that it needs, and those that they need: values, files' SHA-256, images' ids;
 * - the place's system and architecture.
 *
 * Not in it are titles, time limits, attempts, what is expected and asked of a place, and steps it doesn't need. A run's id
 * counts where the step names it.
 * @throws RecipeError `VALUE_MISSING` where a value or a source isn't there
 */
export function inputHash(step: PlannedStep, { plan, scope, host }: HashContext): string {
  const sources = plan.sources.map(({ name, path }) => {
    const facts = scope.sources.get(name);
    if (facts === undefined) throw new RecipeError('VALUE_MISSING', `the source "${name}" is not there yet`);
    return { name, path, content: facts.content, commit: facts.commit ?? null };
  });
  const document = {
    meaning,
    id: step.id,
    command:
      step.command.kind === 'script'
        ? { script: step.command.text }
        : { words: step.command.words.map((word) => resolve(word, scope)) },
    workdir: resolvePath(step.workdir, scope),
    environment: Object.fromEntries(
      step.environment.map(({ name, value }) => [name, withSecretsByName(value, scope)]),
    ),
    passed: [...plan.passEnvironment].sort(compareText),
    network: step.network,
    outputs: outputsOf(step, scope),
    sources,
    before: factsBefore(step, { plan, scope }),
    host: { os: host.os, architecture: host.architecture },
  };
  return createHash('sha256').update(canonicalJson(document)).digest('hex');
}

/** Literal texts and names of secrets in turn, so that no text can look like a secret's name. */
function withSecretsByName(template: Template, scope: Scope): readonly unknown[] {
  const parts: unknown[] = [];
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') text += part;
    else if (!part.secret) text += expressionValue(part, scope);
    else {
      parts.push(text, { secret: part.path[1] });
      text = '';
    }
  }
  return [...parts, text];
}

function outputsOf({ values, files, images }: PlannedStep, scope: Scope): unknown {
  return {
    values: [...values].sort(compareText),
    files: Object.fromEntries(
      files.map(({ name, path, machine = null, sha256 = null, executable }) => [
        name,
        { path: resolvePath(path, scope), machine, sha256, executable },
      ]),
    ),
    images: Object.fromEntries(
      images.map(({ name, reference, platform }) => [
        name,
        { reference: resolve(reference, scope), platform },
      ]),
    ),
  };
}

/** By step: what those gave that it needs, however far back; null of one that was left out. */
function factsBefore(step: PlannedStep, { plan, scope }: { plan: Plan; scope: Scope }): unknown {
  const needs = new Map(plan.steps.map(({ id, needs }) => [id, needs]));
  const seen = new Set<string>();
  const waiting = [...step.needs];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    waiting.push(...(needs.get(id) ?? []));
  }
  return Object.fromEntries([...seen].map((id) => [id, factsOf(scope.steps.get(id))]));
}

function factsOf(facts: StepFacts | undefined): unknown {
  if (facts === undefined) return null;
  return { values: facts.values, files: facts.files, images: facts.images };
}

/** JSON in one spelling: members sorted by name, no spaces. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => compareText(left, right)))
      : member,
  );
}
