import { compareText } from '../../core/index.ts';
import { formatPlatform, parsePlatform } from '../../oci/index.ts';
import { bytesOf, secondsOf } from '../document/amounts.ts';
import { workspacePath } from '../document/paths.ts';
import type { RecipeDocument, StepDocument } from '../document/schema.ts';
import { RecipeError } from '../errors.ts';
import { type Binding, bindingOf, bindingsOf } from './binding.ts';
import type { FilledParameters } from './parameters.ts';
import type { Amounts, PlannedCommand, PlannedStep, Template } from './types.ts';
import { type Turn, unroll } from './unroll.ts';

const defaultTimeoutSeconds = 2 * 3600;

export interface StepContext {
  readonly parameters: FilledParameters;
  readonly known: ReadonlyMap<string, string>;
  /** What images are of unless they say. */
  readonly platform: string;
}

/**
 * The steps' turns with what's known filled in.
 * @throws RecipeError `PLAN_TOO_LARGE`, `PLAN_INVALID`, `PATH_OUTSIDE`
 */
export function planSteps(document: RecipeDocument, context: StepContext): readonly PlannedStep[] {
  const { parameters, known, platform } = context;
  const binding = bindingsOf(parameters);
  const variables = new Map<StepDocument, Variables>();
  return unroll(document, bindingOf(parameters)).map((turn) => {
    const { step, foreach } = turn;
    const value = (text: string) =>
      text === `foreach.${foreach?.variable}` ? foreach?.value : known.get(text);
    const environment = variables.get(step) ?? variablesOf(step, document);
    variables.set(step, environment);
    return planStep(turn, { environment, binding: binding(value), platform });
  });
}

/** A step's environment as the recipe has it, sorted by name. */
type Variables = readonly (readonly [name: string, text: string])[];

interface TurnContext {
  readonly environment: Variables;
  readonly binding: Binding;
  readonly platform: string;
}

function planStep(
  { id, name, step, needs }: Turn,
  { environment, binding, platform }: TurnContext,
): PlannedStep {
  const { title, when, expected, outputs = {} } = step;
  return {
    id,
    name,
    ...(title !== undefined && { title }),
    needs,
    ...(when !== undefined && { when: binding.condition(when) }),
    command: commandOf(step, binding),
    workdir: pathOf(step.workdir ?? '', binding),
    environment: environment.map(([name, text]) => ({ name, value: binding.template(text) })),
    timeoutSeconds: step.timeout === undefined ? defaultTimeoutSeconds : secondsOf(step.timeout),
    retries: step.retries ?? 0,
    network: step.network ?? 'allowed',
    resources: amountsOf(step.resources ?? {}),
    ...(expected !== undefined && {
      expected: {
        seconds: secondsOf(expected.time),
        ...(expected.on !== undefined && { on: expected.on }),
        ...(expected.cpus !== undefined && { cpus: expected.cpus }),
        ...(expected.note !== undefined && { note: expected.note }),
      },
    }),
    values: outputs.values ?? [],
    files: filesOf(step, binding),
    images: imagesOf(step, { binding, platform }),
  };
}

function commandOf({ run }: StepDocument, binding: Binding): PlannedCommand {
  if (typeof run === 'string') return { kind: 'script', text: run };
  const words = run.map((word) => binding.template(word));
  if (words[0]?.length === 0)
    throw new RecipeError('PLAN_INVALID', 'a command has no program: its first word is empty');
  return { kind: 'words', words };
}

/** The recipe's, then that of its sets in order, then the step's own: the last one counts. */
function variablesOf(
  { environments = [], environment = {} }: StepDocument,
  document: RecipeDocument,
): Variables {
  const sets = environments.map((name) => document.environments?.[name] ?? {});
  const all = new Map(
    [document.environment ?? {}, ...sets, environment].flatMap((set) => Object.entries(set)),
  );
  return [...all].sort(([left], [right]) => compareText(left, right));
}

function filesOf({ outputs }: StepDocument, binding: Binding): PlannedStep['files'] {
  return Object.entries(outputs?.files ?? {}).map(
    ([name, { path, machine, sha256, executable = false }]) => ({
      name,
      path: pathOf(path, binding),
      ...(machine !== undefined && { machine }),
      ...(sha256 !== undefined && { sha256: checksum(binding.text(sha256)) }),
      executable,
    }),
  );
}

function imagesOf(
  { outputs }: StepDocument,
  { binding, platform: target }: { binding: Binding; platform: string },
): PlannedStep['images'] {
  return Object.entries(outputs?.images ?? {}).map(([name, { reference, platform = target }]) => {
    const parsed = parsePlatform(platform);
    return {
      name,
      reference: binding.template(reference),
      platform: parsed === undefined ? platform : formatPlatform(parsed),
    };
  });
}

/** In its one spelling, as soon as it's known. @throws RecipeError `PATH_OUTSIDE` */
export function pathOf(text: string, binding: Binding): Template {
  const template = binding.template(text);
  const [only = '', ...rest] = template;
  if (rest.length > 0 || typeof only !== 'string') return template;
  const path = workspacePath(only);
  return path === '' ? [] : [path];
}

/** @throws RecipeError `PLAN_INVALID` */
export function checksum(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new RecipeError('PLAN_INVALID', `"${text.slice(0, 100)}" is no SHA-256 of 64 hexadecimal digits`);
}

/** Bytes, of the sizes that a recipe says. */
export function amountsOf({
  cpus,
  memory,
  disk,
}: {
  readonly cpus?: number | undefined;
  readonly memory?: string | undefined;
  readonly disk?: string | undefined;
}): Amounts {
  return {
    ...(cpus !== undefined && { cpus }),
    ...(memory !== undefined && { memory: bytesOf(memory) }),
    ...(disk !== undefined && { disk: bytesOf(disk) }),
  };
}
