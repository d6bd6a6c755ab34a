// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts under test hold variables
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inventoryOf, lookups, places } from '../test-folder.test-support.ts';
import { field, type YamlNode } from './nodes.ts';
import { parseYaml } from './parse.ts';
import { parseYamlAgain } from './second-opinion.ts';
import { splitDocuments } from './split.ts';
import { splitList, splitListLength } from './split-list.ts';

describe('splitting a stream', () => {
  const chunks = (text: string) => [...splitDocuments(text)].map(({ start, end }) => text.slice(start, end));

  test('a marker counts only at the start of a line and before a blank', () => {
    expect(chunks('a: 1\n---\nb: --- \n  ---\n---x\n--- c\n---')).toEqual([
      'a: 1\n',
      '---\nb: --- \n  ---\n---x\n',
      '--- c\n',
      '---',
    ]);
  });

  test('directives stay with their document', () => {
    expect(chunks('%YAML 1.2\n# c\n---\na: 1\n---\nb: 1\n')).toEqual([
      '%YAML 1.2\n# c\n---\na: 1\n',
      '---\nb: 1\n',
    ]);
  });

  test('CR LF and lone CR', () => {
    expect(chunks('a\r\n---\r\nb\r---\rc')).toEqual(['a\r\n', '---\r\nb\r', '---\rc']);
  });
});

describe('two parsers, one tree', () => {
  const texts = [
    'a: 1\nb: [x, "y", \'z\']\nc: {d: e}\n',
    'a: &x {k: v}\nb: *x\nc:\n  <<: *x\n  k2: v2\n',
    'a: |\n  text\n  more\nb: >-\n  folded\n  more\n',
    'a:\n- b\n- c: d\n  e: ~\n-\n',
    '"quoted key": "a\\tb"\n? complex\n: value\n',
    'a: !tag b\nc: !!str 12\n',
  ];
  test.each(texts)('%j', (text) => {
    const plain = (node: YamlNode): unknown => {
      if (node.kind === 'scalar') return [node.value, node.plain];
      if (node.kind === 'sequence') return node.items.map(plain);
      return node.entries.map(({ key, value }) => [key, plain(value)]);
    };
    const [first, second] = [parseYaml(text, 0), parseYamlAgain(text, 0)];
    expect(second.map(({ root }) => plain(root))).toEqual(first.map(({ root }) => plain(root)));
  });

  test('positions agree', () => {
    const text = 'a: "x"\nb:\n  - c: |\n      deep\n';
    for (const parse of [parseYaml, parseYamlAgain]) {
      const root = parse(text, 100)[0]?.root;
      expect(field(root, 'a')?.offset).toBe(104);
      const list = field(root, 'b');
      expect(list?.kind === 'sequence' ? field(list.items[0], 'c')?.offset : 0).toBe(
        100 + text.indexOf('deep'),
      );
    }
  });
});

test('what is written with positions is found at these positions', async () => {
  const image = fc.stringMatching(/^[a-z]{1,6}(\/[a-z]{1,6})?:[a-z0-9]{1,4}$/);
  const container = fc.record({
    image,
    quote: fc.constantFrom('', '"', "'"),
    before: fc.constantFrom('', '# c\n', '\n'),
    pad: fc.constantFrom(' ', '   ', '\t'),
    comment: fc.constantFrom('', '  # é 😀 c'),
  });
  const layout = fc.record({
    containers: fc.array(container, { minLength: 1, maxLength: 5 }),
    indent: fc.integer({ min: 0, max: 4 }),
    eol: fc.constantFrom('\n', '\r\n'),
    wide: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(layout, { minLength: 1, maxLength: 4 }), async (documents) => {
      let text = '';
      const expected: string[] = [];
      for (const { containers, indent, eol, wide } of documents) {
        const add = (line: string) => {
          text += line.replaceAll('\n', eol);
        };
        add(`---\napiVersion: v1\nkind: Pod\nmetadata: {name: "é😀"}\nspec:\n  containers:\n`);
        for (const { image: name, quote, before, pad, comment } of containers) {
          add(`${before}${' '.repeat(indent + 2)}-${wide ? '   ' : ' '}`);
          add(`image:${pad}${quote}`);
          const lines = text.split(/\r\n|\n/);
          expected.push(`a.yaml:${lines.length}:${(lines.at(-1) ?? '').length + 1} ${name}`);
          add(`${name}${quote}${comment}\n`);
        }
      }
      const inventory = await inventoryOf({ 'a.yaml': text });
      expect(inventory.problems).toEqual([]);
      expect(places(inventory)).toEqual(expected);
    }),
    { numRuns: 80 },
  );
});

