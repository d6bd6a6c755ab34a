import { preflight, provisionsFor } from '../../preflight/preflight.ts';
import type { Preflight } from '../../preflight/types.ts';
import { RunError } from '../errors.ts';
import { ask, endSentence, lastLines, succeeded } from './ask.ts';
import type { RunContext } from './context.ts';
import type { RunOptions } from './types.ts';

const provisionTimeout = 3600;

/**
 * Does the place have what the recipe asks for? What's missing is got as the recipe says, if that's allowed; what isn't
 * known is a warning. @throws RunError `PLACE_LACKS`
 */
export async function preparePlace(
  context: RunContext,
  { environment, provision = false }: Pick<RunOptions, 'environment' | 'provision'>,
): Promise<void> {
  let answer = await look(context, environment);
  const provisions = answer.state === 'missing' && provision ? provisionsFor(answer) : [];
  if (provisions.length > 0) {
    for (const [index, { script, title, newSession }] of provisions.entries()) {
      await provide(context, { script, title: title ?? `preparation ${index + 1}` });
      if (newSession) await context.place.renew?.({ signal: context.signal });
    }
    answer = await look(context, environment);
  }
  const lacking = answer.requirements.filter(({ state }) => state === 'missing');
  if (lacking.length > 0) throw lacks(lacking, { mayProvide: !provision });
  for (const { state, why } of answer.requirements)
    if (state === 'unknown') context.options.onEvent?.({ type: 'warning', message: why });
}

async function look(context: RunContext, environment: RunOptions['environment']): Promise<Preflight> {
  return preflight(context.plan, {
    environment,
    facts: context.host,
    signal: context.signal,
    exec: async (words, { signal }) => {
      const { end, text } = await ask(context, context.ownJob('look', words, 60), { signal });
      return { code: end.how === 'exited' ? (end.code ?? 1) : 1, output: text };
    },
  });
}

async function provide(
  context: RunContext,
  { script, title }: { readonly script: string; readonly title: string },
): Promise<void> {
  const { onEvent } = context.options;
  onEvent?.({ type: 'phase', phase: title });
  const job = {
    ...context.ownJob('provide', ['true'], provisionTimeout),
    command: { kind: 'script', text: script },
  } as const;
  const onText = (text: string) => onEvent?.({ type: 'output', step: 'prepare', text });
  const { end, text } = await ask(context, job, { onText });
  if (!succeeded(end))
    throw new RunError('PLACE_LACKS', `"${title}" ${endSentence(end, provisionTimeout)}: ${lastLines(text)}`);
}

function lacks(
  lacking: Preflight['requirements'],
  { mayProvide }: { readonly mayProvide: boolean },
): RunError {
  return new RunError(
    'PLACE_LACKS',
    `the place lacks what the recipe asks for: ${lacking.map(({ why }) => why).join('; ')}`,
    {
      hint: wayOut(mayProvide ? lacking : []),
      facts: { lacking: lacking.map(({ kind, name }) => ({ kind, name })) },
    },
  );
}

/** What the recipe itself knows of how to get it, which may be done in the place. */
function wayOut(lacking: Preflight['requirements']): string {
  const names = new Map<string, Set<string>>();
  for (const { name, get } of lacking) {
    const way = get === undefined ? '' : get.title === undefined ? 'a script' : `"${get.title}"`;
    names.set(way, (names.get(way) ?? new Set()).add(name));
  }
  const listed = (way: string) => [...(names.get(way) ?? [])].join(', ');
  const ways = [...names.keys()].filter((way) => way !== '').map((way) => `${way} for ${listed(way)}`);
  if (ways.length === 0)
    return 'Choose another place with --on, or give it what it lacks, and resume the run.';
  const unknown = names.has('') ? ` It knows nothing here for ${listed('')}.` : '';
  return `With --prepare, what the recipe knows is done in the place: ${ways.join('; ')}.${unknown}`;
}
