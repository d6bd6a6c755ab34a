import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImage } from '../../src/fixture/index.ts';
import type { MergedView } from '../../src/layer/index.ts';
import { buildLayers, generatedLayers } from '../../src/layer/merge/generated-layers.test-support.ts';
import type { TarMember } from '../../src/tar/index.ts';
import { Buildah, canMountOverlay, type StorageDriver } from '../support/buildah.ts';
import { canMakeDebianRoot, rootTimeout } from '../support/debian-root.ts';
import { type FileFact, factsOfView, factsOnDisk, viewOf } from '../support/file-facts.ts';
import { honestLayers } from '../support/honest-image.ts';
import { LayoutWriter } from '../support/layout-writer.ts';
import { exec, hasPrograms, temporaryFolder, unpackDebianPackage } from '../support/real-parts.ts';

// Tools that unpack layers as root, with owners and devices: what they make is what we must say.
const available = (await hasPrograms('umoci', 'buildah', 'tar')) && process.getuid?.() === 0;
const hasDebian = available && (await canMakeDebianRoot());
const hasOverlay = available && (await canMountOverlay(temporaryFolder().path));

/** Images that buildah is asked about, for each storage driver; more to look for rare disagreements. */
const engineRuns = Number(process.env['ARMLOAD_MERGE_RUNS'] ?? 40);

const folder = temporaryFolder();
afterAll(() => folder.remove());
let count = 0;

/** An image with these layers, tagged `it`, in a layout of its own. */
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

async function byUmoci(layout: string): Promise<Map<string, FileFact>> {
  const bundle = `${layout}-bundle`;
  await exec('umoci', 'unpack', '--image', `${layout}:it`, bundle);
  const facts = factsOnDisk(join(bundle, 'rootfs'));
  rmSync(bundle, { recursive: true });
  return facts;
}

/** Layers that umoci made of changes to Debian packages: files removed, replaced, linked, given other owners. */
async function packageImage(): Promise<string> {
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
  rmSync(bundle, { recursive: true });
  return layout;
}

/** Both as plain objects, for a difference that can be read. */
function expectSame(ours: Map<string, FileFact>, theirs: Map<string, FileFact>): void {
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
}

describe.skipIf(!available)('the merged view agrees with umoci', () => {
  test('on 100 images of generated layers: whiteouts, opaque directories, hard and replaced links', async () => {
    await fc.assert(
      fc.asyncProperty(generatedLayers, async (changes) => {
        const layout = await layoutOf(buildLayers(changes).layers);
        const view = await viewOf(layout, 'it', { symlinkedParents: 'follow' });
        expectSame(factsOfView(view), await byUmoci(layout));
        rmSync(layout, { recursive: true });
      }),
      { numRuns: 100 },
    );
  });
});

describe.skipIf(!available)('the merged view agrees with umoci on Debian packages', () => {
  test('on more than 800 paths of 3 layers', async () => {
    const layout = await packageImage();
    const view = await viewOf(layout, 'it', { symlinkedParents: 'follow' });
    expect(view.layers).toHaveLength(3);
    expect(view.size).toBeGreaterThan(800);
    expectSame(factsOfView(view), await byUmoci(layout));
  });
});

/** Buildah refuses layers that name a path twice: the last change of a path stays. */
function withoutRepeats<Change extends { readonly path: string }>(layers: readonly (readonly Change[])[]) {
  return layers.map((changes) => [...new Map(changes.map((change) => [change.path, change])).values()]);
}

/**
 * On overlayfs, buildah makes a whiteout a device file. Where the layer itself has something below that name, it refuses the
 * layer if the whiteout comes last, and else makes a plain directory of it: what lower layers have there shows, against
 * image-spec layer.md ("Whiteouts"). With vfs it's right, and so is umoci.
 */
function withoutMarkersOfOwn<Change extends { readonly action: string; readonly path: string }>(
  layers: readonly (readonly Change[])[],
) {
  return layers.map((changes) =>
    changes.filter(
      ({ action, path }) =>
        action !== 'whiteout' || !changes.some((other) => other.path.startsWith(`${path}/`)),
    ),
  );
}

/** On overlayfs, directories that a layer implies lose mode and owner in buildah; in containerd they don't. */
function withoutDirectoryModes(facts: Map<string, FileFact>): Map<string, FileFact> {
  const plain = { mode: 0, uid: 0, gid: 0 };
  return new Map(
    [...facts].map(([path, fact]) => [path, fact.kind === 'directory' ? { ...fact, ...plain } : fact]),
  );
}

