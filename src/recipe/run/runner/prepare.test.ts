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

test('nothing is downloaded for a place that lacks something', async () => {
  const archive = `sources: { data: { url: 'https://archive.example/a', sha256: ${'a'.repeat(64)}, path: a } }\n`;
  const asked: string[] = [];
  const download = async (url: string) => void asked.push(url);
  const { failure } = await runPlan(await world.begin(`${archive}${text}`, { download }));
  expect([failure?.code, asked]).toEqual(['PLACE_LACKS', []]);
});

test('what it lacks is told with the way that the recipe knows for it, and what it knows none for', async () => {
  const more = "\n    - name: other-tool\n    - name: third-tool\n      get:\n        - run: 'true'";
  const { failure } = await runPlan(await world.begin(text.replace(/(?=\nsteps:)/, more)));
  expect(failure?.hint).toBe(
    'With --prepare, what the recipe knows is done in the place: "Make the tool" for own-tool; a script for third-tool. It knows nothing here for other-tool.',
  );
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
