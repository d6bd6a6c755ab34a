// One amd64 image of Debian's packages, Python's wheels, a Node front end, Go programs and shell scripts is ported whole: what
// each origin answers for is its own, and one that can't be reached leaves the others' plans as they are.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditResult, PortResult } from '../../src/results/index.ts';
import { Buildah, driverFor } from '../support/buildah.ts';
import { pushDebianImages } from '../support/debian-images.ts';
import { canMakeDebianRoot, rootTimeout } from '../support/debian-root.ts';
import { GoWorkplace } from '../support/go-programs.ts';
import { pip, places, pushMixedImage } from '../support/mixed-image.ts';
import { machinesIn } from '../support/ported-root.ts';
import {
  armload,
  exec,
  hasPrograms,
  npmEnvironment,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
} from '../support/real-parts.ts';

const parts = ['docker-registry', 'skopeo', 'buildah', 'readelf', 'tar', 'npm', 'go', 'git', pip];
const here = process.arch === 'x64' && (await hasPrograms(...parts)) && (await canMakeDebianRoot());

const folder = temporaryFolder();
const cache = join(folder.path, 'cache');
let registry: RunningProgram;
let buildah: Buildah;
let go: GoWorkplace;
let base: string;
let source: string;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  if (!here) return;
  registry = await startDockerRegistry(join(folder.path, 'registry'));
  const images = await pushDebianImages(registry.host);
  base = images.base;
  buildah = new Buildah(join(folder.path, 'buildah'), await driverFor(join(folder.path, 'overlay')));
  go = new GoWorkplace(join(folder.path, 'go'));
  await go.commitRepository();
  environment = { ...npmEnvironment(), ...go.environment };
  source = await pushMixedImage({ folder: folder.path, host: registry.host, images, go, buildah });
}, rootTimeout);
afterAll(async () => {
  await buildah?.remove();
  await go?.remove();
  await registry?.stop();
  folder.remove();
});

interface Ran {
  readonly code: number;
  readonly result: PortResult;
}

