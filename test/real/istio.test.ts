// The page of workarounds on Istio, made executable: its recipe runs with real git, make, go, bash and a Docker engine that
// emulates arm64, on small repositories that stand in for Istio's three.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditResult, BuildResult } from '../../src/results/index.ts';
import { type Finished, runCommand } from '../support/command.ts';
import { isEmulated } from '../support/debian-root.ts';
import { canStartDockerEngine } from '../support/docker-engine.ts';
import {
  istioBases as bases,
  istioImages as images,
  istioPoints as points,
} from '../support/istio-points.ts';
import { pathWithout } from '../support/istio-stand-ins.ts';
import {
  IstioRun,
  type IstioWorld,
  inContainer,
  outcomeOf,
  recordedPrograms,
  startIstioWorld,
} from '../support/istio-world.ts';
import type { Call } from '../support/program-recorder.ts';
import { exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';
import { canStartSshServer, startSshServer } from '../support/ssh-server.ts';

const here =
  (await hasPrograms('docker-registry', 'skopeo', ...recordedPrograms)) &&
  (await canStartDockerEngine()) &&
  (await canStartSshServer()) &&
  isEmulated();

/** On a machine that does other work. */
const patience = 10 * 60_000;

const folder = temporaryFolder();
let world: IstioWorld;
/** A run that nothing disturbs. */
let run: IstioRun;
let finished: Finished;
let calls: readonly Call[];
beforeAll(async () => {
  if (!here) return;
  world = await startIstioWorld(folder.path);
  run = new IstioRun(world, world.state('undisturbed'));
  finished = await run.start();
  calls = world.programs.calls();
}, patience);
afterAll(async () => {
  await world?.stop();
  folder.remove();
});

/** What every command gets: of the place, of the shell that starts it, and what the recipe hands through. */
const ofThePlace = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', 'PWD'],
  ...['DOCKER_HOST', 'DOCKER_CONFIG'],
];
/** What steps call themselves: no questions of armload's own, and nothing that is called by what they call. */
const ofOthers = /^(?:docker (?:build|buildx|image|version) ?|go |git -C \S+ rev-parse |\w+ (?:--)?version)/;

