import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BuildResult, buildResultSchema } from '../../../results/index.ts';
import { ExecutorError } from '../../executors/errors.ts';
import type { Executor } from '../../executors/types.ts';
import { elfHeader, makeWorld, recipe, textsBelow, type World } from '../run.test-support.ts';
import { resumeRun, runPlan } from './run-plan.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld({ TOKEN: 'hunter2 is no password' });
});
afterEach(() => world.remove());

function stepOf(result: BuildResult, id: string): BuildResult['steps'][number] | undefined {
  return result.steps.find((step) => step.id === id);
}

describe('what steps do', () => {
  test('they hand on values and files, and what they gave is kept', async () => {
    const result = await runPlan(
      await world.begin(
        recipe(`
  count:
    run: |
      echo number=7 >> "$ARMLOAD_VALUES"
    outputs: { values: [number] }
  write:
    run: |
      printf 'it is %s' "$NUMBER" > out.txt
    environment: { NUMBER: '\${{ steps.count.values.number }}' }
    outputs: { files: { text: { path: out.txt } } }`),
      ),
    );
    expect(buildResultSchema.parse(result)).toEqual(result);
    expect(result).toMatchObject({
      state: 'done',
      progress: { total: 2, done: 2 },
      place: { discarded: true },
    });
    expect(stepOf(result, 'count')?.values).toEqual({ number: '7' });
    const kept = stepOf(result, 'write')?.files['text']?.kept ?? '';
    expect(await readFile(kept, 'utf8')).toBe('it is 7');
    expect(await textsBelow(world.places)).toEqual([]);
  });

  test('those whose condition is false are skipped; who needs them all the same is done, who needs what they give fails', async () => {
    const result = await runPlan(
      await world.begin(
        recipe(`
  never:
    when: "'a' == 'b'"
    run: 'exit 1'
    outputs: { values: [x] }
  after:
    needs: [never]
    run: 'true'
  using:
    needs: []
    run: 'echo "$X"'
    environment: { X: '\${{ steps.never.values.x }}' }`),
      ),
    );
    expect(result.steps.map(({ id, state }) => [id, state])).toEqual([
      ['never', 'skipped'],
      ['after', 'done'],
      ['using', 'failed'],
    ]);
    expect(result.failure).toMatchObject({ kind: 'step', of: 'using', how: 'unresolved' });
    expect(result.failure?.message).toMatch(/steps\.never\.values\.x.*left out/);
  });

  test('one that fails is tried again as often as it says, and its log has all attempts', async () => {
    const result = await runPlan(
      await world.begin(
        recipe(`
  flaky:
    retries: 2
    run: |
      echo x >> tries
      echo "try $(wc -l < tries)"
      [ "$(wc -l < tries)" -ge 3 ]`),
      ),
    );
    expect(result.steps).toMatchObject([{ id: 'flaky', state: 'done', attempts: 3 }]);
    const log = await readFile(stepOf(result, 'flaky')?.log ?? '', 'utf8');
    expect(log.replaceAll(/, \d{4}-[\dT:.-]+Z/g, '')).toBe(
      [
        '== attempt 1 of flaky ==\ntry 1\n== it exited with 1 ==\n',
        '== attempt 2 of flaky ==\ntry 2\n== it exited with 1 ==\n',
        '== attempt 3 of flaky ==\ntry 3\n',
      ].join(''),
    );
  });

  test('one that takes too long is ended', async () => {
    const result = await runPlan(
      await world.begin(recipe('\n  slow:\n    timeout: 1s\n    run: sleep 20\n')),
    );
    expect(result.failure).toMatchObject({ of: 'slow', how: 'timed-out' });
    expect(result.failure?.message).toContain('time limit of 1 s');
  });

  test('those that do not need each other run side by side, as many as are allowed; items of a foreach one by one', async () => {
    // Each waits for the other: one after the other, neither would end.
    const meet = (mine: string, other: string) =>
      `touch ${mine}; i=0; while [ ! -e ${other} ]; do i=$((i+1)); [ $i -lt 200 ] || exit 1; sleep 0.05; done`;
    const result = await runPlan(
      await world.begin(
        recipe(`
  left:
    needs: []
    run: '${meet('l', 'r')}'
  right:
    needs: []
    run: '${meet('r', 'l')}'
  each:
    needs: []
    foreach: { n: ['1', '2', '3'] }
    run: 'echo "$N" >> order'
    environment: { N: '\${{ foreach.n }}' }
  check:
    needs: [each]
    run: |
      [ "$(tr -d '\\n' < order)" = 123 ]`),
        { jobs: 3 },
      ),
    );
    expect(result.state).toBe('done');
  });
});

