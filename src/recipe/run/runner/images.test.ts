import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ArmloadError } from '../../../core/index.ts';
import { makeWorld, recipe, type World } from '../run.test-support.ts';
import { resumeRun, runPlan } from './run-plan.ts';
import type { AuditImage, Publication } from './types.ts';

/** Answers as the engine's client does, of images that are files. `docker make REFERENCE PLATFORM TEXT` makes one. */
const client = String.raw`#!/bin/sh
images=$HOME/images
mkdir -p "$images"
name() { printf '%s' "$1" | sed 's|[/:]|_|g'; }
find_image() {
  case $1 in sha256:*) file=$(grep -ls "^$1 " "$images"/* | head -n 1) ;; *) file=$images/$(name "$1") ;; esac
  [ -n "$file" ] && [ -e "$file" ] || { echo "Error response from daemon: No such image: $1" >&2; exit 1; }
  read -r id platform text <"$file"
}
case "$1 $2" in
version*) echo 99.0 ;;
make*)
  id=sha256:$(printf '%s' "$4" | sha256sum | cut -d' ' -f1)
  echo "$id $3 $4" >"$images/$(name "$2")" ;;
'image inspect')
  if [ "$3" = --format ]; then find_image "$6"; echo "$id"; exit; fi
  find_image "$4"
  echo "[{\"Id\":\"$id\",\"Os\":\"${'$'}{platform%/*}\",\"Architecture\":\"${'$'}{platform#*/}\"}]" ;;
'image save') find_image "$6"; [ ! -e "$HOME/unsaved-$text" ] || exit 1; echo "archive of $text" >"$4" ;;
*) echo "unexpected: $*" >&2; exit 64 ;;
esac
`;

let world: World;
let home = '';
beforeEach(async () => {
  const made = await makeWorld();
  home = made.folder;
  await mkdir(join(home, 'bin'));
  await writeFile(join(home, 'bin', 'docker'), client);
  await chmod(join(home, 'bin', 'docker'), 0o755);
  world = made.with({ PATH: `${join(home, 'bin')}:${process.env['PATH']}`, HOME: home });
});
afterEach(() => world.remove());

const right: AuditImage = () => Promise.resolve({ ok: true, verdict: 'right', why: 'its bytes are' });

const text = recipe(
  `
  build:
    run: docker make local/pilot:1 linux/arm64 pilot; echo build >> "$HOME/effects"
    outputs: { images: { pilot: { reference: 'local/pilot:1' } } }
  other:
    run: test ! -e "$HOME/broken"`,
  `passEnvironment: []
verify:
  - image: '\${{ steps.build.images.pilot }}'
publish:
  - image: '\${{ steps.build.images.pilot }}'
    name: istio/pilot
    tag: '1.0'
  - image: '\${{ steps.build.images.pilot }}'
    name: istio/pilot-again
`,
);

describe('an image', () => {
  test('is looked at, saved, audited and handed over to be published', async () => {
    const published: Publication[] = [];
    const result = await runPlan(
      await world.begin(text, {
        auditImage: right,
        publish: (publication) => {
          published.push(publication);
          return Promise.resolve({ reference: `example.org/${publication.name}`, digest: 'sha256:1' });
        },
      }),
    );
    expect(result).toMatchObject({
      state: 'done',
      checks: [{ state: 'passed', why: 'right: its bytes are' }],
      images: [
        {
          reference: 'local/pilot:1',
          platform: 'linux/arm64',
          audit: { ok: true },
          publish: [
            { name: 'istio/pilot', tag: '1.0', reference: 'example.org/istio/pilot' },
            { name: 'istio/pilot-again', digest: 'sha256:1' },
          ],
        },
      ],
    });
    expect(await readFile(result.images[0]?.archive ?? '', 'utf8')).toBe('archive of pilot\n');
    expect(published.map(({ name, image }) => [name, image.platform])).toEqual([
      ['istio/pilot', 'linux/arm64'],
      ['istio/pilot-again', 'linux/arm64'],
    ]);
  });

  test('that is not there, or of another platform, fails its step', async () => {
    const none = await runPlan(await world.begin(text.replace('docker make local/pilot:1', 'docker make x')));
    expect(none.failure?.message).toMatch(/did not make the image "pilot": the engine has no local\/pilot:1/);
    const amd64 = await runPlan(await world.begin(text.replace('linux/arm64 pilot', 'linux/amd64 pilot')));
    expect(amd64.failure?.message).toMatch(/is for linux\/amd64, and should be for linux\/arm64/);
  });

  test.each([
    [false, 'mislabelled', 'a check fails'],
    [undefined, 'unknown', 'a check fails'],
  ])('whose audit says %s is not published', async (ok, verdict, message) => {
    const result = await runPlan(
      await world.begin(text, {
        auditImage: () => Promise.resolve({ verdict, why: 'because', ...(ok === undefined ? {} : { ok }) }),
        publish: () => Promise.reject(new Error('must not be called')),
      }),
    );
    expect(result.state).toBe('failed');
    expect(result.failure?.message).toContain(message);
  });

  test('that nobody audits is no image of which a check holds', async () => {
    const result = await runPlan(await world.begin(text));
    expect(result.checks).toMatchObject([{ state: 'unknown', why: 'no audit was made of it' }]);
  });
});

