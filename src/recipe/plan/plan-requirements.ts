import type { RecipeDocument, ToolDocument } from '../document/schema.ts';
import type { Binding } from './binding.ts';
import { amountsOf } from './plan-steps.ts';
import { shellWord } from './shell.ts';
import type { Amounts, PlannedRequirements, PlannedStep, PlannedTool } from './types.ts';

/** How programs say their version that don't know `--version`. */
const versionCommands: ReadonlyMap<string, readonly string[]> = new Map([
  ['go', ['go', 'version']],
  ['helm', ['helm', 'version', '--short']],
  ['kubectl', ['kubectl', 'version', '--client']],
  ['openssl', ['openssl', 'version']],
  ['ssh', ['ssh', '-V']],
]);

/** What the place has to be and have: what the recipe says, and what its sources and steps come to. */
export function planRequirements(
  { requires = {} }: RecipeDocument,
  { steps, binding }: { readonly steps: readonly PlannedStep[]; readonly binding: Binding },
): PlannedRequirements {
  const { os, architecture, emulation = false, tools = [] } = requires;
  return {
    ...(os !== undefined && { os }),
    ...(architecture !== undefined && { architecture }),
    emulation,
    ...highest([amountsOf(requires), ...steps.map(({ resources }) => resources)]),
    tools: tools.map((tool) => planTool(tool, binding)),
    networkIsolation: steps.some(({ network }) => network === 'none'),
    images: steps.some(({ images }) => images.length > 0),
  };
}

function planTool({ name, version, command, why, get = [] }: ToolDocument, binding: Binding): PlannedTool {
  return {
    name,
    ...(version !== undefined && { version }),
    command: command ?? versionCommands.get(name) ?? [name, '--version'],
    ...(why !== undefined && { why }),
    get: get.map(({ title, when, environment = {}, run, newSession = false }) => ({
      ...(title !== undefined && { title }),
      ...(when !== undefined && { when: binding.condition(when) }),
      script: `${exportsOf(environment, binding)}${run}`,
      newSession,
    })),
  };
}

/** A person copies the script as it's shown: so what it is told stands in it. */
function exportsOf(environment: Readonly<Record<string, string>>, binding: Binding): string {
  return Object.entries(environment)
    .map(([name, text]) => `export ${name}=${shellWord(binding.text(text))}\n`)
    .join('');
}

function highest(amounts: readonly Amounts[]): Amounts {
  const most = (name: keyof Amounts): number =>
    amounts.reduce((found, amount) => Math.max(found, amount[name] ?? 0), 0);
  const [cpus, memory, disk] = [most('cpus'), most('memory'), most('disk')];
  return { ...(cpus > 0 && { cpus }), ...(memory > 0 && { memory }), ...(disk > 0 && { disk }) };
}
