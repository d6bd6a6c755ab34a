import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BuildResult } from '../../src/results/index.ts';
import { type Finished, finished, startCommand } from './command.ts';
import { type DockerEngine, startDockerEngine } from './docker-engine.ts';
import { haveBuildx, type IstioStandIns, makeIstioStandIns } from './istio-stand-ins.ts';
import { ProgramRecorder } from './program-recorder.ts';
import { type RunningProgram, startDockerRegistry } from './real-parts.ts';

/** Those that the recipe calls, and what it calls calls. */
export const recordedPrograms = ['git', 'docker', 'make', 'go', 'bash', 'cp'];

/** Instead of a call's words: what the proxy is made with, in its container. */
export const inContainer = 'make build in the container';
/** All that steps do but questions. */
const workOfSteps = /^(?:bash|cp|go build|make|git clone|docker (?:build|cp|run)) (?!--version)/;
/** Milliseconds. */
const pause = 20;
const patience = 60_000;

/** All that a run of the recipe of Istio takes. */
export interface IstioWorld {
  readonly standIns: IstioStandIns;
  readonly engine: DockerEngine;
  readonly registry: RunningProgram;
  readonly programs: ProgramRecorder;
  /** Of the command and so of the steps. @param state the folder of runs and places */
  environment(state: string): Record<string, string>;
  /** A new folder for the state of runs. */
  state(name: string): string;
  stop(): Promise<void>;
}

