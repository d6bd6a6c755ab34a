import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Plan } from '../plan/types.ts';
import { makeWorld, recipe, type World } from '../run/run.test-support.ts';
import { runShell, workspaceFiles } from './export.test-support.ts';
import { exportShell } from './export-shell.ts';
import { exportWorkflow } from './export-workflow.ts';
import { hostileText } from './hostile.test-support.ts';
import { runWorkflow, stepsOf } from './workflow.test-support.ts';
import { yamlBlock, yamlText } from './yaml.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.remove());

const sample = recipe(
  `
  one:
    title: The first
    run: echo "v=$(cat note)" >> "$ARMLOAD_VALUES"
    outputs: { values: [v] }
  two:
    foreach: { n: [a, b] }
    timeout: 10m
    retries: 1
    run: [sh, -c, 'printf "%s" "$0$V" >> out', '\${{ foreach.n }}']
    environment: { V: '\${{ steps.one.values.v }}' }
  three:
    run: '[ "$(printf %s "$SECRET" | wc -c)" -eq 6 ] && cp out result'
    environment: { SECRET: '\${{ parameters.token }}' }
    outputs: { files: { result: { path: result } } }`,
  `parameters: { token: { type: secret, default: TOKEN } }
sources: { note: { file: note, path: note } }
verify: [{ title: it is there, file: '\${{ steps.three.files.result }}' }]`,
);

async function samplePlan(): Promise<Plan> {
  await writeFile(join(world.folder, 'note'), '$(id) END\n');
  return world.plan(sample);
}

describe('a workflow', () => {
  test('has a step for each of the recipe, and each gets what it uses and no more', async () => {
    const { text, notes } = await exportWorkflow(await samplePlan());
    const workflow = parse(text);
    expect(load(text)).toEqual(workflow);
    expect(workflow).toMatchObject({
      on: { workflow_dispatch: null },
      permissions: {},
      jobs: { build: { 'runs-on': 'ubuntu-24.04-arm' } },
    });
    const steps = stepsOf(text);
    expect(steps.map(({ name }) => name)).toEqual([
      ...['Write the script', 'Check the machine', 'Fetch the sources', 'The first', 'two', 'three'],
      ...['Check the result', 'Gather the files', 'Keep the files'],
    ]);
    const withSecret = steps.filter(({ env }) => env !== undefined);
    expect(withSecret.map(({ name, env }) => [name, env])).toEqual([
      ['Check the machine', { TOKEN: `\${{ secrets.TOKEN }}` }],
      ['three', { TOKEN: `\${{ secrets.TOKEN }}` }],
    ]);
    expect(steps.find(({ id }) => id === 'two')).toMatchObject({ 'timeout-minutes': 45 });
    expect(notes).toEqual([]);
  });

  test('that is run step by step leaves the same files as the script', async () => {
    const plan = await samplePlan();
    const { text } = await exportWorkflow(plan);
    const folder = join(world.folder, 'job');
    const environment = { ...world.environment, TOKEN: 'sesame' };
    const ended = await runWorkflow(text, { folder, environment });
    expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
    const script = await exportShell(plan);
    const direct = join(world.folder, 'direct');
    expect(await runShell(script.text, [direct], { cwd: world.folder, environment })).toMatchObject({
      code: 0,
    });
    const files = await workspaceFiles(join(folder, 'work/sample'));
    expect(files).toEqual(await workspaceFiles(direct));
    expect(files['result']).toBe('a$(id) ENDb$(id) END');
  });

  test('stops at the step that fails', async () => {
    const { text } = await exportWorkflow(
      await world.plan(recipe("\n  one:\n    run: exit 7\n  two:\n    run: 'true'")),
    );
    const ended = await runWorkflow(text, {
      folder: join(world.folder, 'job'),
      environment: world.environment,
    });
    expect(ended.at(-1)).toMatchObject({ name: 'one', code: 1 });
  });

  test('says where it may take longer than a job may', async () => {
    const long = recipe("\n  one:\n    timeout: 24h\n    expected: { time: 7h }\n    run: 'true'");
    const { notes, text } = await exportWorkflow(await world.plan(long));
    expect(notes).toEqual([expect.stringMatching(/after 6 h.*about 7 h.*machine of your own/)]);
    expect(parse(text).jobs.build['timeout-minutes']).toBe(1440 + 5 + 50);
    const limits = recipe("\n  one:\n    timeout: 24h\n    run: 'true'");
    expect((await exportWorkflow(await world.plan(limits))).notes).toEqual([
      expect.stringMatching(/after 6 h.*up to 24 h by their time limits\.$/),
    ]);
  });

  test('is for the machines that somebody names; what is no label is refused', async () => {
    const plan = await samplePlan();
    const { text } = await exportWorkflow(plan, { runsOn: 'self-hosted, ARM64' });
    expect(parse(text).jobs.build['runs-on']).toEqual(['self-hosted', 'ARM64']);
    for (const runsOn of ['', 'a b', `\${{ x }}`, 'a\nb', 'a,,b'])
      await expect(exportWorkflow(plan, { runsOn })).rejects.toMatchObject({ code: 'NOT_EXPORTABLE' });
  });
});

describe('hostile texts', () => {
  test('stay what they are through workflow, YAML, script and shell, and nothing of them is evaluated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(hostileText, hostileText, hostileText), async ([one, two, three]) => {
        const text = JSON.stringify({
          ...{ schemaVersion: 1, kind: 'recipe', name: 'sample', title: one },
          parameters: { one: { default: one }, two: { default: two }, three: { default: three } },
          environment: { ONE: `\${{ parameters.one }}` },
          steps: {
            write: {
              title: two,
              when: "parameters.one == parameters.one || '' == 'x'",
              run: [
                'sh',
                '-c',
                `printf "%s\\0" "$@" "$ONE" > out; printf "v=%s\\n" "x\${2%%[!a-z]*}" >> "$ARMLOAD_VALUES"`,
                'sh',
                `\${{ parameters.two }}`,
                `\${{ parameters.three }}`,
              ],
              outputs: { values: ['v'], files: { out: { path: 'out' } } },
              expected: { time: '1m', note: three },
            },
          },
          verify: [{ title: three, file: 'out' }],
        });
        const plan = await world.plan(text);
        const { text: workflow } = await exportWorkflow(plan);
        const expressions = workflow.match(/\$\{\{.*?\}\}/g) ?? [];
        expect(expressions).toEqual([`\${{ runner.temp }}`]);
        expect(load(workflow)).toEqual(parse(workflow));
        expect(stepsOf(workflow)[0]?.run).toContain((await exportShell(plan)).text);
        const folder = join(world.folder, 'job');
        const ended = await runWorkflow(workflow, { folder, environment: world.environment });
        expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
        expect(await readFile(join(folder, 'work/sample/out'), 'utf8')).toBe(`${two}\0${three}\0${one}\0`);
        expect(Object.keys(await workspaceFiles(join(folder, 'work')))).toEqual(
          expect.not.arrayContaining(['hit', 'sample/hit']),
        );
      }),
      { numRuns: 4 },
    );
  });

  test('are read back from YAML as they were, by two readers', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const document = `a:\n  b: ${yamlBlock(`x${text}\n`, 4)}\n  c: ${yamlText(text)}\n`;
        const expected = { a: { b: `x${text}\n`, c: text } };
        expect(parse(document)).toEqual(expected);
        expect(load(document)).toEqual(expected);
      }),
    );
  });
});
