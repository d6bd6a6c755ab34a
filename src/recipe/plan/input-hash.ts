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
  /** What was worked out for steps before; given again, a long chain costs little. Empty at first. */
  readonly known?: KnownDigests;
}

/** By step. */
export type KnownDigests = Map<string, KnownDigest>;

interface KnownDigest {
  readonly facts: StepFacts | undefined;
  /** Of what it needs, in the plan's order. */
  readonly before: readonly string[];
  readonly digest: string;
}

/** Raised when the same step's text means another thing to armload: no result of before counts then. */
const meaning = 'armload-step-2';

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
export function inputHash(step: PlannedStep, { plan, scope, host, known = new Map() }: HashContext): string {
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
    before: digestsBefore(step, { plan, scope, known }),
    host: { os: host.os, architecture: host.architecture },
  };
  return digestOf(document);
}

function digestOf(document: unknown): string {
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

/**
 * By step that it needs: a digest of what that gave and of the digests of what that needs, however far back. What was
 * worked out before holds as long as none of it changed.
 */
function digestsBefore(
  step: PlannedStep,
  { plan, scope, known }: { readonly plan: Plan; readonly scope: Scope; readonly known: KnownDigests },
): unknown {
  const digests = new Map<string, string>();
  const workOut = (id: string, needs: readonly string[], facts: StepFacts | undefined): string => {
    const before = needs.map((need) => digests.get(need) ?? '');
    const digest = digestOf({ facts: factsOf(facts), needs, before });
    known.set(id, { facts, before, digest });
    return digest;
  };
  for (const { id, needs } of plan.steps) {
    if (id === step.id) break;
    const facts = scope.steps.get(id);
    const found = known.get(id);
    const holds =
      found?.facts === facts && needs.every((need, index) => found?.before[index] === digests.get(need));
    const digest = holds && found !== undefined ? found.digest : workOut(id, needs, facts);
    digests.set(id, digest);
  }
  return Object.fromEntries(step.needs.map((need) => [need, digests.get(need) ?? null]));
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