export async function startIstioWorld(folder: string): Promise<IstioWorld> {
  const standIns = await makeIstioStandIns(join(folder, 'stand-ins'));
  const engine = await startDockerEngine(join(folder, 'docker'));
  try {
    const { PATH, ...found } = engine.environment;
    await haveBuildx(engine);
    const registry = await startDockerRegistry(join(folder, 'registry'));
    const programs = await ProgramRecorder.create(join(folder, 'programs'), recordedPrograms, PATH);
    return {
      ...{ standIns, engine, registry, programs },
      environment: (state) => ({
        ...found,
        PATH: `${programs.folder}:${PATH}`,
        HOME: standIns.home,
        XDG_STATE_HOME: state,
        LANG: 'C.UTF-8',
      }),
      state: (name) => {
        const state = join(folder, name);
        mkdirSync(state, { recursive: true });
        return state;
      },
      async stop() {
        await registry.stop();
        await engine.stop();
      },
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

export interface IstioRunSettings {
  /** For the command, when it begins the run. */
  readonly options?: readonly string[];
  /** For the command, besides the world's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its workspace is made; below its state unless told. */
  readonly places?: string;
}

/** A run of the recipe by the built command, that may be held, killed and resumed. */
export class IstioRun {
  readonly #world: IstioWorld;
  readonly #state: string;
  readonly #settings: Required<IstioRunSettings>;
  #child: ChildProcess | undefined;
  #ended: Promise<Finished> | undefined;
  #at: string | undefined;

  constructor(world: IstioWorld, state: string, settings: IstioRunSettings = {}) {
    this.#world = world;
    this.#state = state;
    this.#settings = { options: [], environment: {}, places: join(state, 'armload/places'), ...settings };
  }

  /** Begins it, or goes on with it, and gives the command's end. */
  start(...options: readonly string[]): Promise<Finished> {
    const { standIns, registry } = this.#world;
    const commits = Object.entries(standIns.commits).flatMap(([name, commit]) => [
      ...['--param', `${name}-commit=${commit}`],
    ]);
    const id = this.id();
    const words =
      id === undefined ? ['build', 'istio', ...commits, ...this.#settings.options] : ['build', 'resume', id];
    const child = startCommand([...words, '--to', `${registry.host}/istio`, '--format', 'json', ...options], {
      environment: { ...this.#world.environment(this.#state), ...this.#settings.environment },
    });
    this.#child = child;
    this.#ended = finished(child).finally(() => {
      this.#child = undefined;
      this.#at = undefined;
    });
    return this.#ended;
  }

  /**
   * Begins it, or goes on with it, up to where a call that begins like that waits. Whatever waited before goes on meanwhile.
   */
  async goTo(call: string): Promise<void> {
    if (this.#at === call) return;
    const end = await this.#reach(call);
    if (end !== undefined) throw new Error(`it never came to "${call}": ${end.stderr}${end.stdout}`);
  }

  /** Lets go what waits, up to where a call that begins like that waits. Gives the command's end where that came before. */
  async goOn(call?: string): Promise<Finished | undefined> {
    if (call !== undefined) return this.#reach(call);
    this.release();
    return this.ended();
  }

  async #reach(call: string): Promise<Finished | undefined> {
    const before = this.#made(call);
    this.#hold(call);
    const ended = this.#child === undefined ? this.start() : this.ended();
    let end: Finished | undefined;
    void ended.then((one) => {
      end = one;
    });
    for (let waited = 0; this.#made(call) === before; waited += pause) {
      if (end !== undefined) return end;
      if (waited > patience) throw new Error(`it does not come to "${call}"`);
      await delay(pause);
    }
    this.#at = call;
    return undefined;
  }

  /** Goes on with it up to where its journal has a record of that type. */
  async startUntil(type: string, ...options: readonly string[]): Promise<void> {
    const journal = join(this.#state, 'armload/runs', this.id() ?? 'none', 'journal.jsonl');
    const ended = this.start(...options);
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!readFileSync(journal, 'utf8').includes(`{"type":"${type}"`)) {
      if (isOver) throw new Error(`it never came to "${type}": ${JSON.stringify(await ended)}`);
      await delay(pause);
    }
  }

  release(): void {
    this.#world.programs.release();
    rmSync(join(this.workspace, 'proxy/hold'), { force: true });
  }

  /** Kills the command, and nothing that it started. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Of the command that was started last. */
  ended(): Promise<Finished> {
    return this.#ended ?? Promise.reject(new Error('nothing was started'));
  }

  /** In the container nobody notes calls; the stand-in does. */
  #hold(call: string): void {
    const inProxy = join(this.workspace, 'proxy/hold');
    if (call === inContainer) {
      writeFileSync(inProxy, '');
      this.#world.programs.release();
    } else {
      this.#world.programs.hold(call);
      rmSync(inProxy, { force: true });
    }
  }

  #made(call: string): number {
    if (call !== inContainer) return this.#world.programs.callsOf(call).length;
    const calls = join(this.workspace, 'proxy/calls');
    return existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').length : 0;
  }

  /** Kills the processes of the one job that is at work. */
  killJob(): void {
    const jobs = join(this.workspace, '.armload/jobs');
    const open = readdirSync(jobs).filter(
      (name) => existsSync(join(jobs, name, 'main')) && !existsSync(join(jobs, name, 'exit')),
    );
    if (open.length !== 1) throw new Error(`${open.length} jobs are at work`);
    const [pid = ''] = readFileSync(join(jobs, open[0] ?? '', 'main'), 'utf8').split(' ');
    process.kill(-Number(pid), 'SIGKILL');
  }

  /** What the steps did more or less than once, each as `TIMES COMMAND`. The workspace has to be there still. */
  repeated(): readonly string[] {
    const counts = new Map<string, number>();
    const calls = this.#world.programs.calls().map(({ words }) => words.join(' '));
    for (const text of calls.filter((one) => workOfSteps.test(one)))
      counts.set(text, (counts.get(text) ?? 0) + 1);
    counts.set(inContainer, this.#made(inContainer));
    return [...counts].filter(([, count]) => count !== 1).map(([text, count]) => `${count} ${text}`);
  }

  /** The run's id, once it has one. */
  id(): string | undefined {
    const runs = join(this.#state, 'armload/runs');
    if (!existsSync(runs)) return undefined;
    return readdirSync(runs).find((name) => /^\d{8}-/.test(name));
  }

  get workspace(): string {
    return join(this.#settings.places, this.id() ?? 'none');
  }
}

/** What a run came to, of that which has to be the same however it came to it. */
export function outcomeOf({ stdout, stderr, code }: Finished): unknown {
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}\n${stdout}`);
  const { state, steps, images, checks } = JSON.parse(stdout) as BuildResult;
  return {
    state,
    steps: steps.map(({ id, values, files, images: made }) => ({
      ...{ id, values, images: made },
      files: Object.values(files).map(({ path, sha256 }) => [path, sha256]),
    })),
    checks: checks.map(({ title, state: found }) => [title, found]),
    images: images.map(({ reference, id, platform, audit, publish }) => ({
      ...{ reference, id, platform, publish },
      verdict: audit?.verdict,
    })),
  };
}
