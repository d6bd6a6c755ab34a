import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exec, execIn } from './real-parts.ts';

/** An index that apt fetched, with the Release file it was checked by. */
export interface AptIndex {
  readonly uri: string;
  readonly suite: string;
  readonly component: string;
  /** The index as the archive has it, compressed. */
  readonly packages: string;
  readonly inRelease: string;
}

/** What this machine's apt says of a package file. */
export interface AptFile {
  readonly url: string;
  readonly size: number;
  readonly sha256: string;
}

/** This machine's apt with lists of its own, for arm64: it does the talking to the archive. */
export interface AptArm64 {
  readonly indexes: readonly AptIndex[];
  /** `name=version` of each; what the archive doesn't have fails. */
  describe(packages: readonly string[]): Promise<readonly AptFile[]>;
  /** Into a folder of its own: the files' paths. */
  download(packages: readonly string[]): Promise<readonly string[]>;
}

/** `undefined` where the mirror can't be reached: the tests are skipped then, visibly. In CI that's an error. */
export async function aptForArm64(folder: string): Promise<AptArm64 | undefined> {
  for (const part of ['lists/partial', 'cache/archives/partial', 'debs'])
    mkdirSync(join(folder, part), { recursive: true });
  const options = [
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'Dir::State::status=/dev/null',
    'APT::Architecture=arm64',
    'APT::Architectures::=arm64',
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    // The archive's own file is kept as it came.
    'Acquire::IndexTargets::deb::Packages::KeepCompressed=true',
    'Acquire::IndexTargets::deb::Packages::KeepCompressedAs=xz',
  ].flatMap((option) => ['-o', option]);
  try {
    await exec('apt-get', 'update', '--error-on=any', ...options);
  } catch (error) {
    if (process.env['CI']) throw error;
    return undefined;
  }
  const format = '$(IDENTIFIER)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(FILENAME)';
  const lines = (await exec('apt-get', 'indextargets', ...options, '--format', format)).split('\n');
  const qualified = (packages: readonly string[]): readonly string[] =>
    packages.map((one) => one.replace('=', ':arm64='));
  return {
    indexes: lines.filter((line) => line.startsWith('Packages|')).flatMap(indexIn),
    describe: async (packages) =>
      (await exec('apt-get', 'download', '--print-uris', ...options, ...qualified(packages)))
        .split('\n')
        .flatMap(fileIn),
    download: async (packages) => {
      await execIn(join(folder, 'debs'), 'apt-get', 'download', ...options, ...qualified(packages));
      return readdirSync(join(folder, 'debs')).map((name) => join(folder, 'debs', name));
    },
  };
}

function indexIn(line: string): readonly AptIndex[] {
  const [, uri = '', suite = '', component = '', packages = ''] = line.split('|');
  const inRelease = packages.replace(/_[^_]+_binary-[^_]+_Packages[^_]*$/, '_InRelease');
  if (!existsSync(packages) || !existsSync(inRelease)) return [];
  return [{ uri: uri.replace(/\/+$/, ''), suite, component, packages, inRelease }];
}

function fileIn(line: string): readonly AptFile[] {
  const match = /^'([^']+)' \S+ ([0-9]+) SHA256:([0-9a-f]{64})/.exec(line);
  const [, url = '', size = '', sha256 = ''] = match ?? [];
  return match === null ? [] : [{ url: decodeURIComponent(url), size: Number(size), sha256 }];
}

/** The same archives on loopback, made of what apt fetched; each has a folder, by the number of its address. */
export interface LoopbackArchives {
  /** From the archives' addresses to those on loopback. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** More files, by their SHA-256: packages. */
  add(paths: readonly string[]): void;
  close(): Promise<void>;
}

export async function serveIndexes(indexes: readonly AptIndex[]): Promise<LoopbackArchives> {
  const uris = [...new Set(indexes.map(({ uri }) => uri))];
  const byPath = new Map(
    indexes.map(({ uri, suite, inRelease }) => [`/${uris.indexOf(uri)}/dists/${suite}/InRelease`, inRelease]),
  );
  const byHash = new Map(indexes.map(({ packages }) => [sha256Of(packages), packages]));
  const debs = new Map<string, string>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const name = path.slice(path.lastIndexOf('/') + 1);
    const file = byPath.get(path) ?? (path.includes('/by-hash/SHA256/') ? byHash.get(name) : debs.get(name));
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    mirrors: Object.fromEntries(uris.map((uri, at) => [uri, `http://127.0.0.1:${port}/${at}`])),
    // apt writes the colon of an epoch as %3a, which archives leave out.
    add: (paths) => {
      for (const path of paths)
        debs.set(path.slice(path.lastIndexOf('/') + 1).replace(/_[0-9]+%3a/, '_'), path);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