describe.skipIf(!here)('the recipe of Istio', () => {
  let result: BuildResult;
  beforeAll(() => {
    expect(finished.code, finished.stderr + finished.stdout).toBe(0);
    result = JSON.parse(finished.stdout) as BuildResult;
  });

  test('does each command where the page says, with the variables that it says, and no other', () => {
    const { istio, proxy, tools } = world.standIns.commits;
    const at = (path: string) => (path === '' ? run.workspace : join(run.workspace, path));
    const source = (name: string, sha: string) => [
      {
        words: `git clone --no-checkout -- https://github.com/istio/${name}.git ${name}.partial`,
        in: '',
        environment: noPrompt,
      },
      { words: `git -C ${name}.partial fetch origin ${sha}`, in: '', environment: noPrompt },
      { words: `git -C ${name}.partial checkout -B master ${sha}`, in: '', environment: noPrompt },
    ];
    const noPrompt = { GIT_TERMINAL_PROMPT: '0' };
    const containers = {
      ...{ IMAGE_TAG: 'master-latest', IMAGE_VERSION: 'master-latest', DOCKER_ARCHITECTURES: 'linux/arm64' },
      ...{
        TARGETARCH: 'arm64',
        HUBS: 'gcr.io/istio-release',
        TAG: 'master-latest',
        BASE_VERSION: 'master-latest',
      },
      PROXY_REPO_SHA: proxy,
    };
    const release = 'istio/out/linux_arm64/release';
    const container = { CONTAINER: 'istio-proxy-build' };
    const image = 'gcr.io/istio-testing/build-tools-proxy:master-latest';
    const expected = [
      ...[...source('istio', istio), ...source('proxy', proxy), ...source('tools', tools)],
      { words: 'bash ./build-and-push.sh', in: 'tools/docker/build-tools', environment: { DRY_RUN: '1' } },
      {
        words:
          'docker ps --all --quiet --filter name=^istio-proxy-build$ --filter label=armload.recipe=istio',
        ...{ in: 'proxy', environment: { ...container, IMAGE: image } },
      },
      {
        words: `docker run --name istio-proxy-build --label armload.recipe=istio -v ${at('proxy')}:/work -w /work -u 0 ${image} make build`,
        ...{ in: 'proxy', environment: { ...container, IMAGE: image } },
      },
      {
        words: 'make build',
        ...{ in: 'istio', environment: { TARGET_ARCH: 'arm64', IMAGE_VERSION: 'master-latest' } },
      },
      {
        words: 'git rev-parse HEAD',
        ...{ in: 'proxy', environment: { ARMLOAD_VALUES: at('.armload/values/proxy-commit-1') } },
      },
      {
        words: `docker cp istio-proxy-build:/work/bazel-bin/src/envoy/envoy ${release}/envoy-${proxy}`,
        ...{ in: '', environment: { ...containers, ...container } },
      },
      {
        words: `cp ${release}/envoy-${proxy} ${release}/envoy`,
        ...{ in: '', environment: { ...containers, ...container } },
      },
      ...bases.map((base) => ({ words: `make dockerx.${base}`, in: 'istio', environment: containers })),
      { words: 'make dockerx', in: 'istio', environment: { ...containers, HUBS: 'istio' } },
    ];
    const found = calls
      .map(({ words, cwd, environment }) => ({ words: words.join(' '), cwd, environment }))
      .filter(({ words }) => !ofOthers.test(words))
      .map(({ words, cwd, environment }) => ({
        ...{ words, cwd },
        environment: Object.fromEntries(
          Object.entries(environment).filter(([name]) => !ofThePlace.includes(name)),
        ),
      }));
    expect(found).toEqual(
      expected.map(({ words, in: where, environment }) => ({ words, cwd: at(where), environment })),
    );
    const { HOME, DOCKER_HOST, DOCKER_CONFIG } = world.environment('');
    for (const { environment } of calls)
      expect(environment).toMatchObject({ HOME, DOCKER_HOST, DOCKER_CONFIG });
  });

  test('runs what is built in containers as arm64 programs', async () => {
    expect(await world.engine.docker('logs', 'istio-proxy-build')).toMatch(
      /^make build in \/work on aarch64 for 0$/m,
    );
    const said = await runCommand(['build', 'logs', result.run, 'proxy'], {
      environment: world.environment(world.state('undisturbed')),
    });
    expect(said.stdout).toContain('make build in /work on aarch64 for 0');
  });

  test('is done, proven, and says so', async () => {
    const environment = world.environment(world.state('undisturbed'));
    expect(result).toMatchObject({ state: 'done', sessions: 1 });
    expect(result.steps).toHaveLength(15);
    expect(result.steps.filter(({ state, attempts }) => state !== 'done' || attempts !== 1)).toEqual([]);
    expect(result.checks.map(({ state }) => state)).toEqual(Array.from({ length: 7 }, () => 'passed'));
    const shown = await runCommand(['build', 'show', result.run, '--format', 'json'], { environment });
    expect(JSON.parse(shown.stdout)).toEqual(result);
    expect(readdirSync(join(world.state('undisturbed'), 'armload/places'))).toEqual([]);
    const observed = readFileSync(
      join(world.state('undisturbed'), 'armload/observations/istio.jsonl'),
      'utf8',
    )
      .trim()
      .split('\n');
    expect(observed.map((line) => JSON.parse(line) as unknown)).toEqual(
      images.map((name) =>
        expect.objectContaining({
          reference: `${world.registry.host}/istio/${name}:master-latest`,
          method: 'build',
        }),
      ),
    );
  });

  test('makes the nine bases and the images for arm64, with the programs of their commits', async () => {
    const made = [
      ...bases.map((name) => `gcr.io/istio-release/${name}:master-latest`),
      ...images.map((name) => `istio/${name}:master-latest`),
    ];
    const found = await world.engine.docker(
      'image',
      'inspect',
      '--format',
      '{{.Os}}/{{.Architecture}}',
      ...made,
    );
    expect(found.trim().split('\n')).toEqual(made.map(() => 'linux/arm64'));
    const answer = (name: string, ...more: readonly string[]) =>
      world.engine.docker('run', '--rm', '--platform', 'linux/arm64', ...more, `istio/${name}:master-latest`);
    expect(await answer('pilot')).toBe('pilot-discovery arm64\n');
    expect(await answer('proxyv2', '--entrypoint', '/usr/local/bin/envoy')).toBe('envoy arm64\n');
  });

  test('publishes indexes whose arm64 images an audit finds right', async () => {
    expect(result.images.map(({ publish }) => publish[0]?.reference)).toEqual(
      images.map((name) => `${world.registry.host}/istio/${name}:master-latest`),
    );
    for (const { publish } of result.images) {
      const { reference = '', digest } = publish[0] ?? {};
      const raw = await exec('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`);
      expect(JSON.parse(raw)).toMatchObject({
        manifests: [{ platform: { os: 'linux', architecture: 'arm64' } }],
      });
      const named = await exec(
        'skopeo',
        'inspect',
        '--tls-verify=false',
        '--override-arch=arm64',
        `docker://${reference}`,
      );
      expect(named).toContain(`"Digest": "${digest}"`);
    }
    const references = result.images.map(({ publish }) => publish[0]?.reference ?? '');
    const audited = await runCommand(['audit', '--format', 'json', '--no-cache', ...references], {
      environment: world.environment(world.state('undisturbed')),
    });
    expect(audited.code, audited.stderr).toBe(0);
    const { images: found } = JSON.parse(audited.stdout) as AuditResult;
    expect(found.map(({ verdict }) => verdict)).toEqual(images.map(() => 'right'));
  });
});

describe.skipIf(!here)('a place without what the recipe requires', () => {
  test('is told of all of it at once, with how to get it, before anything is done', async () => {
    const state = world.state('lacking');
    const environment = world.environment(state);
    const path = pathWithout(
      join(folder.path, 'few-programs'),
      ['go', 'make', 'docker'],
      environment['PATH'] ?? '',
    );
    world.programs.forget();
    const { code, stdout } = await runCommand(['build', 'istio', '--format', 'json'], {
      environment: { ...environment, PATH: path },
    });
    expect(code).toBe(1);
    const { failure, steps } = JSON.parse(stdout) as BuildResult;
    expect(failure).toMatchObject({ kind: 'place', code: 'PLACE_LACKS' });
    for (const text of [
      'make',
      'docker; the recipe wants >=20.10.0',
      'docker-buildx',
      'go; the recipe wants >=1.16.5',
    ])
      expect(failure?.message).toContain(`there is no ${text}`);
    expect(failure?.hint).toMatch(/^With --prepare, .*: "Ubuntu's packages" for make\b/);
    expect(steps.filter(({ state: found }) => found !== 'waiting')).toEqual([]);
    expect(world.programs.calls().map(({ words }) => words.join(' '))).toEqual([
      'git --version',
      'bash --version',
    ]);
    rmSync(path, { recursive: true });
  });
});

describe.skipIf(!here)('a run of the recipe', { timeout: patience }, () => {
  const outcome = () => outcomeOf(finished);

  test('whose runner is killed in every step in turn comes to the same, and does nothing twice', async () => {
    const run = new IstioRun(world, world.state('runner'));
    world.programs.forget();
    for (const { name, call } of points) {
      await run.goTo(call);
      run.kill();
      expect(await run.ended(), name).toMatchObject({ code: null });
    }
    run.release();
    await run.startUntil('publish-begun', '--keep-workspace');
    run.kill();
    expect(await run.ended()).toMatchObject({ code: null });
    expect(outcomeOf(await run.start())).toEqual(outcome());
    expect(run.repeated()).toEqual([]);
  });

  test('whose steps are killed in turn comes to the same, and does only those twice', async () => {
    const run = new IstioRun(world, world.state('steps'));
    world.programs.forget();
    for (const { name, call } of points) {
      await run.goTo(call);
      run.killJob();
      // A source is tried again by itself.
      if (name.startsWith('source')) continue;
      // More than one image is saved.
      if (name === 'saving') run.release();
      expect((await run.ended()).code, name).toBe(name === 'saving' ? 2 : 1);
    }
    run.release();
    expect(outcomeOf(await run.start('--keep-workspace'))).toEqual(outcome());
    // What was done before the kill, in those steps, and nothing else.
    const repeated = run.repeated().map((text) => text.replace(/^(2 docker (?:run|cp)) .*/, '$1'));
    expect(repeated.filter((text) => !/^2 (?:git clone|go build|docker build) /.test(text))).toEqual([
      ...['2 bash ./build-and-push.sh', '2 docker run', '2 make build', '2 docker cp'],
      ...bases.map((base) => `2 make dockerx.${base}`),
      ...['2 make dockerx', `2 ${inContainer}`],
    ]);
  });

  test('on a host whose connection is cut in every step in turn does nothing twice, and gives the names that it is told', async () => {
    const { PATH = '', HOME = '', DOCKER_HOST = '', DOCKER_CONFIG = '' } = world.environment('');
    const variables = Object.entries({ PATH, HOME, DOCKER_HOST, DOCKER_CONFIG });
    const server = await startSshServer(join(folder.path, 'ssh'), ...variables);
    try {
      const client = world.state('client');
      // The command takes the user's own configuration, which is not to be touched.
      writeFileSync(join(client, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F '${server.config}' "$@"\n`, {
        mode: 0o755,
      });
      const places = world.state('host');
      const names = ['--param', 'tag=1.14.1', '--param', 'hub=mesh.example/arm'];
      const run = new IstioRun(world, world.state('connection'), {
        options: [...names, '--on', `ssh://${server.host}${places}`, '--keep-workspace'],
        environment: { PATH: `${client}:${PATH}` },
        places,
      });
      world.programs.forget();
      for (const { call } of points) {
        await run.goTo(call);
        server.dropConnections();
      }
      run.release();
      const { code, stdout, stderr } = await run.ended();
      expect(code, stderr + stdout).toBe(0);
      const result = JSON.parse(stdout) as BuildResult;
      expect(result).toMatchObject({ state: 'done', sessions: 1 });
      expect(valuesAndFiles(result)).toEqual(valuesAndFiles(JSON.parse(finished.stdout) as BuildResult));
      expect(result.images.map(({ reference }) => reference)).toEqual(
        images.map((name) => `mesh.example/arm/${name}:1.14.1`),
      );
      expect(run.repeated()).toEqual([]);
    } finally {
      await server.stop();
    }
  });

  test('whose disk is full in every step in turn comes to the same when there is space again', async () => {
    const state = world.state('full');
    await exec('mount', '-t', 'tmpfs', '-o', 'size=128m', 'armload-test', state);
    try {
      const run = new IstioRun(world, state);
      world.programs.forget();
      const stopped: string[] = [];
      for (const [index, { name, call }] of points.entries()) {
        await run.goTo(call);
        const free = await fill(state);
        const end = await run.goOn(points[index + 1]?.call);
        free();
        if (end === undefined) continue;
        stopped.push(name);
        expect(end.code, name).not.toBe(0);
      }
      run.release();
      expect(outcomeOf(await run.start('--keep-workspace'))).toEqual(outcome());
      expect(stopped).toEqual(points.map(({ name }) => name));
      // Only what can't be done without space failed itself.
      expect(run.repeated()).toEqual([
        expect.stringMatching(/^2 git clone .* istio.partial$/),
        expect.stringMatching(/^2 make build$/),
        expect.stringMatching(/^2 go build /),
        expect.stringMatching(/^2 docker cp /),
      ]);
    } finally {
      await exec('umount', '--lazy', state);
    }
  });
});

function valuesAndFiles({ steps }: BuildResult): unknown {
  return steps.map(({ id, values, files }) => [id, values, Object.values(files).map(({ sha256 }) => sha256)]);
}

/** Takes all space that's left where a folder is. Gives what gives it back. */
async function fill(path: string): Promise<() => void> {
  const file = join(path, 'filler');
  const handle = await open(file, 'w');
  const block = Buffer.alloc(1024 * 1024);
  try {
    for (let size = block.length; size >= 1; ) {
      const { bytesWritten } = await handle.write(block, 0, size).catch(() => ({ bytesWritten: 0 }));
      if (bytesWritten < size) size = Math.floor(size / 2);
    }
  } finally {
    await handle.close();
  }
  return () => rmSync(file);
}
