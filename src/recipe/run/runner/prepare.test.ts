import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeWorld, recipe, type World } from '../run.test-support.ts';
import { runPlan } from './run-plan.ts';

let world: World;
beforeEach(async () => {
  const made = await makeWorld();
  world = made.with({ PATH: `${join(made.folder, 'bin')}:${process.env['PATH']}`, HOME: made.folder });
});
afterEach(() => world.remove());

const text = recipe(
  "\n  use:\n    run: 'own-tool > said'\n    outputs: { files: { said: { path: said } } }",
  `requires:
  tools:
    - name: own-tool
      version: '>=1.2'
      get:
        - title: Make the tool
          run: |
            mkdir -p "$HOME/bin"
            printf '#!/bin/sh\\necho 1.2.3\\n' > "$HOME/bin/own-tool"
            chmod +x "$HOME/bin/own-tool"`,
);

test('a place that lacks something is told before anything is done, with the way to get it', async () => {
  const result = await runPlan(await world.begin(text));
  expect(result).toMatchObject({
    state: 'failed',
    failure: { kind: 'place', code: 'PLACE_LACKS', hint: expect.stringContaining('--prepare') },
    steps: [{ state: 'waiting', attempts: 0 }],
  });
  expect(result.failure?.message).toContain('there is no own-tool');
});

test('what is missing is got where that is allowed, and the run goes on', async () => {
  const result = await runPlan(await world.begin(text, { provision: true }));
  expect(result.state).toBe('done');
  expect(world.events).toContainEqual({ type: 'phase', phase: 'Make the tool' });
});

test('no run is begun where none can be kept', async () => {
  await writeFile(world.runs, 'in the way');
  await expect(runPlan(await world.begin(text))).rejects.toMatchObject({ code: 'RUNS_UNWRITABLE' });
});
