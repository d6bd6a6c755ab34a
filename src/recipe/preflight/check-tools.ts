import { messageOf } from '../../core/index.ts';
import type { HostFacts } from '../executors/types.ts';
import { evaluate } from '../plan/resolve.ts';
import { sourceTools } from '../plan/source-commands.ts';
import type { Plan, PlannedTool } from '../plan/types.ts';
import { versionIn, versionSatisfies } from './tool-version.ts';
import type { Provision, Requirement } from './types.ts';

/** What a command in the place ended with, and both its streams; 127 where there's no such program. */
export interface ProbeEnd {
  readonly code: number;
  readonly output: string;
}

/** Runs one command in the place. */
export type Probe = (
  words: readonly string[],
  options: { readonly signal: AbortSignal },
) => Promise<ProbeEnd>;

export interface ProbeContext {
  readonly facts: HostFacts;
  readonly exec: Probe;
  readonly signal?: AbortSignal | undefined;
}

/** No program takes longer to say its version. */
const probeMilliseconds = 60_000;
const engine = ['docker', 'version', '--format', '{{.Server.Version}}'];

/** What the recipe names, and what its sources are fetched with. */
export function toolsOf({ requires, sources }: Plan): readonly PlannedTool[] {
  const named = new Set(requires.tools.map(({ name }) => name));
  const implied = new Set(sources.flatMap(sourceTools).filter((name) => !named.has(name)));
  return [
    ...requires.tools,
    ...[...implied].map((name) => ({
      ...{ name, command: [name, '--version'], why: 'the sources are fetched with it', get: [] },
    })),
  ];
}

export async function checkTool(tool: PlannedTool, context: ProbeContext): Promise<Requirement> {
  const { name, version: wanted, why: purpose } = tool;
  const texts = {
    ...{ kind: 'tool' as const, name },
    ...(wanted !== undefined && { wanted }),
    ...(purpose !== undefined && { purpose }),
  };
  const end = await probed(tool.command, context);
  if (end instanceof Error) return { ...texts, state: 'unknown', why: `${name}: ${messageOf(end)}` };
  const missing = (why: string, found?: string): Requirement => {
    const get = provisionOf(tool, context.facts);
    return {
      ...texts,
      state: 'missing',
      why,
      ...(found !== undefined && { found }),
      ...(get !== undefined && { get }),
    };
  };
  if (isAbsent(end))
    return missing(`there is no ${name}${wanted === undefined ? '' : `; the recipe wants ${wanted}`}`);
  const found = end.code === 0 ? versionIn(end.output) : undefined;
  if (wanted === undefined)
    return {
      ...texts,
      state: 'met',
      ...(found !== undefined && { found }),
      why: `there is ${name}${found === undefined ? '' : ` ${found}`}`,
    };
  if (found === undefined)
    return {
      ...texts,
      state: 'unknown',
      why: `"${tool.command.join(' ')}" ${unread(end)}; the recipe wants ${wanted}`,
    };
  if (!versionSatisfies(found, wanted))
    return missing(`there is ${name} ${found}; the recipe wants ${wanted}`, found);
  return { ...texts, state: 'met', found, why: `there is ${name} ${found}, and the recipe wants ${wanted}` };
}

/** Steps that make images need an engine that answers, not only its client. */
export async function checkEngine({ requires }: Plan, context: ProbeContext): Promise<Requirement> {
  const texts = { kind: 'docker' as const, name: 'docker', purpose: 'images are among the outputs' };
  const end = await probed(engine, context);
  if (end instanceof Error)
    return { ...texts, state: 'unknown', why: `the Docker engine: ${messageOf(end)}` };
  const found = firstLine(end.output);
  if (end.code === 0) return { ...texts, state: 'met', found, why: `there is a Docker engine, ${found}` };
  const tool = requires.tools.find(({ name }) => name === 'docker');
  const get = tool === undefined ? undefined : provisionOf(tool, context.facts);
  const why = isAbsent(end)
    ? 'there is no docker, and images are among the outputs'
    : `no Docker engine answers, and images are among the outputs: ${found}`;
  return { ...texts, state: 'missing', why, ...(get !== undefined && { get }) };
}

async function probed(words: readonly string[], { exec, signal }: ProbeContext): Promise<ProbeEnd | Error> {
  const limit = AbortSignal.timeout(probeMilliseconds);
  try {
    return await exec(words, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** As shells say it: not found, or found and no program. */
function isAbsent({ code }: ProbeEnd): boolean {
  return code === 127 || code === 126;
}

function unread({ code, output }: ProbeEnd): string {
  if (code !== 0) return `ended with ${code}: ${firstLine(output)}`;
  return `printed no version: ${firstLine(output)}`;
}

/** Of what a program printed, for a sentence. */
function firstLine(output: string): string {
  const line =
    output
      .slice(0, 8192)
      .split('\n')
      .find((text) => text.trim() !== '') ?? 'nothing';
  // A program's colours have no place in a sentence.
  return messageOf(line.replaceAll(/\p{Cc}/gu, ' ').trim()).slice(0, 200);
}

/** The first of the recipe's ways to get the tool that is for a place like this one. */
function provisionOf({ get }: PlannedTool, host: HostFacts): Provision | undefined {
  const scope = { host, run: { id: '' }, secrets: new Map(), sources: new Map(), steps: new Map() };
  const found = get.find(({ when }) => when === undefined || evaluate(when, scope));
  if (found === undefined) return undefined;
  const { title, script, newSession } = found;
  return { ...(title !== undefined && { title }), script, newSession };
}
