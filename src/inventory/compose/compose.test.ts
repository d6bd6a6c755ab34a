// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts under test hold variables
import { describe, expect, test } from 'vitest';
import { inventoryOf, lookups, places } from '../test-folder.test-support.ts';
import { parseDotenv } from './dotenv.ts';

const service = (image: string, rest = '') => `services:\n  web:\n    image: ${image}\n${rest}`;

describe('interpolation', () => {
  const environment = { TAG: '1.27', EMPTY: '', REG: 'quay.io' };
  test.each([
    ['nginx:$TAG', 'nginx:1.27'],
    ['nginx:${TAG}', 'nginx:1.27'],
    ['nginx:${NOPE:-2}', 'nginx:2'],
    ['nginx:${NOPE-2}', 'nginx:2'],
    ['nginx:${EMPTY:-2}', 'nginx:2'],
    ['nginx:${TAG:?must}', 'nginx:1.27'],
    ['nginx${TAG:+:1}', 'nginx:1'],
    ['nginx${NOPE:+:1}', 'nginx'],
    ['nginx${EMPTY+:3}', 'nginx:3'],
    ['nginx${EMPTY:+:3}', 'nginx'],
    ['${REG:-docker.io}/acme/app:${NOPE:-${OTHER:-${TAG}}}', 'quay.io/acme/app:1.27'],
    ['nginx:${TAG:-${UNSET}}', 'nginx:1.27'],
  ])('%s is %s', async (written, resolved) => {
    const inventory = await inventoryOf({ 'compose.yaml': service(`"${written}"`) }, ['.'], { environment });
    expect(inventory.uses).toMatchObject([{ written }]);
    expect(lookups(inventory)).toEqual([resolved]);
  });

  test.each([
    ['nginx:$NOPE', 'the variable NOPE is not set'],
    ['nginx:${NOPE}', 'the variable NOPE is not set'],
    ['nginx:${NOPE:?give a tag}', 'give a tag'],
    ['nginx:${EMPTY:?}', 'EMPTY must be set'],
    ['nginx:${EMPTY}', 'the tag is empty'],
    ['nginx:${TAG', 'no closing brace'],
    ['nginx:${TAG//a/b}', 'operator'],
    ['nginx:$$TAG', 'variable $TAG'],
    [`nginx:${'${A:-'.repeat(50)}x${'}'.repeat(50)}`, 'nest deeper'],
  ])('%s can’t be told: %s', async (written, reason) => {
    const inventory = await inventoryOf({ 'compose.yaml': service(`"${written}"`) }, ['.'], { environment });
    expect(inventory.uses).toMatchObject([{ written, unresolved: expect.stringContaining(reason) }]);
  });

  test('the environment wins over .env, .env over defaults', async () => {
    const files = { 'compose.yaml': service('"${A:-x}:${B:-x}"'), '.env': 'A=file\nB=file\n' };
    expect(lookups(await inventoryOf(files, ['.'], { environment: { A: 'env' } }))).toEqual(['env:file']);
  });
});

test('.env files as Compose reads them', () => {
  const text = `\uFEFF# comment
A=plain value # trailing
B="double \\"q\\" \\n\${A}"
export C='single \${A} # kept'
D: colon
E=
F=\${A}-\${OUT:-none}
G=a#b
INHERITED
MISSING
H="two
lines"
I=\${MISSING}
not a line
J=last`;
  const outer = (name: string) => (name === 'INHERITED' ? 'yes' : undefined);
  expect(Object.fromEntries(parseDotenv(text.replaceAll('\n', '\r\n'), outer))).toEqual({
    A: 'plain value',
    B: 'double "q" \nplain value',
    C: 'single ${A} # kept',
    D: 'colon',
    E: '',
    F: 'plain value-none',
    G: 'a#b',
    INHERITED: 'yes',
    H: 'two\nlines',
    J: 'last',
  });
});

