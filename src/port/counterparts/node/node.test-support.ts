import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Clock, systemClock } from '../../../core/index.ts';
import { directory, executable, file, type Machine, userland, writeElf } from '../../../fixture/index.ts';
import { type TarMember, writeTar } from '../../../tar/index.ts';
import type { OriginContext, PortImage } from '../../origin-types.ts';
import { viewOf } from '../shared/plan.test-support.ts';
import { nodeFiles } from './tree.ts';

export async function tarOf(...members: readonly TarMember[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(members)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

export function sha512(bytes: Uint8Array): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

/** A program or a library of a machine, told apart by a text in it. */
export function code(machine: Machine, text: string, kind: 'executable' | 'library' = 'library'): Buffer {
  return Buffer.concat([writeElf({ machine, kind }), Buffer.from(text)]);
}

export interface TestPackage {
  readonly name: string;
  readonly version?: string;
  /** Members of its package.json besides name and version. */
  readonly manifest?: object;
  /** By path in the package; those of `bin` may be executed. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** The members of a package as npm installs it in a folder. */
export function installed(
  folder: string,
  { name, version = '1.0.0', manifest, files = {} }: TestPackage,
): TarMember[] {
  return [
    directory(`${folder}/`),
    file(`${folder}/package.json`, JSON.stringify({ name, version, ...manifest })),
    ...Object.entries(files).map(([path, body]) =>
      path.startsWith('bin/') ? executable(`${folder}/${path}`, body) : file(`${folder}/${path}`, body),
    ),
  ];
}

/** A package for one machine, with a module of its code. */
export function forMachine(
  name: string,
  machine: Machine,
  more: Partial<TestPackage> & { libc?: string } = {},
): TestPackage {
  const cpu = machine === 'amd64' ? 'x64' : machine;
  const { libc, manifest, files, ...rest } = more;
  return {
    name,
    manifest: { os: ['linux'], cpu: [cpu], ...(libc && { libc: [libc] }), ...manifest },
    files: files ?? { 'lib/tool.node': code(machine, name) },
    ...rest,
  };
}

export interface Published extends TestPackage {
  /** What its tarball is, where it's not the package itself. */
  readonly tarball?: Uint8Array;
  /** Changes to what the registry says of it. */
  readonly record?: (record: Record<string, unknown>) => Record<string, unknown>;
}

/** The tarball of a package, as `npm pack` makes it. */
export async function pack({ name, version = '1.0.0', manifest, files = {} }: TestPackage): Promise<Buffer> {
  const members = installed('package', { name, version, ...(manifest && { manifest }), files });
  return gzipSync(await tarOf(...members.filter(({ type }) => type !== 'directory')));
}

export interface TestRegistry {
  readonly url: string;
  /** Method-less: the paths that were asked for, in order. */
  readonly requests: readonly string[];
  readonly headers: readonly IncomingMessage['headers'][];
  publish(...packages: readonly Published[]): Promise<void>;
  /** Answers before anything else, where it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly close: () => Promise<void>;
}

/** A registry on this machine that answers as npm's does. */
export async function startTestRegistry(): Promise<TestRegistry> {
  const records = new Map<string, Record<string, unknown>>();
  const tarballs = new Map<string, Uint8Array>();
  const running = await serve((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname);
    if (registry.intercept(request, response)) return;
    const tarball = tarballs.get(path);
    const record = records.get(path);
    if (tarball !== undefined) response.end(tarball);
    else if (record !== undefined)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(record));
    else response.writeHead(404).end('{"error":"not found"}');
  });
  const registry: TestRegistry & { intercept: TestRegistry['intercept'] } = {
    ...running,
    url: `${running.origin}/`,
    intercept: () => false,
    async publish(...packages) {
      for (const one of packages) {
        const { name, version = '1.0.0', manifest, record = (same) => same } = one;
        const path = `/${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`;
        const tarball = one.tarball ?? (await pack(one));
        tarballs.set(path, tarball);
        const dist = { tarball: `${running.origin}${path}`, integrity: sha512(tarball) };
        records.set(`/${name}/${version}`, record({ name, version, ...manifest, dist }));
      }
    },
  };
  return registry;
}

export async function serve(listener: RequestListener): Promise<{
  readonly origin: string;
  readonly requests: string[];
  readonly headers: IncomingMessage['headers'][];
  readonly close: () => Promise<void>;
}> {
  const requests: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    requests.push(decodeURIComponent(request.url ?? ''));
    headers.push(request.headers);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ origin: `http://127.0.0.1:${port}`, requests, headers },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The base of Node's images in small. */
export function nodeBase(machine: Machine): readonly TarMember[] {
  const program = writeElf({ machine, interpreter: true, needed: ['libc.so.6'] });
  return [
    ...userland(machine),
    executable('usr/bin/node', program),
    ...['usr/include/', 'usr/include/node/'].map(directory),
    file(
      'usr/include/node/node_version.h',
      '#define NODE_MAJOR_VERSION 20\n#define NODE_MODULE_VERSION 115\n',
    ),
  ];
}

/** A base whose programs are of the other C library. */
export function muslBase(machine: Machine): readonly TarMember[] {
  const name = machine === 'amd64' ? 'x86_64' : 'aarch64';
  const loader = writeElf({ machine, kind: 'library', soname: `libc.musl-${name}.so.1` });
  const program = writeElf({ machine, interpreter: `/lib/ld-musl-${name}.so.1` });
  return [
    ...['lib/', 'usr/', 'usr/bin/', 'etc/'].map(directory),
    executable(`lib/ld-musl-${name}.so.1`, loader),
    executable('usr/bin/sh', program),
    executable('usr/bin/node', program),
    file('etc/os-release', 'ID=alpine\nVERSION_ID=3.20.0\n'),
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n'),
  ];
}

/** An image of these layers on Node's base. */
export async function imageOf(
  layers: readonly (readonly TarMember[])[],
  base: (machine: Machine) => readonly TarMember[] = nodeBase,
): Promise<PortImage> {
  return {
    reference: 'registry.example.org/app:1',
    source: { os: 'linux', architecture: 'amd64' },
    target: { os: 'linux', architecture: 'arm64' },
    view: await viewOf([base('amd64'), ...layers], { wanted: nodeFiles }),
    baseLayers: 1,
    oldBase: await viewOf([base('amd64')], { wanted: nodeFiles }),
    newBase: await viewOf([base('arm64')], { wanted: nodeFiles }),
    mapPath: (path) => path,
  };
}

/** Folders of one test, and what it needs of the port. Waiting takes no time. */
export function workplace(): {
  readonly context: OriginContext;
  readonly folder: string;
  readonly remove: () => void;
} {
  const folder = join(tmpdir(), `armload-node-${randomUUID()}`);
  const work = join(folder, 'work');
  mkdirSync(work, { recursive: true });
  const clock: Clock = { ...systemClock, sleep: async () => undefined };
  const context = { folder: work, cache: join(folder, 'cache'), taken: new Set<string>(), clock };
  return { context, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
