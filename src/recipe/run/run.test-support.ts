import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgressEvent } from '../../core/index.ts';
import { readRecipe } from '../document/read-recipe.ts';
import { localExecutor } from '../executors/local/executor.ts';
import type { Executor } from '../executors/types.ts';
import { planRecipe } from '../plan/plan-recipe.ts';
import type { Plan } from '../plan/types.ts';
import type { NewRunOptions, ResumeOptions } from './runner/types.ts';

/** A folder with runs, places and recipes of its own. */
export interface World {
  readonly folder: string;
  readonly runs: string;
  readonly places: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly executor: Executor;
  readonly events: ProgressEvent[];
  plan(text: string, parameters?: Readonly<Record<string, string>>): Promise<Plan>;
  /** For a new run of that recipe. */
  begin(text: string, options?: Partial<NewRunOptions>): Promise<NewRunOptions>;
  resume(run: string, options?: Partial<ResumeOptions>): ResumeOptions;
  /** The same folder with another environment. */
  with(environment: World['environment']): World;
  remove(): Promise<void>;
}

export async function makeWorld(environment: Readonly<Record<string, string>> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'armload-run-'));
  return worldAt(folder, { PATH: process.env['PATH'], HOME: folder, LANG: 'C', ...environment });
}

/** The world of a folder that is there, as another process finds it. */
export function worldAt(folder: string, environment: World['environment']): World {
  const runs = join(folder, 'runs');
  const places = join(folder, 'places');
  const events: ProgressEvent[] = [];
  const common = {
    executor: localExecutor({ root: places, timings: { grace: 0.5 } }),
    runs,
    environment,
    onEvent: (event: ProgressEvent) => events.push(event),
  };
  const plan = (text: string, parameters: Readonly<Record<string, string>> = {}): Promise<Plan> =>
    planRecipe(readRecipe({ file: 'recipe.yaml', text }), { parameters, directory: folder });
  return {
    folder,
    runs,
    places,
    environment,
    executor: common.executor,
    events,
    plan,
    begin: async (text, options = {}) => ({
      ...common,
      plan: options.plan ?? (await plan(text)),
      recipeText: text,
      ...options,
    }),
    resume: (run, options = {}) => ({ ...common, run, ...options }),
    with: (other) => worldAt(folder, other),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A recipe with these steps and whatever else, indented as in its document. */
export function recipe(steps: string, more = ''): string {
  return `schemaVersion: 1\nkind: recipe\nname: sample\n${more}\nsteps:\n${steps}\n`;
}

/** Of all files below a folder; none where there's no such folder. */
export async function textsBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
}

/** The first bytes of a Linux program, which say what machine it's for, and no program. */
export function elfHeader(machine: 'arm64' | 'amd64'): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write('\x7fELF\x02\x01\x01', 'latin1');
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(machine === 'arm64' ? 183 : 62, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt16LE(64, 52);
  return bytes;
}
