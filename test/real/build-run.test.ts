// Runs of recipes against real parts: processes that are killed, git, tar, a Docker engine.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Moment,
  onlyRun,
  outcomeOf,
  rightOutcome,
} from '../../src/recipe/run/killed-run.test-support.ts';
import { elfHeader, makeWorld, recipe, type World } from '../../src/recipe/run/run.test-support.ts';
import { resumeRun, runPlan } from '../../src/recipe/run/runner/run-plan.ts';
import { buildRunner, runKilled } from '../../src/recipe/run/start-runner.test-support.ts';
import { canStartDockerEngine, type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { exec, execIn, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const shared = temporaryFolder();
let runner = '';
let world: World;
beforeAll(async () => {
  runner = await buildRunner(shared.path);
});
afterAll(() => shared.remove());
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.remove());

/** Place, steps begun and done, built, released, done. */
const records = 12;
const moments: readonly Moment[] = ['before', 'torn', 'after'];

describe('a runner that is killed', () => {
  test.each(moments)('%s each record in turn leaves a run that comes to the same', async (moment) => {
    for (let at = 1; at <= records; at++) {
      const here = await makeWorld();
      expect(await runKilled(runner, { world: here, at, moment })).toMatchObject({ signal: 'SIGKILL' });
      const { run } = await onlyRun(here);
      const outcome = await outcomeOf(here, await resumeRun(here.resume(run)));
      expect([at, outcome]).toEqual([at, rightOutcome]);
      await here.remove();
    }
  });

  test('again and again, each time one record later, does nothing twice', async () => {
    let kills = 0;
    for (; kills < 40; kills++) {
      // Each time it gets one record further, those included that say what's found to be done.
      const moment = moments[kills % 3] ?? 'after';
      const { signal } = await runKilled(runner, { world, at: kills + 1, moment });
      if (signal === null) break;
    }
    const { run } = await onlyRun(world);
    expect(kills).toBeGreaterThan(5);
    expect(await outcomeOf(world, await resumeRun(world.resume(run)))).toEqual(rightOutcome);
  });

  test('at any time does nothing twice', async () => {
    for (let milliseconds = 150; milliseconds <= 1200; milliseconds += 70) {
      const here = await makeWorld();
      await killedAfter(here, milliseconds);
      const { run } = await onlyRun(here);
      if (run !== '') {
        const outcome = await outcomeOf(here, await resumeRun(here.resume(run)));
        expect([milliseconds, outcome]).toEqual([milliseconds, rightOutcome]);
      }
      await here.remove();
    }
  });

  test('with all that ran in its place has the step that ran begun anew', async () => {
    const child = spawn(process.execPath, [runner, world.folder, '0', 'before'], {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'] },
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    let job = '';
    while (!existsSync(join(job, 'main'))) {
      await delay(2);
      job = join(world.places, (await onlyRun(world)).run, '.armload', 'jobs', 'whole-1');
    }
    child.kill('SIGKILL');
    // As when the machine is started anew: neither the job nor who watches over it is there.
    for (const name of ['begun', 'main']) killGroupOf(join(job, name));
    await ended;
    const { run } = await onlyRun(world);
    const result = await resumeRun(world.resume(run));
    expect(result).toMatchObject({ state: 'done' });
    expect(result.steps.at(-1)).toMatchObject({ id: 'whole', attempts: 2 });
  });

  /** The process whose number a job's file begins with, and those of its session. */
  function killGroupOf(file: string): void {
    const pid = Number(readFileSync(file, 'utf8').split(' ')[0]);
    for (const target of [pid, -pid])
      try {
        process.kill(target, 'SIGKILL');
      } catch {
        // It leads no group.
      }
  }

  async function killedAfter({ folder }: World, milliseconds: number): Promise<void> {
    const child = spawn(process.execPath, [runner, folder, '0', 'before'], {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'] },
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    await delay(milliseconds);
    child.kill('SIGKILL');
    await ended;
  }
});

/** Of this process and its children that are over, seconds: what a machine that's busy with other things doesn't change. */
function processorTime(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // proc_pid_stat(5): utime, stime, cutime and cstime, in hundredths of a second.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15);
  return fields.reduce((total, field) => total + Number(field), 0) / 100;
}

test('a thousand small steps are done within what two processors do in 20 s', async () => {
  const steps = Array.from({ length: 1000 }, (_, index) => `  s${index}:\n    run: 'true'`).join('\n');
  const options = await world.begin(recipe(steps));
  const start = processorTime();
  const result = await runPlan(options);
  expect(result).toMatchObject({ state: 'done', progress: { total: 1000, done: 1000 } });
  expect(processorTime() - start).toBeLessThan(40);
});

describe.skipIf(!(await hasPrograms('git', 'tar')))('sources', () => {
  let origin = '';
  let url = '';
  const git = (...words: readonly string[]) =>
    execIn(origin, 'git', '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words);

  async function commit(content: string): Promise<string> {
    writeFileSync(join(origin, 'file'), content);
    await git('add', 'file');
    await git('commit', '--quiet', '--message', content);
    return (await git('rev-parse', 'HEAD')).trim();
  }

  beforeEach(async () => {
    origin = join(world.folder, 'origin');
    url = pathToFileURL(origin).href;
    mkdirSync(origin);
    await git('init', '--quiet', '--initial-branch', 'main');
  });

  const reading = () =>
    recipe(
      `
  read:
    run: |
      cat tree/file
      test "$(git -C tree rev-parse HEAD)" = "$COMMIT"
      cp tree/file copy
    environment: { COMMIT: '\${{ sources.tree.commit }}' }
    outputs: { files: { copy: { path: copy } } }
  last:
    run: test -e mended`,
      `sources: { tree: { git: '${url}', ref: main, path: tree } }`,
    );

  test('of git are what their branch is at, and stay that when the branch moves and the workspace goes', async () => {
    const first = await commit('one');
    const { run, place, sources } = await runPlan(await world.begin(reading()));
    expect(sources).toMatchObject([{ state: 'done', commit: first }]);
    await commit('two');
    const workspace = place?.workspace ?? '';
    rmSync(workspace, { recursive: true });
    mkdirSync(workspace);
    writeFileSync(join(workspace, 'mended'), '');
    const result = await resumeRun(world.resume(run, { keepWorkspace: true }));
    expect(result).toMatchObject({ state: 'done', sources: [{ commit: first }] });
    expect(readFileSync(join(workspace, 'tree', 'file'), 'utf8')).toBe('one');
  });

  test('of git that are there still are not fetched again', async () => {
    await commit('one');
    const { run, place } = await runPlan(await world.begin(reading()));
    writeFileSync(join(place?.workspace ?? '', 'mended'), '');
    rmSync(origin, { recursive: true });
    const result = await resumeRun(world.resume(run));
    expect(result).toMatchObject({ state: 'done', steps: [{ state: 'reused' }, { state: 'done' }] });
  });

  test('of git that can not be had say what git said', async () => {
    const noWait = { now: () => Date.now(), sleep: () => Promise.resolve() };
    const text = reading().replace('ref: main', 'ref: nowhere');
    await commit('one');
    const result = await runPlan(await world.begin(text, { clock: noWait }));
    expect(result).toMatchObject({ state: 'failed', failure: { kind: 'source', of: 'tree' } });
    expect(result.failure?.lines.join('\n')).toContain('nowhere');
  });

  test('that are archives are unpacked, without their leading folders', async () => {
    mkdirSync(join(origin, 'top', 'inner'), { recursive: true });
    writeFileSync(join(origin, 'top', 'inner', 'file'), 'packed');
    await execIn(origin, 'tar', '-czf', 'a.tgz', 'top');
    const archive = join(origin, 'a.tgz');
    const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
    const text = recipe(
      "\n  read:\n    run: 'cp data/inner/file copy'\n    outputs: { files: { copy: { path: copy } } }",
      `sources: { data: { url: '${pathToFileURL(archive).href}', sha256: '${sha256}', path: data, unpack: tar, strip: 1 } }`,
    );
    const result = await runPlan(await world.begin(text));
    expect(result.state).toBe('done');
    expect(readFileSync(result.steps[0]?.files['copy']?.kept ?? '', 'utf8')).toBe('packed');
  });
});

describe.skipIf(!(await canStartDockerEngine()))('images of a Docker engine', () => {
  /** What an imported file system is said to be for. */
  const platform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
  let engine: DockerEngine;
  beforeAll(async () => {
    engine = await startDockerEngine(join(shared.path, 'docker'));
  });
  afterAll(() => engine.stop());

  test('are saved with their name, and known again when the run goes on', async () => {
    writeFileSync(join(world.folder, 'program'), elfHeader('arm64'));
    const text = recipe(
      `
  image:
    run: |
      tar -c program | docker import - local/thing:1
      echo image >> effects
    outputs: { images: { thing: { reference: 'local/thing:1', platform: ${platform} } } }
  last:
    run: test -e mended`,
      `passEnvironment: [DOCKER_HOST, DOCKER_CONFIG]
sources: { program: { file: program, path: program } }
publish: [{ image: '\${{ steps.image.images.thing }}', name: thing }]`,
    );
    const here = world.with({ ...world.environment, ...engine.environment });
    const first = await runPlan(await here.begin(text));
    expect(first.failure).toMatchObject({ of: 'last', lines: [] });
    const workspace = first.place?.workspace ?? '';
    writeFileSync(join(workspace, 'mended'), '');
    const audited: string[] = [];
    const result = await resumeRun(
      here.resume(first.run, {
        keepWorkspace: true,
        auditImage: (archive, platform) => {
          audited.push(platform);
          return Promise.resolve({ ok: true, verdict: 'right', why: archive });
        },
      }),
    );
    expect(result).toMatchObject({
      state: 'done',
      images: [{ platform, reference: 'local/thing:1' }],
    });
    expect(readFileSync(join(workspace, 'effects'), 'utf8')).toBe('image\n');
    expect(audited).toEqual([platform]);
    const manifest = await exec('tar', '-xOf', result.images[0]?.archive ?? '', 'manifest.json');
    expect(JSON.parse(manifest)).toMatchObject([{ RepoTags: ['local/thing:1'] }]);
  });
});
