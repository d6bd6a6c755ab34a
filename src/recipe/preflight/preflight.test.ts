import { describe, expect, it } from 'vitest';
import { istioRecipe } from '../document/istio-recipe.test-support.ts';
import { readRecipe } from '../document/read-recipe.ts';
import type { HostFacts } from '../executors/types.ts';
import { planRecipe } from '../plan/plan-recipe.ts';
import { hostOf } from '../plan/scope.test-support.ts';
import type { Probe, ProbeEnd } from './check-tools.ts';
import { preflight, provisionsFor } from './preflight.ts';
import { versionIn, versionSatisfies } from './tool-version.ts';
import { type Preflight, preflightSchema, type Requirement } from './types.ts';

const good: Readonly<Record<string, ProbeEnd>> = {
  'git --version': { code: 0, output: 'git version 2.39.5\n' },
  'make --version': { code: 0, output: 'GNU Make 4.3\nBuilt for aarch64-unknown-linux-gnu\n' },
  'go version': { code: 0, output: 'go version go1.26.8 linux/arm64\n' },
  'docker --version': { code: 0, output: 'Docker version 20.10.24+dfsg1, build 297e128\n' },
  'docker version --format {{.Server.Version}}': { code: 0, output: '20.10.24+dfsg1\n' },
};

const place = hostOf({ cpus: 16, memory: 32 * 2 ** 30, id: 'ubuntu', version: '20.04' });

async function checked({
  facts = {},
  tools = {},
  environment = { GITHUB_TOKEN: 'x' },
  text = istioRecipe,
  exec,
  signal,
}: {
  facts?: Partial<HostFacts>;
  tools?: Record<string, ProbeEnd>;
  environment?: Record<string, string | undefined>;
  text?: string;
  exec?: Probe;
  signal?: AbortSignal;
} = {}): Promise<Preflight> {
  const plan = await planRecipe(readRecipe({ text, file: 'a' }), { parameters: {}, directory: '.' });
  const answers = { ...good, ...tools };
  const answer: Probe = async (words) =>
    answers[words.join(' ')] ?? { code: 127, output: `sh: ${words[0]}: not found` };
  const result = await preflight(plan, {
    ...{ facts: { ...place, ...facts }, exec: exec ?? answer, environment, signal },
  });
  expect(preflightSchema.strict().parse(result)).toEqual(result);
  return result;
}

