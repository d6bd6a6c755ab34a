import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { type FleetImage, type FleetResult, fleetOutcomes, fleetResultSchema } from '../../results/index.ts';
import { formats } from '../formats.ts';
import { doubtfulNames, renderKustomizeImages } from './kustomize.ts';
import { renderFleetMarkdown } from './markdown.ts';
import { fleetOutcomeOf } from './outcome.ts';
import { renderFleetTable } from './table.ts';

const digest = (number: number) => `sha256:${String(number).padStart(64, '0')}`;

function image(name: string, more: Partial<FleetImage> = {}): FleetImage {
  return {
    reference: `docker.io/acme/${name}`,
    written: [`acme/${name}`],
    digest: digest(1),
    destination: `registry.example/arm64/acme/${name}`,
    outcome: 'published',
    why: 'it has the port now',
    resumed: false,
    origins: [],
    refusals: [],
    refused: { sure: 0, undetermined: 0 },
    index: digest(2),
    ...more,
  };
}

const refusal = {
  kind: 'no-counterpart',
  path: '/usr/bin/tool',
  undetermined: false,
  why: 'machine code that nothing answers for',
  lift: 'Name a file for it.',
};

function refused(name: string): FleetImage {
  const { index: _, ...rest } = image(name, { outcome: 'refused', why: 'a path', refusals: [refusal] });
  return { ...rest, refused: { sure: 7, undetermined: 0 } };
}

function unknown(name: string): FleetImage {
  const { index: _, ...rest } = image(name, { outcome: 'unknown', why: 'no answer' });
  return {
    ...rest,
    refusals: [{ ...refusal, kind: 'package', undetermined: true }],
    refused: { sure: 0, undetermined: 1 },
  };
}

function fleet(images: readonly FleetImage[], more: Partial<FleetResult> = {}): FleetResult {
  const outcomes = Object.fromEntries(
    fleetOutcomes.map((outcome) => [outcome, images.filter((one) => one.outcome === outcome).length]),
  ) as FleetResult['summary']['outcomes'];
  const left = more.left ?? [];
  return {
    schemaVersion: 1,
    platform: 'linux/arm64',
    prefix: 'registry.example/arm64',
    dryRun: false,
    summary: {
      ...{ images: images.length, outcomes, resumed: 0, left: left.length },
      origins: [{ origin: 'debian', items: 12, bytes: 3_400_000 }],
      problems: more.problems?.length ?? 0,
    },
    images: [...images],
    left,
    mapping: images.flatMap(({ reference, written, destination, index }) =>
      destination === undefined || index === undefined
        ? []
        : [{ from: reference, written, to: destination, digest: index }],
    ),
    problems: [],
    ...more,
  };
}

const ready = {
  reference: 'docker.io/library/nginx:1',
  written: ['nginx:1'],
  readiness: { state: 'ready' as const },
};
const open = {
  reference: 'quay.io/acme/x:1',
  written: ['quay.io/acme/x:1'],
  readiness: { state: 'unknown' as const, reason: 'network' as const },
};

describe('the exit code of a fleet', () => {
  test.each([
    ['all of which is ported', fleet([image('a:1')]), 0],
    ['with one that is refused and one that nobody could tell', fleet([refused('a:1'), unknown('b:1')]), 1],
    ['with one that nobody could tell', fleet([image('a:1'), unknown('b:1')]), 2],
    ['with one that failed', fleet([image('a:1', { outcome: 'failed' })]), 2],
    ['of which something was not found out', fleet([image('a:1')], { left: [open] }), 2],
    ['with a file that could not be read', fleet([], { problems: [{ file: 'a', message: 'no' }] }), 2],
    ['with nothing to port', fleet([], { left: [ready] }), 0],
  ])('%s', (_name, result, code) => {
    expect(fleetResultSchema.parse(result)).toEqual(result);
    expect(fleetOutcomeOf(result).code).toBe(code);
    for (const format of formats) {
      const text = format.renderFleet(result, {});
      if (format.name !== 'json') expect(text).toContain(`exit ${code}`);
      else expect(JSON.parse(text)).toEqual(result);
    }
  });
});

