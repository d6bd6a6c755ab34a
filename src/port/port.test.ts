import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  buildIndex,
  directory,
  executable,
  file,
  type Machine,
  userland,
  whiteout,
  writeElf,
} from '../fixture/index.ts';
import { type Digest, parseManifest } from '../oci/index.ts';
import type { PortResult } from '../results/index.ts';
import type { TarMember } from '../tar/index.ts';
import { appOn, baseIndex, portWorld } from './port.test-support.ts';

const world = portWorld();

const script = executable('usr/local/bin/start', '#!/bin/sh\nexec /usr/bin/env\n');
const neutral: readonly TarMember[] = [
  directory('srv/'),
  file('srv/index.html', '<p>hello</p>\n'),
  directory('usr/local/'),
  directory('usr/local/bin/'),
  script,
];

/** Pushes the base and an app, and gives both references. */
async function pushed(
  layers: readonly (readonly TarMember[])[],
  spec: Parameters<typeof appOn>[1] = {},
): Promise<{ base: string; app: string; to: string }> {
  const base = await world.pushed(baseIndex(spec.files ?? userland), 'base:12');
  const app = await world.pushed(appOn(layers, spec), 'app:1');
  return { base, app, to: app.replace('app:1', 'ported:1') };
}

describe('an image whose layers above the base hold no machine code', () => {
  test('is ported by swapping the base, and keeps those layers by digest', async () => {
    const { base, app, to } = await pushed([neutral], { config: { Cmd: ['/usr/local/bin/start'] } });
    const result = await world.port(app, { to, bases: [base] });
    expect(result.refusals).toEqual([]);
    expect(result).toMatchObject({
      outcome: 'published',
      base: { state: 'found', evidence: 'given', layers: 1 },
    });
    const [before, after] = [await world.pull(to, 'amd64'), await world.pull(to)];
    expect(after.manifest.layers[1]).toEqual(before.manifest.layers[1]);
    expect(after.document).toMatchObject({
      architecture: 'arm64',
      config: { Cmd: ['/usr/local/bin/start'] },
    });
    expect(result.layers.map(({ kind }) => kind)).toEqual(['base', 'kept']);
    expect(result.audit).toMatchObject({ verdict: 'right' });
    expect(result.totals).toEqual({ kept: 5, replaced: 0, mapped: 0, dropped: 0, added: 0 });
  });

  test('keeps the amd64 image in the index, byte for byte', async () => {
    const { base, app, to } = await pushed([neutral]);
    const result = await world.port(app, { to, bases: [base] });
    expect((await world.pull(to, 'amd64')).digest).toBe(result.source.digest);
  });

  test('is the same image each time, and published once', async () => {
    const { base, app, to } = await pushed([neutral]);
    const first = await world.port(app, { to, bases: [base] });
    const second = await world.port(app, { to, bases: [base] });
    expect(second.outcome).toBe('unchanged');
    expect(second.image?.digest).toBe(first.image?.digest);
  });

  test('is only looked at in a dry run', async () => {
    const { base, app, to } = await pushed([neutral]);
    const result = await world.port(app, { to, bases: [base], dryRun: true });
    expect(result.outcome).toBe('planned');
    await expect(world.index(to)).rejects.toThrow(/answered 404/);
  });

  test('takes the place of an image that lies about being for the target, where that was asked for', async () => {
    const { base, app, to } = await pushed([neutral]);
    const honest = await appOn([neutral]);
    const lying = { of: honest, platform: { os: 'linux', architecture: 'arm64' } };
    const index = await world.pushed(buildIndex([honest, lying]), 'lying:1');
    expect(await world.port(index, { to, bases: [base] })).toMatchObject({
      outcome: 'refused',
      refusals: [{ kind: 'image', lift: expect.stringContaining('--replace-existing') }],
    });
    const result = await world.port(index, { to, bases: [base], replaceExisting: true });
    expect(result.outcome).toBe('published');
    const ported = await world.port(app, { to: to.replace(':1', ':2'), bases: [base] });
    expect((await world.pull(to)).digest).toBe(ported.image?.digest);
  });

  test('that has the platform already needs no port', async () => {
    const base = await world.pushed(baseIndex(), 'base:12');
    const result = await world.port(base, { dryRun: true });
    expect(result).toMatchObject({ outcome: 'unneeded', why: expect.stringContaining('linux/arm64') });
  });
});