describe('a run that goes on', () => {
  const effects = () => readFile(join(home, 'effects'), 'utf8');

  async function broken(): Promise<string> {
    await writeFile(join(home, 'broken'), '');
    const { run, state } = await runPlan(await world.begin(text, { auditImage: right }));
    expect(state).toBe('failed');
    await rm(join(home, 'broken'));
    return run;
  }

  test('keeps to an image that is there', async () => {
    const run = await broken();
    expect((await resumeRun(world.resume(run, { auditImage: right }))).state).toBe('done');
    expect(await effects()).toBe('build\n');
  });

  test('makes one again that has gone', async () => {
    const run = await broken();
    await rm(join(home, 'images', 'local_pilot_1'));
    expect((await resumeRun(world.resume(run, { auditImage: right }))).state).toBe('done');
    expect(await effects()).toBe('build\nbuild\n');
  });

  test('lists and publishes its images in their order, whichever was saved first', async () => {
    const image = (name: string) =>
      `\n  ${name}:\n    run: docker make local/${name}:1 linux/arm64 ${name}\n    outputs: { images: { it: { reference: 'local/${name}:1' } } }`;
    const each = (key: string) =>
      `${key}: [${['one', 'two'].map((name) => `{ image: '\${{ steps.${name}.images.it }}'${key === 'publish' ? `, name: ${name}` : ''} }`).join(', ')}]`;
    const both = recipe(
      image('one') + image('two'),
      `passEnvironment: []\n${each('verify')}\n${each('publish')}`,
    );
    await writeFile(join(home, 'unsaved-one'), '');
    const { run, state } = await runPlan(await world.begin(both, { auditImage: right }));
    expect(state).toBe('failed');
    await rm(join(home, 'unsaved-one'));
    const published: string[] = [];
    const publish = ({ name }: Publication) => {
      published.push(name);
      return Promise.resolve({ reference: name, digest: 'sha256:1' });
    };
    const { images } = await resumeRun(world.resume(run, { auditImage: right, publish }));
    expect(images.map(({ step }) => step)).toEqual(['one', 'two']);
    expect(published).toEqual(['one', 'two']);
  });

  test('publishes what is not published yet, and asks nothing of the place for it', async () => {
    const names: string[] = [];
    const failing = await world.begin(text, {
      auditImage: right,
      publish: ({ name }) => {
        names.push(name);
        if (name === 'istio/pilot') return Promise.resolve({ reference: name, digest: 'sha256:1' });
        return Promise.reject(new ArmloadError('REGISTRY_DOWN', 'the registry is down'));
      },
    });
    const first = await runPlan(failing);
    expect(first.failure).toMatchObject({ kind: 'publish', of: 'istio/pilot-again', code: 'REGISTRY_DOWN' });
    expect(await readdir(world.places)).toEqual([]);
    const second = await resumeRun(
      world.resume(first.run, {
        executor: {
          name: 'none',
          address: 'none',
          acquire: () => Promise.reject(new Error('not asked for')),
        },
        publish: ({ name }) => {
          names.push(name);
          return Promise.resolve({ reference: name, digest: 'sha256:2' });
        },
      }),
    );
    expect(second.state).toBe('done');
    expect(names).toEqual(['istio/pilot', 'istio/pilot-again', 'istio/pilot-again']);
  });
});
