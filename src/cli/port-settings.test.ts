import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Config } from './config.ts';
import type { PortFlags } from './port-flags.ts';
import { portSettings } from './port-settings.ts';

const hash = 'A'.repeat(64);
const digest = `sha256:${'b'.repeat(64)}`;
const flags: PortFlags = { cache: true, attach: true, to: 'registry.example/app:1' };

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'armload-port-settings-'));
  await writeFile(join(cwd, 'tool'), 'a program');
  await writeFile(join(cwd, 'key.pem'), 'a key');
  await writeFile(join(cwd, 'text.txt'), 'not JSON');
  const bases = [
    {
      chainId: digest,
      layers: 1,
      platform: 'linux/amd64',
      reference: 'docker.io/library/debian:12',
      index: digest,
      manifest: digest,
    },
  ];
  await writeFile(join(cwd, 'bases.json'), JSON.stringify({ schemaVersion: 1, bases }));
  await mkdir(join(cwd, 'folder'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

interface Around {
  readonly values?: Config['values'];
  readonly operands?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

function settingsOf(given: Partial<PortFlags> = {}, around: Around = {}) {
  const { values, operands = ['acme/app:1'], environment = {} } = around;
  const config: Config =
    values === undefined ? { directory: cwd, values: {} } : { file: 'own.yaml', directory: cwd, values };
  return portSettings({ flags: { ...flags, ...given }, operands }, config, { cwd, environment });
}

test('without more than a reference and a destination, linux/amd64 is ported to linux/arm64', async () => {
  expect(await settingsOf()).toMatchObject({
    format: { name: 'table' },
    port: {
      reference: 'acme/app:1',
      to: 'registry.example/app:1',
      from: { os: 'linux', architecture: 'amd64' },
      platform: { os: 'linux', architecture: 'arm64' },
      attach: true,
    },
  });
  const { port } = await settingsOf();
  expect(Object.keys(port).sort()).toEqual(['attach', 'from', 'platform', 'reference', 'to']);
});

test('replacements are files of this machine, or addresses with a hash', async () => {
  const { port } = await settingsOf({
    replace: [
      '/usr/bin/a=tool',
      `/usr/bin/b=./tool#sha256:${hash}`,
      `/usr/bin/c=https://release.example/x?y=1#sha256:${hash}`,
      `/usr/bin/d=https://release.example/x.zip#${hash}!/bin/d#1`,
      '/usr/bin/e=tool!/bin/e',
    ],
  });
  expect(port.replacements).toEqual([
    { path: '/usr/bin/a', from: join(cwd, 'tool') },
    { path: '/usr/bin/b', from: join(cwd, 'tool'), sha256: hash.toLowerCase() },
    { path: '/usr/bin/c', from: 'https://release.example/x?y=1', sha256: hash.toLowerCase() },
    { path: '/usr/bin/d', from: 'https://release.example/x.zip!/bin/d#1', sha256: hash.toLowerCase() },
    { path: '/usr/bin/e', from: `${join(cwd, 'tool')}!/bin/e` },
  ]);
});

test('a waiver is a path and a reason, which may hold anything', async () => {
  const { port } = await settingsOf({ waive: ['/opt/x.so= a = b '] });
  expect(port.waivers).toEqual([{ path: '/opt/x.so', reason: 'a = b' }]);
});

test('bases are given, known from a table, or not looked for', async () => {
  expect((await settingsOf({ bases: ['debian:12', 'docker.io/library/debian:12-slim'] })).port.bases).toEqual(
    ['debian:12', 'docker.io/library/debian:12-slim'],
  );
  const { knownBases } = (await settingsOf({ knownBases: 'bases.json' })).port;
  expect(knownBases?.lookup(digest as never)).toMatchObject([{ reference: 'docker.io/library/debian:12' }]);
  const none = await settingsOf({ noBase: true }, { values: { port: { bases: ['debian:12'] } } });
  expect(none.port).toMatchObject({ noBase: true });
  expect(none.port.bases).toBeUndefined();
});

test('a signing key is a file, and its passphrase comes from the environment', async () => {
  const environment = { COSIGN_PASSWORD: 'other', ARMLOAD_SIGN_PASSPHRASE: 'secret' };
  const key = { kind: 'key', file: join(cwd, 'key.pem') };
  expect((await settingsOf({ signKey: 'key.pem' }, { environment })).port.sign).toEqual({
    ...key,
    passphrase: 'secret',
  });
  expect(
    (await settingsOf({ signKey: 'key.pem' }, { environment: { COSIGN_PASSWORD: 'other' } })).port.sign,
  ).toEqual({ ...key, passphrase: 'other' });
  expect((await settingsOf({ signKey: 'key.pem' })).port.sign).toEqual(key);
  expect((await settingsOf({ signKeyless: true })).port.sign).toEqual({ kind: 'keyless' });
});

test('the command line goes before the configuration, and mirrors and keyrings stand beside it', async () => {
  const values: Config['values'] = {
    port: {
      from: 'linux/386',
      allowBaseDifferences: true,
      concurrency: 3,
      run: { means: 'docker', timeoutSeconds: 5 },
      debian: {
        mirrors: {
          'http://one.example/debian': 'http://own.example/one',
          'http://two.example/debian': 'http://own.example/two',
        },
        snapshot: 'https://snapshots.example/{archive}/{time}',
        keyrings: ['tool'],
        allowUpgrade: true,
      },
    },
  };
  expect((await settingsOf({}, { values })).port).toMatchObject({
    from: { os: 'linux', architecture: '386' },
    allowBaseDifferences: true,
    concurrency: 3,
    run: { means: 'docker', timeoutSeconds: 5 },
    debian: { snapshot: 'https://snapshots.example/{archive}/{time}', allowUpgrade: true },
  });
  const given = {
    from: 'linux/amd64',
    mirror: ['http://two.example/debian=https://near.example/two'],
    snapshot: 'http://other.example/{time}/{archive}',
    keyring: ['key.pem'],
    runMeans: 'native',
  };
  expect((await settingsOf(given, { values })).port).toMatchObject({
    from: { architecture: 'amd64' },
    run: { means: 'native', timeoutSeconds: 5 },
    debian: {
      mirrors: {
        'http://one.example/debian': 'http://own.example/one',
        'http://two.example/debian': 'https://near.example/two',
      },
      snapshot: 'http://other.example/{time}/{archive}',
      keyrings: [join(cwd, 'key.pem'), join(cwd, 'tool')],
      allowUpgrade: true,
    },
  });
});

test('the registry of Node packages may be given, and the registries of scopes configured', async () => {
  const node = { registry: 'https://one.example', scopes: { '@acme': 'https://acme.example/npm/' } };
  const config = { values: { port: { node } } };
  expect((await settingsOf({}, config)).port.node).toEqual(node);
  const registry = 'https://two.example/npm';
  expect((await settingsOf({ nodeRegistry: registry }, config)).port.node).toEqual({ ...node, registry });
  expect((await settingsOf({})).port.node).toBeUndefined();
});

test('Go programs may be left alone, and their link flags be told', async () => {
  const go = { enabled: true, program: 'bin/go', timeoutSeconds: 60 };
  const config = { values: { port: { go } } };
  const program = join(cwd, 'bin/go');
  expect((await settingsOf({ go: true }, config)).port.go).toEqual({ ...go, program });
  const told = await settingsOf({ go: false, goLdflags: ['/tool=-s -X main.v=1'] }, config);
  expect(told.port.go).toEqual({
    ...{ enabled: false, program, timeoutSeconds: 60 },
    linkFlags: { '/tool': '-s -X main.v=1' },
  });
  expect((await settingsOf({ go: true })).port.go).toBeUndefined();
});

test('a dry run needs no destination', async () => {
  const { to: _to, ...without } = flags;
  const parsed = { flags: { ...without, dryRun: true }, operands: ['acme/app:1'] };
  const { port } = await portSettings(parsed, { directory: cwd, values: {} }, { cwd, environment: {} });
  expect(port).toMatchObject({ dryRun: true });
  await expect(
    portSettings({ ...parsed, flags: without }, { directory: cwd, values: {} }, { cwd, environment: {} }),
  ).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('needs --to') });
});

describe('is told before anything is fetched:', () => {
  test.each<[string, Partial<PortFlags>, string]>([
    ['a destination without a tag', { to: 'registry.example/app' }, 'names no tag'],
    ['a destination by digest', { to: `registry.example/app@${digest}` }, 'is a digest'],
    ['a destination that holds no index', { to: 'docker-archive:x.tar:a:1' }, 'docker-archive'],
    ['a destination that is none', { to: 'Registry!' }, 'Registry!'],
    ['a registry to write to, offline', { offline: true }, "can't be written offline"],
    ['a replacement without =', { replace: ['/usr/bin/a'] }, 'is not PATH=FILE'],
    ['a replacement of a relative path', { replace: ['usr/bin/a=tool'] }, 'does not start with /'],
    ['a replacement of a path with ..', { replace: ['/usr/../a=tool'] }, '. or ..'],
    ['a replacement of a folder', { replace: ['/usr/bin/=tool'] }, 'is empty'],
    ['a replacement by nothing', { replace: ['/usr/bin/a='] }, 'names no file'],
    ['a replacement by a file that is not there', { replace: ['/usr/bin/a=none'] }, '"none"'],
    ['a replacement by a folder', { replace: ['/usr/bin/a=folder'] }, 'it is not a file'],
    [
      'an address without a hash',
      { replace: ['/usr/bin/a=https://x.example/a'] },
      'an address without a hash',
    ],
    [
      'an address that is not https',
      { replace: [`/a=http://x.example/a#sha256:${hash}`] },
      'not an https address',
    ],
    ['another hash', { replace: ['/a=https://x.example/a#sha512:abc'] }, 'an address without a hash'],
    ['a hash that is too short', { replace: ['/a=tool#sha256:abc'] }, 'not a SHA-256'],
    ['two replacements of a path', { replace: ['/a=tool', '/a=key.pem'] }, 'names /a twice'],
    ['a waiver without =', { waive: ['/opt/x'] }, 'is not PATH=REASON'],
    ['a waiver without a reason', { waive: ['/opt/x='] }, 'names no reason'],
    ['a waiver with a reason of spaces', { waive: ['/opt/x=  '] }, 'gives no reason'],
    ['a waiver of a relative path', { waive: ['opt/x=y'] }, 'does not start with /'],
    ['two ways to sign', { signKey: 'key.pem', signKeyless: true }, 'contradict'],
    ['a key and nothing to sign', { signKey: 'key.pem', attach: false }, '--sign-key has nothing to sign'],
    ['an identity and nothing to sign', { signKeyless: true, attach: false }, '--sign-keyless has nothing'],
    ['a key that is not there', { signKey: 'none.pem' }, '--sign-key "none.pem"'],
    ['a base and none', { bases: ['debian:12'], noBase: true }, '--base and --no-base'],
    ['a base that is no reference', { bases: ['Debian!'] }, 'Debian!'],
    ['a base that is no reference of a registry', { bases: ['oci:./base:1'] }, 'oci:./base:1'],
    ['a table that is not there', { knownBases: 'none.json' }, '--known-bases "none.json"'],
    ['a table that is none', { knownBases: 'text.txt' }, 'is not JSON'],
    ['a mirror of nothing', { mirror: ['https://mirror.example'] }, 'is not ARCHIVE=MIRROR'],
    [
      'a mirror that is no address',
      { mirror: ['archive=https://mirror.example'] },
      '"archive" is not an http',
    ],
    ['a snapshot without {time}', { snapshot: 'https://x.example/{archive}' }, 'has no {time}'],
    ['a snapshot that is no address', { snapshot: '{archive}/{time}' }, 'not an http or https address'],
    ['a keyring that is not there', { keyring: ['none.gpg'] }, '--keyring "none.gpg"'],
    ['link flags of no path', { goLdflags: ['tool=-s'] }, '--go-ldflags "tool" is not a path'],
    ['no link flags', { goLdflags: ['/tool'] }, 'is not PATH=FLAGS'],
    [
      'a registry that is no address',
      { nodeRegistry: 'packages.example' },
      '--node-registry "packages.example"',
    ],
    ['an unknown platform', { from: 'linux/amr64' }, '--from "linux/amr64"'],
    ['an unknown target', { platform: 'arm64/linux' }, 'the wrong way round'],
    ['a port to the same', { from: 'linux/arm64/v8' }, 'from linux/arm64 to linux/arm64'],
    ['a target that is the default source', { platform: 'linux/amd64' }, 'from linux/amd64 to linux/amd64'],
    ['a work folder that is a file', { workFolder: 'tool' }, 'is not a folder'],
    ['one file for two', { account: 'x.json', output: './x.json' }, 'the same file'],
    ['a limit that is no number', { maxRequests: 'x' }, '--max-requests'],
    ['a means to run that is none', { run: true, runMeans: 'podman' }, '--run-means'],
  ])('%s', async (_name, wrong, said) => {
    const told = settingsOf(wrong);
    await expect(told).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:USAGE|REFERENCE_INVALID)$/),
      message: expect.stringContaining(said),
    });
  });

  test.each<[string, Config['values']['port'], string]>([
    ['port.from', { from: 'linux/amr64' }, 'own.yaml: port.from'],
    ['port.run.means', { run: { means: 'podman' } }, 'own.yaml: port.run.means'],
    ['port.knownBases', { knownBases: 'none.json' }, 'own.yaml: port.knownBases'],
    ['port.debian.mirrors', { debian: { mirrors: { a: 'b' } } }, 'own.yaml: port.debian.mirrors'],
    ['port.debian.snapshot', { debian: { snapshot: 'x' } }, 'own.yaml: port.debian.snapshot'],
    ['port.debian.keyrings', { debian: { keyrings: ['none'] } }, 'own.yaml: port.debian.keyrings'],
    ['port.node.registry', { node: { registry: 'x' } }, 'own.yaml: port.node.registry'],
    ['port.node.scopes', { node: { scopes: { acme: 'https://x.example' } } }, 'own.yaml: port.node.scopes'],
  ])('a mistake in %s of the configuration, by its member', async (_member, port, said) => {
    await expect(settingsOf({}, { values: { port } })).rejects.toMatchObject({
      message: expect.stringContaining(said),
    });
  });

  test.each([[[]], [['a', 'b']]])('the wrong number of references: %j', async (operands) => {
    await expect(settingsOf({}, { operands })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('needs one reference'),
    });
  });
});

describe('the port alone under the name of its source', () => {
  test.each([
    ['acme/app:1', 'docker.io/acme/app:1'],
    [`acme/app:1@${digest}`, 'acme/app:1'],
    ['oci:layout:1', 'oci:./layout:1'],
    ['oci:layout', 'oci:layout:1'],
    ['oci-archive:a.tar:1', 'oci-archive:a.tar:2'],
  ])('%s → %s is refused: it would hide the platforms that are there', async (reference, to) => {
    await expect(settingsOf({ to, only: true }, { operands: [reference] })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('Leave --only out'),
    });
    await expect(settingsOf({ to }, { operands: [reference] })).resolves.toMatchObject({ port: { to } });
  });

  test.each([
    ['acme/app:1', 'acme/app:1-arm64'],
    ['acme/app:1', 'registry.example/acme/app:1'],
    ['oci:layout:1', 'oci:layout:2'],
    ['oci:layout:1', 'acme/app:1'],
  ])('%s → %s is another name', async (reference, to) => {
    const { port } = await settingsOf({ to, only: true }, { operands: [reference] });
    expect(port).toMatchObject({ to, only: true });
  });
});