describe('files of the base that a layer only gave other owners', () => {
  const copiedUp = (name: string): TarMember => {
    const found = userland('amd64').find((member) => member.name === name);
    if (found === undefined) throw new Error(`the userland has no ${name}`);
    return { ...found, uid: 1000, gid: 1000 };
  };

  test('are taken from the new base, and keep the new owner', async () => {
    const { base, app, to } = await pushed([[copiedUp('usr/bin/dash')]]);
    const result = await world.port(app, { to, bases: [base] });
    expect(result).toMatchObject({ outcome: 'published', totals: { replaced: 1 } });
    const { view } = await world.pull(to);
    expect(view.lookup('usr/bin/dash')?.entry).toMatchObject({
      uid: 1000,
      facts: { elf: { architecture: 'arm64' } },
    });
  });

  test('move to the folder that the new architecture has for them', async () => {
    const { base, app, to } = await pushed([[copiedUp('usr/lib/x86_64-linux-gnu/libz.so.1')]]);
    const result = await world.port(app, { to, bases: [base] });
    expect(result.outcome).toBe('published');
    const { view } = await world.pull(to);
    expect(view.lookup('usr/lib/aarch64-linux-gnu/libz.so.1')?.entry.uid).toBe(1000);
    expect(view.lookup('usr/lib/x86_64-linux-gnu/libz.so.1')).toBeUndefined();
  });

  test('are found by what they are, under another name too', async () => {
    const copy = { ...copiedUp('usr/bin/dash'), name: 'usr/bin/my-shell' };
    const { base, app, to } = await pushed([[copy]]);
    expect(await world.port(app, { to, bases: [base] })).toMatchObject({ outcome: 'published' });
    const { view } = await world.pull(to);
    expect(view.lookup('usr/bin/my-shell')?.entry.facts).toMatchObject({ elf: { architecture: 'arm64' } });
  });
});

describe('machine code that nothing takes the place of', () => {
  const tool = executable('usr/local/bin/tool', writeElf({ machine: 'amd64' }));

  test('is refused by name, with its layer and what would lift it, and nothing is published', async () => {
    const { base, app, to } = await pushed([neutral, [tool]]);
    const result = await world.port(app, { to, bases: [base] });
    expect(result).toMatchObject({
      outcome: 'refused',
      refusals: [
        {
          kind: 'no-counterpart',
          path: '/usr/local/bin/tool',
          layer: { index: 2, history: 'RUN step 1 # buildkit' },
          undetermined: false,
          lift: expect.stringContaining('--replace /usr/local/bin/tool=FILE'),
        },
      ],
    });
    await expect(world.index(to)).rejects.toThrow(/answered 404/);
  });

  test('is carried over where a person decides so, which is recorded', async () => {
    const { base, app, to } = await pushed([neutral, [tool]]);
    const waivers = [{ path: '/usr/local/bin/tool', reason: 'the entry script never calls it' }];
    const result = await world.port(app, { to, bases: [base], waivers });
    expect(result).toMatchObject({
      outcome: 'published',
      waivers: [{ path: '/usr/local/bin/tool', used: true }],
      account: expect.arrayContaining([
        expect.objectContaining({
          path: 'usr/local/bin/tool',
          outcome: 'kept',
          why: 'waived: the entry script never calls it',
        }),
      ]),
    });
  });

  test('is no image for the target even where it is waived, if the image starts it', async () => {
    const { base, app, to } = await pushed([[tool]], { config: { Entrypoint: ['/usr/local/bin/tool'] } });
    const waivers = [{ path: '/usr/local/bin/tool', reason: 'who knows' }];
    const result = await world.port(app, { to, bases: [base], waivers });
    expect(result).toMatchObject({ outcome: 'refused', refusals: [{ kind: 'audit' }] });
  });

  test('goes where a layer above hides it', async () => {
    const { base, app, to } = await pushed([[tool], [whiteout('usr/local/bin/tool')]]);
    const result = await world.port(app, { to, bases: [base] });
    expect(result).toMatchObject({ outcome: 'published', totals: { dropped: 2 } });
    const { view } = await world.pull(to);
    for (const { entries } of view.layers)
      for (const { facts } of entries)
        if (facts?.kind === 'elf') expect(facts.elf.architecture).toBe('arm64');
  });
});