describe('hostile texts', () => {
  const head = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n';
  const tail = `---\n${head}spec: {containers: [{name: c, image: "end:1"}]}\n`;
  async function expectProblem(text: string, message: RegExp): Promise<void> {
    const started = performance.now();
    const inventory = await inventoryOf({ 'a.yaml': `${text}\n${tail}` });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(inventory.problems.map((problem) => problem.message).join('\n')).toMatch(message);
    expect(lookups(inventory)).toContain('end:1');
  }

  test('deep nesting', async () => {
    await expectProblem(`${head}spec: ${'['.repeat(100_000)}`, /nest/);
    await expectProblem(`${head}spec: ${'{a: '.repeat(100_000)}`, /nest/);
  });

  test('an alias bomb', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(10)}]`,
    );
    await expectProblem(`${head}l0: &l0 {image: a}\n${levels.join('\n')}`, /aliases expand/);
  });

  test('a chain of aliases deeper than the stack', async () => {
    const levels = Array.from(
      { length: 20_000 },
      (_, level) => `l${level + 1}: &l${level + 1} {a: *l${level}}`,
    );
    await expectProblem(`${head}l0: &l0 {image: a}\n${levels.join('\n')}`, /aliases/);
  });

  test('a merge bomb', async () => {
    const levels = Array.from(
      { length: 40 },
      (_, level) =>
        `l${level + 1}: &l${level + 1} {a${level}: 1, <<: [${Array(50).fill(`*l${level}`).join(', ')}]}`,
    );
    const wide = Array.from({ length: 500 }, (_, index) => `k${index}: 1`).join(', ');
    await expectProblem(`${head}l0: &l0 {${wide}}\n${levels.join('\n')}`, /merge keys/);
  });

  test('aliases without an anchor, or inside their own', async () => {
    await expectProblem(`${head}spec: *nowhere`, /no anchor/);
    await expectProblem(`${head}spec: &a [*a]`, /inside its own/);
  });

  test('a line of 10 MB', async () => {
    const started = performance.now();
    const inventory = await inventoryOf({
      'a.yaml': `${head}x: "${'x {{ $'.repeat(1_500_000)}"\n${tail}`,
      Dockerfile: `FROM a\nRUN ${'x "$" '.repeat(1_700_000)}\nFROM b\n`,
    });
    expect(lookups(inventory)).toEqual(['a', 'b', 'end:1']);
    expect(performance.now() - started).toBeLessThan(8000);
  });

  test('images that are very long, or made against patterns', async () => {
    const images = [
      `a${'/a'.repeat(100_000)}`,
      `$\{${'{'.repeat(50_000)}`,
      '<'.repeat(50_000),
      '%('.repeat(50_000),
      '@a'.repeat(50_000),
    ];
    const text = images
      .map((image) => `${head}spec: {containers: [{name: c, image: '${image}'}]}\n`)
      .join('---\n');
    const started = performance.now();
    const inventory = await inventoryOf({ 'a.yaml': text });
    expect(inventory.uses.map(({ unresolved }) => unresolved === undefined)).toEqual(images.map(() => false));
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('many broken documents are counted, not listed', async () => {
    const inventory = await inventoryOf({ 'a.yaml': `${head}spec: [\n---\n`.repeat(500) });
    expect(inventory.problems).toHaveLength(21);
    expect(inventory.problems.at(-1)?.message).toContain('480 more');
  });
});

describe('long lists', () => {
  const padding = 'x'.repeat(3000);
  const items = Array.from({ length: 500 }, (_, index) => ({
    metadata: { name: `p${index}`, annotations: { note: `"${padding}] } ,[{\\` } },
    spec: { containers: [{ name: 'c', image: `quay.io/x/p:${index}` }] },
  }));
  const expected = items.map(({ spec }) => spec.containers[0]?.image);

  async function expectFound(text: string): Promise<void> {
    expect(text.length).toBeGreaterThan(splitListLength);
    expect(splitList(text)?.items).toHaveLength(items.length);
    const inventory = await inventoryOf({ 'list.json': text });
    expect(inventory.problems).toEqual([]);
    expect(lookups(inventory)).toEqual(expected);
    expect(inventory.uses[7]?.use.workload).toBe('Pod p7');
    const lines = text.split('\n');
    for (const { use, written } of inventory.uses)
      expect(lines[(use.line ?? 0) - 1]?.startsWith(written, (use.column ?? 0) - 1)).toBe(true);
  }

  test('JSON, pretty and on one line, is read item by item', async () => {
    const list = { apiVersion: 'v1', other: [{ items: [1] }], items, kind: 'PodList' };
    await expectFound(JSON.stringify(list, null, 4));
    await expectFound(JSON.stringify(list));
  });

  test('YAML as kubectl writes it is read item by item, a broken item spoils itself only', async () => {
    const entries = items.map(
      ({ metadata, spec }) =>
        `- metadata:\n    name: ${metadata.name}\n    annotations:\n      note: |\n        - ${padding}\n        items:\n  spec:\n    containers:\n    - name: c\n      image: ${spec.containers[0]?.image}\n`,
    );
    const text = `apiVersion: v1\nitems:\n${entries.join('')}kind: PodList\nmetadata: {}\n`;
    await expectFound(text);
    const inventory = await inventoryOf({ 'a.yaml': text.replace('    name: p3\n', '   name: p3\n') });
    expect(inventory.uses).toHaveLength(items.length - 1);
    expect(inventory.problems).toMatchObject([{ file: 'a.yaml', line: expect.any(Number) }]);
  });

  test('a list with aliases stays whole', () => {
    expect(splitList('items:\n- &a {x: 1}\n- *a\nkind: List\n')).toBeUndefined();
    expect(splitList('items:\n- a: "*"\n')?.items).toHaveLength(1);
  });
});

