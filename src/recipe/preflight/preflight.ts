import type { Plan } from '../plan/types.ts';
import { checkPlace } from './check-place.ts';
import { checkEngine, checkTool, type ProbeContext, toolsOf } from './check-tools.ts';
import type { Preflight, Provision, Requirement } from './types.ts';

export interface PreflightOptions extends ProbeContext {
  /** Of where armload runs: there the secrets are. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Looks at all that the plan asks of a place before anything is begun there. Programs are asked for their versions by
 * `exec`, one after the other; what can't be asked is unknown, with the reason.
 */
export async function preflight(plan: Plan, options: PreflightOptions): Promise<Preflight> {
  const { environment, ...context } = options;
  const requirements: Requirement[] = [...checkPlace(plan, context.facts)];
  for (const tool of toolsOf(plan)) {
    context.signal?.throwIfAborted();
    requirements.push(await checkTool(tool, context));
  }
  if (plan.requires.images) requirements.push(await checkEngine(plan, context));
  for (const [parameter, variable] of Object.entries(plan.secrets))
    requirements.push(checkSecret(parameter, { variable, environment }));
  return { state: stateOf(requirements), requirements };
}

/** What has to be run in the place so that it has what it lacks, each once, in order: what `--prepare` does. */
export function provisionsFor({ requirements }: Preflight): readonly Provision[] {
  const byScript = new Map<string, Provision>();
  for (const { get } of requirements)
    if (get !== undefined && !byScript.has(get.script)) byScript.set(get.script, get);
  return [...byScript.values()];
}

function stateOf(requirements: readonly Requirement[]): Preflight['state'] {
  const states = new Set(requirements.map(({ state }) => state));
  return states.has('missing') ? 'missing' : states.has('unknown') ? 'unknown' : 'met';
}

function checkSecret(
  parameter: string,
  { variable, environment }: { variable: string } & Pick<PreflightOptions, 'environment'>,
): Requirement {
  const value = environment[variable];
  const what = `the environment variable ${variable}, which holds the secret "${parameter}",`;
  const state = value === undefined || value === '' ? 'missing' : 'met';
  const found = value === undefined ? 'is not set' : value === '' ? 'is empty' : 'is set';
  return { kind: 'secret', name: parameter, state, wanted: variable, why: `${what} ${found}` };
}