describe('what is attached to a port', () => {
  /** The JSON of each thing that refers to the image, by kind. */
  async function attached(to: string, result: PortResult): Promise<Map<string, Attached>> {
    const [host = '', name = ''] = to.replace(/:[^:/]*$/, '').split('/');
    const repository = world.repository(host, name);
    const found = new Map<string, Attached>();
    for (const { kind, digest } of result.attachments) {
      const manifest = parseManifest((await repository.manifest(digest)).bytes);
      if (manifest.kind === 'index' || manifest.kind === 'schema1') throw new Error('that is no attachment');
      const chunks: Uint8Array[] = [];
      for (const layer of manifest.layers)
        for await (const chunk of repository.blob(layer)) chunks.push(Uint8Array.from(chunk));
      found.set(kind, {
        subject: manifest.subject?.digest,
        document: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Attached['document'],
      });
    }
    const listed = await repository.referrers(result.image?.digest as Digest);
    expect(listed.map(({ digest }) => digest).sort()).toEqual(
      result.attachments.map(({ digest }) => digest).sort(),
    );
    return found;
  }

  interface Attached {
    readonly subject: string | undefined;
    readonly document: {
      readonly predicate: {
        readonly buildDefinition: {
          readonly resolvedDependencies: readonly { name: string; digest: { sha256: string } }[];
        };
        readonly records: readonly unknown[];
      };
      readonly components: readonly { name: string }[];
    };
  }

  test('says what it was made of, what became of each path, and what it holds', async () => {
    const { base, app, to } = await pushed([neutral]);
    const result = await world.port(app, { to, bases: [base], version: '9.9.9' });
    const found = await attached(to, result);
    expect([...found.keys()].sort()).toEqual(['account', 'provenance', 'sbom']);
    for (const { subject } of found.values()) expect(subject).toBe(result.image?.digest);
    const made = found.get('provenance')?.document.predicate.buildDefinition;
    expect(made).toMatchObject({
      buildType: 'https://armload.dev/port/v1',
      externalParameters: { reference: app, bases: [base], platform: 'linux/arm64' },
    });
    expect(made?.resolvedDependencies.map(({ name }) => name)).toEqual(['source', 'old base', 'new base']);
    expect(made?.resolvedDependencies[0]?.digest.sha256).toBe(result.source.digest?.slice('sha256:'.length));
    expect(found.get('account')?.document.predicate.records).toHaveLength(neutral.length);
    const names = found.get('sbom')?.document.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['debian', 'libc6', 'zlib1g']));
  });

  test('is signed where a key is given, the image too', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keyFile = join(world.directory, 'key.pem');
    await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const { base, app, to } = await pushed([neutral]);
    const sign = { kind: 'key', file: keyFile } as const;
    const result = await world.port(app, { to, bases: [base], sign });
    const signed = result.attachments.filter((one) => one.signed).map(({ kind }) => kind);
    expect(signed.sort()).toEqual(['account', 'provenance', 'sbom', 'signature']);
  });

  test('is nothing where that was asked for', async () => {
    const { base, app, to } = await pushed([neutral]);
    const result = await world.port(app, { to, bases: [base], attach: false });
    expect(result).toMatchObject({ outcome: 'published', attachments: [] });
  });

  test('a key that can not be read is told before anything else', async () => {
    const sign = { kind: 'key', file: '/nowhere/key.pem' } as const;
    await expect(world.port('unreachable.invalid/app:1', { dryRun: true, sign })).rejects.toThrow(/key/);
  });
});

test('a port that is right is refused beside a source that is not, and --only lifts that', async () => {
  const files = (machine: Machine) =>
    userland(machine).filter(({ name }) => machine !== 'amd64' || !String(name).endsWith('/libc.so.6'));
  const { base, app, to } = await pushed([neutral], { files });
  const result = await world.port(app, { to, bases: [base] });
  expect(result).toMatchObject({
    outcome: 'refused',
    refusals: [
      { kind: 'image', why: expect.stringContaining('broken'), lift: expect.stringContaining('--only') },
    ],
  });
  expect(await world.port(app, { to, bases: [base], only: true })).toMatchObject({ outcome: 'published' });
});

describe('without a base', () => {
  test('the whole image counts as above it, and each program is refused', async () => {
    const app = await world.pushed(appOn([neutral]), 'app:1');
    const result = await world.port(app, { dryRun: true });
    expect(result).toMatchObject({ outcome: 'refused', base: { state: 'none' } });
    expect(result.refusals.map(({ path }) => path)).toContain('/usr/bin/dash');
  });

  test('that a person named wrongly nothing is ported, and the reason says why', async () => {
    const other = await world.pushed(
      baseIndex((machine) => userland(machine).slice(0, -1)),
      'other:1',
    );
    const { app } = await pushed([neutral]);
    const result = await world.port(app, { dryRun: true, bases: [other] });
    expect(result).toMatchObject({ outcome: 'refused' });
    expect(result.refusals[0]).toMatchObject({
      kind: 'base',
      why: expect.stringContaining('0 are the image'),
    });
  });
});

describe('what can not be used is said before anything is fetched', () => {
  test.each([
    [{}, /needs a destination/],
    [{ to: 'registry.example/app' }, /names no tag/],
    [{ dryRun: true, bases: ['::'] }, /can not be a base/],
    [{ dryRun: true, waivers: [{ path: 'usr/bin/x', reason: 'r' }] }, /absolute path/],
    [{ dryRun: true, waivers: [{ path: '/usr/bin/x', reason: ' ' }] }, /gives no reason/],
    [{ dryRun: true, platform: { os: 'linux', architecture: 'amd64' } }, /nothing to port/],
    [{ dryRun: true, noBase: true, bases: ['registry.example/base:1'] }, /only one of both/],
  ])('%j', async (options, message) => {
    await expect(world.port('unreachable.invalid/app:1', options)).rejects.toThrow(message);
  });
});