describe('texts that would fill the memory', () => {
  test('too many nodes in one document are refused before they are parsed', async () => {
    const inventory = await inventoryOf({
      'a.yaml': `apiVersion: v1\nkind: Pod\nspec: [${'a,'.repeat(3_100_000)}]\n`,
    });
    expect(inventory.problems).toMatchObject([{ file: 'a.yaml', message: expect.stringContaining('nodes') }]);
  });

  test('a Dockerfile of blank lines ends', async () => {
    const inventory = await inventoryOf({ Dockerfile: `FROM a\n${'\n'.repeat(300_000)}FROM b\n` });
    expect(lookups(inventory)).toEqual(['a']);
    expect(inventory.problems).toMatchObject([{ line: 200_000 }]);
  });

  test('Compose files that include each other many times end', async () => {
    const includes = (name: string) =>
      `include: [${Array(50).fill(name).join(', ')}]\nservices: {s: {image: "x:1"}}\n`;
    const inventory = await inventoryOf(
      {
        'compose.yaml': includes('b.yaml'),
        'b.yaml': includes('c.yaml'),
        'c.yaml': includes('d.yaml'),
        'd.yaml': 'services: {d: {image: "d:1"}}\n',
      },
      ['compose.yaml'],
    );
    expect(lookups(inventory).sort()).toEqual(['d:1', 'x:1', 'x:1', 'x:1']);
    expect(inventory.problems.map(({ message }) => message).join('\n')).toContain('more than 200 projects');
  });
});
