import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { buildImage } from '../../src/fixture/index.ts';
import { createLayerReader, type MergedView, mergeLayers } from '../../src/layer/index.ts';
import { buildLayers, generatedLayers } from '../../src/layer/merge/generated-layers.test-support.ts';
import { parseConfig, parseManifest } from '../../src/oci/index.ts';
import { openLayout } from '../../src/registry/index.ts';
import type { TarMember } from '../../src/tar/index.ts';
import { exec, hasPrograms, temporaryFolder, unpackDebianPackage } from '../support/real-parts.ts';

// umoci unpacks layers on top of each other, as root, with owners and devices: what it makes is what we must say.
const available = (await hasPrograms('umoci', 'tar')) && process.getuid?.() === 0;

interface Fact {
  readonly kind: string;
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
  readonly content: string;
  /** First path of the hard link group. */
  readonly group: string;
}

function onDisk(root: string): Map<string, Fact> {
  const facts = new Map<string, Fact>();
  const groups = new Map<number, string>();
  const visit = (path: string): void => {
    for (const name of readdirSync(join(root, path)).sort((a, b) => (a < b ? -1 : 1))) {
      const inner = path === '' ? name : `${path}/${name}`;
      const stat = lstatSync(join(root, inner));
      const kind = stat.isDirectory()
        ? 'directory'
        : stat.isSymbolicLink()
          ? 'symlink'
          : stat.isFile()
            ? 'file'
            : stat.isFIFO()
              ? 'fifo'
              : stat.isCharacterDevice()
                ? 'character-device'
                : 'other';
      const group = kind === 'directory' ? inner : (groups.get(stat.ino) ?? inner);
      groups.set(stat.ino, group);
      facts.set(inner, {
        kind,
        mode: kind === 'symlink' ? 0o777 : stat.mode & 0o7777,
        uid: stat.uid,
        size: kind === 'file' ? stat.size : 0,
        content:
          kind === 'file'
            ? createHash('sha256')
                .update(readFileSync(join(root, inner)))
                .digest('hex')
            : kind === 'symlink'
              ? readlinkSync(join(root, inner))
              : '',
        group,
      });
      if (kind === 'directory') visit(inner);
    }
  };
  visit('');
  return facts;
}

function ofView(view: MergedView): Map<string, Fact> {
  const facts = new Map<string, Fact>();
  for (const { path, entry } of view.entries())
    facts.set(path, {
      kind: entry.kind,
      mode: entry.kind === 'symlink' ? 0o777 : entry.mode,
      uid: entry.uid,
      size: entry.size,
      content: entry.sha256 ?? entry.linkName ?? '',
      group: view.links(path)[0] ?? '',
    });
  return facts;
}

/** Reads the image `it` of a layout as armload does. */
async function viewOf(layout: string): Promise<MergedView> {
  const repository = await openLayout(layout);
  const reader = createLayerReader();
  try {
    const manifest = parseManifest((await repository.manifest('it')).bytes);
    if (manifest.kind !== 'image') throw new Error(manifest.kind);
    const chunks: Uint8Array[] = [];
    for await (const chunk of repository.blob(manifest.config)) chunks.push(chunk);
    const { diffIds } = parseConfig(Buffer.concat(chunks));
    const layers = await Promise.all(
      manifest.layers.map((descriptor, index) =>
        reader.read({ repository, descriptor, ...(diffIds[index] && { diffId: diffIds[index] }) }),
      ),
    );
    return mergeLayers(layers, { symlinkedParents: 'follow' });
  } finally {
    await reader.close();
  }
}

describe.skipIf(!available)('the merged view agrees with umoci', () => {
  const folder = temporaryFolder();
  let count = 0;
  afterAll(() => folder.remove());

  async function layoutOf(layers: readonly (readonly TarMember[])[]): Promise<string> {
    const layout = join(folder.path, `layout-${count++}`);
    const image = await buildImage({ platform: { os: 'linux', architecture: 'arm64' }, layers });
    mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
    for (const { descriptor, bytes } of [image.manifest, ...image.blobs])
      writeFileSync(join(layout, 'blobs', descriptor.digest.replace(':', '/')), bytes);
    writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    const annotations = { 'org.opencontainers.image.ref.name': 'it' };
    writeFileSync(
      join(layout, 'index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...image.manifest.descriptor, annotations }] }),
    );
    return layout;
  }

  async function unpacked(layout: string): Promise<Map<string, Fact>> {
    const bundle = `${layout}-bundle`;
    await exec('umoci', 'unpack', '--image', `${layout}:it`, bundle);
    const facts = onDisk(join(bundle, 'rootfs'));
    rmSync(bundle, { recursive: true });
    return facts;
  }

  test('generated layers with whiteouts, opaque directories, hard links and replaced links', async () => {
    await fc.assert(
      fc.asyncProperty(generatedLayers, async (changes) => {
        const layout = await layoutOf(buildLayers(changes).layers);
        const [view, disk] = [await viewOf(layout), await unpacked(layout)];
        expect(Object.fromEntries(ofView(view))).toEqual(Object.fromEntries(disk));
        rmSync(layout, { recursive: true });
      }),
      { numRuns: 100 },
    );
  });

  test('an image of Debian packages, whose layers umoci made', async () => {
    const layout = join(folder.path, 'debian');
    const bundle = join(folder.path, 'debian-work');
    await exec('umoci', 'init', '--layout', layout);
    await exec('umoci', 'new', '--image', `${layout}:it`);
    await exec('umoci', 'unpack', '--image', `${layout}:it`, bundle);
    const rootfs = join(bundle, 'rootfs');
    for (const name of ['base-files', 'coreutils', 'perl-base', 'libc6', 'iputils-ping']) {
      const root = await unpackDebianPackage(folder.path, name, 'amd64');
      await exec('sh', '-c', 'cp -a "$0"/. "$1"', root, rootfs);
    }
    await exec('sh', '-c', 'cd "$0" && ln bin/ls bin/dir2 && mknod dev/null c 1 3; true', rootfs);
    await exec('umoci', 'repack', '--refresh-bundle', '--image', `${layout}:it`, bundle);
    const changes = [
      'rm -r usr/share/doc bin/ls usr/lib/x86_64-linux-gnu/perl-base/IO',
      'mv lib64 lib64.old; ln -s usr/lib lib64; rm -r usr/share/man; echo no > usr/share/man',
      'chmod 4750 bin/cat; chown 1234:70000 etc; ln usr/bin/env usr/bin/env2; mkfifo run/pipe',
      'setfattr -n user.test -v x usr/bin/id; truncate -s 5M sparse',
    ];
    await exec('sh', '-c', `cd "$0" && { ${changes.join('; ')}; true; }`, rootfs);
    await exec('umoci', 'repack', '--refresh-bundle', '--image', `${layout}:it`, bundle);
    await exec('sh', '-c', 'cd "$0" && mkdir -p usr/share/doc/new bin/x && rm -r etc && mkdir etc', rootfs);
    await exec('umoci', 'repack', '--image', `${layout}:it`, bundle);

    const view = await viewOf(layout);
    const disk = await unpacked(layout);
    expect(view.layers).toHaveLength(3);
    expect(view.size).toBeGreaterThan(800);
    expect(Object.fromEntries(ofView(view))).toEqual(Object.fromEntries(disk));
  });
});