describe('what a step claims is looked at', () => {
  const failing = async (step: string): Promise<string> => {
    const result = await runPlan(await world.begin(recipe(`\n  make:\n${step}\n`)));
    expect(result.failure).toMatchObject({ kind: 'step', of: 'make', how: 'output-wrong' });
    return result.failure?.message ?? '';
  };

  test('a file that is not there', async () => {
    const step = "    run: 'true'\n    outputs: { files: { proxy: { path: out/envoy } } }";
    expect(await failing(step)).toMatch(/did not make the file "proxy": the place has no file out\/envoy/);
  });

  test('a file of another machine', async () => {
    await writeFile(join(world.folder, 'elf'), elfHeader('amd64'));
    const make = (machine: string) =>
      recipe(
        `\n  make:\n    run: cp elf out\n    outputs: { files: { program: { path: out, machine: ${machine} } } }`,
        'sources: { elf: { file: elf, path: elf } }',
      );
    const wrong = await runPlan(await world.begin(make('arm64')));
    expect(wrong.failure?.message).toMatch(/"program", out, .*for linux\/amd64.*should be for linux\/arm64/);
    expect((await runPlan(await world.begin(make('amd64')))).state).toBe('done');
  });

  test('a value that is missing, and one that nobody declared', async () => {
    const missing = "    run: 'true'\n    outputs: { values: [version] }";
    expect(await failing(missing)).toMatch(/did not write the value "version"/);
    const other = '    run: echo wrong=1 >> "$ARMLOAD_VALUES"\n    outputs: { values: [version] }';
    expect(await failing(other)).toMatch(/"wrong".*declares version/);
  });
});

describe('a failure', () => {
  const steps = recipe(`
  first:
    run: |
      echo first >> "$EFFECTS"
      echo made > kept
    outputs: { files: { kept: { path: kept } } }
  second:
    run: |
      echo second >> "$EFFECTS"
      i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo "line $i"; done
      cat mended`);

  async function begun(): Promise<BuildResult> {
    const text = steps.replaceAll('"$EFFECTS"', `"${join(world.folder, 'effects')}"`);
    return runPlan(await world.begin(text));
  }

  test('says the step, its command, how it ended, what it printed last, and how to get there', async () => {
    const result = await begun();
    expect(result).toMatchObject({ state: 'failed', place: { discarded: false } });
    expect(result.failure).toMatchObject({ kind: 'step', of: 'second', how: 'exited', exitCode: 1 });
    expect(result.failure?.command).toContain('cat mended');
    expect(result.failure?.lines).toHaveLength(20);
    expect(result.failure?.lines.at(-2)).toBe('line 30');
    expect(result.place?.enter).toBe(`cd ${result.place?.workspace}`);
    expect(await readFile(result.failure?.log ?? '', 'utf8')).toContain('line 1\n');
  });

  test('is mended in the place, and the run goes on where it was', async () => {
    const { run, place } = await begun();
    await writeFile(join(place?.workspace ?? '', 'mended'), '');
    const result = await resumeRun(world.resume(run));
    expect(result).toMatchObject({ state: 'done', sessions: 2 });
    expect(result.steps.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['reused', 1],
      ['done', 2],
    ]);
    expect(await readFile(join(world.folder, 'effects'), 'utf8')).toBe('first\nsecond\nsecond\n');
  });

  test('a file of a finished step that has gone since is put back from where it is kept', async () => {
    const { run, place } = await begun();
    const workspace = place?.workspace ?? '';
    await rm(join(workspace, 'kept'));
    await writeFile(join(workspace, 'mended'), '');
    await resumeRun(world.resume(run, { keepWorkspace: true }));
    expect(await readFile(join(workspace, 'kept'), 'utf8')).toBe('made\n');
    expect(await readFile(join(world.folder, 'effects'), 'utf8')).toBe('first\nsecond\nsecond\n');
  });

  test('where the workspace itself has gone, what steps gave is put back in a new one', async () => {
    const { run, place } = await begun();
    const workspace = place?.workspace ?? '';
    await rm(workspace, { recursive: true });
    await mkdir(workspace);
    await writeFile(join(workspace, 'mended'), '');
    const result = await resumeRun(world.resume(run, { keepWorkspace: true }));
    expect(result.state).toBe('done');
    expect(await readFile(join(workspace, 'kept'), 'utf8')).toBe('made\n');
    expect(await readFile(join(world.folder, 'effects'), 'utf8')).toBe('first\nsecond\nsecond\n');
  });

  test('a plan that was changed since is not gone on with', async () => {
    const { run, folder } = await begun();
    const plan = await readFile(join(folder, 'plan.json'), 'utf8');
    await writeFile(join(folder, 'plan.json'), plan.replace('cat mended', 'true'));
    await expect(resumeRun(world.resume(run))).rejects.toMatchObject({ code: 'RUN_CHANGED' });
  });
});

