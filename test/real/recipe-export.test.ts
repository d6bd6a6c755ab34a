// Exported recipes, done by other shells and awks, with git, curl, tar and a Docker engine, and held against the checkers of
// shell scripts and workflows: what they come to is what armload's own run comes to.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readRecipe } from '../../src/recipe/document/read-recipe.ts';
import { runShell, workspaceFiles } from '../../src/recipe/export/export.test-support.ts';
import { exportShell } from '../../src/recipe/export/export-shell.ts';
import { exportWorkflow } from '../../src/recipe/export/export-workflow.ts';
import { richRecipe, writeRichFiles } from '../../src/recipe/export/rich-recipe.test-support.ts';
import { runWorkflow, stepsOf } from '../../src/recipe/export/workflow.test-support.ts';
import { planRecipe } from '../../src/recipe/plan/plan-recipe.ts';
import type { Plan } from '../../src/recipe/plan/types.ts';
import { makeWorld, recipe, type World } from '../../src/recipe/run/run.test-support.ts';
import { runPlan } from '../../src/recipe/run/runner/run-plan.ts';
import { canStartDockerEngine, type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { exec, execIn, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.remove());

const catalog = fileURLToPath(new URL('../../catalog/recipes/', import.meta.url));

function istioPlan(): Promise<Plan> {
  const file = join(catalog, 'istio.yaml');
  const options = { parameters: { tag: '1.14.1' }, directory: catalog };
  return planRecipe(readRecipe({ file, text: readFileSync(file, 'utf8') }), options);
}

async function plans(): Promise<Readonly<Record<string, Plan>>> {
  await writeRichFiles(world.folder);
  const hostile = JSON.stringify({
    ...{ schemaVersion: 1, kind: 'recipe', name: 'hostile', title: `it's \`id\` \${{ github.token }}\nEND` },
    parameters: {
      text: { default: `'"$(id)\`\n\\\${{ secrets.X }}\r\u0085\u2028\u001b` },
      token: { type: 'secret', default: 'TOKEN' },
    },
    steps: {
      one: {
        title: ': |\n- \'"',
        run: ['echo', `\${{ parameters.text }}`],
        environment: { A: `\${{ parameters.text }}`, SECRET: `x \${{ parameters.token }}` },
        outputs: { files: { out: { path: "it's $(id)" } }, images: { image: { reference: 'a:1' } } },
      },
    },
    verify: [
      { title: '`', image: `\${{ steps.one.images.image }}` },
      { version: { run: ['go', 'version'], matches: 'go1\\.[0-9]+[\'"`$]?' } },
    ],
    publish: [{ image: `\${{ steps.one.images.image }}`, name: 'a' }],
  });
  return { istio: await istioPlan(), rich: await world.plan(richRecipe), hostile: await world.plan(hostile) };
}

describe.skipIf(!(await hasPrograms('shellcheck', 'bash', 'dash', 'busybox')))(
  'checkers of shell scripts',
  () => {
    test('have nothing to say of an exported script, and every shell reads it', async () => {
      for (const [name, plan] of Object.entries(await plans())) {
        const file = join(folder.path, `${name}.sh`);
        writeFileSync(file, (await exportShell(plan)).text);
        const said = await exec('shellcheck', '--shell', 'sh', '--format', 'gcc', file).catch(
          (error: { readonly stdout: string }) => error.stdout,
        );
        expect(said).toBe('');
        for (const shell of [['dash'], ['bash', '--posix'], ['busybox', 'sh']])
          await exec(shell[0] ?? '', ...shell.slice(1), '-n', file);
      }
    });

    test('read every part of a workflow', async () => {
      for (const plan of Object.values(await plans()))
        for (const { run = ':' } of stepsOf((await exportWorkflow(plan)).text)) {
          const end = await runShell(run, [], { cwd: folder.path, shell: ['bash', '-n'] });
          expect(end).toMatchObject({ code: 0, stderr: '' });
        }
    });
  },
);

/** The checker of workflows, made by Go's own client; undefined where it can't be had. */
async function makeActionlint(): Promise<string | undefined> {
  const { GOBIN: _, ...environment } = process.env;
  const bin = join(folder.path, 'bin');
  try {
    execFileSync('go', ['install', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.7'], {
      env: { ...environment, GOBIN: bin },
      stdio: 'pipe',
      timeout: 170_000,
    });
    return join(bin, 'actionlint');
  } catch {
    return undefined;
  }
}
const actionlint = await makeActionlint();

test.skipIf(actionlint === undefined)(
  'the checker of workflows has nothing to say of an exported one',
  async () => {
    for (const [name, plan] of Object.entries(await plans())) {
      const file = join(folder.path, `${name}.yaml`);
      writeFileSync(file, (await exportWorkflow(plan)).text);
      expect(
        await execIn(folder.path, actionlint ?? '', '-no-color', file).catch((error) => error.stdout),
      ).toBe('');
      writeFileSync(file, (await exportWorkflow(plan, { runsOn: 'self-hosted,ARM64' })).text);
      expect(
        await execIn(folder.path, actionlint ?? '', '-no-color', file).catch((error) => error.stdout),
      ).toBe('');
    }
  },
);

/** A folder of programs that comes first on the path. */
function programs(name: string, links: Readonly<Record<string, string>>): string {
  const path = join(folder.path, name);
  mkdirSync(path);
  for (const [link, target] of Object.entries(links)) symlinkSync(target, join(path, link));
  return path;
}

describe.skipIf(!(await hasPrograms('bash', 'dash', 'busybox', 'gawk', 'mawk')))(
  'the same files come of it',
  () => {
    const paths: Record<string, string> = {};
    beforeAll(async () => {
      const which = async (name: string) => (await exec('sh', '-c', `command -v ${name}`)).trim();
      const usual = process.env['PATH'] ?? '';
      paths['dash and mawk'] =
        `${programs('dash', { sh: await which('dash'), awk: await which('mawk') })}:${usual}`;
      paths['bash and gawk'] =
        `${programs('bash', { sh: await which('bash'), awk: await which('gawk') })}:${usual}`;
      const busybox = await which('busybox');
      const applets = (await exec(busybox, '--list')).trim().split('\n');
      paths['busybox alone'] = programs(
        'busybox',
        Object.fromEntries(applets.map((applet) => [applet, busybox])),
      );
    });

    test.each(['dash and mawk', 'bash and gawk', 'busybox alone'])('with %s', async (name) => {
      await writeRichFiles(world.folder);
      const environment = { ...world.environment, PATH: paths[name] ?? '', PASSED: 'over $there' };
      const result = await runPlan(await world.begin(richRecipe, { keepWorkspace: true, environment }));
      expect(result.failure).toBeUndefined();
      const { text } = await exportShell(await world.plan(richRecipe));
      const workspace = join(world.folder, 'w');
      const shell = [join((paths[name] ?? '').split(':')[0] ?? '', 'sh')];
      const end = await runShell(text, [workspace], { cwd: world.folder, environment, shell });
      expect(end).toMatchObject({ code: 0, stderr: expect.stringContaining('all is done') });
      const [own, direct] = [
        await workspaceFiles(workspace),
        await workspaceFiles(result.place?.workspace ?? ''),
      ];
      expect(own).toEqual(direct);
      const again = await runShell(text, [workspace], { cwd: world.folder, environment, shell });
      expect(again.stderr.match(/is done already/g)).toHaveLength(9);
    });

    test('by the steps of a workflow, with bash', async () => {
      await writeRichFiles(world.folder);
      const environment = { ...world.environment, PASSED: 'over $there' };
      const result = await runPlan(await world.begin(richRecipe, { keepWorkspace: true }));
      const { text } = await exportWorkflow(await world.plan(richRecipe));
      const at = join(world.folder, 'job');
      const shell = ['bash', '--noprofile', '--norc', '-e', '-o', 'pipefail'];
      const ended = await runWorkflow(text, { folder: at, environment, shell });
      expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
      expect(await workspaceFiles(join(at, 'work/sample'))).toEqual(
        await workspaceFiles(result.place?.workspace ?? ''),
      );
      const listed = await exec('tar', '-tf', join(at, 'temp/sample.tar'));
      expect(listed.trim().split('\n').sort()).toEqual(['./copy-7', './deep/out.txt']);
    });
  },
);

describe.skipIf(!(await hasPrograms('git', 'curl', 'tar')))('sources', () => {
  test('are fetched as armload fetches them, found again, and held against what they have to be', async () => {
    const origin = join(world.folder, 'origin');
    mkdirSync(origin);
    const identity = '-c user.name=a -c user.email=a@a.example';
    await execIn(
      origin,
      'sh',
      '-c',
      `git init -q -b main . && echo one > f && git add f && git ${identity} commit -qm one`,
    );
    await execIn(
      world.folder,
      'sh',
      '-c',
      'mkdir -p top/in && echo inner > top/in/x && tar -czf a.tar.gz top',
    );
    const archive = join(world.folder, 'a.tar.gz');
    const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
    const text = recipe(
      `
  use:
    run: [sh, -c, 'echo "$0 $1 $2" > out', '\${{ sources.code.commit }}', '\${{ sources.code.content }}', '\${{ sources.packed.content }}']
    outputs: { files: { out: { path: out } } }`,
      `sources:
  code: { git: '${pathToFileURL(origin).href}', ref: main, path: code, branch: work }
  packed: { url: '${pathToFileURL(archive).href}', sha256: ${sha256}, path: packed, unpack: tar, strip: 1 }
  whole: { url: '${pathToFileURL(archive).href}', sha256: ${sha256}, path: 'deep/a', executable: true }`,
    );
    const plan = await world.plan(text);
    const script = (await exportShell(plan)).text;
    const workspace = join(world.folder, 'w');
    const run = (words: readonly string[] = []) =>
      runShell(script, [workspace, ...words], { cwd: world.folder, environment: world.environment });
    expect(await run()).toMatchObject({ code: 0 });
    const commit = (await execIn(origin, 'git', 'rev-parse', 'HEAD', 'HEAD^{tree}'))
      .trim()
      .split('\n')
      .join(' ');
    expect(readFileSync(join(workspace, 'out'), 'utf8')).toBe(`${commit} ${sha256}\n`);
    expect(readFileSync(join(workspace, 'packed/in/x'), 'utf8')).toBe('inner\n');
    // What a branch was when it began is what it stays.
    await execIn(origin, 'sh', '-c', `echo two > f && git ${identity} commit -qam two`);
    expect(await run()).toMatchObject({ code: 0, stderr: expect.stringContaining('use is done already') });
    expect(readFileSync(join(workspace, 'code/f'), 'utf8')).toBe('one\n');
    writeFileSync(archive, 'another');
    const wrong = await runShell(script, [join(world.folder, 'w2'), 'sources'], {
      cwd: world.folder,
      environment: world.environment,
    });
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/"packed" is tried again.*"packed" can not be had/s),
    });
    expect(existsSync(join(world.folder, 'w2/packed'))).toBe(false);
  });
});

