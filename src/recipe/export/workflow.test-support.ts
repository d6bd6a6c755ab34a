import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { runShell, type ScriptEnd } from './export.test-support.ts';

export interface WorkflowStep {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly run?: string;
  readonly uses?: string;
  readonly 'timeout-minutes'?: number;
}

export function stepsOf(workflow: string): readonly WorkflowStep[] {
  const document = parse(workflow) as { jobs: { build: { steps: readonly WorkflowStep[] } } };
  return document.jobs.build.steps;
}

/**
 * Does the `run` steps of a workflow in order, in one folder, as a runner does: secrets by their variables, up to the first
 * step that fails. Of conditions it knows those that say which of the repository's variables have to have a value.
 */
export async function runWorkflow(
  workflow: string,
  {
    folder,
    environment,
    machine = {},
    variables = {},
    shell = ['sh', '-e'],
  }: {
    readonly folder: string;
    readonly environment: Readonly<Record<string, string | undefined>>;
    /** What every step has of the machine itself, besides the usual. */
    readonly machine?: Readonly<Record<string, string>>;
    /** Of the repository. */
    readonly variables?: Readonly<Record<string, string>>;
    readonly shell?: readonly string[];
  },
): Promise<readonly (ScriptEnd & { readonly name: string })[]> {
  const [cwd, temporary] = [join(folder, 'work'), join(folder, 'temp')];
  for (const path of [cwd, temporary]) await mkdir(path, { recursive: true });
  const ended: (ScriptEnd & { readonly name: string })[] = [];
  for (const { name, env = {}, run, ...step } of stepsOf(workflow)) {
    if (run === undefined || !holds(step.if, variables)) continue;
    const secrets = Object.keys(env).map((name) => [name, variables[name] ?? environment[name]]);
    const { PATH, HOME, LANG } = environment;
    const own = {
      PATH,
      HOME,
      LANG,
      RUNNER_TEMP: temporary,
      GITHUB_ENV: '/dev/null',
      ...machine,
      ...Object.fromEntries(secrets),
    };
    const end = await runShell(run, [], { cwd, environment: own, shell });
    ended.push({ name, ...end });
    if (end.code !== 0) break;
  }
  return ended;
}

function holds(condition: string | undefined, variables: Readonly<Record<string, string>>): boolean {
  const parts = condition?.split(' && ') ?? [];
  return parts.every((part) => {
    const name = /^vars\.(\w+) != ''$/.exec(part)?.[1];
    if (name === undefined) throw new Error(`a condition that is not known: ${part}`);
    return (variables[name] ?? '') !== '';
  });
}