test('what was taken, refused and left alone is told, worst first', () => {
  const good = image('good:1', {
    origins: [
      { origin: 'debian', items: 12, bytes: 3_400_000 },
      { origin: 'python', items: 1, bytes: 0 },
    ],
  });
  const result = fleet(
    [good, image('done:1', { outcome: 'unchanged', resumed: true }), refused('bad:1'), unknown('open:1')],
    {
      left: [ready, open],
    },
  );
  expect(renderFleetTable(result)).toBe(`refused  docker.io/acme/bad:1 → registry.example/arm64/acme/bad:1
  refused  no-counterpart (1)
             /usr/bin/tool
               machine code that nothing answers for
               Name a file for it.
           and 6 more: port it by itself with --dry-run to see all

unknown  docker.io/acme/open:1 → registry.example/arm64/acme/open:1
  unknown  package (1)
             /usr/bin/tool
               machine code that nothing answers for
               Name a file for it.

published  docker.io/acme/good:1 → registry.example/arm64/acme/good:1  debian: 12 packages, 3.4 MB; python: 1 wheel

unchanged, done before  docker.io/acme/done:1 → registry.example/arm64/acme/done:1

left alone  1 ready, 1 unknown
  unknown (network)  quay.io/acme/x:1

4 images to port: 1 unchanged, 1 published, 1 unknown, 1 refused · 2 left alone: 1 ready, 1 unknown · debian: 12 packages, 3.4 MB · exit 1: something is refused
Lift what is refused as said above, and run it again: what is done is left alone then.
`);
  expect(renderFleetTable(result, { all: true })).toContain('ready  docker.io/library/nginx:1');
});

test('text from outside can do nothing in a table or in Markdown', () => {
  const evil = image('a:1', { why: '\u001b[31m<b>|x|</b>', outcome: 'failed' });
  const result = fleet([evil], { problems: [{ file: 'a\nb', message: '`|\u202e' }] });
  for (const text of [renderFleetTable(result), renderFleetMarkdown(result)])
    for (const hidden of ['\u001b', '\u202e']) expect(text).not.toContain(hidden);
  expect(renderFleetMarkdown(result)).not.toMatch(/[^\\]<b/);
});

describe("Kustomize's images", () => {
  test('name what stands in the files, and the place, tag and digest of the port', () => {
    const hub = image('nginx:1.27', {
      reference: 'docker.io/library/nginx:1.27',
      written: ['nginx:1.27', 'docker.io/nginx:1.27'],
    });
    const local = image('app:1', {
      written: ['localhost:5000/team/app:1', `localhost:5000/team/app@${digest(1)}`],
    });
    expect(load(renderKustomizeImages(fleet([hub, local])))).toEqual({
      images: ['docker.io/nginx', 'localhost:5000/team/app', 'nginx'].map((name) => ({
        name,
        newName: `registry.example/arm64/acme/${name.endsWith('app') ? 'app' : 'nginx'}`,
        newTag: name.endsWith('app') ? '1' : '1.27',
        digest: digest(2),
      })),
    });
  });

  test('leave out a name that stands for several images, and say so', () => {
    const result = fleet(
      [image('app:1'), image('app:2', { index: digest(3) }), image('web:1'), image('one:1')],
      {
        left: [{ ...ready, reference: 'docker.io/acme/web:2', written: ['acme/web:2'] }],
      },
    );
    expect(doubtfulNames(result)).toEqual(['acme/app', 'acme/web']);
    const text = renderKustomizeImages(result);
    expect(text).toContain('# Left out: acme/app');
    expect(load(text)).toMatchObject({ images: [{ name: 'acme/one' }] });
  });

  test('leave out a name that stands for an image that was refused, too', () => {
    expect(doubtfulNames(fleet([image('app:1'), refused('app:2')]))).toEqual(['acme/app']);
  });

  test('are none where nothing was ported', () => {
    expect(load(renderKustomizeImages(fleet([refused('a:1')])))).toEqual({ images: [] });
  });
});
