import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../document/template.ts';
import type { HostFacts } from '../executors/types.ts';
import { inputHash, type KnownDigests } from './input-hash.ts';
import { hostOf, scopeOf } from './scope.test-support.ts';
import type { Plan, PlannedStep, SourceFacts, StepFacts } from './types.ts';

const secrets = new Set(['token']);
const words = (...texts: string[]): PlannedStep['command'] => ({
  kind: 'words',
  words: texts.map((text) => parseTemplate(text, secrets)),
});

function stepOf(id: string, changes: Partial<PlannedStep> = {}): PlannedStep {
  return {
    ...{ id, name: id, needs: [], command: words('make', `\${{ host.cpus }}`), workdir: ['src'] },
    environment: [
      { name: 'A', value: ['1'] },
      { name: 'T', value: parseTemplate(`x\${{ parameters.token }}y\${{ steps.first.values.v }}`, secrets) },
    ],
    ...{ timeoutSeconds: 60, retries: 0, network: 'allowed', resources: {}, values: ['v'] },
    files: [{ name: 'f', path: ['out/f'], machine: 'arm64', executable: false }],
    images: [{ name: 'i', reference: ['a/b:1'], platform: 'linux/arm64' }],
    ...changes,
  };
}

interface Case {
  readonly step: PlannedStep;
  readonly passEnvironment: readonly string[];
  readonly host: Partial<HostFacts>;
  readonly secrets: Record<string, string>;
  readonly sources: Record<string, SourceFacts>;
  readonly steps: Record<string, StepFacts>;
  readonly first: Partial<PlannedStep>;
}

const facts: StepFacts = {
  values: { v: '1', w: '2' },
  files: { f: { path: 'out/x', sha256: 'a'.repeat(64) }, g: { path: 'out/y', sha256: 'b'.repeat(64) } },
  images: { i: { reference: 'r', id: 'sha256:1' } },
};

const base: Case = {
  step: stepOf('third', { needs: ['second'] }),
  passEnvironment: ['HTTPS_PROXY', 'NO_PROXY'],
  host: {},
  secrets: { token: 'sesame' },
  sources: { a: { path: 'a', commit: 'c1', content: 't1' }, b: { path: 'b', content: 's1' } },
  steps: { first: facts, second: { values: {}, files: {}, images: {} }, aside: facts },
  first: {},
};

function hashOf(changes: Partial<Case> = {}, known: KnownDigests = new Map()): string {
  const all = { ...base, ...changes };
  const plan: Plan = {
    ...{ recipe: 'a', recipeSha256: 'x', parameters: {}, secrets: { token: 'TOKEN' } },
    requires: { emulation: false, tools: [], networkIsolation: false, images: false },
    passEnvironment: all.passEnvironment,
    sources: [
      { kind: 'git', name: 'a', url: 'https://a.example', submodules: false, path: 'a' },
      { kind: 'file', name: 'b', file: '/b', sha256: 's1', path: 'b', executable: false },
    ],
    steps: [stepOf('first', all.first), stepOf('second', { needs: ['first'] }), stepOf('aside'), all.step],
    ...{ checks: [], publications: [] },
  };
  const scope = scopeOf(all);
  return inputHash(all.step, { plan, scope, host: hostOf(all.host), known });
}

const step = (changes: Partial<PlannedStep>): Partial<Case> => ({ step: { ...base.step, ...changes } });
const [file, image] = [base.step.files[0], base.step.images[0]];

const matters: Readonly<Record<string, Partial<Case>>> = {
  'the command': step({ command: words('make', 'all') }),
  'the words apart': step({ command: words('make 8') }),
  'script or words': step({ command: { kind: 'script', text: 'make' } }),
  'a value in the command': { host: { cpus: 4 } },
  'the folder': step({ workdir: ['lib'] }),
  'a variable': step({ environment: [{ name: 'A', value: ['2'] }, ...base.step.environment.slice(1)] }),
  'one variable less': step({ environment: base.step.environment.slice(1) }),
  'the network': step({ network: 'none' }),
  'its id': { step: stepOf('fourth', { needs: ['second'] }) },
  'values it gives': step({ values: [] }),
  'the machine of a file': step({ files: file === undefined ? [] : [{ ...file, machine: 'amd64' }] }),
  'the path of a file': step({ files: file === undefined ? [] : [{ ...file, path: ['out/g'] }] }),
  'the name of an image': step({ images: image === undefined ? [] : [{ ...image, reference: ['a/b:2'] }] }),
  'the platform of an image': step({
    images: image === undefined ? [] : [{ ...image, platform: 'linux/amd64' }],
  }),
  'variables handed through': { passEnvironment: ['HTTPS_PROXY'] },
  "a source's content": { sources: { ...base.sources, b: { path: 'b', content: 's2' } } },
  "a source's commit": { sources: { ...base.sources, a: { path: 'a', commit: 'c2', content: 't1' } } },
  'the architecture': { host: { architecture: 'amd64' } },
  'the system': { host: { os: 'plan9' } },
  'a value of a step far back': {
    steps: { ...base.steps, first: { ...facts, values: { ...facts.values, w: '3' } } },
  },
  'a file of a step far back': {
    steps: { ...base.steps, first: { ...facts, files: { f: { path: 'out/x', sha256: 'c'.repeat(64) } } } },
  },
  'an image of a step far back': {
    steps: { ...base.steps, first: { ...facts, images: { i: { reference: 'r', id: 'sha256:2' } } } },
  },
};

