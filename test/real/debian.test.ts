// Debian's packages against dpkg, apt, gpgv and xz. apt talks to the archive; armload reads what apt fetched, from loopback.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLayerReader, type MergedView, mergeLayers } from '../../src/layer/index.ts';
import { digestOf } from '../../src/oci/index.ts';
import {
  type AptSource,
  type ArchiveReader,
  type Counterpart,
  type Counterparts,
  compareVersions,
  createArchiveReader,
  debianFiles,
  findCounterparts,
  mirrorSources,
  openDeb,
  type PackageDatabase,
  parseVersion,
  readDatabase,
  readKeyrings,
  readSources,
} from '../../src/port/counterparts/debian/index.ts';
import { trustOf, verifySigned } from '../../src/port/counterparts/debian/trust/index.ts';
import { unxz } from '../../src/port/counterparts/debian/xz/unxz.ts';
import { type TarMember, writeTar } from '../../src/tar/index.ts';
import { type AptArm64, aptForArm64, type LoopbackArchives, serveIndexes } from '../support/apt-archive.ts';
import { factsOnDisk } from '../support/file-facts.ts';
import { exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const hasDpkg = await hasPrograms('dpkg', 'dpkg-deb', 'dpkg-query', 'tar');
const hasXz = await hasPrograms('xz');
const folder = temporaryFolder();
afterAll(() => folder.remove());

const apt =
  hasDpkg && (await hasPrograms('apt-get', 'gpgv')) ? await aptForArm64(join(folder.path, 'apt')) : undefined;

/** As dpkg-query's formats write it. */
function field(name: string): string {
  return `\${${name}}`;
}

async function bytesOf(input: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe.skipIf(!hasDpkg)('versions', () => {
  /** What dpkg says of each pair, in one shell. */
  async function dpkgVerdicts(pairs: readonly (readonly [string, string])[]): Promise<readonly string[]> {
    const file = join(folder.path, 'pairs');
    writeFileSync(file, pairs.map((pair) => `${pair.join(' ')}\n`).join(''));
    const script =
      'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done <"$0"';
    return (await exec('sh', '-c', script, file)).trim().split('\n');
  }

  function verdicts(pairs: readonly (readonly [string, string])[]): readonly string[] {
    return pairs.map(([left, right]) => {
      const [first, second] = [parseVersion(left), parseVersion(right)];
      if (first === undefined || second === undefined) throw new Error(`${left} or ${right} is no version`);
      return String(Math.sign(compareVersions(first, second)));
    });
  }

  test('compare as dpkg compares them', async () => {
    const piece = fc.constantFrom(
      '0',
      '00',
      '1',
      '9',
      '10',
      '010',
      'a',
      'Z',
      '+',
      '.',
      '~',
      '~~',
      '-',
      'b',
      '+b1',
      'rc',
    );
    const version = fc
      .tuple(
        fc.constantFrom('', '0:', '1:'),
        fc.constantFrom('0', '1', '10'),
        fc.array(piece, { maxLength: 6 }),
      )
      .map(([epoch, first, rest]) => `${epoch}${first}${rest.join('')}`)
      .filter((text) => parseVersion(text) !== undefined);
    const pairs = fc.sample(fc.tuple(version, version), { numRuns: 3000, seed: 7 });
    expect(verdicts(pairs)).toEqual(await dpkgVerdicts(pairs));
  });

  test('of the packages here compare as dpkg compares them', async () => {
    const output = await exec('dpkg-query', '-W', '-f', `${field('Version')}\\n`);
    const versions = output.trim().split('\n');
    const pairs = versions.map(
      (version, at) => [version, versions[(at * 7 + 1) % versions.length] ?? ''] as const,
    );
    expect(verdicts(pairs)).toEqual(await dpkgVerdicts(pairs));
  });

  test('are versions where dpkg takes them for such', async () => {
    const texts = [
      '1',
      '1-1',
      '1:1-1',
      'a',
      '1-',
      ':1',
      '1:',
      '1_1',
      '1-1:1',
      '1:1:1-1',
      '1.~+-1',
      '-1',
      '1é',
      '2147483648:1',
    ];
    for (const text of texts) {
      const isGood = await exec('dpkg', '--validate-version', text).then(
        () => true,
        () => false,
      );
      expect([text, parseVersion(text) !== undefined]).toEqual([text, isGood]);
    }
  });
});

describe.skipIf(!hasXz)('xz', () => {
  const text = Buffer.from(
    Array.from({ length: 40_000 }, (_, at) => `${at} ${(at * 7919) % 1009} line\n`).join(''),
  );
  const contents = {
    nothing: Buffer.alloc(0),
    text,
    noise: randomBytes(700_000),
    zeros: Buffer.alloc(5_000_000),
    program: readFileSync(process.execPath).subarray(0, 3_000_000),
    mixed: Buffer.concat([text, randomBytes(100_000), text, Buffer.alloc(300_000)]),
  };
  const settings = [
    ['-0'],
    ['-6'],
    ['-9e'],
    ['-6', '--check=none'],
    ['-6', '--check=sha256'],
    ['-6', '--block-size=200000'],
    ['-6', '-T2'],
    ['--lzma2=dict=4KiB,lc=0,lp=4,pb=0'],
    ['--lzma2=dict=64KiB,lc=4,lp=0,pb=4'],
    ['--lzma2=dict=1MiB,lc=1,lp=2,pb=3,mf=hc4,mode=fast'],
  ];

  test.each(settings.map((options) => [options.join(' '), options] as const))(
    '%s unpacks as xz unpacks it',
    async (_name, options) => {
      for (const [name, content] of Object.entries(contents)) {
        const file = join(folder.path, `xz-${name}`);
        writeFileSync(file, content);
        await exec('xz', '--keep', '--force', '--format=xz', ...options, file);
        const unpacked = await bytesOf(unxz(createReadStream(`${file}.xz`)));
        expect([name, sha256(unpacked)]).toEqual([name, sha256(content)]);
      }
    },
  );

  test('a filter for programs is refused, not misread', async () => {
    const file = join(folder.path, 'xz-program');
    await exec('xz', '--keep', '--force', '--x86', '--lzma2', file);
    await expect(bytesOf(unxz(createReadStream(`${file}.xz`)))).rejects.toMatchObject({
      code: 'DEBIAN_UNSUPPORTED',
    });
  });
});

/** Entries as `dpkg-deb -c` has them. */
async function listed(deb: string): Promise<readonly string[]> {
  const lines = (await exec('dpkg-deb', '-c', deb)).trimEnd().split('\n');
  return lines.map((line) => {
    const [, permissions = '', size = '', name = ''] =
      /^(\S+) \S+ +([0-9,]+) \S+ \S+ \.\/(.*)$/.exec(line) ?? [];
    const path = name.replace(/ (?:->|link to) .*$/, '').replace(/\/$/, '');
    return `${permissions.slice(0, 1)} ${permissions[0] === '-' ? size : 0} ${path}`;
  });
}

const letters: Readonly<Record<string, string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  sparse: '-',
};

async function read(deb: string) {
  const opened = await openDeb(createReadStream(deb), { name: deb });
  const lines: string[] = [];
  const contents = new Map<string, string>();
  for await (const { path, entry } of opened.entries()) {
    lines.push(`${letters[entry.type]} ${entry.size} ${path}`);
    if (entry.type === 'file')
      contents.set(path, `${entry.mode.toString(8)} ${sha256(await bytesOf(entry.body))}`);
  }
  return { control: opened.control, lines, contents };
}

async function expectLikeDpkg(deb: string): Promise<void> {
  const { control, lines, contents } = await read(deb);
  const list = (await listed(deb)).filter((line) => !/ $/.test(line));
  expect(lines).toEqual(list);
  const root = join(folder.path, `unpacked-${randomBytes(4).toString('hex')}`);
  await exec('dpkg-deb', '-x', deb, root);
  for (const [path, known] of contents)
    expect([path, known.split(' ')[1]]).toEqual([path, sha256(readFileSync(join(root, path)))]);
  const modes = new Map([...factsOnDisk(root)].map(([path, { mode }]) => [path, mode.toString(8)]));
  for (const [path, known] of contents) expect([path, modes.get(path)]).toEqual([path, known.split(' ')[0]]);
  const fields = (await exec('dpkg-deb', '-f', deb, 'Package', 'Version', 'Architecture')).trim().split('\n');
  expect(fields).toEqual([
    `Package: ${control.name}`,
    `Version: ${control.version}`,
    `Architecture: ${control.architecture}`,
  ]);
}

describe.skipIf(!hasDpkg)('packages that dpkg-deb makes', () => {
  test.each(['xz', 'gzip', 'zstd', 'none'])('of %s are read as dpkg-deb reads them', async (compression) => {
    const tree = join(folder.path, `tree-${compression}`);
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
    mkdirSync(join(tree, 'usr/lib/deep/er'), { recursive: true });
    writeFileSync(
      join(tree, 'DEBIAN/control'),
      'Package: test\nVersion: 1:2-3\nArchitecture: arm64\nMaintainer: x\nDescription: x\n',
    );
    writeFileSync(join(tree, 'usr/lib/deep/er/noise'), randomBytes(300_000), { mode: 0o4755 });
    writeFileSync(join(tree, 'usr/lib/deep/text with blank'), 'text\n'.repeat(10_000));
    await exec('ln', '-s', '../deep', join(tree, 'usr/lib/link'));
    await exec('ln', join(tree, 'usr/lib/deep/er/noise'), join(tree, 'usr/lib/deep/same'));
    const deb = join(folder.path, `test-${compression}.deb`);
    await exec('dpkg-deb', '--root-owner-group', `-Z${compression}`, '-b', tree, deb);
    await expectLikeDpkg(deb);
  });
});

/** The files of this machine that a port would read of an image, as an image. */
async function machineView(): Promise<MergedView> {
  const folders = [
    'etc/apt/sources.list.d',
    'etc/apt/trusted.gpg.d',
    'etc/apt/keyrings',
    'usr/share/keyrings',
    'var/lib/dpkg/info',
    'var/lib/dpkg/alternatives',
  ];
  const files = [
    'etc/apt/sources.list',
    'etc/apt/trusted.gpg',
    'var/lib/dpkg/status',
    'var/lib/dpkg/arch',
    'var/lib/dpkg/diversions',
    'var/lib/dpkg/statoverride',
  ];
  const inFolders = folders.flatMap((path) =>
    existsSync(`/${path}`) ? readdirSync(`/${path}`).map((name) => `${path}/${name}`) : [],
  );
  const members: TarMember[] = ['bin', 'sbin', 'lib', 'lib64'].map((name) => ({
    name,
    type: 'symlink',
    linkName: `usr/${name}`,
  }));
  for (const name of [...files, ...inFolders])
    if (existsSync(`/${name}`)) members.push({ name, body: readFileSync(`/${name}`) });
  const bytes = await bytesOf(writeTar(members));
  const reader = createLayerReader({ workerFile: 'none', wanted: debianFiles });
  const repository = {
    name: 'machine',
    async *blob() {
      yield bytes;
    },
  };
  const mediaType = 'application/vnd.oci.image.layer.v1.tar';
  const layer = await reader.read({
    repository,
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
  });
  await reader.close();
  return mergeLayers([layer]);
}

describe.skipIf(!hasDpkg)("this machine's database", () => {
  let database: PackageDatabase;
  beforeAll(async () => {
    const reading = readDatabase(await machineView());
    if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
    database = reading.database;
  });

  test('has the packages that dpkg-query names', async () => {
    const format = `${['Package', 'Version', 'Architecture', 'db:Status-Status', 'source:Package', 'source:Version'].map(field).join(' ')}\\n`;
    const expected = (await exec('dpkg-query', '-W', '-f', format)).trim().split('\n');
    const found = database.packages.map(
      ({ name, version, architecture, state, source }) =>
        `${name} ${version} ${architecture} ${state} ${source.name} ${source.version}`,
    );
    expect([...found].sort()).toEqual(
      [...expected].filter((line) => !line.includes(' not-installed ')).sort(),
    );
    expect(database.nativeArchitecture).toBe((await exec('dpkg', '--print-architecture')).trim());
    expect(database.problems).toEqual([]);
  });

  test('knows the paths of each package, and the owner of each path, as dpkg does', async () => {
    for (const one of database.packages.filter(({ state }) => state === 'installed').slice(0, 60)) {
      const lines = (await exec('dpkg-query', '-L', `${one.name}:${one.architecture}`)).trimEnd().split('\n');
      const paths = lines
        .filter((line) => line.startsWith('/') && line !== '/.')
        .map((line) => line.slice(1));
      expect([one.name, one.files?.map(({ listed: path }) => path)]).toEqual([one.name, paths]);
    }
    const [shell] = database.ownersOf('usr/bin/dpkg');
    expect(shell?.name).toBe('dpkg');
  });
});

describe.skipIf(apt === undefined)("the archive's arm64", () => {
  const machine = apt as AptArm64;
  let archives: LoopbackArchives;
  let reader: ArchiveReader;
  let sources: readonly AptSource[];
  let found: Counterparts;

  beforeAll(async () => {
    const view = await machineView();
    const reading = readDatabase(view);
    if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
    archives = await serveIndexes(machine.indexes);
    sources = mirrorSources(readSources(view, 'arm64').sources, archives.mirrors);
    reader = createArchiveReader({ cache: join(folder.path, 'cache'), keyrings: readKeyrings(view) });
    found = await findCounterparts({ database: reading.database, sources, archive: reader });
  });
  afterAll(async () => {
    await reader.close();
    await archives.close();
  });

  function counterparts(): readonly Counterpart[] {
    return found.results.flatMap((result) => (result.kind === 'found' ? [result.counterpart] : []));
  }

  test('has counterparts of the packages here, signed by keys that are here', () => {
    expect(found.failures).toEqual([]);
    expect(counterparts().length).toBeGreaterThanOrEqual(30);
    for (const { signers, notes } of counterparts()) {
      expect(signers.length).toBeGreaterThan(0);
      expect(notes).toEqual([]);
    }
    for (const result of found.results)
      if (result.kind !== 'found')
        expect(['only-newer', 'not-in-archive', 'only-older']).toContain(result.reason);
  });

  test('gives the addresses and hashes that apt gives', async () => {
    const chosen = counterparts().slice(0, 60);
    const files = await machine.describe(chosen.map(({ name, version }) => `${name}=${version}`));
    const byHash = new Map(files.map((file) => [file.sha256, file]));
    for (const { name, sha256: hash, size, url } of chosen) {
      const file = byHash.get(hash);
      expect([name, file?.size]).toEqual([name, size]);
      expect(
        decodeURIComponent(new URL(url).pathname).endsWith(file?.url.replace(/^.*\/pool\//, '/pool/') ?? '?'),
      ).toBe(true);
    }
  });

  test('has packages whose files are read as dpkg-deb reads them', async () => {
    const small = [...counterparts()].sort((left, right) => left.size - right.size).slice(0, 3);
    const debs = await machine.download(small.map(({ name, version }) => `${name}=${version}`));
    expect(debs).toHaveLength(3);
    archives.add(debs);
    for (const one of small) {
      const path = await reader.download(one);
      expect(sha256(readFileSync(path))).toBe(one.sha256);
      await expectLikeDpkg(path);
    }
  });

  test('is signed as gpgv sees it, and no more once a byte is changed', async () => {
    const view = await machineView();
    const keyrings = readKeyrings(view);
    for (const { uri, suite, inRelease } of machine.indexes) {
      const source = readSources(view, 'arm64').sources.find((one) => one.uri === uri && one.suite === suite);
      if (source === undefined) throw new Error(`no source for ${suite}`);
      const trust = trustOf(source, keyrings);
      const bytes = readFileSync(inRelease);
      const options = trust.keyrings
        .filter(({ path }) => path.endsWith('.gpg'))
        .flatMap(({ path }) => ['--keyring', path]);
      expect(options).not.toEqual([]);
      const status = await exec('gpgv', '--status-fd', '1', ...options, inRelease).catch(
        (error: unknown) => (error as { stdout: string }).stdout,
      );
      const expected = [...status.matchAll(/^\[GNUPG:\] VALIDSIG .* ([0-9A-F]{40})$/gm)].map(
        (match) => match[1],
      );
      const verified = await verifySigned({ kind: 'inline', bytes }, { name: suite, trust, now: Date.now() });
      expect([...verified.signers].sort()).toEqual([...new Set(expected)].map(String).sort());
      const changed = Buffer.from(bytes.toString('latin1').replace('Suite: ', 'Suite:  x'), 'latin1');
      const refused = verifySigned(
        { kind: 'inline', bytes: changed },
        { name: suite, trust, now: Date.now() },
      );
      await expect(refused).rejects.toMatchObject({ code: 'DEBIAN_SIGNATURE' });
      const file = join(folder.path, 'changed');
      writeFileSync(file, changed);
      await expect(exec('gpgv', ...options, file)).rejects.toThrow();
    }
  });
});
