// Real Debian images for amd64 are ported, and the result is what Docker, skopeo, buildah and Debian's own tools take for an
// honest arm64 image.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf, type Index, type Manifest, parseManifest } from '../../src/oci/index.ts';
import { type RunningRegistry, startRegistry } from '../../src/registry/index.ts';
import type { AuditResult, PortResult } from '../../src/results/index.ts';
import { Buildah, driverFor } from '../support/buildah.ts';
import { type DebianImages, pushDebianImages } from '../support/debian-images.ts';
import { canMakeDebianRoot, rootTimeout } from '../support/debian-root.ts';
import { canStartDockerEngine, type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { machinesIn, type Rights, rightsIn } from '../support/ported-root.ts';
import {
  armload,
  exec,
  hasPrograms,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
} from '../support/real-parts.ts';

const parts = ['docker-registry', 'skopeo', 'buildah', 'readelf', 'getcap', 'dpkg'];
const here =
  process.arch === 'x64' &&
  (await hasPrograms(...parts)) &&
  (await canMakeDebianRoot()) &&
  (await canStartDockerEngine());

const folder = temporaryFolder();
const cache = join(folder.path, 'cache');
let registry: RunningProgram;
let images: DebianImages;
let engine: DockerEngine;
let embedded: RunningRegistry;
let buildah: Buildah;

beforeAll(async () => {
  if (!here) return;
  registry = await startDockerRegistry(join(folder.path, 'registry'));
  images = await pushDebianImages(registry.host);
  embedded = await startRegistry({ directory: join(folder.path, 'embedded') });
  engine = await startDockerEngine(join(folder.path, 'docker'));
  buildah = new Buildah(join(folder.path, 'buildah'), await driverFor(join(folder.path, 'overlay')));
}, rootTimeout);
afterAll(async () => {
  await buildah?.remove();
  await engine?.stop();
  await embedded?.close();
  await registry?.stop();
  folder.remove();
});

/** Ports with the built command. */
async function ported(reference: string, more: readonly string[] = []): Promise<PortResult> {
  const to = reference.replace(/:1$/, ':ported');
  const args = ['port', reference, '--to', to, '--cache-dir', cache, '--format', 'json', ...more];
  const { code, stdout, stderr } = await armload(args);
  const result = stdout === '' ? undefined : (JSON.parse(stdout) as PortResult);
  const said = { code, stderr, why: result?.why, refusals: result?.refusals };
  expect(said).toMatchObject({ code: 0, refusals: [] });
  if (result === undefined) throw new Error('nothing was printed');
  return result;
}

const ports = new Map<string, Promise<PortResult>>();

/** The port of an image, made by the first test that asks. */
function portOf(reference: string): Promise<PortResult> {
  const known = ports.get(reference) ?? ported(reference);
  ports.set(reference, known);
  return known;
}

async function raw(reference: string): Promise<{ digest: string; manifest: Manifest }> {
  const text = await exec('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`);
  return { digest: digestOf(Buffer.from(text)), manifest: parseManifest(Buffer.from(text)) };
}

/** Gives buildah's own name of the image, which is the digest of its config. */
async function pulled(reference: string, platform: string): Promise<string> {
  const how = ['--quiet', '--tls-verify=false', '--platform', platform];
  return (await buildah.run('pull', ...how, reference)).trim();
}

/** Digests of an index's images by architecture. */
function imagesOf(manifest: Manifest): ReadonlyMap<string, string> {
  const { manifests } = manifest as Index;
  return new Map(manifests.map(({ platform, digest }) => [platform?.architecture ?? '', digest]));
}

async function layersOf(reference: string): Promise<readonly string[]> {
  const { manifest } = await raw(reference);
  if (manifest.kind !== 'image') throw new Error(`${reference} is no image`);
  return manifest.layers.map(({ digest }) => digest);
}

const withDigest = (reference: string, digest: string) => `${reference.replace(/:[^:/]*$/, '')}@${digest}`;

describe.skipIf(!here)('an image whose lowest layer is a base that has arm64', () => {
  test("keeps its neutral layers' digests, and gets the sibling's own layer, however the base was named", async () => {
    const before = await layersOf(images.layered);
    const arm = imagesOf((await raw(images.base)).manifest).get('arm64') ?? '';
    const [sibling] = await layersOf(withDigest(images.base, arm));
    // Buildah names the base in an annotation.
    const annotated = await portOf(images.layered);
    expect(annotated).toMatchObject({ base: { state: 'found', evidence: 'annotation', layers: 1 } });
    const after = await layersOf(withDigest(images.layered, annotated.image?.digest ?? ''));
    expect(after).toEqual([sibling, expect.anything(), ...before.slice(2)]);
    expect(before).not.toContain(after[1]);
    const given = await ported(images.layered, ['--base', images.base]);
    expect(given).toMatchObject({ base: { evidence: 'given' }, image: { digest: annotated.image?.digest } });
  });
});

describe.skipIf(!here).each(['squashed', 'layered'] as const)('a %s image of Debian packages', (name) => {
  let source: string;
  let port: string;
  let result: PortResult;
  let upstream: string;
  let id: string;
  beforeAll(async () => {
    source = images[name];
    port = source.replace(/:1$/, ':ported');
    result = await portOf(source);
    upstream = await pulled(source, 'linux/amd64');
    id = await pulled(port, 'linux/arm64');
  }, rootTimeout);

  test('is published beside the original, which keeps its digest, and audited right', async () => {
    expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
    const args = ['audit', port, '--platform', 'linux/arm64', '--cache-dir', cache, '--format', 'json'];
    const { code, stdout } = await armload(args);
    const { images: audited } = JSON.parse(stdout) as AuditResult;
    expect(audited).toMatchObject([{ verdict: 'right', manifest: result.image?.digest }]);
    expect(audited[0]?.findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(code).toBe(0);
  });

  test('is of packages of its own archive alone, and each path is accounted for', () => {
    const uris = new Set(result.materials.map(({ origin, uri }) => `${origin} ${new URL(uri).protocol}`));
    expect([...uris]).toEqual(['debian http:']);
    expect(result.materials.map(({ name: of }) => of)).toEqual(
      expect.arrayContaining(['nginx', 'redis-server', 'libblas3', 'iputils-ping']),
    );
    const counted = { kept: 0, replaced: 0, mapped: 0, dropped: 0, added: 0 };
    for (const { outcome } of result.account) counted[outcome] += 1;
    expect(counted).toEqual(result.totals);
  });

  test('has no x86 code left, and keeps users, owners, modes, setuid bits and capabilities', async () => {
    const before = await buildah.mounted(upstream, async (root) => ({
      rights: await rightsIn(root),
      accounts: accountsOf(root),
    }));
    await buildah.mounted(id, async (root) => {
      const machines = await machinesIn(root);
      expect([...machines.keys()]).toEqual(['AArch64']);
      expect(machines.get('AArch64')?.length).toBeGreaterThan(200);
      expect(accountsOf(root)).toEqual(before.accounts);
      expectSameRights(before.rights, await rightsIn(root));
    });
  });

  test('has a package database that dpkg and apt find nothing wrong with', async () => {
    const verified = (image: string) =>
      buildah.mounted(image, (root) => exec('dpkg', `--root=${root}`, '--verify'));
    expect(await verified(id)).toBe(await verified(upstream));
    // The second is by the network, which takes its time under emulation: once is enough.
    const scripts = name === 'squashed' ? [databaseScript, aptScript] : [databaseScript];
    const said = await buildah.script(id, scripts.join('\n'));
    expect(said).toMatch(/^audit:$\n^architectures: arm64$/m);
    if (name !== 'squashed') return;
    expect(said).toMatch(/^Inst libyaml-0-2 .*\[arm64\]\)$/m);
    expect(said).not.toMatch(/^Remv/m);
  });

  test('starts its services under Docker, and they answer', async () => {
    await engine.docker('pull', '--quiet', '--platform', 'linux/arm64', port);
    const how = ['--detach', '--platform', 'linux/arm64', '--network', 'none'];
    const container = (await engine.docker('run', ...how, port)).trim();
    const inside = (...words: readonly string[]) => engine.docker('exec', container, ...words);
    try {
      await answering(() => inside('redis-cli', '-p', '6380', 'ping'), 'PONG');
      await answering(() => inside('curl', '--silent', 'http://127.0.0.1:8080/'), '<h1>ported</h1>');
      expect(await inside('python3', '/srv/app/program.py')).toBe('aarch64 42 OpenSSL\n');
      expect(await inside('perl', '-MPOSIX', '-e', 'print((POSIX::uname())[4])')).toBe('aarch64');
      expect(await inside('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/tmp/key')).toBe('');
      expect(await inside('ldconfig', '-p')).toContain('libblas.so.3 (libc6,AArch64)');
    } finally {
      await engine.docker('rm', '--force', container);
    }
  });

  test("is pulled by Docker as upstream's image for amd64", async () => {
    const idOf = async (reference: string, platform: string): Promise<string> => {
      await engine.docker('pull', '--quiet', '--platform', platform, reference);
      return (await engine.docker('image', 'inspect', '--format', '{{.Id}}', reference)).trim();
    };
    expect(await idOf(port, 'linux/amd64')).toBe(`sha256:${upstream}`);
    expect(imagesOf((await raw(port)).manifest).get('amd64')).toBe((await raw(source)).digest);
    expect(await idOf(port, 'linux/arm64')).toBe(`sha256:${id}`);
  });

  test("has the same digests for skopeo, buildah and armload's own registry", async () => {
    const { digest, manifest } = await raw(port);
    expect(digest).toBe(result.publish?.index.digest);
    const arm = imagesOf(manifest).get('arm64') ?? '';
    expect(arm).toBe(result.image?.digest);
    const config = parseManifest(
      Buffer.from(
        await exec('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${withDigest(port, arm)}`),
      ),
    );
    expect(config).toMatchObject({ kind: 'image', config: { digest: `sha256:${id}` } });
    const copy = `${embedded.host}/copy/${name}:1`;
    const { code, stderr } = await armload(['publish', '--no-audit', '--no-cache', copy, port]);
    expect(code, stderr).toBe(0);
    expect((await raw(copy)).digest).toBe(digest);
    await exec(
      'skopeo',
      'copy',
      '--quiet',
      '--all',
      '--src-tls-verify=false',
      `docker://${copy}`,
      `dir:${folder.path}/${name}`,
    );
    expect(digestOf(readFileSync(join(folder.path, name, 'manifest.json')))).toBe(digest);
  });
});

const databaseScript = `
echo audit:; dpkg --audit
echo "architectures: $(dpkg --print-architecture) $(dpkg --print-foreign-architectures)" | sed 's/ $//'
apt-get -qq check
`;
/** Apt has to know what is installed of which architecture to go on from there. */
const aptScript = `
apt-get -qq update
apt-get -s install python3-yaml
`;

/** Programs take their time under emulation. */
async function answering(ask: () => Promise<string>, expected: string): Promise<void> {
  let said = '';
  for (let attempt = 0; attempt < 60 && said !== `${expected}\n`; attempt += 1) {
    said = await ask().catch((error: unknown) => String(error));
    if (said !== `${expected}\n`) await delay(500);
  }
  expect(said).toBe(`${expected}\n`);
}

function accountsOf(root: string): readonly string[] {
  return ['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].map((name) =>
    readFileSync(join(root, 'etc', name), 'utf8'),
  );
}

/** What each machine's Debian calls the same thing. */
const names: readonly (readonly [RegExp, string])[] = [
  [/x86_64-linux-gnu/g, 'aarch64-linux-gnu'],
  [/:amd64\./g, ':arm64.'],
];
/**
 * What only amd64 has: its loader, packages and change logs that name it, glibc's vector mathematics, headers of its three
 * interfaces; and caches of ldconfig and dpkg that are made anew when they are missing.
 */
const ofAmd64Alone =
  /amd64|x86[-_]64|x32|_(?:32|64)\.ph$|stubs-64\.ph$|^(?:usr\/)?lib64$|\/libmvec\.so\.1$|^var\/cache\/ldconfig\/aux-cache$|^var\/lib\/dpkg\/status-old$/;

function expectSameRights(before: ReadonlyMap<string, Rights>, after: ReadonlyMap<string, Rights>): void {
  const lost: string[] = [];
  const changed: string[] = [];
  for (const [path, rights] of before) {
    const name = names.reduce((text, [from, to]) => text.replace(from, to), path);
    const now = after.get(name);
    if (now === undefined) lost.push(path);
    else if (now !== rights) changed.push(`${path}: ${rights}, now ${now}`);
  }
  expect(changed).toEqual([]);
  expect(lost.filter((path) => !ofAmd64Alone.test(path))).toEqual([]);
  const special = [...before].filter(([, rights]) => / cap_|^10[2467]/.test(rights));
  expect(special.length).toBeGreaterThan(5);
}