const canIsolate = process.getuid?.() === 0 && (await hasPrograms('unshare', 'setpriv'));

describe('a step without network', () => {
  const text = recipe(`
  alone:
    network: none
    run: |
      grep -c : /proc/net/dev > interfaces
      id -u > user
  online:
    run: |
      grep -c : /proc/net/dev > all`);

  test.skipIf(!canIsolate)('has the loopback interface alone', async () => {
    const { text: script } = await exportShell(await world.plan(text));
    const workspace = join(world.folder, 'w');
    expect(await runShell(script, [workspace], { cwd: world.folder })).toMatchObject({ code: 0 });
    expect(readFileSync(join(workspace, 'interfaces'), 'utf8')).toBe('1\n');
  });

  test.skipIf(!canIsolate)('as another user, too, or says that it can not', async () => {
    const { text: script } = await exportShell(await world.plan(text));
    const home = join(world.folder, 'home');
    mkdirSync(home);
    execFileSync('chown', ['65534:65534', home]);
    chmodSync(world.folder, 0o755);
    const shell = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'sh'];
    const end = await runShell(script, [join(home, 'w')], { cwd: home, shell });
    if (end.code === 0) {
      expect(readFileSync(join(home, 'w/interfaces'), 'utf8')).toBe('1\n');
      expect(readFileSync(join(home, 'w/user'), 'utf8')).toBe('65534\n');
    } else expect(end.stderr).toContain("can't run commands without network");
  });

  test('is refused where there is no unshare, and nothing is begun', async () => {
    const names = [
      'sh',
      'awk',
      'cat',
      'dd',
      'df',
      'env',
      'od',
      'sed',
      'sha256sum',
      'tr',
      'uname',
      'wc',
      'mkdir',
      'id',
      'nproc',
      'grep',
      'date',
      'timeout',
      'rm',
      'mv',
      'chmod',
      'true',
    ];
    const links = await Promise.all(
      names.map(async (name) => [name, (await exec('sh', '-c', `command -v ${name}`)).trim()] as const),
    );
    const PATH = programs('bare', Object.fromEntries(links.filter(([, path]) => path !== '')));
    const { text: script } = await exportShell(await world.plan(text));
    const end = await runShell(script, [join(world.folder, 'w')], {
      cwd: world.folder,
      environment: { PATH },
    });
    expect(end).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("can't run commands without network"),
    });
    expect(await workspaceFiles(join(world.folder, 'w'))).toEqual({});
  });
});

