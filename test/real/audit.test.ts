// An honest arm64 Debian with what people put into it, and lies told about it.
import { chmodSync, copyFileSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AuditOptions, audit } from '../../src/audit/index.ts';
import type { Finding, ImageAudit } from '../../src/results/index.ts';
import { addJar, addNpmPackage, buildGoProgram } from '../support/borrowed-parts.ts';
import { canMakeDebianRoot, debianRoot, rootTimeout } from '../support/debian-root.ts';
import { honestLayers } from '../support/honest-image.ts';
import { LayoutWriter, type WrittenLayer } from '../support/layout-writer.ts';
import { hasPrograms, temporaryFolder, unpackDebianPackage } from '../support/real-parts.ts';

const available = await canMakeDebianRoot();
const hasAmd64Packages = available && (await hasPrograms('dpkg-deb'));
const hasGo = available && (await hasPrograms('go'));
const hasNpm = available && (await hasPrograms('npm'));
const hasMaven = available && (await hasPrograms('mvn'));

const folder = temporaryFolder();
afterAll(() => folder.remove());
const cacheDirectory = join(folder.path, 'cache');

async function auditOf(reference: string, options: Partial<AuditOptions> = {}): Promise<ImageAudit> {
  const { images } = await audit({ references: [reference], cacheDirectory, environment: {}, ...options });
  expect(images).toHaveLength(1);
  const [audited] = images as [ImageAudit];
  expect(audited.verdict, audited.why).not.toBe('unknown');
  return audited;
}

function serious({ findings }: ImageAudit): readonly Finding[] {
  return findings.filter(({ severity }) => severity !== 'note');
}

function expectHonest(audited: ImageAudit): void {
  expect(serious(audited)).toEqual([]);
  expect(audited).toMatchObject({ verdict: 'right', causes: [], label: { bytes: 'linux/arm64' } });
}

let made = 0;
function newFolder(): string {
  const path = join(folder.path, `part-${made++}`);
  mkdirSync(path);
  return path;
}

/** Fetches something, or gives why it can't be: a registry out of reach is no fault of armload's. */
async function attempt(fetching: () => Promise<void>): Promise<string | undefined> {
  try {
    await fetching();
    return undefined;
  } catch (error) {
    return `not reachable: ${String(error).slice(0, 200)}`;
  }
}

const nginx = ['/usr/sbin/nginx', '-g', 'daemon off;'];

