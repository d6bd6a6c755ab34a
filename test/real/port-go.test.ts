// Real Go programs in amd64 images are built anew for arm64 and run under qemu, beside what they say on amd64.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImage, executable } from '../../src/fixture/index.ts';
import { gunzip } from '../../src/layer/index.ts';
import type { PortOptions } from '../../src/port/index.ts';
import { portWorld } from '../../src/port/port.test-support.ts';
import type { PortResult } from '../../src/results/index.ts';
import { readTar, type TarMember } from '../../src/tar/index.ts';
import { GoWorkplace, publicModule } from '../support/go-programs.ts';
import { hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const run = promisify(execFile);
const here = process.arch === 'x64' && (await hasPrograms('go', 'git', 'qemu-aarch64-static'));
const timeout = 600_000;

const world = portWorld();
const folder = temporaryFolder();
let go: GoWorkplace;

beforeAll(async () => {
  if (!here) return;
  go = new GoWorkplace(folder.path);
  await go.commitRepository();
}, timeout);
afterAll(async () => {
  if (here) await go.remove();
  folder.remove();
});

const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** Ports an image of nothing but programs. */
async function ported(
  programs: Readonly<Record<string, Buffer>>,
  more: { readonly go?: PortOptions['go']; readonly members?: readonly TarMember[] } = {},
): Promise<{ readonly result: PortResult; readonly to: string }> {
  const members = Object.entries(programs).map(([path, bytes]) => executable(path, bytes));
  const [first = ''] = Object.keys(programs);
  const app = await world.pushed(
    buildImage({
      platform: { os: 'linux', architecture: 'amd64' },
      layers: [[...members, ...(more.members ?? [])]],
      config: { Entrypoint: [`/${first}`] },
    }),
    'app:1',
  );
  const to = app.replace('app:1', 'ported:1');
  const options = { environment: go.environment, ...(more.go === undefined ? {} : { go: more.go }) };
  return { result: await world.port(app, { to, noBase: true, ...options }), to };
}

/** A file of the port's only layer. */
async function fileOf(to: string, path: string): Promise<Buffer> {
  const { manifest } = await world.pull(to);
  const [host = '', repository = ''] = to.replace(/:[^:/]*$/, '').split('/');
  const [layer] = manifest.layers;
  if (layer === undefined) throw new Error('no layer');
  for await (const { name, body } of readTar(gunzip(world.repository(host, repository).blob(layer)))) {
    if (name !== path) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
    return Buffer.concat(chunks);
  }
  throw new Error(`the port has no ${path}`);
}

async function outputOf(
  bytes: Buffer,
  words: readonly string[],
  emulator: readonly string[],
): Promise<string> {
  const file = join(tmpdir(), `armload-go-${randomUUID()}`);
  writeFileSync(file, bytes, { mode: 0o755 });
  const [program = '', ...rest] = [...emulator, file, ...words];
  const { stdout } = await run(program, rest, { env: {} }).finally(() => rmSync(file));
  return stdout;
}

/** The port of a program says what the program says. */
async function expectSame(
  program: Buffer,
  words: readonly string[],
  to: string,
  path: string,
): Promise<string> {
  const built = await fileOf(to, path);
  const before = await outputOf(program, words, []);
  expect(await outputOf(built, words, ['qemu-aarch64-static'])).toBe(before);
  return before;
}

describe.skipIf(!here)('a program that was built', () => {
  test(
    'as a version of a module is built of it, and keeps owner, mode and capabilities',
    async () => {
      const program = await go.install(publicModule, '-ldflags=-s -w');
      const member = {
        ...executable('usr/bin/tool', program),
        ...{ uid: 7, gid: 8, mode: 0o710, pax: new Map([['SCHILY.xattr.security.capability', capability]]) },
      } as TarMember;
      const { result, to } = await ported(
        { 'usr/bin/copy': program },
        {
          members: [
            member,
            { name: 'usr/bin/link', type: 'hardlink', linkName: 'usr/bin/tool' } as TarMember,
          ],
        },
      );
      expect(result).toMatchObject({ outcome: 'published', refusals: [], totals: { replaced: 3 } });
      const { view } = await world.pull(to);
      const entry = view.lookup('usr/bin/tool')?.entry;
      expect(entry).toMatchObject({
        uid: 7,
        gid: 8,
        mode: 0o710,
        facts: { elf: { architecture: 'arm64', linkage: 'static' } },
      });
      expect(entry?.xattrs).toHaveProperty(['security.capability']);
      expect(view.links('usr/bin/tool')).toEqual(['usr/bin/link', 'usr/bin/tool']);
      expect(await expectSame(program, ['--version'], to, 'usr/bin/copy')).toContain('v0.9.1');
      const [main] = result.materials;
      expect(main).toMatchObject({
        origin: 'go',
        purl: 'pkg:golang/mvdan.cc/gofumpt@v0.9.1',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(result.materials.length).toBeGreaterThan(3);
    },
    timeout,
  );

  test(
    "without paths in it is found to be the image's to the byte, link flags that Go does not record included",
    async () => {
      const program = await go.install(publicModule, '-trimpath', '-ldflags=-s -w');
      const { result, to } = await ported({ tool: program });
      expect(result).toMatchObject({ outcome: 'published', refusals: [] });
      expect(result.notes.join()).toContain("it is the image's to the byte, with link flags");
      await expectSame(program, ['--version'], to, 'tool');
      // The second time nothing is built.
      const started = performance.now();
      const again = await world.port(result.source.reference, {
        to,
        noBase: true,
        environment: go.environment,
      });
      expect(again.outcome).toBe('unchanged');
      expect(performance.now() - started).toBeLessThan(3000);
    },
    timeout,
  );

  test(
    'from a revision is built of it, with its variables, tags and stamps',
    async () => {
      const checkout = await go.checkout();
      const flags = ['-ldflags=-X main.version=1.2.3 -X "main.other=a b"', '-tags=netgo,osusergo'];
      const program = await go.build(checkout, ...flags, './cmd/tool');
      const { result, to } = await ported({ tool: program });
      expect(result).toMatchObject({ outcome: 'published', refusals: [] });
      const said = await expectSame(program, [], to, 'tool');
      expect(said).toMatch(/^1\.2\.3 api 1 true v0\.3\.1-0\.20240506070809-[0-9a-f]{12} [0-9a-f]{40}\n$/);
      expect(result.materials).toMatchObject([
        { name: 'github.com/armload-example/tool', uri: expect.stringMatching(/^git\+https:/) },
        { name: 'github.com/bmatcuk/doublestar/v4', version: 'v4.0.2' },
      ]);
    },
    timeout,
  );

  test(
    'with variables that Go did not record needs a person to say them, and then they are checked',
    async () => {
      const checkout = await go.checkout();
      const linkFlags = '-s -w -X main.version=2.0.0';
      const program = await go.build(checkout, '-trimpath', `-ldflags=${linkFlags}`, './cmd/tool');
      const { result } = await ported({ tool: program });
      expect(result).toMatchObject({
        outcome: 'refused',
        refusals: [{ path: '/tool', why: expect.stringContaining('"build -ldflags" is missing') }],
      });
      const wrong = await ported(
        { tool: program },
        { go: { linkFlags: { '/tool': '-s -w -X main.version=2.0.1' } } },
      );
      expect(wrong.result).toMatchObject({ outcome: 'refused' });
      const right = await ported({ tool: program }, { go: { linkFlags: { '/tool': linkFlags } } });
      expect(right.result).toMatchObject({ outcome: 'published' });
      expect(await expectSame(program, [], right.to, 'tool')).toMatch(/^2\.0\.0 /);
    },
    timeout,
  );
});

describe.skipIf(!here)('a program is refused that was built', () => {
  const cases: Readonly<Record<string, readonly [build: () => Promise<Buffer>, why: RegExp]>> = {
    'from files that were changed': [
      async () => {
        const checkout = await go.checkout();
        go.write(checkout, 'cmd/tool/more.go', 'package main\n\nfunc init() { println("more") }\n');
        return go.build(checkout, './cmd/tool');
      },
      /changed and not committed/,
    ],
    'with files that git ignores': [
      async () => {
        const checkout = await go.checkout();
        go.write(checkout, 'web/generated.txt', 'generated\n'.repeat(200));
        return go.build(checkout, './cmd/tool');
      },
      /its section \.\w+ has \d+ bytes, and had \d+/,
    ],
    'with a module of a folder elsewhere': [
      async () => {
        const checkout = await go.checkout();
        go.write(go.folder, 'elsewhere/go.mod', 'module github.com/armload-example/tool/api\n');
        go.write(go.folder, 'elsewhere/api.go', 'package api\n\nconst Name = "other"\n');
        await go.in(
          checkout,
          'go',
          'mod',
          'edit',
          '-replace=github.com/armload-example/tool/api=../elsewhere',
        );
        return go.build(checkout, './cmd/tool');
      },
      /"=> \.\.\/elsewhere" replaces/,
    ],
    'without its repository': [
      async () => go.build(await go.checkout(), '-buildvcs=false', './cmd/tool'),
      /"build vcs.revision" is missing/,
    ],
    'from files named one by one': [
      async () => go.build(await go.checkout(), '-buildvcs=false', 'cmd/tool/main.go'),
      /command-line-arguments/,
    ],
    'position-independent': [
      async () => go.build(await go.checkout(), '-buildmode=pie', './cmd/tool'),
      /only static programs|only plain programs/,
    ],
    'with cgo': [
      async () => {
        const words = [
          'CGO_ENABLED=1',
          'go',
          'build',
          '-ldflags=-linkmode external -extldflags -static',
          '-o',
        ];
        const checkout = await go.checkout();
        await go.in(checkout, 'env', ...words, 'program', './cmd/tool');
        return Buffer.from(await go.in(checkout, 'base64', 'program'), 'base64');
      },
      /CGO_ENABLED=1/,
    ],
  };

  test.each(Object.entries(cases))(
    '%s',
    async (_name, [build, why]) => {
      const { result } = await ported({ tool: await build() });
      expect(result).toMatchObject({
        outcome: 'refused',
        refusals: [{ path: '/tool', why: expect.stringMatching(why) }],
      });
    },
    timeout,
  );
});