describe.skipIf(!available)('the merged view agrees with buildah mount on generated layers', () => {
  /** Buildah doesn't take every layer: none that repeats a path, or whose paths lead through a file. */
  const refusal = /adding layer with blob/;

  async function compared(driver: StorageDriver, symlinkedParents: 'follow' | 'replace'): Promise<number> {
    const buildah = new Buildah(join(folder.path, `buildah-${driver}`), driver);
    const isOverlay = driver === 'overlay';
    const facts = isOverlay ? withoutDirectoryModes : (all: Map<string, FileFact>) => all;
    let images = 0;
    await fc.assert(
      fc.asyncProperty(generatedLayers, async (changes) => {
        const distinct = withoutRepeats(changes);
        const usable = isOverlay ? withoutMarkersOfOwn(distinct) : distinct;
        const layout = await layoutOf(buildLayers(usable).layers);
        const view = await viewOf(layout, 'it', { symlinkedParents });
        const theirs = await buildah.mounted(`oci:${layout}:it`, factsOnDisk).catch((error: unknown) => {
          if (!refusal.test(String(error))) throw error;
        });
        rmSync(layout, { recursive: true });
        if (theirs === undefined) return;
        expectSame(facts(factsOfView(view)), facts(theirs));
        images += 1;
      }),
      { numRuns: engineRuns },
    );
    await buildah.remove();
    return images;
  }

  test('storage driver vfs, which follows links of lower layers, on more than 10 images', async () => {
    expect(await compared('vfs', 'follow')).toBeGreaterThan(10);
  });

  test.skipIf(!hasOverlay)(
    'storage driver overlay, where directories replace them, on more than 10 images',
    async () => {
      expect(await compared('overlay', 'replace')).toBeGreaterThan(10);
    },
  );
});

/** A layer as builders leave them: things removed, replaced by things of other kinds, linked, given owners and rights. */
const changes = `
mkdir -p usr/share/man usr/bin etc usr/lib/jvm run var/lib/nginx dev
touch usr/share/.wh.doc usr/share/man/.wh..wh..opq etc/.wh.nginx
mkdir usr/share/man/man1 && echo page >usr/share/man/man1/new.1
echo text >usr/bin/python3 && chmod 4750 usr/bin/python3
echo file >usr/games
ln -s ../etc usr/lib/aarch64-linux-gnu.old
echo one >usr/bin/first && ln usr/bin/first usr/bin/second && ln usr/bin/first usr/lib/third
chown -h 1234:70000 usr/bin/first usr/lib/aarch64-linux-gnu.old
mkfifo run/pipe && mknod dev/port b 7 0 && chmod 1777 run
truncate -s 5M usr/lib/holes
`;

describe.skipIf(!hasDebian)('the merged view agrees with umoci and buildah on a whole arm64 Debian', () => {
  let layout = '';
  let view: MergedView;
  beforeAll(async () => {
    const changed = join(folder.path, 'changed');
    mkdirSync(changed);
    await exec('sh', '-ec', `cd "$0"; ${changes}`, changed);
    const writer = new LayoutWriter(join(folder.path, 'whole'));
    const added = await writer.addLayer(changed, { createdBy: 'RUN changes', without: [] });
    writer.addImage('it', { architecture: 'arm64', layers: [...(await honestLayers()), added] });
    layout = writer.path;
    view = await viewOf(layout, 'it', { symlinkedParents: 'follow' });
  }, rootTimeout);

  test('more than 8,000 paths of 5 layers, some of them changed', () => {
    expect(view.layers).toHaveLength(5);
    expect(view.size).toBeGreaterThan(8000);
    expect(view.lookup('usr/share/doc')).toBeUndefined();
    expect(view.lookup('usr/games')?.entry.kind).toBe('file');
    expect(view.list('usr/share/man').map(({ path }) => path)).toEqual(['usr/share/man/man1']);
  });

  test('umoci unpack', async () => {
    expectSame(factsOfView(view), await byUmoci(layout));
  });

  test('buildah mount', async () => {
    const buildah = new Buildah(join(folder.path, 'buildah-whole'), 'vfs');
    const theirs = await buildah.mounted(`oci:${layout}:it`, factsOnDisk);
    await buildah.remove();
    expectSame(factsOfView(view), theirs);
  });
});