interface How {
  readonly more?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Ports with the built command, with all that a person's shell has. */
async function portTo(to: string, { more = [], env = {} }: How = {}): Promise<Ran> {
  const args = ['port', source, '--to', to, '--base', base, '--cache-dir', cache, '--format', 'json'];
  const { code, stdout, stderr } = await armload([...args, ...more], { env: { ...environment, ...env } });
  if (stdout === '') throw new Error(stderr);
  return { code, result: JSON.parse(stdout) as PortResult };
}

type AccountRecord = PortResult['account'][number];
type Origins = 'go' | 'python' | 'node' | 'debian';

/** What the account says of a path, in the layer that shows it. */
function recordOf({ account }: PortResult, path: string): AccountRecord {
  const records = account.filter((one) => one.path === path && one.outcome !== 'added');
  const last = records.at(-1);
  if (last === undefined) throw new Error(`no record of ${path}`);
  return last;
}

describe.skipIf(!here)('an image of several origins', () => {
  let ran: Ran;
  let result: PortResult;
  let to: string;
  beforeAll(async () => {
    to = source.replace(/:1$/, ':ported');
    ran = await portTo(to);
    ({ result } = ran);
    const { refusals, why } = result;
    expect({ code: ran.code, refusals, why }).toMatchObject({ code: 0, refusals: [] });
  }, rootTimeout);

  test('is published, and audited right', async () => {
    expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' } });
    const args = ['audit', to, '--platform', 'linux/arm64', '--cache-dir', cache, '--format', 'json'];
    const { code, stdout } = await armload(args);
    const [audited] = (JSON.parse(stdout) as AuditResult).images;
    expect({ code, audited }).toMatchObject({
      code: 0,
      audited: { verdict: 'right', manifest: result.image?.digest },
    });
    expect(audited?.findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
  });

  test('has one record for each path of each layer above the base, as tar lists them, and they add up', async () => {
    const counted = { kept: 0, replaced: 0, mapped: 0, dropped: 0, added: 0 };
    for (const { outcome } of result.account) counted[outcome] += 1;
    expect(counted).toEqual(result.totals);
    const before = (await blobsOf(source, 'amd64')).slice(1);
    const after = (await blobsOf(to, 'arm64')).slice(1);
    expect(result).toMatchObject({ base: { layers: 1 } });
    expect(after).toHaveLength(before.length);
    for (const [index, blob] of before.entries()) {
      const records = result.account.filter(({ layer }) => layer === index);
      const old = records.filter(({ outcome }) => outcome !== 'added').map(({ path }) => path);
      expect(old.sort()).toEqual(await membersOf(blob));
      const left = records.filter(({ outcome }) => outcome !== 'dropped');
      expect(left.map(({ path, to: moved }) => moved ?? path).sort()).toEqual(
        await membersOf(after[index] ?? ''),
      );
    }
  });

  test('is of the origins that it was made of, in provenance and SBOM', async () => {
    const origins = new Map<string, Set<string>>();
    for (const { origin, name } of result.materials)
      origins.set(origin, (origins.get(origin) ?? new Set()).add(name));
    expect([...origins.keys()].sort()).toEqual(['debian', 'go', 'node', 'python']);
    const namesOf = (origin: string) => [...(origins.get(origin) ?? [])].sort();
    expect(namesOf('debian')).toEqual(expect.arrayContaining(['gosu', 'nginx', 'nodejs', 'python3-yaml']));
    expect(namesOf('python')).toEqual(['markupsafe', 'numpy', 'shfmt-py']);
    expect(namesOf('node')).toEqual([
      '@esbuild/linux-arm64',
      '@img/sharp-libvips-linux-arm64',
      '@img/sharp-linux-arm64',
    ]);
    expect(namesOf('go')).toEqual(
      expect.arrayContaining(['github.com/armload-example/tool', 'mvdan.cc/gofumpt']),
    );
    // Debian's, the wheel's and Node's programs of Go are none of its business.
    expect(namesOf('go').filter((name) => /gosu|esbuild|mvdan\.cc\/sh/.test(name))).toEqual([]);
    const { provenance, sbom } = await attachedTo(to, result);
    const dependencies = provenance.predicate.buildDefinition.resolvedDependencies;
    const said = dependencies.flatMap(({ annotations, digest }) =>
      annotations?.origin === undefined ? [] : [`${annotations.origin} ${digest.sha256}`],
    );
    expect(said.sort()).toEqual(result.materials.map(({ origin, sha256 }) => `${origin} ${sha256}`).sort());
    const parts = sbom.components.map(({ purl = '' }) => decodeURIComponent(purl.replace(/[?#].*$/, '')));
    const taken = result.materials.map(({ purl = '' }) => decodeURIComponent(purl.replace(/[?#].*$/, '')));
    expect(parts).toEqual(expect.arrayContaining([...new Set(taken)]));
    const packages = parts.filter((purl) => purl !== '');
    expect(packages.filter((purl) => /^pkg:(?:pypi|npm)\//.test(purl)).sort()).toEqual(
      [...new Set(taken)].filter((purl) => /^pkg:(?:pypi|npm)\//.test(purl)).sort(),
    );
  });

  test('has each program from the one origin whose it is', () => {
    const yaml = 'usr/lib/python3/dist-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so';
    const owners: readonly (readonly [path: string, origin: RegExp])[] = [
      // Debian's Go program, and its Python package beside pip's.
      ['usr/sbin/gosu', /^gosu /],
      [yaml, /^python3-yaml /],
      ['usr/bin/node', /^nodejs /],
      [places.ofWheel, /shfmt/],
      [places.sidecar, /armload-example\/tool/],
      [places.formatter, /gofumpt/],
      [`${places.front}/esbuild/bin/esbuild`, /@esbuild\/linux-arm64/],
    ];
    for (const [path, origin] of owners)
      expect({ path, origin: recordOf(result, path).origin }).toEqual({
        path,
        origin: expect.stringMatching(origin),
      });
    const gone = `${places.front}/@esbuild/linux-x64/bin/esbuild`;
    expect(recordOf(result, gone)).toMatchObject({ outcome: 'dropped' });
    const came = `${places.front}/@esbuild/linux-arm64/bin/esbuild`;
    expect(result.account.filter(({ path }) => path === came)).toMatchObject([
      { outcome: 'added', origin: expect.stringContaining('@esbuild/linux-arm64') },
    ]);
  });

  test('has no code of the old machine left, and says on arm64 what it says on amd64', async () => {
    const upstream = await pulled(source, 'linux/amd64');
    const ported = await pulled(to, 'linux/arm64');
    const machines = await buildah.mounted(ported, machinesIn);
    expect([...machines.keys()]).toEqual(['AArch64']);
    expect(await machinesOfLayers(await blobsOf(to, 'arm64'))).toEqual(['AArch64']);
    const [before, after] = [await buildah.script(upstream, 'serve'), await buildah.script(ported, 'serve')];
    expect(after).toBe(before);
    expect(after).toMatch(/^redis 42$/m);
    expect(await buildah.script(ported, 'serve uname -m')).toBe('aarch64\n');
  });

  interface Unreachable {
    readonly how: () => How;
    /** All that may be refused, by what it's from. */
    readonly guess: RegExp;
    readonly why: RegExp;
  }
  const unreachable: Readonly<Record<Origins, Unreachable>> = {
    go: {
      how: () => ({ env: { GOPROXY: 'off', GOMODCACHE: join(folder.path, 'no-modules') } }),
      guess: /^go: (?:github\.com\/armload-example\/tool|mvdan\.cc\/gofumpt) v/,
      why: /GOPROXY|module lookup disabled/,
    },
    python: {
      how: () => ({ more: ['--python-index', `${closed}/simple/`] }),
      guess: /^python: (?:numpy|markupsafe|shfmt-py) /i,
      why: /127\.0\.0\.1/,
    },
    node: {
      how: () => ({ more: ['--node-registry', `${closed}/`] }),
      guess: /^node: @(?:esbuild|img)\//,
      why: /127\.0\.0\.1/,
    },
    debian: {
      how: () => ({ more: ['--mirror', `${mirror}=${closed}/debian`] }),
      guess: /^debian: /,
      why: /127\.0\.0\.1/,
    },
  };
  let closed: string;
  let mirror: string;
  beforeAll(async () => {
    closed = `http://127.0.0.1:${await closedPort()}`;
    const deb = result.materials.find(({ origin }) => origin === 'debian')?.uri ?? '';
    mirror = deb.slice(0, deb.indexOf('/pool/'));
  });

  describe.each(['go', 'python', 'node', 'debian'] as const)('whose origin %s can not be reached', (name) => {
    const { how, guess, why } = unreachable[name];

    test(
      "is unknown, with the others' part of the plan, and nothing is written",
      async () => {
        const target = `${registry.host}/without-${name}:1`;
        const without = await hidden(join(cache, name), () => portTo(target, how()));
        expect({ code: without.code, outcome: without.result.outcome }).toEqual({
          code: 2,
          outcome: 'unknown',
        });
        const { refusals, materials, account, totals } = without.result;
        expect(refusals.length).toBeGreaterThan(0);
        for (const refusal of refusals)
          expect(refusal).toMatchObject({
            ...{ undetermined: true, guess: expect.stringMatching(guess), why: expect.stringMatching(why) },
          });
        const others = (all: PortResult['materials']) =>
          all.filter(({ origin }) => origin !== name).map(({ origin, sha256 }) => `${origin} ${sha256}`);
        expect(others(materials)).toEqual(others(result.materials));
        expect(materials.filter(({ origin }) => origin === name)).toEqual([]);
        const old = (all: PortResult['account']) =>
          all.filter(({ outcome }) => outcome !== 'added').map(({ layer, path }) => `${layer} ${path}`);
        expect(old(account)).toEqual(old(result.account));
        expect(Object.values(totals).reduce((sum, one) => sum + one, 0)).toBe(account.length);
        const there = await fetch(`http://${target.replace('/', '/v2/').replace(/:1$/, '/tags/list')}`);
        expect(there.status).toBe(404);
      },
      rootTimeout,
    );
  });
});

/** Puts what an origin has fetched out of the way for as long as `use` takes. */
async function hidden<Result>(path: string, use: () => Promise<Result>): Promise<Result> {
  const aside = `${path}-aside`;
  if (existsSync(path)) renameSync(path, aside);
  try {
    return await use();
  } finally {
    if (existsSync(aside)) {
      rmSync(path, { recursive: true, force: true });
      renameSync(aside, path);
    }
  }
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function pulled(reference: string, platform: string): Promise<string> {
  const how = ['--quiet', '--tls-verify=false', '--platform', platform];
  return (await buildah.run('pull', ...how, reference)).trim();
}

/** The layers of an image, lowest first: files that skopeo copied. */
async function blobsOf(reference: string, architecture: string): Promise<readonly string[]> {
  const target = join(folder.path, `blobs-${architecture}`);
  const file = join(target, 'manifest.json');
  const how = ['--quiet', '--override-arch', architecture, '--src-tls-verify=false'];
  if (!existsSync(file)) await exec('skopeo', 'copy', ...how, `docker://${reference}`, `dir:${target}`);
  const { layers } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  return layers.map(({ digest }) => join(target, digest.replace('sha256:', '')));
}

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
}

/** What GNU tar lists of a layer, sorted. */
async function membersOf(blob: string): Promise<readonly string[]> {
  const listed = await exec('tar', '--quoting-style=literal', '-tzf', blob);
  return listed
    .split('\n')
    .map((line) => line.replace(/^\.\//, '').replace(/\/$/, ''))
    .filter((line) => line !== '' && line !== '.')
    .sort();
}

/** Of each layer by itself, so that what layers above hide counts too. */
async function machinesOfLayers(blobs: readonly string[]): Promise<readonly string[]> {
  const machines = new Set<string>();
  for (const blob of blobs) {
    const root = `${blob}-root`;
    mkdirSync(root);
    await exec('tar', '-xzf', blob, '-C', root);
    for (const machine of (await machinesIn(root)).keys()) machines.add(machine);
    rmSync(root, { recursive: true });
  }
  return [...machines];
}

interface Provenance {
  readonly predicate: {
    readonly buildDefinition: {
      readonly resolvedDependencies: readonly {
        readonly digest: { readonly sha256: string };
        readonly annotations?: { readonly origin?: string };
      }[];
    };
  };
}
interface Sbom {
  readonly components: readonly { readonly name: string; readonly purl?: string }[];
}

/** The documents that are attached to the port. */
async function attachedTo(
  reference: string,
  { attachments }: PortResult,
): Promise<{ readonly provenance: Provenance; readonly sbom: Sbom }> {
  const documentOf = async (kind: string): Promise<unknown> => {
    const digest = attachments.find((one) => one.kind === kind)?.digest;
    const repository = `http://${reference.replace('/', '/v2/').replace(/:[^:/]*$/, '')}`;
    const accept = 'application/vnd.oci.image.manifest.v1+json';
    const answer = await fetch(`${repository}/manifests/${digest}`, { headers: { accept } });
    const manifest = (await answer.json()) as { readonly layers: readonly { readonly digest: string }[] };
    return (await fetch(`${repository}/blobs/${manifest.layers[0]?.digest}`)).json();
  };
  return {
    provenance: (await documentOf('provenance')) as Provenance,
    sbom: (await documentOf('sbom')) as Sbom,
  };
}