function requirement(
  { requirements }: Preflight,
  kind: Requirement['kind'],
  name: string = kind,
): Requirement {
  const found = requirements.find((one) => one.kind === kind && one.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

describe('before a recipe is begun', () => {
  it('all that it asks of a place is looked at', async () => {
    const result = await checked();
    expect(result.state).toBe('met');
    expect(result.requirements.map(({ kind, name }) => (kind === name ? kind : `${kind} ${name}`))).toEqual([
      ...['os', 'architecture', 'cpus', 'memory', 'disk', 'network'],
      ...['tool git', 'tool make', 'tool go', 'tool docker', 'docker', 'secret github-token'],
    ]);
    expect(requirement(result, 'tool', 'go')).toMatchObject({
      ...{ state: 'met', found: '1.26.8', wanted: '>=1.16.5', purpose: 'the Go binaries are built with it' },
    });
    expect(provisionsFor(result)).toEqual([]);
  });

  it('all that is missing is told at once', async () => {
    const result = await checked({
      facts: {
        architecture: 'amd64',
        cpus: 2,
        memory: 2 ** 30,
        disk: 2 ** 20,
        isolatesNetwork: false,
        os: 'freebsd',
      },
      environment: {},
      exec: async () => ({ code: 127, output: '' }),
    });
    expect(result.state).toBe('missing');
    expect(new Set(result.requirements.map(({ state }) => state))).toEqual(new Set(['missing']));
    expect(requirement(result, 'disk').why).toBe(
      'it has 1 MiB of free disk space; the recipe wants 60 GiB of free disk space',
    );
    expect(requirement(result, 'secret', 'github-token').why).toContain('GITHUB_TOKEN');
  });

  it('a machine with a little less memory than its name says is enough', async () => {
    const memory = async (gib: number) =>
      requirement(await checked({ facts: { memory: gib * 2 ** 30 } }), 'memory').state;
    expect(await memory(30.8)).toBe('met');
    expect(await memory(28)).toBe('missing');
  });

  it('what a place could not count is unknown, not missing', async () => {
    const result = await checked({ facts: { cpus: 0, memory: Number.NaN, os: '', architecture: '' } });
    expect(result.state).toBe('unknown');
    for (const kind of ['cpus', 'memory', 'os', 'architecture'] as const)
      expect(requirement(result, kind).state).toBe('unknown');
  });

  it('emulation is good enough only where the recipe says so', async () => {
    const facts = { architecture: 'amd64', emulates: ['arm64'] };
    const native = requirement(await checked({ facts }), 'architecture');
    expect(native).toMatchObject({ state: 'missing' });
    expect(native.why).toContain("which the recipe doesn't accept");
    const text = istioRecipe.replace('architecture: arm64', 'architecture: arm64\n  emulation: true');
    expect(requirement(await checked({ facts, text }), 'architecture').state).toBe('met');
    expect(requirement(await checked({ facts: { architecture: 'amd64' }, text }), 'architecture').state).toBe(
      'missing',
    );
  });

  it('a secret is only looked for, never shown', async () => {
    const result = await checked({ environment: { GITHUB_TOKEN: 'sesame-open' } });
    expect(JSON.stringify(result)).not.toContain('sesame');
    expect(
      requirement(await checked({ environment: { GITHUB_TOKEN: '' } }), 'secret', 'github-token'),
    ).toMatchObject({
      state: 'missing',
    });
  });
});

describe('a tool', () => {
  it('that is missing or too old comes with the way to get it in such a place', async () => {
    const old = { 'go version': { code: 0, output: 'go version go1.13.8 linux/arm64\n' } };
    const go = requirement(await checked({ tools: old }), 'tool', 'go');
    expect(go).toMatchObject({
      state: 'missing',
      found: '1.13.8',
      why: 'there is go 1.13.8; the recipe wants >=1.16.5',
    });
    expect(go.get).toMatchObject({ title: 'Go from its archive', newSession: false });
    const elsewhere = await checked({ tools: old, facts: { id: 'fedora' } });
    expect(requirement(elsewhere, 'tool', 'go').get).toBeUndefined();
  });

  it('is got once, though several things are missing without it', async () => {
    const absent = { code: 127, output: '' };
    const result = await checked({
      tools: { 'docker --version': absent, 'docker version --format {{.Server.Version}}': absent },
    });
    expect(provisionsFor(result)).toEqual([requirement(result, 'docker').get]);
    expect(provisionsFor(result)[0]).toMatchObject({ newSession: true });
  });

  it('whose version is not printed is unknown, with what it printed', async () => {
    const says = async (end: ProbeEnd) =>
      requirement(await checked({ tools: { 'go version': end } }), 'tool', 'go');
    expect(await says({ code: 0, output: '\u001b[31mdevel\u001b[0m +abc' })).toMatchObject({
      state: 'unknown',
      why: '"go version" printed no version: [31mdevel [0m +abc; the recipe wants >=1.16.5',
    });
    expect(await says({ code: 2, output: 'broken' })).toMatchObject({
      state: 'unknown',
      why: '"go version" ended with 2: broken; the recipe wants >=1.16.5',
    });
    expect((await says({ code: 1, output: 'x'.repeat(1 << 20) })).why.length).toBeLessThan(400);
  });

  it('of no certain version only has to be there', async () => {
    const make = async (end: ProbeEnd) =>
      requirement(await checked({ tools: { 'make --version': end } }), 'tool', 'make').state;
    expect(await make({ code: 2, output: 'unknown option' })).toBe('met');
    expect(await make({ code: 127, output: '' })).toBe('missing');
    expect(await make({ code: 126, output: '' })).toBe('missing');
  });

  it('that can not be asked is unknown; a person who stops it all is heard', async () => {
    const exec: Probe = async () => {
      throw new Error('the place is gone');
    };
    const result = await checked({ exec });
    expect(requirement(result, 'tool', 'git')).toMatchObject({
      state: 'unknown',
      why: 'git: the place is gone',
    });
    expect(requirement(result, 'docker').state).toBe('unknown');
    const stopped = new AbortController();
    await expect(
      checked({
        exec: async (_, { signal }) => {
          stopped.abort();
          signal.throwIfAborted();
          return { code: 0, output: '' };
        },
        signal: stopped.signal,
      }),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('that is no engine makes no images', async () => {
    const output =
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n';
    const engine = { 'docker version --format {{.Server.Version}}': { code: 1, output: `\n${output}` } };
    expect(requirement(await checked({ tools: engine }), 'docker')).toMatchObject({
      state: 'missing',
      why: `no Docker engine answers, and images are among the outputs: ${output.trim()}`,
    });
  });

  it('that sources are fetched with is looked for, too', async () => {
    const text =
      'schemaVersion: 1\nkind: recipe\nname: a\nsources:\n' +
      '  g: { git: "https://a.example/a", ref: main, path: g }\n' +
      `  t: { url: "https://a.example/a", sha256: ${'a'.repeat(64)}, path: t, unpack: tar }\nsteps: { a: { run: x } }\n`;
    const { requirements } = await checked({ text });
    expect(requirements.map(({ name, state }) => `${name} ${state}`)).toEqual([
      ...['git met', 'tar missing'],
    ]);
  });
});

describe('a version', () => {
  it('is found in what programs print', () => {
    const outputs: Readonly<Record<string, string | undefined>> = {
      'go version go1.26.8 linux/amd64': '1.26.8',
      'go version go1.16 linux/arm64': '1.16.0',
      'go version go1.17rc1 linux/arm64': '1.17.0-rc1',
      'Docker version 20.10.24+dfsg1, build 297e128': '20.10.24',
      'Docker version 24.0.0-rc.1, build abc': '24.0.0-rc.1',
      'git version 2.39.5 (Apple Git-154)': '2.39.5',
      'GNU Make 4.3': '4.3.0',
      'tar (GNU tar) 1.34': '1.34.0',
      'curl 7.88.1 (aarch64-unknown-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.15': '7.88.1',
      'gcc (Debian 12.2.0-14) 12.2.0': '12.2.0',
      'bazel 6.4.0- (@non-git)': '6.4.0',
      'Python 3.11.2': '3.11.2',
      'cmake version 3.25.1': '3.25.1',
      'v3.14.0+g3fc9f4b': '3.14.0',
      'openjdk version "17.0.12" 2024-07-16': '17.0.12',
      'OpenSSH_9.2p1 Debian-2+deb12u3': '9.2.0',
      'rustc 1.63.0 (4b91a6ea7 2022-08-08)': '1.63.0',
      'less 590': undefined,
      'devel +a1b2c3': undefined,
      '': undefined,
    };
    for (const [output, version] of Object.entries(outputs))
      expect([output, versionIn(output)]).toEqual([output, version]);
  });

  it('is not in a range before its release is', () => {
    expect(versionSatisfies('1.17.0-rc1', '>=1.17.0')).toBe(false);
    expect(versionSatisfies('1.17.0-rc1', '>=1.16.5')).toBe(true);
    expect(versionSatisfies('2.0.0', '>=1.16.5 <2')).toBe(false);
  });
});