const nothing: Readonly<Record<string, Partial<Case>>> = {
  "a secret's value": { secrets: { token: 'other' } },
  'how long it may take': step({ timeoutSeconds: 5, retries: 3, title: 'x' }),
  'what it asks of a place': step({ resources: { cpus: 64 } }),
  'what it may take': step({ expected: { seconds: 3 } }),
  'a step that it does not need': { steps: { ...base.steps, aside: { ...facts, values: {} } } },
  "the place's other facts": { host: { memory: 1, kernel: 'x', user: 'y', id: 'z' } },
  'the order of variables handed through': { passEnvironment: ['NO_PROXY', 'HTTPS_PROXY'] },
  'a path said twice': step({ workdir: ['./src//'] }),
};

describe('what a step depends on', () => {
  it.each(Object.keys(matters))('counts %s', (name) => {
    expect(hashOf(matters[name])).not.toBe(hashOf());
    expect(hashOf(matters[name])).toBe(hashOf(matters[name]));
  });

  it.each(Object.keys(nothing))('does not count %s', (name) => {
    expect(hashOf(nothing[name])).toBe(hashOf());
  });

  it('differs wherever any two of these differ', () => {
    const hashes = Object.values(matters).map((changes) => hashOf(changes));
    expect(new Set([hashOf(), ...hashes]).size).toBe(hashes.length + 1);
  });

  it('tells a secret from a text that looks like its name', () => {
    const spelled = step({ environment: [{ name: 'T', value: ['{"secret":"token"}'] }] });
    const secret = step({
      environment: [{ name: 'T', value: parseTemplate(`\${{ parameters.token }}`, secrets) }],
    });
    expect(hashOf(spelled)).not.toBe(hashOf(secret));
    expect(hashOf({ ...secret, secrets: {} })).toBe(hashOf(secret));
  });

  it('is the same whatever order things are in', () => {
    const shuffled = <T>(record: Readonly<Record<string, T>>) =>
      fc
        .shuffledSubarray(Object.entries(record), { minLength: Object.keys(record).length })
        .map((entries): Record<string, T> => Object.fromEntries(entries));
    const inAnyOrder = fc.record({
      values: shuffled(facts.values),
      files: shuffled(facts.files),
      sources: shuffled(base.sources),
      steps: shuffled(base.steps),
      environment: fc.shuffledSubarray([...base.step.environment], { minLength: 2 }),
    });
    fc.assert(
      fc.property(inAnyOrder, ({ values, files, sources, steps, environment }) => {
        const first = { images: facts.images, files, values };
        const changes = { ...step({ environment }), sources, steps: { ...steps, first } };
        expect(hashOf(changes)).toBe(hashOf());
      }),
    );
  });

  it('counts every text of a command and an environment as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), fc.string(), (texts, value) => {
        const hash = (words: string[], text: string) =>
          hashOf(
            step({
              command: { kind: 'words', words: words.map((word) => [word]) },
              environment: [{ name: 'V', value: [text] }],
            }),
          );
        expect(hash(texts, value)).toBe(hash([...texts], value));
        expect(hash(texts, value)).not.toBe(hash([...texts, 'x'], value));
        expect(hash(texts, value)).not.toBe(hash(texts, `${value} `));
      }),
    );
  });

  it('is the same with what was worked out before, whatever became of the steps in between', () => {
    const outcome = fc.constantFrom<StepFacts>(
      facts,
      { ...facts, values: { v: '2' } },
      { ...facts, files: {} },
    );
    const steps = fc.record({
      first: outcome,
      second: fc.option(outcome, { nil: undefined }),
      aside: outcome,
    });
    fc.assert(
      fc.property(fc.array(steps, { minLength: 2 }), (rounds) => {
        const known: KnownDigests = new Map();
        for (const { second, ...rest } of rounds) {
          const changes = { steps: second === undefined ? rest : { ...rest, second } };
          expect(hashOf(changes, known)).toBe(hashOf(changes));
        }
      }),
    );
  });

  it('costs little for the last of a long chain', () => {
    const ids = Array.from({ length: 2000 }, (_, index) => `s${index}`);
    const steps = ids.map((id, index) =>
      stepOf(id, { needs: index === 0 ? [] : [`s${index - 1}`], environment: [], command: words('true') }),
    );
    const plan: Plan = {
      ...{ recipe: 'a', recipeSha256: 'x', parameters: {}, secrets: {}, passEnvironment: [], sources: [] },
      requires: { emulation: false, tools: [], networkIsolation: false, images: false },
      ...{ steps, checks: [], publications: [] },
    };
    const known: KnownDigests = new Map();
    const done = new Map<string, StepFacts>();
    const scope = { ...scopeOf(), steps: done };
    const start = process.cpuUsage();
    for (const each of steps) {
      inputHash(each, { plan, scope, host: hostOf(), known });
      done.set(each.id, { ...facts });
    }
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(4);
  });

  it('can not be told before the values are there', () => {
    expect(() => hashOf({ sources: {} })).toThrow(/the source "a" is not there yet/);
    expect(() => hashOf({ steps: {} })).toThrow(/"steps.first.values.v" has no value/);
  });
});
