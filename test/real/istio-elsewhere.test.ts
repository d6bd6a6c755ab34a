// The recipe of Istio on another host, over a connection that fails, and without armload, by what it is exported to: all of
// them come to what it comes to here.
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runShell } from '../../src/recipe/export/export.test-support.ts';
import { runWorkflow } from '../../src/recipe/export/workflow.test-support.ts';
import type { BuildResult } from '../../src/results/index.ts';
import { type Finished, runCommand } from '../support/command.ts';
import { isEmulated } from '../support/debian-root.ts';
import { canStartDockerEngine } from '../support/docker-engine.ts';
import { canMakeIstioHost, type IstioHost, makeIstioHost } from '../support/istio-host.ts';
import { istioImages, istioPoints } from '../support/istio-points.ts';
import {
  IstioRun,
  type IstioWorld,
  outcomeOf,
  recordedPrograms,
  startIstioWorld,
} from '../support/istio-world.ts';
import { exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const here =
  (await hasPrograms('docker-registry', 'skopeo', 'tar', ...recordedPrograms)) &&
  (await canStartDockerEngine()) &&
  (await canMakeIstioHost()) &&
  isEmulated();

/** Milliseconds: a run is held in sixteen places, and goes on sixteen times. */
const timeout = 400_000;

const folder = temporaryFolder();
let world: IstioWorld;
let host: IstioHost;
/** What all else is held against: a run on this machine. */
let direct: Finished;
let files: Readonly<Record<string, string>>;
let work: readonly string[];
beforeAll(async () => {
  if (!here) return;
  // The host's user has to get to the programs, the repositories and the engine below it.
  chmodSync(folder.path, 0o711);
  world = await startIstioWorld(folder.path);
  const run = new IstioRun(world, world.state('direct'));
  direct = await run.start();
  expect(direct.code, direct.stderr + direct.stdout).toBe(0);
  files = filesOf(direct);
  work = workIn(run.workspace);
  host = await makeIstioHost(join(folder.path, 'host'), world);
});
beforeEach(() => world?.programs.forget());
afterAll(async () => {
  await host?.remove();
  await world?.stop();
  folder.remove();
});

/** A run on the host, whose images are published below `NAME/istio`. */
function runOnHost(name: string, environment: Readonly<Record<string, string>> = {}): IstioRun {
  const registry = { ...world.registry, host: `${world.registry.host}/${name}` };
  return new IstioRun({ ...world, registry }, world.state(name), {
    options: ['--on', host.address, '--keep-workspace'],
    environment: { ...host.environment, ...environment },
    places: host.places,
  });
}

/** What a run came to, with the name of the direct one's registry. */
function outcome(finished: Finished, name: string): unknown {
  return JSON.parse(JSON.stringify(outcomeOf(finished)).replaceAll(`/${name}/istio/`, '/istio/'));
}

function filesOf({ stdout }: Finished): Readonly<Record<string, string>> {
  const { steps } = JSON.parse(stdout) as BuildResult;
  const all = steps.flatMap((step) => Object.values(step.files));
  return Object.fromEntries(all.map(({ path, sha256 }) => [path, sha256]));
}

/** What steps did in a workspace, in order. */
function workIn(workspace: string): readonly string[] {
  return world.programs
    .calls()
    .map(({ words }) => words.join(' ').replaceAll(workspace, '.'))
    .filter((text) => /^(?:cp|go build|make|docker (?:build|cp|run)) (?!--version)/.test(text));
}

/** By name, of the arm64 images that a registry has: their configurations, which name what's in their layers. */
async function published(prefix: string): Promise<Readonly<Record<string, unknown>>> {
  const entries = istioImages.map(async (name) => {
    const words = ['inspect', '--config', '--raw', '--override-arch=arm64', '--tls-verify=false'];
    const text = await exec(
      'skopeo',
      ...words,
      `docker://${world.registry.host}/${prefix}/${name}:master-latest`,
    );
    const config = JSON.parse(text) as Readonly<Record<string, unknown>>;
    expect(config).toMatchObject({ os: 'linux', architecture: 'arm64', rootfs: { type: 'layers' } });
    return [name, config];
  });
  return Object.fromEntries(await Promise.all(entries)) as Readonly<Record<string, unknown>>;
}

describe.skipIf(!here)('the recipe of Istio on a host', { timeout }, () => {
  test('whose connection is killed at both ends in every step in turn comes to the same, and does nothing twice', async () => {
    const run = runOnHost('connection');
    for (const { call } of istioPoints) {
      await run.goTo(call);
      await host.replaceMasters();
      host.server.dropConnections();
    }
    run.release();
    const finished = await run.ended();
    expect(outcome(finished, 'connection')).toEqual(outcomeOf(direct));
    const result = JSON.parse(finished.stdout) as BuildResult;
    expect(result).toMatchObject({ sessions: 1, place: { workspace: run.workspace } });
    const { uid } = statSync(join(run.workspace, 'istio/out/linux_arm64/release/pilot-discovery'));
    expect(String(uid)).toBe((await exec('id', '-u', host.user)).trim());
    expect(await world.engine.docker('logs', 'istio-proxy-build')).toContain(`on aarch64 for ${uid}\n`);
    expect(run.repeated()).toEqual([]);
    expect(await published('connection/istio')).toEqual(await published('istio'));
  });

  test('that is away for longer in every step in turn comes to the same when it is back, and does nothing twice', async () => {
    const run = runOnHost('away', impatient(join(folder.path, 'impatient.cjs')));
    for (const { name, call } of istioPoints) {
      await run.goTo(call);
      await host.server.pause();
      const { code, stdout, stderr } = await run.ended();
      expect(code, `${name}: ${stderr}`).toBe(1);
      const failure = { kind: 'interrupted', code: 'PLACE_LOST' };
      expect(JSON.parse(stdout), name).toMatchObject({ state: 'interrupted', failure });
      expect(host.masters()).toEqual([]);
      await host.server.resume();
    }
    run.release();
    expect(outcome(await run.start('--keep-workspace'), 'away')).toEqual(outcomeOf(direct));
    expect(run.repeated()).toEqual([]);
    expect(await published('away/istio')).toEqual(await published('istio'));
  });
});

/** Variables for a command whose clock is fast: the five minutes for which it tries to reach a host are over at once. */
function impatient(file: string): Readonly<Record<string, string>> {
  writeFileSync(
    file,
    'const now = performance.now.bind(performance);\nperformance.now = () => now() * 1000;\n',
  );
  return { NODE_OPTIONS: `--require=${file}` };
}

describe.skipIf(!here)('what the recipe of Istio is exported to', { timeout }, () => {
  const environment = () => world.environment(world.state('exported'));

  async function exported(form: string): Promise<string> {
    const commits = Object.entries(world.standIns.commits).flatMap(([name, commit]) => [
      ...['--param', `${name}-commit=${commit}`],
    ]);
    const words = ['build', 'export', 'istio', '--as', form, ...commits];
    const { code, stdout, stderr } = await runCommand(words, { environment: environment() });
    expect(code, stderr).toBe(0);
    return stdout;
  }

  function sha256(path: string): string {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  const sumsIn = (workspace: string) =>
    Object.fromEntries(Object.keys(files).map((path) => [path, sha256(join(workspace, path))]));

  test('does the same as a script, publishes it, and does nothing again', async () => {
    const workspace = join(folder.path, 'script');
    const PUBLISH_TO = `${world.registry.host}/script`;
    const script = await exported('shell');
    const run = () =>
      runShell(script, [workspace], { cwd: folder.path, environment: { ...environment(), PUBLISH_TO } });
    expect(await run()).toMatchObject({ code: 0, stderr: expect.stringContaining('all is done') });
    expect(sumsIn(workspace)).toEqual(files);
    expect(await published('script')).toEqual(await published('istio'));
    expect(workIn(workspace)).toEqual(work);
    const again = await run();
    expect(again.stderr.match(/is done already/g)).toHaveLength(15);
    expect(workIn(workspace)).toEqual(work);
  });

  test('does the same as the steps of a workflow, keeps the files and publishes the images', async () => {
    const at = join(folder.path, 'workflow');
    const { DOCKER_HOST = '', DOCKER_CONFIG = '' } = environment();
    const ended = await runWorkflow(await exported('github-actions'), {
      folder: at,
      environment: environment(),
      machine: { DOCKER_HOST, DOCKER_CONFIG },
      variables: { PUBLISH_TO: `${world.registry.host}/workflow` },
      shell: ['bash', '--noprofile', '--norc', '-e', '-o', 'pipefail'],
    });
    expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
    expect(ended.at(-1)?.name).toBe('Publish the images');
    expect(workIn(join(at, 'work/istio'))).toEqual(work);
    const kept = join(at, 'kept');
    mkdirSync(kept);
    await exec('tar', '-C', kept, '-xf', join(at, 'temp/istio.tar'));
    expect(sumsIn(kept)).toEqual(files);
    expect(await published('workflow')).toEqual(await published('istio'));
  });
});
