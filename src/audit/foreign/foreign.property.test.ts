import fc from 'fast-check';
import { expect, test } from 'vitest';
import { file, writeElf } from '../../fixture/index.ts';
import { foreignCodeIn } from '../native.ts';
import { subjectOf } from '../subject.test-support.ts';
import { staticLibraryOf, tarOf, zipOf } from './artifacts.test-support.ts';
import { amd64, amd64Library, arm64, arm64Library, noLoader } from './foreign.test-support.ts';
import { codeByArchitecture, foreignFindings, judgeForeign } from './index.ts';
import { wordsOf } from './platform-words.ts';

const contents = {
  amd64,
  amd64Library,
  arm64,
  s390x: writeElf({ machine: 's390x' }),
  text: Buffer.from('text'),
  jar: zipOf([
    { name: 'n/linux-x64/libx.so', data: amd64Library },
    { name: 'n/linux-arm64/libx.so', data: arm64Library },
    { name: 'n/other.so', data: amd64Library },
  ]),
  tar: await tarOf([
    { name: 'tool', data: amd64 },
    { name: 'tool', data: arm64 },
  ]),
  archive: staticLibraryOf({ name: 'x.o', data: amd64 }),
  selfExtracting: Buffer.concat([Buffer.from('#!/bin/sh\n'), amd64, arm64]),
  packed: Buffer.concat([arm64, amd64, amd64]),
};
const words = [
  'usr bin lib local opt app tests doc share boot sbin lib64 node_modules prebuilds site-packages python3 debug',
  'linux-x64 linux-arm64 amd64 arm64 x86_64-linux-gnu aarch64-linux-gnu linux win32-x64 musl gcc-cross firmware',
  'libc.so.6 ld-linux-x86-64.so.2 tool tool-amd64 tool-arm64 x.node x.jar x.so x.deb x-linux-arm64.tar x.ko sh',
].flatMap((line) => line.split(' '));

const pathOf = fc
  .array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'));
const files = fc.uniqueArray(
  fc.record({
    path: pathOf,
    content: fc.constantFrom(...(Object.keys(contents) as (keyof typeof contents)[])),
    executable: fc.boolean(),
  }),
  // No path may be a folder of another.
  { selector: ({ path }) => path, minLength: 1, maxLength: 8 },
);
type Files = typeof files extends fc.Arbitrary<infer T> ? T : never;

async function judged(some: Files, extra: readonly ReturnType<typeof file>[] = []) {
  const members = some
    .filter(({ path }) => !some.some((other) => other.path.startsWith(`${path}/`)))
    .map(({ path, content, executable }) => file(path, contents[content], executable ? 0o755 : 0o644));
  const subject = await subjectOf({ compression: 'none', layers: [[...members, ...extra]] });
  return { subject, codes: judgeForeign(subject, { traces: [], loader: noLoader }) };
}

test('every foreign file gets exactly one verdict, whatever it is called', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (some) => {
      const { subject, codes } = await judged(some);
      const expected = new Set<string>();
      for (const { path, entry } of subject.view.entries())
        if (entry.facts !== undefined)
          for (const code of foreignCodeIn(entry.facts, subject.platform))
            expected.add(`${path}!/${code.path}`);
      const given = codes.map(({ entry, innerPath }) => `${entry.path}!/${innerPath}`);
      expect(given.length).toBe(new Set(given).size);
      expect([...given].sort()).toEqual([...expected].sort());
      expect(foreignFindings(subject, codes)).toHaveLength(codes.length);
      for (const { because } of codes) expect(because).toMatch(/^\S.*\.$/);
    }),
    { numRuns: 60 },
  );
});

const ranks = ['inert', 'shadowed', 'unknown', 'reachable'];

test('a native twin never makes a verdict worse', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (some) => {
      const before = await judged(some);
      const known = new Set([...before.subject.view.entries()].map(({ path }) => path));
      const twins = some
        .map(({ path, ...rest }) => ({
          ...rest,
          path: path.replaceAll(/linux-x64|amd64|x86_64-linux-gnu/g, (word) => twinWords[word] ?? word),
        }))
        .filter(
          ({ path }) =>
            !known.has(path) &&
            !path.split('/').some((_, i, parts) => isFile(before.subject, parts.slice(0, i + 1))),
        );
      const unique = new Map(
        twins.map(({ path, executable }) => [path, file(path, arm64Library, executable ? 0o755 : 0o644)]),
      );
      const extra = [...unique].filter(
        ([path]) => ![...unique.keys()].some((other) => other.startsWith(`${path}/`)),
      );
      const after = await judged(
        some,
        extra.map(([, member]) => member),
      );
      const verdictAfter = new Map(
        after.codes.map((code) => [`${code.entry.path}!${code.innerPath}`, code.verdict]),
      );
      for (const { entry, innerPath, verdict } of before.codes) {
        const now = verdictAfter.get(`${entry.path}!${innerPath}`);
        expect(ranks.indexOf(now ?? '')).toBeGreaterThanOrEqual(0);
        expect(ranks.indexOf(now ?? '')).toBeLessThanOrEqual(ranks.indexOf(verdict));
      }
    }),
    { numRuns: 60 },
  );
});

const twinWords: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-arm64',
  amd64: 'arm64',
  'x86_64-linux-gnu': 'aarch64-linux-gnu',
};

function isFile({ view }: Awaited<ReturnType<typeof subjectOf>>, parts: readonly string[]): boolean {
  const kind = view.lookup(parts.join('/'))?.entry.kind;
  return kind !== undefined && kind !== 'directory';
}

test('platform names are found in any text, in time that grows with its length', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('x86_64', 'aarch_64', 'linux-arm64'), (text, word) => {
      const { names, key } = wordsOf(`${text}/${word}/x`);
      expect(names.at(-1)?.text).toBe(word);
      expect(key.endsWith('\0/x')).toBe(true);
    }),
  );
  const start = performance.now();
  for (const part of ['x86_', 'linux-', 'arm64-', 'a', '_', 'amd64/', 'x86-64.'])
    wordsOf(part.repeat(50_000));
  expect(performance.now() - start).toBeLessThan(3_000);
});

test('the work grows with the number of files', async () => {
  const many = (count: number) =>
    subjectOf({
      compression: 'none',
      layers: [
        Array.from({ length: count }, (_, index) =>
          file(
            `opt/d${index % 50}/x${index}-${index % 2 ? 'amd64' : 'arm64'}.so`,
            index % 2 ? amd64Library : arm64Library,
          ),
        ),
      ],
    });
  const timeOf = async (count: number): Promise<number> => {
    const subject = await many(count);
    const start = performance.now();
    const codes = judgeForeign(subject, { traces: [], loader: noLoader });
    expect(codes).toHaveLength(count / 2);
    expect(codeByArchitecture(subject, codes)).toEqual({ amd64: count / 2, arm64: count / 2 });
    return performance.now() - start;
  };
  await timeOf(1_000);
  const small = await timeOf(1_000);
  const large = await timeOf(8_000);
  // Eight times the files; a square would be 64 times.
  expect(large).toBeLessThan(30 * Math.max(small, 5));
});
