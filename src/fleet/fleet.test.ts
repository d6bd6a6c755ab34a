import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../core/index.ts';
import { buildIndex, executable, file, push, writeElf } from '../fixture/index.ts';
import { openLayout } from '../registry/index.ts';
import { type FleetResult, fleetResultSchema } from '../results/index.ts';
import { FleetWorld } from './fleet.test-support.ts';
import type { FleetOptions } from './options.ts';

const shared = ['liba1', 'libb1', 'libc1', 'libd1'];
const some = ['libe1', 'libf1', 'libg1'];
let world: FleetWorld;

beforeAll(async () => {
  world = await FleetWorld.open([...shared, ...some]);
  await world.base();
});
afterAll(() => world.close());

const own = (name: string) => [file(`srv/${name}.txt`, `${name}\n`)];

test('sixty images with most layers and packages in common take each of them once', async () => {
  const app = [file('srv/app.js', 'console.log(1)\n'.repeat(2000))];
  const references: string[] = [];
  for (let index = 0; index < 60; index++) {
    const extra = index % 5 === 0 ? [some[(index / 5) % some.length] as string] : [];
    const layers = [world.packages([...shared, ...extra]), app, own(`image${index}`)];
    references.push(await world.pushed(`shop/image${index}:1`, world.image(layers)));
  }
  world.forgetRequests();
  const result = await world.port([await world.list(references)], { jobs: 4 });
  expect(fleetResultSchema.parse(result)).toEqual(result);
  expect(result.images.filter(({ outcome }) => outcome !== 'published')).toEqual([]);
  expect(result.summary).toMatchObject({ images: 60, left: 0, outcomes: { published: 60 } });
  expect(result.summary.origins).toMatchObject([{ origin: 'debian', items: 7 }]);

  const packages = world.archive.asked.filter((path) => path.endsWith('.deb'));
  expect(packages.toSorted()).toEqual([...new Set(packages)].toSorted());
  expect(packages).toHaveLength(7);
  expect(world.archive.asked.filter((path) => path.endsWith('InRelease'))).toHaveLength(1);
  expect([...world.blobsSent()].filter(([, times]) => times > 1)).toEqual([]);
  const manifests = world.from.requests.filter(
    ({ method, path }) => method === 'GET' && path.includes('/manifests/'),
  );
  expect(manifests.map(({ path }) => path)).toHaveLength(new Set(manifests.map(({ path }) => path)).size);

  const uploads = world.to.requests.flatMap(({ method, path }) =>
    method === 'PUT' ? [/digest=(sha256[^&]+)/.exec(path)?.[1] ?? path] : [],
  );
  const blobs = uploads.filter((name) => name.startsWith('sha256'));
  expect(blobs).toHaveLength(new Set(blobs).size);

  expect(result.mapping).toHaveLength(60);
  const { host } = world.to;
  for (const { from, to, digest } of result.mapping) {
    expect(to).toBe(from.replace(`${world.from.host}/`, `${host}/ported/`));
    const [path = '', tag = ''] = to.slice(host.length + 1).split(':');
    expect((await world.repository(path, world.to).resolve(tag))?.digest).toBe(digest);
  }
}, 60_000);

/** A small fleet under names of its own. */
async function fleet(folder: string, count = 4): Promise<readonly string[]> {
  const references: string[] = [];
  for (let index = 0; index < count; index++)
    references.push(await world.pushed(`${folder}/app${index}:1`, world.image([own(`${folder}${index}`)])));
  return references;
}

/** Changes to what is at the destinations. */
function writes(): readonly string[] {
  return world.to.requests.filter(({ method }) => /PUT|POST|PATCH/.test(method)).map(({ path }) => path);
}

