import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { fileOf, folderOf, seen } from '../catalog/catalog.test-support.ts';
import { appendObservations } from '../catalog/index.ts';
import { catalogListSchema, catalogPageSchema, catalogProductSchema } from '../results/index.ts';
import { run } from './run.ts';

let folder = '';
let drop: () => Promise<void>;
beforeAll(async () => {
  const image = 'images:\n  - reference: registry.example/app\n    role: server\n';
  ({ folder, drop } = await folderOf({
    'own/products/app.yaml': fileOf('app', image),
    'broken/products/app.yaml': fileOf('app', 'hompage: x\n'),
    'armload.yaml': '',
    'found/armload.yaml': 'catalog:\n  folders: [../own]\n',
  }));
  await appendObservations(join(folder, 'state', 'armload', 'observations'), 'app', [
    seen('1.0.0', 'multi-arch', '2026-01-01'),
  ]);
});
afterAll(() => drop());

async function catalog(args: readonly string[], cwd = folder) {
  const io = fakeIo({ cwd, environment: { XDG_STATE_HOME: join(folder, 'state') } });
  const code = await run(['catalog', ...args], io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

describe('list', () => {
  test("has the package's products and one's own, with what was seen", async () => {
    const { code, stdout } = await catalog(['list', '--catalog', 'own', '--format', 'json']);
    const result = catalogListSchema.parse(JSON.parse(stdout));
    expect([code, result.products.length]).toEqual([0, 57]);
    expect(result.products.find(({ name }) => name === 'app')?.state).toMatchObject({
      state: 'supported',
      observed: '2026-01-01T12:00:00.000Z',
    });
  });

  test('has only products in the states that are asked for', async () => {
    const { stdout } = await catalog(['list', '--catalog', 'own', '--state', 'supported,regressed']);
    expect(stdout).toMatch(/^app +supported/m);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 product: 1 supported');
  });

  test('of a folder that the configuration names, where the person names the configuration', async () => {
    const found = join(folder, 'found');
    expect((await catalog(['list'], found)).code).toBe(3);
    expect(
      (await catalog(['list', '--state', 'supported', '--config', 'armload.yaml'], found)).stdout,
    ).toContain('app ');
  });
});

describe('show', () => {
  test.each([
    ['a name', ['argo-cd'], 'Argo CD  tracked'],
    ['a version', ['istio@1.11.0'], 'istio@1.11.0: binary-only'],
    ['a range', ['flatcar@<3033.2.0'], 'flatcar@<3033.2.0: prerelease'],
    ['a reference', ['quay.io/argoproj/argocd:v2.0.5'], 'argo-cd@2.0.5: tracked'],
    ['a name of another time', ['k8s.gcr.io/external-dns/external-dns'], 'external-dns: tracked'],
  ])('takes %s', async (_name, args, said) => {
    const { code, stdout, stderr } = await catalog(['show', ...args]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(said);
  });

  test('has the channels of what is not delivered in containers', async () => {
    const { stdout } = await catalog(['show', 'flatcar']);
    expect(stdout).toContain('Channels (5)\n  stable  since 3033.2.0, people say\n');
    expect(stdout).toContain('https://stable.release.flatcar-linux.net/arm64-usr/current/version.txt');
    expect(stdout).toContain('  edge  ended: retired by 2022-05-09');
    const json = await catalog(['show', 'flatcar', '--format', 'json']);
    expect(catalogProductSchema.parse(JSON.parse(json.stdout)).channels).toHaveLength(5);
    const markdown = await catalog(['show', 'flatcar', '--format', 'markdown']);
    expect(markdown.stdout).toContain('| beta | since 3033.1.1, people say |');
  });

  test('has what was seen, and where it is from', async () => {
    const { stdout } = await catalog(['show', 'app', '--catalog', 'own', '--format', 'json']);
    expect(catalogProductSchema.parse(JSON.parse(stdout))).toMatchObject({
      file: 'own/products/app.yaml',
      images: [{ seen: 'good' }],
      observations: [{ result: 'multi-arch', method: 'audit' }],
    });
  });
});

describe('table', () => {
  test('of the day of the brief goes into a file, whole', async () => {
    const { code, stdout, stderr } = await catalog(['table', '--date', '2021-08-09', '--output', 'page.md']);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('wrote page.md: 3 rows, as the page had them on 2021-08-09');
    expect(await readFile(join(folder, 'page.md'), 'utf8')).toContain(
      '| Istio |  | [Build instruction below](#Istio) |  |',
    );
  });

  test.each([[[]], [['--date', '2021-08-09']], [['--supported']]])('as JSON and HTML: %o', async (args) => {
    const { stdout } = await catalog(['table', '--format', 'json', ...args]);
    const { rows } = catalogPageSchema.parse(JSON.parse(stdout));
    const html = (await catalog(['table', '--format', 'html', ...args])).stdout;
    expect(html.match(/<tr id=/g)).toHaveLength(rows.length);
  });
});

describe('wrong usage,', () => {
  test.each([
    ['an unknown product', ['show', 'isto'], 'Did you mean "istio"?'],
    ['no product', ['show'], 'needs a product'],
    ['no version', ['show', 'istio@newest'], "Write it like istio@1.2.3 or 'istio@<1.2'."],
    ['an unknown state', ['list', '--state', 'suported'], 'Did you mean "supported"?'],
    ['a product to list', ['list', 'istio'], 'armload catalog list --help shows what there is'],
    ['no day', ['table', '--date', '2021-06-31'], 'is not a day'],
    ['an unknown format of the page', ['table', '--format', 'table'], 'not a format'],
    ['an unknown part', ['tabel'], 'Did you mean "table"?'],
    ['an option before the part', ['--format', 'json'], 'armload catalog list --format'],
    ['a folder that is no catalog', ['list', '--catalog', 'state'], "can't read the catalog's folder"],
    [
      'a file that is no product',
      ['list', '--catalog', 'broken'],
      'products/app.yaml:6: "hompage" is unknown',
    ],
  ])('%s, gives 3 and says what to do', async (_name, args, said) => {
    const { code, stdout, stderr } = await catalog(args);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain(said);
  });

  test('no part at all, shows what there is', async () => {
    const { code, stderr } = await catalog([]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/list .*\n.*show .*\n.*check .*\n.*table /);
    expect((await catalog(['--help'])).stdout).toBe(stderr);
  });
});

test('a line of observations that is none is told, and the rest counts', async () => {
  const observations = join(folder, 'other');
  await mkdir(observations);
  await writeFile(join(observations, 'app.jsonl'), 'x\n');
  const { code, stderr } = await catalog(['list', '--catalog', 'own', '--observations', 'other']);
  expect([code, stderr]).toEqual([
    0,
    `armload: warning: ${join(observations, 'app.jsonl')}:1: this is no JSON\n`,
  ]);
});

test.each(['list', 'show', 'check', 'table'])('%s has its help, with examples', async (part) => {
  const { code, stdout } = await catalog([part, '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: armload catalog ${part}`);
  expect(stdout).toContain('Examples:');
});