test('where the workspace has gone, steps that gave nothing that is kept are done again', async () => {
  const text = recipe(
    "\n  side:\n    run: 'touch side'\n  fails:\n    run: 'test -e side && test -e mended'",
  );
  const { run, place } = await runPlan(await world.begin(text));
  const workspace = place?.workspace ?? '';
  await rm(workspace, { recursive: true });
  await mkdir(workspace);
  await writeFile(join(workspace, 'mended'), '');
  const result = await resumeRun(world.resume(run));
  expect(result.state).toBe('done');
  expect(result.steps.map(({ state, attempts }) => [state, attempts])).toEqual([
    ['done', 2],
    ['done', 2],
  ]);
});

test('a run that is done is left as it is', async () => {
  const done = await runPlan(await world.begin(recipe("\n  one:\n    run: 'true'")));
  expect(await resumeRun(world.resume(done.run))).toEqual(done);
});

describe('an interruption', () => {
  const text = recipe(`
  slow:
    run: |
      echo begun
      [ -e again ] || { touch again; sleep 30; }`);

  test('ends what runs, is told, and the run can go on', async () => {
    const controller = new AbortController();
    const options = await world.begin(text, { signal: controller.signal });
    const running = runPlan({
      ...options,
      onEvent: (event) => {
        if (event.type === 'output') controller.abort();
      },
    });
    const result = await running;
    expect(result).toMatchObject({
      state: 'interrupted',
      failure: { kind: 'interrupted', code: 'INTERRUPTED' },
      steps: [{ state: 'interrupted', attempts: 1 }],
    });
    expect(await resumeRun(world.resume(result.run))).toMatchObject({
      state: 'done',
      steps: [{ state: 'done', attempts: 2 }],
    });
  });
});

test('a place that is lost while a step runs leaves a run that finds the step again', async () => {
  const effects = join(world.folder, 'effects');
  const text = recipe(`\n  slow:\n    run: "echo x >> '${effects}'; sleep 0.5; echo y >> '${effects}'"`);
  const losing: Executor = {
    ...world.executor,
    acquire: async (...request) => {
      const place = await world.executor.acquire(...request);
      return {
        workspace: place.workspace,
        enter: place.enter,
        probe: (options) => place.probe(options),
        put: (...file) => place.put(...file),
        get: (...file) => place.get(...file),
        release: (options) => place.release(options),
        exec: async (job, options) => {
          void place.exec(job, options);
          await new Promise((resolve) => setTimeout(resolve, 200));
          throw new ExecutorError('PLACE_LOST', 'the place is lost');
        },
      };
    },
  };
  const lost = await runPlan(await world.begin(text, { executor: losing }));
  expect(lost).toMatchObject({
    state: 'interrupted',
    failure: { kind: 'interrupted', code: 'PLACE_LOST' },
    steps: [{ state: 'interrupted' }],
  });
  const result = await resumeRun(world.resume(lost.run));
  expect(result).toMatchObject({ state: 'done', steps: [{ state: 'done', attempts: 1 }] });
  expect(await readFile(effects, 'utf8')).toBe('x\ny\n');
});