function outcomes({ images }: FleetResult): Readonly<Record<string, string>> {
  return Object.fromEntries(
    images.map(({ reference, outcome }) => [reference.replace(/^[^/]*\//, ''), outcome]),
  );
}

describe('a fleet that is ported again', () => {
  test('leaves alone what is done, at the cost of a HEAD', async () => {
    const references = await fleet('again');
    const first = await world.port(references);
    world.forgetRequests();
    const second = await world.port(references);
    expect(second.images.map(({ outcome, resumed }) => [outcome, resumed])).toEqual(
      references.map(() => ['unchanged', true]),
    );
    expect(second.mapping).toEqual(first.mapping);
    expect(second.summary.resumed).toBe(references.length);
    expect(world.to.requests.map(({ method }) => method)).toEqual(references.map(() => 'HEAD'));
    expect(world.blobsSent().size).toBe(0);
  });

  test('ports anew what has another source', async () => {
    const references = await fleet('changed', 2);
    await world.port(references);
    await world.pushed('changed/app1:1', world.image([own('new')]));
    expect(resumedOf(await world.port(references))).toEqual([true, false]);
  });

  test('ports anew what somebody moved meanwhile, and says so', async () => {
    const references = await fleet('moved', 2);
    await world.port(references);
    await world.pushed('ported/moved/app1:1', world.image([own('another')]), world.to);
    const again = await world.port(references);
    expect(resumedOf(again)).toEqual([true, false]);
    expect(again.images[1]).toMatchObject({
      outcome: 'published',
      why: expect.stringContaining('no longer pointed to'),
    });
  });

  test('ports anew with other options, and under another prefix', async () => {
    const references = await fleet('asked', 2);
    await world.port(references);
    expect(resumedOf(await world.port(references, { only: true }))).toEqual([false, false]);
    expect(resumedOf(await world.port(references, { to: `${world.to.host}/elsewhere` }))).toEqual([
      false,
      false,
    ]);
    expect(resumedOf(await world.port(references, { generation: 'another' }))).toEqual([false, false]);
    expect(resumedOf(await world.port(references, { jobs: 1, maxRequests: 1000 }))).toEqual([true, true]);
  });

  function resumedOf({ images }: FleetResult): readonly boolean[] {
    return images.map(({ resumed }) => resumed);
  }

  test.each([
    ['can not be written', async (folder: string) => writeFile(folder, '')],
    ['can not be read', async (folder: string) => mkdir(folder)],
  ])('is ported all the same where its state %s, with a warning', async (name, spoil) => {
    const references = await fleet('unkept', 1);
    const stateFolder = join(world.directory, name);
    await spoil(stateFolder);
    const state = createHash('sha256')
      .update(JSON.stringify([`${world.to.host}/ported`, 'linux/arm64']))
      .digest('hex');
    if (name.endsWith('read')) await mkdir(join(stateFolder, `${state.slice(0, 32)}.jsonl`));
    const warnings: string[] = [];
    const onEvent: FleetOptions['onEvent'] = (event) => {
      if (event.type === 'warning') warnings.push(event.message);
    };
    const result = await world.port(references, { stateFolder, onEvent });
    expect(result.images[0]?.outcome).toMatch(/published|unchanged/);
    expect(warnings).not.toEqual([]);
    for (const warning of warnings) expect(warning).toContain(stateFolder);
  });

  test('is not kept from its work by a state that was damaged', async () => {
    const references = await fleet('damaged', 2);
    const stateFolder = join(world.directory, 'damaged-state');
    await world.port(references, { stateFolder, jobs: 1 });
    const [name = ''] = await readdir(stateFolder);
    const text = await readFile(join(stateFolder, name), 'utf8');
    await writeFile(join(stateFolder, name), `no JSON\n${text.slice(0, -20)}`);
    expect(resumedOf(await world.port(references, { stateFolder }))).toEqual([true, false]);
    expect(resumedOf(await world.port(references, { stateFolder }))).toEqual([true, true]);
  });

  test.each([0, 1, 2, 3])('goes on where it was interrupted, after %i images', async (count) => {
    const references = await fleet(`stop${count}`);
    const stop = new AbortController();
    let done = 0;
    const onEvent: FleetOptions['onEvent'] = (event) => {
      if (event.type !== 'step') return;
      if (event.state === 'done') done += 1;
      if (event.state === 'running' && done === count) stop.abort(new Error('enough'));
    };
    const interrupted = world.port(references, { jobs: 1, signal: stop.signal, onEvent });
    await expect(interrupted).rejects.toThrow('enough');
    world.forgetRequests();
    const result = await world.port(references);
    expect(result.images.map(({ resumed }) => resumed)).toEqual(references.map((_, index) => index < count));
    expect(outcomes(result)).toMatchObject(
      Object.fromEntries(
        references.map((reference, index) => [
          reference.replace(/^[^/]*\//, ''),
          index < count ? 'unchanged' : 'published',
        ]),
      ),
    );
    const touched = new Set(writes().map((path) => /app\d/.exec(path)?.[0]));
    expect(touched.size).toBe(references.length - count);
    expect(result.mapping).toHaveLength(references.length);
  });

  test('keeps nothing of a dry run, and what it could not do is tried again', async () => {
    const references = await fleet('dry', 2);
    const dry = await world.port(references, { dryRun: true });
    expect(dry.summary.outcomes).toMatchObject({ planned: 2 });
    expect(dry.mapping).toEqual([]);
    expect((await world.port(references)).summary.outcomes).toMatchObject({ published: 2 });
  });
});

describe('an image of a fleet', () => {
  test('that is refused, or whose packages can not be reached, ends no other, and its plan is told', async () => {
    const tool = executable('usr/bin/tool', writeElf({ machine: 'amd64' }));
    const both = `deb ${world.archive.origin}/debian stable main\ndeb http://127.0.0.1:9/debian stable main\n`;
    const sources = file('etc/apt/sources.list', both);
    const packages = world
      .packages(['liba1', 'libzz1'])
      .map((member) => (member.name === sources.name ? sources : member));
    const references = [
      await world.pushed('mixed/good:1', world.image([own('good')])),
      await world.pushed('mixed/refused:1', world.image([[tool]])),
      await world.pushed('mixed/unreached:1', world.image([packages])),
    ];
    const result = await world.port([
      ...references,
      `${world.from.host}/base:12`,
      `${world.from.host}/none:1`,
    ]);
    expect(outcomes(result)).toEqual({
      'mixed/good:1': 'published',
      'mixed/refused:1': 'refused',
      'mixed/unreached:1': 'unknown',
    });
    const [, refused, unreached] = result.images;
    expect(refused).toMatchObject({
      refused: { sure: 1, undetermined: 0 },
      refusals: [
        { kind: 'no-counterpart', path: '/usr/bin/tool', lift: expect.stringContaining('--replace') },
      ],
    });
    expect(unreached).toMatchObject({
      base: { state: 'found', reference: expect.stringContaining('/base:12'), evidence: 'label' },
      origins: [{ origin: 'debian', items: 1 }],
      refused: { sure: 0 },
    });
    expect(unreached?.refusals[0]?.guess).toContain('libzz1');
    expect(result.left.map(({ readiness }) => readiness.state)).toEqual(['ready', 'unknown']);
    expect(result.mapping.map(({ from }) => from)).toEqual([references[0]]);
  });

  test('that can not be read is its own failure', async () => {
    const [good = '', bad = ''] = await fleet('broken', 2);
    const { from } = world;
    const resolved = await world.repository('broken/app1').manifest('1');
    const digest =
      (JSON.parse(Buffer.from(resolved.bytes).toString()) as { layers: { digest: string }[] }).layers.at(-1)
        ?.digest ?? '';
    await rm(join(world.directory, 'from', 'broken/app1/blobs', digest.replace(':', '/')), { force: true });
    const result = await world.port([good, bad]);
    expect(outcomes(result)).toEqual({ 'broken/app0:1': 'published', 'broken/app1:1': 'unknown' });
    expect(result.images[1]?.why).toContain(from.host);
  });

  test('that only claims the platform is left alone, unless it is asked for', async () => {
    const honest = await world.image([own('lying')]);
    const lying = { of: honest, platform: { os: 'linux', architecture: 'arm64' } };
    const reference = await world.pushed('lying/app:1', buildIndex([honest, lying]));
    expect((await world.port([reference])).left).toMatchObject([{ readiness: { state: 'suspect' } }]);
    const include = ['suspect'] as const;
    expect((await world.port([reference], { include })).images).toMatchObject([{ outcome: 'refused' }]);
    const replaced = await world.port([reference], { include, replaceExisting: true });
    expect(replaced.images).toMatchObject([{ outcome: 'published' }]);
  });

  test('of a tag and of its digest is one port with one destination', async () => {
    const [reference = ''] = await fleet('twin', 1);
    const { digest } = await world.repository('twin/app0').manifest('1');
    const result = await world.port([reference, `${reference}@${digest}`]);
    expect(result.images.map(({ outcome }) => outcome)).toEqual(['published', 'published']);
    expect(new Set(result.mapping.map(({ to }) => to)).size).toBe(1);
    expect(writes().filter((path) => path.endsWith('/manifests/1') && path.includes('twin'))).toHaveLength(1);
  });

  test('in a folder has no name below a prefix, and is told to be ported by itself', async () => {
    const layout = await openLayout(`${world.directory}/layout`, { name: 'layout', create: true });
    await push(layout, await world.image([own('layout')]), { tag: '1' });
    const result = await world.port(['oci:layout:1']);
    expect(result.images).toMatchObject([
      { outcome: 'refused', refusals: [{ lift: expect.stringContaining('by itself') }] },
    ]);
  });
});

describe('options that make no sense', () => {
  test.each([
    ['no destination', { to: undefined }, '--to'],
    ['a destination without a registry', { to: 'acme' }, 'names no registry'],
    ['no ports at a time', { jobs: 0 }, 'at a time'],
    ['a thousand of them', { jobs: 1000 }, 'at a time'],
    ['a port to what it is from', { from: { os: 'linux', architecture: 'arm64' } }, 'linux/arm64'],
  ] as const)('%s', async (_name, options, said) => {
    const [reference = ''] = await fleet('options', 1);
    const port = world.port([reference], options as Partial<FleetOptions>);
    await expect(port).rejects.toThrow(UsageError);
    await expect(port).rejects.toThrow(said === '--to' ? 'needs a place' : said);
  });
});
