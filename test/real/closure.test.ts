// What the audit says a program's loader takes is what the loader itself lists, for every program of an arm64 Debian.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLoader } from '../../src/audit/loader/index.ts';
import type { Closure } from '../../src/audit/types.ts';
import type { FileFacts } from '../../src/binary/index.ts';
import type { MergedView } from '../../src/layer/index.ts';
import { parseConfig, parseRunSettings } from '../../src/oci/index.ts';
import { canMakeDebianRoot, debianRoot, rootTimeout } from '../support/debian-root.ts';
import { viewOf } from '../support/file-facts.ts';
import { honestLayers } from '../support/honest-image.ts';
import { LayoutWriter } from '../support/layout-writer.ts';
import { type LoaderList, loaderLists, missing, realPaths } from '../support/loader-lists.ts';
import { temporaryFolder } from '../support/real-parts.ts';

const available = await canMakeDebianRoot();
const folder = temporaryFolder();
afterAll(() => folder.remove());

const path = ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin'];
const interpreter = '/lib/ld-linux-aarch64.so.1';

/** Programs of the PATH that name the loader, and the virtual machine's own, links followed, each once. */
async function programsIn(root: string): Promise<readonly string[]> {
  const machines = readdirSync(join(root, 'usr/lib/jvm'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `usr/lib/jvm/${name}/bin`);
  const names = [...path, ...machines].flatMap((one) => filesIn(root, one));
  const real = new Set((await realPaths(root, names)).values());
  return [...real].filter((program) => isDynamic(join(root, program))).sort((a, b) => (a < b ? -1 : 1));
}

function filesIn(root: string, directory: string): readonly string[] {
  if (!existsSync(join(root, directory))) return [];
  return readdirSync(join(root, directory)).map((name) => `/${directory}/${name}`);
}

function isDynamic(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const bytes = readFileSync(file);
  return bytes.toString('latin1', 0, 4) === '\x7fELF' && bytes.subarray(0, 8192).includes(`${interpreter}\0`);
}

/** The loader lists itself too, by its path or its name. */
function withoutLoader(list: LoaderList): LoaderList {
  return Object.fromEntries(Object.entries(list).filter(([name]) => !name.includes('ld-linux-aarch64.so.1')));
}

function listOf(closure: Closure): LoaderList {
  return Object.fromEntries(
    closure.libraries.map(({ name, file }) => [name, file === undefined ? missing : `/${file.path}`]),
  );
}

describe.skipIf(!available)('closures of a whole arm64 Debian', () => {
  let root = '';
  let view: MergedView;
  beforeAll(async () => {
    root = await debianRoot();
    const writer = new LayoutWriter(join(folder.path, 'layout'));
    writer.addImage('it', { architecture: 'arm64', layers: await honestLayers() });
    view = await viewOf(writer.path, 'it', {});
  }, rootTimeout);

  function closuresOf(files: readonly string[]): ReadonlyMap<string, Closure> {
    const config = Buffer.from(
      '{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
    );
    const loader = createLoader({
      platform: { os: 'linux', architecture: 'arm64' },
      config: parseConfig(config),
      run: parseRunSettings(config),
      override: {},
      view,
      layers: [],
    });
    return new Map(
      files.map((file) => {
        const entry = view.lookup(file.slice(1));
        const closure = entry === undefined ? undefined : loader.closureOf(entry);
        if (closure === undefined) throw new Error(`no closure of ${file}`);
        return [file, closure];
      }),
    );
  }

  /** Gives the paths of all libraries that are taken. */
  function expectSame(
    ours: ReadonlyMap<string, Closure>,
    theirs: ReadonlyMap<string, LoaderList>,
  ): Set<string> {
    const plain = (lists: Iterable<readonly [string, LoaderList]>) =>
      Object.fromEntries([...lists].map(([file, list]) => [file, withoutLoader(list)]));
    const listed = plain(theirs);
    expect(plain([...ours].map(([file, closure]) => [file, listOf(closure)]))).toEqual(listed);
    return new Set(Object.values(listed).flatMap((list) => Object.values(list)));
  }

  test('agree with the loader’s own --list for each of more than 300 programs', async () => {
    const programs = await programsIn(root);
    const closures = closuresOf(programs);
    const libraries = expectSame(closures, await loaderLists(root, programs, 'list'));
    expect([...closures.values()].flatMap(({ problems }) => problems)).toEqual([]);
    expect(programs.length).toBeGreaterThan(300);
    expect(libraries.size).toBeGreaterThan(70);
  });

  test('agree with its trace for each of more than 400 libraries', async () => {
    const libraries = [...view.entries()]
      .filter(({ entry: { kind, facts } }) => kind === 'file' && isLibrary(facts))
      .map(({ path: library }) => `/${library}`);
    const taken = expectSame(closuresOf(libraries), await loaderLists(root, libraries, 'trace'));
    expect(libraries.length).toBeGreaterThan(400);
    // The virtual machine brings its own, which only it can find.
    expect(taken).toContain(missing);
  });
});

function isLibrary(facts: FileFacts | undefined): boolean {
  return facts?.kind === 'elf' && facts.elf.linkage === 'shared-library' && facts.elf.needed.length > 0;
}