describe('two at one run', () => {
  test('the second is told to wait', async () => {
    const options = await world.begin(recipe('\n  wait:\n    run: while [ ! -e go ]; do sleep 0.05; done'));
    let run = '';
    let running = Promise.resolve<BuildResult | undefined>(undefined);
    await new Promise<void>((resolve) => {
      running = runPlan({
        ...options,
        onEvent: (event) => {
          if (event.type === 'phase') run = event.phase.replace('run ', '');
          if (event.type === 'step') resolve();
        },
      });
    });
    await expect(resumeRun(world.resume(run))).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    await writeFile(join(world.places, run, 'go'), '');
    expect((await running)?.state).toBe('done');
  });
});

describe('secrets', () => {
  const text = recipe(
    `
  use:
    run: |
      echo "it is $SECRET"
      printf '%s' "$SECRET" | base64
      printf '%s\\n' "$SECRET" | base64
      printf 'user:%s' "$SECRET" | base64
      [ "$(printf %s "$SECRET" | wc -c)" -eq 22 ]
    environment: { SECRET: '\${{ parameters.token }}' }
  leak:
    run: echo "it=$SECRET" >> "$ARMLOAD_VALUES"
    environment: { SECRET: '\${{ parameters.token }}' }
    outputs: { values: [it] }`,
    'parameters: { token: { type: secret, default: TOKEN } }',
  );

  test('reach the step, and no file or event of the run, in any form', async () => {
    const result = await runPlan(await world.begin(text));
    expect(stepOf(result, 'use')?.state).toBe('done');
    expect(result.failure?.message).toMatch(/"it" holds the secret "token"/);
    const secret = 'hunter2 is no password';
    const forms = [secret, `${secret}\n`, `user:${secret}`].map((each) =>
      Buffer.from(each).toString('base64'),
    );
    const written = [
      ...(await textsBelow(result.folder)),
      JSON.stringify(world.events),
      JSON.stringify(result),
    ];
    for (const each of written)
      for (const form of [secret, ...forms.map((base64) => base64.slice(8, -4))])
        expect(each).not.toContain(form);
  });

  test('that are not there stop a run before it begins', async () => {
    const options = await world.begin(text, { environment: {} });
    await expect(runPlan(options)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      facts: { variable: 'TOKEN' },
    });
    expect(await textsBelow(world.runs)).toEqual([]);
  });
});

describe('checks of the result', () => {
  const checked = (verify: string) =>
    recipe("\n  make:\n    run: 'echo 1.16.5 > v'\n    outputs: { files: { v: { path: v } } }", verify);

  test('hold or fail the run', async () => {
    const version = (matches: string) =>
      checked(`verify:\n  - { title: version, version: { run: [cat, v], matches: '${matches}' } }`);
    expect(await runPlan(await world.begin(version('^1\\.16\\.')))).toMatchObject({
      state: 'done',
      checks: [{ title: 'version', state: 'passed' }],
    });
    const failed = await runPlan(await world.begin(version('^1\\.17\\.')));
    expect(failed).toMatchObject({
      state: 'failed',
      checks: [{ state: 'failed' }],
      failure: { kind: 'check', code: 'CHECK_FAILED' },
    });
    expect(failed.failure?.message).toContain('printed "1.16.5"');
  });

  test('a file is looked at where it is', async () => {
    const machine = checked(
      `verify:\n  - { title: machine, file: '\${{ steps.make.files.v }}', machine: arm64 }`,
    );
    const result = await runPlan(await world.begin(machine));
    expect(result.checks).toMatchObject([
      { state: 'failed', why: expect.stringContaining('holds no machine code') },
    ]);
  });
});