describe('files over files', () => {
  test('the override beside it wins, and the place is where the winning text stands', async () => {
    const inventory = await inventoryOf({
      'compose.yaml': service('base:1', '    platform: linux/amd64\n  db:\n    image: db:1\n'),
      'compose.override.yml': 'services:\n  web:\n    image: over:1\n    platform: linux/arm64\n',
    });
    expect(places(inventory)).toEqual(['compose.override.yml:3:12 over:1', 'compose.yaml:6:12 db:1']);
    expect(inventory.workloads).toHaveLength(2);
    expect(inventory.workloads[0]?.constraints).toMatchObject([
      { architectures: ['arm64'], file: 'compose.override.yml' },
    ]);
  });

  test('!reset takes a value away, !override is tolerated', async () => {
    const inventory = await inventoryOf({
      'compose.yaml': service('base:1', '  db:\n    image: db:1\n'),
      'compose.override.yaml':
        'services:\n  web:\n    image: !reset null\n    build: .\n  db: !override\n    image: !override db:2\n',
    });
    expect(lookups(inventory)).toEqual(['db:2']);
  });

  test('trap 89: extends, in the same file and another one, chains included', async () => {
    const inventory = await inventoryOf({
      'compose.yaml': `services:
  web: {extends: {file: common/base.yaml, service: app}}
  own: {extends: web, platform: linux/s390x}
  gone: {extends: {file: nowhere.yaml, service: a}, image: gone:1}
`,
      'common/base.yaml':
        'services:\n  app: {extends: root}\n  root:\n    image: root:1\n    platform: linux/amd64\n',
      '.gitignore': 'common',
    });
    expect(inventory.uses.map(({ use, written }) => [use.workload, use.file, use.line, written])).toEqual([
      ['service web', 'common/base.yaml', 4, 'root:1'],
      ['service own', 'common/base.yaml', 4, 'root:1'],
      ['service gone', 'compose.yaml', 4, 'gone:1'],
    ]);
    expect(
      inventory.workloads.map(({ constraints }) => constraints.map(({ architectures }) => architectures)),
    ).toEqual([[['amd64']], [['s390x']], []]);
    expect(inventory.problems).toMatchObject([
      { file: 'compose.yaml', line: 4, message: expect.stringContaining('nowhere.yaml') },
    ]);
  });

  test('extends and include that go in circles end with a problem', async () => {
    const inventory = await inventoryOf({
      'compose.yaml':
        'include: [other.yaml]\nservices:\n  a: {extends: b}\n  b: {extends: a}\n  c: {image: c:1}\n',
      'other.yaml': 'include: [compose.yaml]\nservices:\n  d:\n    image: d:1\n',
    });
    expect(lookups(inventory).sort()).toEqual(['c:1', 'd:1']);
    expect(inventory.problems.map(({ message }) => message).join('\n')).toMatch(
      /extends itself[\s\S]*includes itself/,
    );
  });

  test('include reads another project with its own .env', async () => {
    const inventory = await inventoryOf(
      {
        'compose.yaml':
          'include:\n- sub/compose.yaml\n- {path: [x/a.yaml], env_file: x/vars}\n- https://example.com/c.yaml\nservices:\n  top: {image: "top:$V"}\n',
        'sub/compose.yaml': service('"sub:$V"'),
        'sub/.env': 'V=2\n',
        'x/a.yaml': 'services:\n  x:\n    image: "x:${W}"\n',
        'x/vars': 'W=3\n',
        '.env': 'V=1\n',
      },
      ['compose.yaml'],
    );
    expect(lookups(inventory)).toEqual(['top:1', 'sub:1', 'x:3']);
    expect(inventory.problems).toMatchObject([{ file: 'compose.yaml', line: 4 }]);
  });
});

describe('services', () => {
  test('trap 89: one that is only built has no use, one that is built and named is not looked up', async () => {
    const inventory = await inventoryOf({
      'compose.yaml':
        'services:\n  a: {build: ./a}\n  b: {build: {context: ./b, platforms: [linux/amd64]}, image: acme/b:1}\n',
    });
    expect(inventory.uses).toMatchObject([
      { written: 'acme/b:1', unresolved: expect.stringContaining('built from ./b') },
    ]);
    expect(inventory.workloads).toMatchObject([
      { name: 'service b', constraints: [{ architectures: ['amd64'], required: true }] },
    ]);
  });

  test('trap 89: platform is a constraint, for services without an image too', async () => {
    const inventory = await inventoryOf({
      'compose.yaml':
        'services:\n  a:\n    build: .\n    platform: linux/x86_64\n  b: {image: b, platform: "${P}"}\n',
    });
    expect(inventory.workloads[0]?.constraints).toEqual([
      {
        kind: 'platform',
        text: 'platform: linux/x86_64',
        architectures: ['amd64'],
        required: true,
        file: 'compose.yaml',
        line: 4,
        column: 15,
      },
    ]);
    expect(inventory.problems).toMatchObject([{ line: 5, message: expect.stringContaining('variable P') }]);
  });

  test('profiles: all by default, or those that are on', async () => {
    const files = {
      'compose.yaml':
        'services:\n  a: {image: a}\n  b: {image: b, profiles: [dev]}\n  c: {image: c, profiles: [ops]}\n',
    };
    expect(lookups(await inventoryOf(files))).toEqual(['a', 'b', 'c']);
    expect(lookups(await inventoryOf(files, ['.'], { profiles: ['ops'] }))).toEqual(['a', 'c']);
    expect(lookups(await inventoryOf(files, ['.'], { profiles: [] }))).toEqual(['a']);
  });

  test('merge keys, anchors and extension fields', async () => {
    const text =
      'x-base: &base\n  image: base:1\nservices:\n  a:\n    <<: *base\n  b: {<<: [*base], image: "b:1"}\n';
    expect(places(await inventoryOf({ 'stack.yml': text }))).toEqual([
      'stack.yml:2:10 base:1',
      'stack.yml:6:28 b:1',
    ]);
  });

  test('Swarm placement is a constraint', async () => {
    const text =
      'services:\n  a:\n    image: a\n    deploy: {placement: {constraints: [node.platform.arch == x86_64, node.role == worker]}}\n';
    expect((await inventoryOf({ 'compose.yaml': text })).workloads[0]?.constraints).toMatchObject([
      { architectures: ['amd64'], required: true },
    ]);
  });

  test.each([
    ['.gitlab-ci.yml', 'image: ruby:3\nservices:\n- postgres:16\n'],
    ['services.yaml', 'services:\n  App\\Kernel:\n    class: X\n'],
  ])('%s is no Compose file', async (name, text) => {
    expect(await inventoryOf({ [name]: text })).toEqual({ uses: [], workloads: [], problems: [] });
  });
});