test('what ends a script ends the step that runs, and it goes on where it was', async () => {
  const text = recipe(`
  first:
    run: echo first >> effects
  slow:
    run: |
      echo $$ > pid
      [ -e again ] || { touch again; sleep 60; }`);
  const file = join(world.folder, 'script.sh');
  writeFileSync(file, (await exportShell(await world.plan(text))).text);
  const workspace = join(world.folder, 'w');
  const child = spawn('sh', [file, workspace], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: world.folder },
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  while (!existsSync(join(workspace, 'again'))) await delay(20);
  const pid = readFileSync(join(workspace, 'pid'), 'utf8').trim();
  const second = await runShell(readFileSync(file, 'utf8'), [workspace], { cwd: world.folder });
  expect(second).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`process ${child.pid}) is at work`),
  });
  child.kill('SIGTERM');
  expect(await ended).toBe(130);
  await delay(100);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  // The lock of one that was killed at once is nobody's.
  writeFileSync(join(workspace, '.armload-export/lock'), `${pid}\n`);
  execFileSync('sh', [file, workspace], { stdio: 'ignore' });
  expect(readFileSync(join(workspace, 'effects'), 'utf8')).toBe('first\n');
});

describe.skipIf(!(await canStartDockerEngine()))('images of a real engine', () => {
  let engine: DockerEngine;
  beforeAll(async () => {
    engine = await startDockerEngine(join(folder.path, 'd'));
  });
  afterAll(() => engine?.stop());

  const images = (platform: string) =>
    recipe(
      `
  make:
    run: |
      printf 'FROM scratch\\nCOPY Dockerfile /\\n' > Dockerfile
      docker build --no-cache --platform "$PLATFORM" --tag team/it:1 .
    environment: { PLATFORM: ${platform} }
    outputs: { images: { it: { reference: 'team/it:1' } } }
  use:
    run: [sh, -c, 'echo "$0" > id', '\${{ steps.make.images.it.id }}']`,
      `passEnvironment: [DOCKER_HOST, DOCKER_CONFIG]\nverify: [{ image: '\${{ steps.make.images.it }}' }]`,
    );

  test('are what the plan says, and those that are not are refused', async () => {
    const environment = { ...world.environment, ...engine.environment };
    const script = (await exportShell(await world.plan(images('linux/arm64')))).text;
    const workspace = join(world.folder, 'w');
    const end = await runShell(script, [workspace], { cwd: world.folder, environment });
    expect(end).toMatchObject({ code: 0, stderr: expect.stringContaining('all is done') });
    const id = (await engine.docker('image', 'inspect', '--format', '{{.Id}}', 'team/it:1')).trim();
    expect(readFileSync(join(workspace, 'id'), 'utf8').trim()).toBe(id);
    await engine.docker('image', 'rm', 'team/it:1');
    const again = await runShell(script, [workspace], { cwd: world.folder, environment });
    expect(again.code).toBe(0);
    expect(again.stderr).not.toContain('make is done already');
    const other = (await exportShell(await world.plan(images('linux/amd64')))).text;
    expect(
      await runShell(other, [join(world.folder, 'w2')], { cwd: world.folder, environment }),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('team/it:1, is for linux/amd64, and should be for linux/arm64'),
    });
  });
});