describe.skipIf(!available)('an honest arm64 Debian', () => {
  let layers: readonly WrittenLayer[] = [];
  let writer: LayoutWriter;
  let honest = '';

  function image(tag: string, more: readonly WrittenLayer[], config: Record<string, unknown> = {}): string {
    return writer.addImage(tag, {
      architecture: 'arm64',
      layers: [...layers, ...more],
      config: { Entrypoint: nginx, ...config },
    });
  }

  /** A layer of the files that `fill` puts into an empty folder. */
  async function layerOf(
    createdBy: string,
    fill: (root: string) => Promise<void> | void,
  ): Promise<WrittenLayer> {
    const root = newFolder();
    await fill(root);
    return writer.addLayer(root, { createdBy });
  }

  beforeAll(async () => {
    layers = await honestLayers();
    writer = new LayoutWriter(join(folder.path, 'layout'));
    honest = image('honest', []);
  }, rootTimeout);

  test('is right, in more than 8,000 files and 500 of machine code', async () => {
    const audited = await auditOf(honest);
    expectHonest(audited);
    expect(audited.files).toBeGreaterThan(8000);
    expect(audited.label?.code).toEqual({ arm64: expect.any(Number) });
    expect(audited.label?.code['arm64']).toBeGreaterThan(500);
    expect(audited.entries).toMatchObject([{ chain: ['/usr/sbin/nginx'], ok: true }]);
  });

  test.each([
    ['redis-server', '--version'],
    ['java', '-jar', '/app/service.jar'],
    ['nodejs', '-e', '0'],
    ['python3', '-m', 'http.server'],
    ['perl', '-e', '1'],
    ['curl', '--version'],
    ['sh', '-c', 'exec nginx -g "daemon off;"'],
    ['/usr/bin/env', 'python3'],
    // Scripts, by the shebangs of Perl and Python.
    ['/usr/sbin/adduser', '--help'],
    ['/usr/bin/py3compile', '--help'],
  ])('is right started as %s %s', async (...command) => {
    const audited = await auditOf(honest, { override: { command } });
    expectHonest(audited);
    expect(audited.entries).toMatchObject([{ words: command, ok: true }]);
  });

  test('labelled amd64 has the wrong label, and is mislabelled for those who want amd64', async () => {
    const mislabelled = writer.addImage('amd64', {
      architecture: 'amd64',
      layers,
      config: { Entrypoint: nginx },
    });
    expect(await auditOf(mislabelled)).toMatchObject({
      verdict: 'metadata-wrong',
      label: { config: 'linux/amd64', bytes: 'linux/arm64' },
    });
    const asked = await auditOf(mislabelled, { platform: { os: 'linux', architecture: 'amd64' } });
    expect(asked).toMatchObject({ verdict: 'mislabelled', label: { bytes: 'linux/arm64' } });
    expect(serious(asked)).toContainEqual(
      expect.objectContaining({ path: '/usr/sbin/nginx', role: 'entrypoint', verdict: 'reachable' }),
    );
  });

  describe('with an application', () => {
    test.skipIf(!hasNpm)('of an npm package with prebuilt modules for many machines', async ({ skip }) => {
      let why: string | undefined;
      const layer = await layerOf('COPY app /app', async (root) => {
        mkdirSync(join(root, 'app'));
        why = await attempt(() => addNpmPackage(join(root, 'app')));
      });
      if (why !== undefined) skip(why);
      const audited = await auditOf(image('npm', [layer]), {
        override: { command: ['node', '/app/node_modules/classic-level/index.js'] },
      });
      expectHonest(audited);
      const prebuilt = audited.findings.filter(({ path }) => path?.includes('/prebuilds/'));
      expect(prebuilt.map(({ verdict }) => verdict)).toContain('shadowed');
      expect(prebuilt.length).toBeGreaterThan(3);
      expect(prebuilt.every(({ layer: origin }) => origin?.index === layers.length)).toBe(true);
    });

    test.skipIf(!hasMaven)('of a jar with native libraries for many machines', async ({ skip }) => {
      let why: string | undefined;
      const layer = await layerOf('COPY app /app', async (root) => {
        mkdirSync(join(root, 'app'));
        why = await attempt(() => addJar(join(root, 'app')));
      });
      if (why !== undefined) skip(why);
      const audited = await auditOf(image('jar', [layer]), {
        override: { command: ['java', '-cp', '/app/lib/*', 'org.sqlite.JDBC'] },
      });
      expectHonest(audited);
      const native = audited.findings.filter(({ path }) => path?.includes('.jar!/'));
      expect(native.map(({ verdict }) => verdict)).toContain('shadowed');
      expect(native.length).toBeGreaterThan(5);
    });
  });

  describe.skipIf(!hasAmd64Packages)('with amd64 files in it', () => {
    /** A file of an amd64 package at the same or another path. */
    function copyFrom(root: string, source: string, target: string): void {
      mkdirSync(dirname(join(root, target)), { recursive: true });
      copyFileSync(realpathSync(source), join(root, target));
      chmodSync(join(root, target), 0o755);
    }

    test('the amd64 nginx in place of its own is mislabelled', async () => {
      const amd64 = await unpackDebianPackage(folder.path, 'nginx', 'amd64');
      const createdBy = 'COPY nginx /usr/sbin/nginx # buildkit';
      const layer = await layerOf(createdBy, (root) =>
        copyFrom(root, join(amd64, 'usr/sbin/nginx'), 'usr/sbin/nginx'),
      );
      const audited = await auditOf(image('class-a', [layer]));
      expect(audited).toMatchObject({ verdict: 'mislabelled', label: { bytes: 'linux/amd64' } });
      expect(serious(audited).filter(({ kind }) => kind === 'foreign-code')).toMatchObject([
        {
          severity: 'error',
          verdict: 'reachable',
          role: 'entrypoint',
          path: '/usr/sbin/nginx',
          layer: { index: layers.length, digest: layer.digest, history: createdBy },
        },
      ]);
    });

    test('the amd64 libz in place of its own is a library that is reached', async () => {
      const amd64 = await unpackDebianPackage(folder.path, 'zlib1g', 'amd64');
      const name = realpathSync(join(await debianRoot(), 'usr/lib/aarch64-linux-gnu/libz.so.1'))
        .split('/')
        .at(-1);
      const path = `usr/lib/aarch64-linux-gnu/${name}`;
      const layer = await layerOf('COPY libz /usr/lib', (root) =>
        copyFrom(root, join(amd64, 'lib/x86_64-linux-gnu/libz.so.1'), path),
      );
      const audited = await auditOf(image('libz', [layer]));
      expect(audited.verdict).toBe('broken');
      expect(serious(audited)).toContainEqual(
        expect.objectContaining({
          kind: 'foreign-code',
          severity: 'error',
          verdict: 'reachable',
          path: `/${path}`,
          layer: expect.objectContaining({ index: layers.length, digest: layer.digest }),
        }),
      );
    });

    test('an x86 helper on the PATH makes it mixed', async () => {
      const createdBy = 'RUN curl -o /usr/local/bin/helper https://example.com/helper-linux-amd64';
      const layer = await layerOf(createdBy, async (root) => {
        const amd64 = await unpackDebianPackage(folder.path, 'hello', 'amd64');
        copyFrom(root, join(amd64, 'usr/bin/hello'), 'usr/local/bin/helper');
      });
      const audited = await auditOf(image('helper', [layer]));
      expect(audited.verdict).toBe('mixed');
      expect(serious(audited)).toMatchObject([
        {
          kind: 'foreign-code',
          severity: 'error',
          verdict: 'reachable',
          role: 'path-program',
          path: '/usr/local/bin/helper',
          layer: { index: layers.length, digest: layer.digest, history: createdBy },
        },
      ]);
      expect(audited.causes.join('\n')).toMatch(/amd64/);
    });
  });
});

describe.skipIf(!hasGo)('a static program of Go on scratch', () => {
  test.each([
    ['arm64', 'right'],
    ['amd64', 'metadata-wrong'],
  ])('labelled %s is %s', async (architecture, verdict) => {
    const writer = new LayoutWriter(newFolder());
    const root = newFolder();
    await buildGoProgram(root, 'hello');
    const layer = await writer.addLayer(root, { createdBy: 'COPY hello /hello' });
    const audited = await auditOf(
      writer.addImage('it', { architecture, layers: [layer], config: { Entrypoint: ['/hello'] } }),
    );
    expect(audited).toMatchObject({ verdict, label: { bytes: 'linux/arm64' }, files: 1 });
    if (verdict === 'right') expectHonest(audited);
  });
});
