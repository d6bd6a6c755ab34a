import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type BuildResult,
  buildResultSchema,
  planViewSchema,
  runListSchema,
} from '../../src/results/index.ts';
import { runCommand } from '../support/command.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-e2e-build-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const recipe = `schemaVersion: 1
kind: recipe
name: little
parameters:
  who: { default: world }
  token: { type: secret, default: LITTLE_TOKEN }
steps:
  greet:
    run: |
      echo "hello $WHO, $TOKEN"
      echo "hello $WHO" > greeting
      printf 'count=%s\\n' 2 >> "$ARMLOAD_VALUES"
    environment: { WHO: '\${{ parameters.who }}', TOKEN: '\${{ parameters.token }}' }
    expected: { time: 5m, on: m6g.4xlarge }
    outputs: { values: [count], files: { greeting: { path: greeting } } }
  check: { run: [sh, -c, 'test -e mended || { echo it is broken; exit 7; }'] }
  count: { run: [test, '\${{ steps.greet.values.count }}', '=', '2'] }
`;

async function armload(...args: readonly string[]) {
  const environment = { XDG_STATE_HOME: join(directory, 'state'), LITTLE_TOKEN: 'open-sesame-42' };
  return runCommand(['build', ...args], { cwd: directory, environment });
}

async function failedRun(): Promise<BuildResult> {
  await writeFile(join(directory, 'recipe.yaml'), recipe);
  const { code, stdout } = await armload('recipe.yaml', '--param', 'who=you', '--format', 'json');
  expect(code).toBe(1);
  return buildResultSchema.parse(JSON.parse(stdout));
}

describe('armload build', () => {
  test('shows every command, and runs none, with --dry-run', async () => {
    await writeFile(join(directory, 'recipe.yaml'), recipe);
    const shown = await armload('recipe.yaml', '--dry-run');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('export WHO=world');
    expect(shown.stdout).toContain('export TOKEN="$LITTLE_TOKEN"');
    expect(shown.stdout).toContain('echo "hello $WHO, $TOKEN"');
    const json = await armload('recipe.yaml', '--dry-run', '--format', 'json');
    expect(planViewSchema.parse(JSON.parse(json.stdout)).steps).toHaveLength(3);
    expect(await readdir(directory)).toEqual(['recipe.yaml']);
  });

  test('says which command failed and how, and goes on when it was mended', async () => {
    const failed = await failedRun();
    expect(failed).toMatchObject({
      state: 'failed',
      failure: { kind: 'step', of: 'check', exitCode: 7, lines: ['it is broken'] },
      steps: [{ state: 'done', values: { count: '2' } }, { state: 'failed' }, { state: 'waiting' }],
    });
    await writeFile(join(failed.place?.workspace ?? '', 'mended'), '');
    const resumed = await armload('resume', failed.run);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toMatch(/done {2}.*little/);
    expect(resumed.stderr).toContain('[1/3] greet was done before');
    const shown = await armload('show', failed.run, '--format', 'json');
    expect(buildResultSchema.parse(JSON.parse(shown.stdout))).toMatchObject({
      state: 'done',
      sessions: 2,
      steps: [{ state: 'reused', attempts: 1 }, { state: 'done', attempts: 2 }, { state: 'done' }],
    });
  });

  test('lists, tells and removes runs, and no secret is in what it keeps', async () => {
    const { run, folder } = await failedRun();
    const list = await armload('list', '--format', 'json');
    expect(runListSchema.parse(JSON.parse(list.stdout)).runs).toMatchObject([{ run, state: 'failed' }]);
    expect((await armload('logs', run)).stdout).toContain('it is broken');
    expect((await armload('logs', run, 'greet')).stdout).toContain('hello you, ***');
    const kept = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const file of kept.filter((entry) => entry.isFile()))
      expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toContain('open-sesame-42');
    expect((await armload('clean', run)).stdout).toContain(`removed  ${run}`);
    expect((await armload('list')).stdout).toContain('0 runs');
    expect(await readdir(join(directory, 'state/armload/places'))).toEqual([]);
  });

  test.each([
    ['a recipe with problems', ['bad.yaml'], 'bad.yaml:5: "steps.a.rnu" is unknown; did you mean "run"?'],
    ['a recipe that is not there', ['none.yaml'], "can't read the recipe none.yaml"],
    ['a product that is not there', ['nothing'], 'the catalog has no product "nothing"'],
    ['a product without a recipe', ['flatcar'], 'the catalog has no recipe for flatcar'],
    ['a version that no recipe is for', ['istio@1.20.0'], 'no recipe of istio is for the version'],
    ['a place that is none', ['istio', '--on', 'ftp://host'], 'is no place that armload knows'],
    ['a parameter that is none', ['istio', '--param', 'hubb=x'], 'hubb'],
    ['a prefix that is none', ['istio', '--to', 'registry.example/team:1'], 'is no prefix of names'],
    ['a run that is not there', ['resume', '20260101-000000-istio-aaaa'], 'there is no run'],
    ['nothing', [], "missing required argument 'what'"],
  ])('refuses %s in a sentence, with code 3', async (_name, args, sentence) => {
    await writeFile(
      join(directory, 'bad.yaml'),
      'schemaVersion: 1\nkind: recipe\nname: bad\nsteps:\n  a: { rnu: x }\n',
    );
    const { code, stdout, stderr } = await armload(...args);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain(sentence);
  });

  test('asks for its secrets before it makes anything', async () => {
    await writeFile(join(directory, 'recipe.yaml'), recipe.replace('LITTLE_TOKEN', 'NOT_SET_TOKEN'));
    const { code, stderr } = await armload('recipe.yaml');
    expect([code, stderr]).toEqual([3, expect.stringContaining('NOT_SET_TOKEN')]);
    expect(await readdir(directory)).toEqual(['recipe.yaml']);
  });
});
