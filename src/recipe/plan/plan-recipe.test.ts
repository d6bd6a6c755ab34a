// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so expressions are written in recipes
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DocumentError } from '../../document/index.ts';
import { istioRecipe } from '../document/istio-recipe.test-support.ts';
import { readRecipe } from '../document/read-recipe.ts';
import { formatTemplate } from '../document/template.ts';
import { type PlanOptions, planRecipe } from './plan-recipe.ts';
import { evaluate, resolve } from './resolve.ts';
import { scopeOf } from './scope.test-support.ts';
import type { Plan } from './types.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-plan-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function planOf(text: string, options: Partial<PlanOptions> = {}): Promise<Plan> {
  return planRecipe(readRecipe({ text, file: 'a.yaml' }), { parameters: {}, directory, ...options });
}

function planOfParts(parts: Record<string, unknown>, options: Partial<PlanOptions> = {}): Promise<Plan> {
  return planOf(JSON.stringify({ schemaVersion: 1, kind: 'recipe', name: 'a', ...parts }), options);
}

const ids = (plan: Plan) => plan.steps.map(({ id }) => id);
const needs = (plan: Plan) => Object.fromEntries(plan.steps.map((step) => [step.id, step.needs]));

describe("a recipe's plan", () => {
  it('is that of the Istio recipe, in order, with what is known filled in', async () => {
    const plan = await planOf(istioRecipe);
    expect(needs(plan)).toEqual({
      'build-tools': [],
      envoy: ['build-tools'],
      binaries: [],
      'place-envoy': ['binaries', 'envoy'],
      'bases/dockerx.base': ['place-envoy'],
      'bases/dockerx.distroless': ['place-envoy', 'bases/dockerx.base'],
      'bases/dockerx.app_sidecar_base_ubuntu_focal': ['place-envoy', 'bases/dockerx.distroless'],
      images: ['bases/dockerx.app_sidecar_base_ubuntu_focal'],
    });
    const [tools, envoy] = plan.steps;
    expect(tools).toMatchObject({ timeoutSeconds: 3600, workdir: ['istio/tools/docker/build-tools'] });
    expect(tools?.environment.map(({ name, value }) => [name, formatTemplate(value)])).toEqual([
      ['DRY_RUN', '1'],
      ['GITHUB_TOKEN', '${{ parameters.github-token }}'],
      ['IMAGE_VERSION', 'master-latest'],
    ]);
    expect(envoy?.command).toMatchObject({ kind: 'words' });
    expect(envoy?.command.kind === 'words' && envoy.command.words[4]).toEqual(['istio/proxy:/work']);
    expect(envoy?.timeoutSeconds).toBe(7200);
    expect(plan.requires).toMatchObject({
      ...{ os: 'linux', architecture: 'arm64', cpus: 16, memory: 32 * 2 ** 30, disk: 60 * 2 ** 30 },
      ...{ networkIsolation: true, images: true, emulation: false },
    });
    expect(plan.parameters).toEqual({
      'proxy-commit': 'b3ba3a91e80939fbbb65ec998d812b422b3afefb',
      version: 'master-latest',
      channel: 'stable',
    });
    expect(plan.secrets).toEqual({ 'github-token': 'GITHUB_TOKEN' });
    expect(plan.publications).toMatchObject([
      { step: 'images', output: 'pilot', name: 'istio/pilot', tag: 'master-latest' },
      { step: 'images', output: 'proxy', name: 'istio/proxyv2' },
    ]);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it("lets a step's own variables win over its sets', and those over the recipe's", async () => {
    const plan = await planOf(istioRecipe);
    const value = (id: string, name: string) => {
      const step = plan.steps.find((one) => one.id === id);
      return formatTemplate(step?.environment.find((variable) => variable.name === name)?.value ?? []);
    };
    expect(value('images', 'HUBS')).toBe('istio');
    expect(value('bases/dockerx.base', 'HUBS')).toBe('gcr.example/istio-release');
    expect(value('place-envoy', 'PROXY_REPO_SHA')).toBe('b3ba3a91e80939fbbb65ec998d812b422b3afefb');
  });

  it('has conditions that know the parameters', async () => {
    const plan = await planOf(istioRecipe, { parameters: { channel: 'edge' } });
    const base = plan.steps.find(({ name }) => name === 'bases');
    expect(base?.when !== undefined && evaluate(base.when, scopeOf())).toBe(false);
  });

  it('never reads a parameter as an expression, and escapes it in patterns', async () => {
    const plan = await planOfParts(
      {
        parameters: { v: {} },
        steps: { a: { run: ['echo', '${{ parameters.v }}'] } },
        verify: [{ version: { run: ['x'], matches: '^v${{ parameters.v }}$' } }],
      },
      { parameters: { v: '1.${{ host.os }}' } },
    );
    const [step] = plan.steps;
    expect(step?.command.kind === 'words' && resolve(step.command.words[1] ?? [], scopeOf())).toBe(
      '1.${{ host.os }}',
    );
    expect(plan.checks[0]?.version?.matches).toBe('^v1\\.\\$\\{\\{ host\\.os \\}\\}$');
  });

  it('numbers the turns of a foreach whose values are no plain words, each once', async () => {
    const plan = await planOfParts({
      steps: {
        a: { foreach: { t: ['x', 'a b', '../c', '3', '1', 'Y.z'] }, run: ['make', '${{ foreach.t }}'] },
      },
    });
    expect(ids(plan)).toEqual(['a/x', 'a/2', 'a/3', 'a/4', 'a/5', 'a/Y.z']);
    expect(plan.steps.map(({ command }) => command.kind === 'words' && command.words[1])).toEqual([
      ...[['x'], ['a b'], ['../c'], ['3'], ['1'], ['Y.z']],
    ]);
  });

  it('refuses what parameters and foreach make wrong', async () => {
    const wrong = async (parts: Record<string, unknown>, v: string): Promise<string> =>
      planOfParts(
        { parameters: { v: {} }, steps: { a: { run: 'x' } }, ...parts },
        { parameters: { v } },
      ).then(
        () => 'nothing was wrong',
        (error: Error) => error.message,
      );
    const v = '${{ parameters.v }}';
    const source = (members: object) => ({ sources: { s: { path: 's', ...members } } });
    expect(await wrong(source({ git: v, ref: 'main' }), 'ext::sh')).toContain('no address');
    expect(await wrong(source({ git: 'https://a.example/a', ref: v }), '--x')).toContain('begins with "-"');
    expect(await wrong(source({ git: 'https://a.example/a', commit: v }), 'main')).toContain(
      '40 hexadecimal',
    );
    expect(await wrong(source({ url: 'https://a.example/a', sha256: v }), 'x')).toContain('64 hexadecimal');
    expect(
      await wrong(source({ git: 'https://a.example/a', ref: 'main', path: `a/${v}` }), '../..'),
    ).toContain('leads out');
    const outputs = (path: string) => ({ outputs: { files: { f: { path } } } });
    expect(await wrong({ steps: { a: { run: 'x', ...outputs(`o/${v}`) } } }, '../../x')).toContain(
      'leads out',
    );
    expect(
      await wrong({ steps: { a: { run: 'x', ...outputs('o') }, b: { run: 'x', ...outputs(v) } } }, 'o'),
    ).toContain('are both in o');
    expect(
      await wrong({ steps: { a: { run: 'x', foreach: { t: ['p', 'q'] }, ...outputs('o') } } }, ''),
    ).toContain('are both in o');
    expect(await wrong({ steps: { a: { run: 'x', foreach: { t: ['p', v] } } } }, 'p')).toContain(
      'a value twice',
    );
    const images = { a: { run: 'x', outputs: { images: { i: { reference: 'i' } } } } };
    const publish = (...names: string[]) => names.map((name) => ({ image: '${{ steps.a.images.i }}', name }));
    expect(await wrong({ steps: images, publish: publish('x', v) }, 'x')).toContain(
      'two images would be published as x',
    );
    expect(await wrong({ steps: images, publish: publish(v) }, 'A B')).toContain('no name of a repository');
    const git = { git: 'https://a.example/a', ref: 'main' };
    const nested = { sources: { s: { ...git, path: v }, t: { ...git, path: 'b' } } };
    expect(await wrong(nested, 'b/c')).toContain('has to stand above it');
    expect(await wrong(nested, './b/')).toContain('two sources are in the same path');
    expect(await wrong(nested, '.')).toContain('it is the workspace itself');
  });

  it('is refused where a foreach makes too much of it', async () => {
    const t = Array.from({ length: 6000 }, (_, index) => `v${index}`);
    await expect(
      planOfParts({ steps: { a: { foreach: { t }, run: 'x' }, b: { foreach: { t }, run: 'x' } } }),
    ).rejects.toMatchObject({ code: 'PLAN_TOO_LARGE' });
  });
});

describe('parameters', () => {
  const parts = {
    parameters: {
      version: { pattern: '\\d+' },
      hub: { default: 'docker.io', oneOf: ['docker.io', 'quay.io'] },
      token: { type: 'secret' },
    },
    steps: { a: { run: 'x' } },
  };

  it('that are missing, unknown or wrong are told all at once, with a guess', async () => {
    await expect(
      planOfParts(parts, { parameters: { vresion: '1', hub: 'gcr.io', constructor: 'x' } }),
    ).rejects.toMatchObject({
      code: 'USAGE',
      message: [
        'the recipe has no parameter "vresion"; did you mean "version"?',
        'the recipe has no parameter "constructor"; it has version, hub, token',
        'the parameter "version" needs a value',
        'the parameter "hub": "gcr.io" is none of docker.io, quay.io',
        'the parameter "token" needs the name of the environment variable that holds it',
      ].join('\n'),
    });
  });

  it('of secrets are names of variables; what looks like a value is not repeated', async () => {
    const given = { version: '1', token: 'se-cr.et' };
    const failed = planOfParts(parts, { parameters: given });
    await expect(failed).rejects.toThrow('never its value');
    await expect(failed).rejects.not.toThrow('se-cr');
    const plan = await planOfParts(parts, { parameters: { ...given, token: 'MY_TOKEN' } });
    expect(plan.secrets).toEqual({ token: 'MY_TOKEN' });
    expect(plan.parameters).toEqual({ version: '1', hub: 'docker.io' });
  });

  it('match their pattern as a whole', async () => {
    await expect(planOfParts(parts, { parameters: { version: '1\n', token: 'T' } })).rejects.toThrow(
      "doesn't match",
    );
    await expect(planOfParts(parts, { parameters: { version: 'x1', token: 'T' } })).rejects.toThrow(
      "doesn't match",
    );
  });
});

describe('files beside a recipe', () => {
  const source = (file: string, more: object = {}) => ({
    sources: { patch: { file, path: 'a/fix.patch', ...more } },
    steps: { a: { run: 'x' } },
  });
  const sha256 = createHash('sha256').update('change').digest('hex');

  it('are known by their content', async () => {
    await mkdir(join(directory, 'patches'));
    await writeFile(join(directory, 'patches/fix.patch'), 'change');
    const plan = await planOfParts(source('patches/fix.patch', { sha256 }));
    expect(plan.sources).toMatchObject([
      { kind: 'file', name: 'patch', sha256, path: 'a/fix.patch', executable: false },
    ]);
    await expect(planOfParts(source('patches/fix.patch', { sha256: 'a'.repeat(64) }))).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
  });

  it('are nothing else of the machine', async () => {
    await symlink('/etc/hostname', join(directory, 'link'));
    for (const file of ['link', 'missing', 'patches'])
      await expect(planOfParts(source(file))).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
  });
});

describe('the order of steps', () => {
  const graph = fc
    .integer({ min: 1, max: 12 })
    .chain((count) =>
      fc.tuple(
        fc.constant(count),
        fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 25 }),
        fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
      ),
    );

  it("has each step after all that it needs, and is the document's wherever that can be", async () => {
    await fc.assert(
      fc.asyncProperty(graph, async ([count, pairs, shuffled]) => {
        // Edges from a higher to a lower rank can make no circle.
        const needsOf = (rank: number) =>
          pairs.flatMap(([left, right]) =>
            Math.max(left, right) === rank && left !== right ? [Math.min(left, right)] : [],
          );
        const steps = Object.fromEntries(
          shuffled.map((rank) => [
            `s${rank}`,
            { run: 'x', needs: [...new Set(needsOf(rank))].map((need) => `s${need}`) },
          ]),
        );
        const plan = await planOfParts({ steps });
        const order = ids(plan);
        expect([...order].sort()).toEqual(Object.keys(steps).sort());
        for (const step of plan.steps)
          for (const need of step.needs) expect(order.indexOf(need)).toBeLessThan(order.indexOf(step.id));
        const written = Object.keys(steps);
        const possible = written.every((name, index) =>
          steps[name]?.needs.every((need) => written.indexOf(need) < index),
        );
        if (possible) expect(order).toEqual(written);
        expect(count).toBe(order.length);
      }),
      { numRuns: 200 },
    );
  });

  it('is refused where there is a circle, and the circle is one', () => {
    fc.assert(
      fc.property(graph, ([count, pairs]) => {
        const needs = new Map([...Array(count).keys()].map((rank) => [`s${rank}`, new Set<string>()]));
        for (const [left, right] of [...pairs, [0, count - 1], [count - 1, 0]] as const)
          needs.get(`s${left}`)?.add(`s${right}`);
        const steps = Object.fromEntries(
          [...needs].map(([name, of]) => [name, { run: 'x', needs: [...of] }]),
        );
        const message = circleOf(JSON.stringify({ schemaVersion: 1, kind: 'recipe', name: 'a', steps }));
        const named = /circle: (.*)$/.exec(message)?.[1]?.split(' → ');
        if (named === undefined) {
          const [, alone = ''] = /the step "(s\d+)" needs itself/.exec(message) ?? [];
          expect(needs.get(alone)).toContain(alone);
          return;
        }
        expect(named[0]).toBe(named.at(-1));
        for (const [index, name] of named.slice(0, -1).entries())
          expect(needs.get(name)).toContain(named[index + 1]);
      }),
    );
  });

  it('of ten thousand turns takes well under a second', async () => {
    const t = Array.from({ length: 4999 }, (_, index) => `v${index}`);
    const environment = Object.fromEntries(t.slice(0, 10).map((name) => [name, 'x${{ foreach.t }}']));
    const step = { foreach: { t }, environment, run: ['make', '${{ foreach.t }}'] };
    const recipe = readRecipe({
      text: JSON.stringify({
        schemaVersion: 1,
        kind: 'recipe',
        name: 'a',
        steps: { a: step, b: step, c: { run: 'x' } },
      }),
      file: 'a',
    });
    const began = performance.now();
    const plan = await planRecipe(recipe, { parameters: {}, directory });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(plan.steps).toHaveLength(9999);
  });
});

function circleOf(text: string): string {
  try {
    readRecipe({ text, file: 'a.yaml' });
  } catch (error) {
    if (error instanceof DocumentError) return error.problems[0]?.message ?? '';
    throw error;
  }
  throw new Error('there was no circle');
}
