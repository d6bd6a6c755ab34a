// Rewritten layers against the tools that unpack layers: GNU tar, bsdtar and umoci see the tree that was planned.
import { createHash } from 'node:crypto';
import {
  createReadStream,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LayerEntry, MergedView } from '../../src/layer/index.ts';
import {
  inputOf,
  type Ported,
  portInput,
  sourceOf,
  tarOf,
} from '../../src/port/assembly/assembly.test-support.ts';
import { generatedPort } from '../../src/port/assembly/generated-ports.test-support.ts';
import {
  type AddedPath,
  entryPath,
  type LayerPlan,
  type NewContent,
  type PathPlan,
} from '../../src/port/plan-types.ts';
import { type FileFact, factsOfView, factsOnDisk } from '../support/file-facts.ts';
import { exec, hasPrograms, temporaryFolder, unpackDebianPackage } from '../support/real-parts.ts';

const available = (await hasPrograms('umoci', 'tar', 'bsdtar')) && process.getuid?.() === 0;
const hasDebian = available && (await hasPrograms('apt-get', 'dpkg-deb'));

const folder = temporaryFolder();
afterAll(() => folder.remove());
let count = 0;

/** An image of gzipped layers in a layout, unpacked by umoci. */
async function byUmoci(layers: readonly Buffer[]): Promise<Map<string, FileFact>> {
  const layout = join(folder.path, `layout-${count++}`);
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const put = (mediaType: string, bytes: Buffer) => {
    const hex = sha256(bytes);
    writeFileSync(join(layout, 'blobs/sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const json = (mediaType: string, document: unknown) =>
    put(mediaType, Buffer.from(JSON.stringify(document)));
  const type = 'application/vnd.oci.image';
  const rootfs = { type: 'layers', diff_ids: layers.map((blob) => `sha256:${sha256(gunzipSync(blob))}`) };
  const config = json(`${type}.config.v1+json`, { architecture: 'arm64', os: 'linux', config: {}, rootfs });
  const manifest = json(`${type}.manifest.v1+json`, {
    schemaVersion: 2,
    config,
    layers: layers.map((blob) => put(`${type}.layer.v1.tar+gzip`, blob)),
  });
  const annotations = { 'org.opencontainers.image.ref.name': 'it' };
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  const bundle = `${layout}-bundle`;
  await exec('umoci', 'unpack', '--image', `${layout}:it`, bundle);
  const facts = factsOnDisk(join(bundle, 'rootfs'));
  rmSync(bundle, { recursive: true });
  rmSync(layout, { recursive: true });
  return facts;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function unpackedBy(program: 'tar' | 'bsdtar', blob: Buffer): Promise<Map<string, FileFact>> {
  const place = join(folder.path, `unpacked-${count++}`);
  const file = `${place}.tar.gz`;
  mkdirSync(place);
  writeFileSync(file, blob);
  await exec(program, '--numeric-owner', '-xpzf', file, '-C', place);
  const facts = factsOnDisk(place);
  rmSync(place, { recursive: true });
  rmSync(file);
  return facts;
}

type Short = Pick<FileFact, 'kind' | 'mode' | 'uid' | 'content'>;

/** What plain tars make of the promised entries: markers are files to them. */
function promisedFacts(entries: readonly LayerEntry[]): Record<string, Short> {
  const facts: Record<string, Short> = {};
  for (const entry of entries) {
    if (entry.path === '') continue;
    const { kind, mode, uid, linkName = '' } = entry;
    const marker = { kind: 'file', mode, uid, content: sha256(Buffer.alloc(0)) };
    if (kind === 'whiteout' || kind === 'opaque') facts[entryPath(entry)] = marker;
    else if (kind === 'hardlink') facts[entry.path] = facts[linkName]!;
    else facts[entry.path] = { kind, mode, uid, content: entry.sha256 ?? linkName };
  }
  return facts;
}

function shortOf(facts: Map<string, FileFact>, paths: readonly string[]): Record<string, Short | undefined> {
  return Object.fromEntries(
    paths.map((path) => {
      const fact = facts.get(path);
      return [path, fact && { kind: fact.kind, mode: fact.mode, uid: fact.uid, content: fact.content }];
    }),
  );
}

async function expectAgreement({ assembled, view, blobs }: Ported, base: readonly Buffer[]): Promise<void> {
  const umoci = await byUmoci([...base, ...blobs]);
  expect(Object.fromEntries(umoci)).toEqual(Object.fromEntries(factsOfView(view)));
  for (const [index, { kind, promised }] of assembled.layers.entries()) {
    if (kind === 'kept') continue;
    const wanted = promisedFacts(promised);
    for (const program of ['tar', 'bsdtar'] as const)
      expect(shortOf(await unpackedBy(program, blobs[index]!), Object.keys(wanted))).toEqual(wanted);
  }
}

describe.skipIf(!available)('layers rewritten by generated plans', () => {
  test('are unpacked by umoci, GNU tar and bsdtar to what was planned', async () => {
    let rewritten = 0;
    await fc.assert(
      fc.asyncProperty(generatedPort, async ({ scene }) => {
        const ported = await portInput(await inputOf(scene));
        const base = await Promise.all(scene.newBase.map(async (members) => gzipSync(await tarOf(members))));
        await expectAgreement(ported, base);
        rewritten += ported.assembled.layers.filter(({ kind }) => kind === 'rewritten').length;
      }),
      { numRuns: 40 },
    );
    expect(rewritten).toBeGreaterThan(20);
  });
});

const packages = ['perl-base', 'libc6', 'iputils-ping'];

async function packed(root: string): Promise<Buffer> {
  const file = join(folder.path, `packed-${count++}.tar`);
  await exec('tar', '--format=posix', '--numeric-owner', '--sort=name', '-cf', file, '-C', root, '.');
  const bytes = readFileSync(file);
  rmSync(file);
  return gzipSync(bytes, { level: 1 });
}

/** One root with the files of some packages. */
async function rootOf(names: readonly string[], architecture: 'amd64' | 'arm64'): Promise<string> {
  const root = join(folder.path, `root-${architecture}-${count++}`);
  mkdirSync(root);
  for (const name of names) {
    await exec(
      'sh',
      '-c',
      'cp -a "$0"/. "$1"',
      await unpackDebianPackage(folder.path, name, architecture),
      root,
    );
  }
  return root;
}

function mapPath(path: string): string {
  return path
    .replaceAll('x86_64-linux-gnu', 'aarch64-linux-gnu')
    .replaceAll('ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1');
}

/** The plan that the packages' arm64 files make: the same path or the mapped one; the rest is dropped and added. */
function planFor(view: MergedView, root: string): LayerPlan {
  const entries = view.layers.at(-1)!.entries;
  const paths = new Map(entries.map((entry) => [entryPath(entry), planOf(entry, root)] as const));
  const there = new Set(entries.map(({ path }) => mapPath(path)));
  const added = [...factsOnDisk(root)].flatMap(([path, fact]): AddedPath[] => {
    if (there.has(path) || fact.kind === 'directory') return [];
    const { mode, uid, gid, mtime } = fact;
    const facts = { path, mode, uid, gid, mtime, why: 'only arm64 has it' };
    if (fact.kind === 'symlink')
      return [{ ...facts, kind: 'symlink', linkName: fact.content, origin: 'the arm64 package' }];
    return [{ ...facts, ...contentOf(join(root, path)) }];
  });
  return { paths, added };
}

function planOf(entry: LayerEntry, root: string): PathPlan {
  const to = mapPath(entry.path);
  if (entry.kind === 'directory')
    return to === entry.path
      ? { action: 'keep', why: 'neutral' }
      : { action: 'rename', to, why: 'named for amd64' };
  const twin = join(root, to);
  const stat = lstatSync(twin, { throwIfNoEntry: false });
  const why = 'of the package';
  if (stat?.isSymbolicLink() === true) {
    const linkName = readlinkSync(twin);
    return { action: 'replace', why, to, with: { kind: 'symlink', linkName, origin: 'the arm64 package' } };
  }
  if (stat?.isFile() !== true) return { action: 'drop', why: 'only amd64 has it' };
  const content = contentOf(twin);
  if (content.sha256 === entry.sha256 && to === entry.path) return { action: 'keep', why: 'the same' };
  return { action: 'replace', why, to, with: { ...content, mode: stat.mode & 0o7777 } };
}

function contentOf(file: string): NewContent & { readonly kind: 'file' } {
  const bytes = readFileSync(file);
  return {
    ...{ kind: 'file', size: bytes.length, sha256: sha256(bytes), origin: 'the arm64 package' },
    content: () => createReadStream(file),
  };
}

describe.skipIf(!hasDebian)('a layer of Debian packages, ported file by file', () => {
  let ported: Ported;
  let base: Buffer;
  let armRoot = '';
  beforeAll(async () => {
    armRoot = await rootOf(packages, 'arm64');
    base = await packed(await rootOf(['base-files', 'coreutils'], 'arm64'));
    const oldBase = await packed(await rootOf(['base-files', 'coreutils'], 'amd64'));
    const layer = await packed(await rootOf(packages, 'amd64'));
    const input = await inputOf({ oldBase: [], newBase: [], layers: [sourceOf(layer)] });
    const [old, fresh] = [
      await inputOf({ oldBase: [], newBase: [], layers: [sourceOf(oldBase), sourceOf(layer)] }),
      await inputOf({ oldBase: [], newBase: [], layers: [sourceOf(base)] }),
    ];
    ported = await portInput({
      ...input,
      source: old.source,
      base: fresh.source,
      baseLayers: fresh.layers,
      plan: { layers: [planFor(old.source, armRoot)] },
      mapPath,
    });
  });

  test('is unpacked by umoci, GNU tar and bsdtar to what was planned, more than 300 paths', async () => {
    expect(ported.assembled.layers[0]?.promised.length).toBeGreaterThan(300);
    await expectAgreement(ported, [base]);
  });

  test('has the same paths, contents and links as the arm64 packages unpacked on their own', () => {
    const facts = factsOfView(ported.view);
    for (const [path, { kind, content, mode }] of factsOnDisk(armRoot)) {
      const here = facts.get(path);
      expect([path, here?.kind, here?.content]).toEqual([path, kind, content]);
      if (kind === 'file') expect([path, here?.mode]).toEqual([path, mode]);
    }
  });

  test('holds no amd64 program any more, and its loader is where arm64 programs look for it', () => {
    const machines = [...ported.view.entries()].flatMap(({ entry }) =>
      entry.facts?.kind === 'elf' ? [entry.facts.elf.machine.name] : [],
    );
    expect(new Set(machines)).toEqual(new Set(['aarch64']));
    expect(ported.view.resolve('lib/ld-linux-aarch64.so.1').found).toBe(true);
  });
});
