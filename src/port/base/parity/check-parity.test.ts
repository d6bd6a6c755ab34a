import { describe, expect, test } from 'vitest';
import { directory, executable, file, type Machine, symlink, userland } from '../../../fixture/index.ts';
import { digestOf } from '../../../oci/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import { viewOf } from '../../config/view.test-support.ts';
import { checkParity, type ParityOptions, type ParityReport, type ParitySide } from '../index.ts';

const one = digestOf(Buffer.from('one index'));
const other = digestOf(Buffer.from('another index'));

interface SideSpec {
  readonly members?: readonly TarMember[];
  readonly env?: readonly string[];
  /** Without the small Debian. */
  readonly bare?: boolean;
  readonly index?: typeof one;
}

async function sideOf(machine: Machine, spec: SideSpec): Promise<ParitySide> {
  const { members = [], env = [], bare = false, index } = spec;
  const config = { os: 'linux', architecture: machine, config: { Env: env } };
  return {
    view: await viewOf(...(bare ? [] : userland(machine)), ...members),
    config: Buffer.from(JSON.stringify(config)),
    ...(index === undefined ? {} : { indexDigest: index }),
  };
}

async function parity(old: SideSpec, sibling: SideSpec, options: ParityOptions = {}): Promise<ParityReport> {
  return checkParity(
    await sideOf('amd64', { index: one, ...old }),
    await sideOf('arm64', { index: other, ...sibling }),
    options,
  );
}

/** What differs, without what nothing can tell. */
function telling({ differences }: ParityReport): readonly string[] {
  return differences
    .filter(({ weight }) => weight !== 'harmless')
    .map(({ kind, name, weight }) => `${kind} ${name} ${weight}`);
}

function dpkg(packages: Readonly<Record<string, string>>, architecture: string): TarMember {
  const entries = Object.entries(packages).map(
    ([name, version]) =>
      `Package: ${name}\nStatus: install ok installed\nArchitecture: ${architecture}\nVersion: ${version}\nDescription: x\n y\n`,
  );
  return file('var/lib/dpkg/status', entries.join('\n'));
}

const versions = (packages: Record<string, string>, architecture = 'amd64') => ({
  members: [dpkg(packages, architecture)],
});

describe('the same release', () => {
  test('of a distribution for two machines is equal, whatever its loader and libraries are called', async () => {
    const report = await parity({}, {});
    expect(report).toMatchObject({ verdict: 'equal', exact: false, acceptable: true, uncompared: [] });
    expect(telling(report)).toEqual([]);
  });

  test('from one index is exact: packages are not even compared', async () => {
    const report = await parity(versions({ a: '1' }), { ...versions({ b: '2' }, 'arm64'), index: one });
    expect(report).toMatchObject({ verdict: 'equal', exact: true, acceptable: true });
  });
});

describe('packages', () => {
  test.each<[string, Record<string, string>, Record<string, string>, string, string[]]>([
    ['with a binary-only rebuild are equal', { a: '1.0-1+b2' }, { a: '1.0-1' }, 'equal', []],
    [
      'that are newer are a newer patch',
      { a: '1.0-1' },
      { a: '1.0-1+deb12u1' },
      'newer-patch',
      ['package a newer'],
    ],
    ['that are older are different', { a: '1.0-2' }, { a: '1.0-1' }, 'different', ['package a different']],
    ['that are missing are different', { a: '1', b: '1' }, { a: '1' }, 'different', ['package b different']],
    ['that were added are different', { a: '1' }, { a: '1', b: '1' }, 'different', ['package b different']],
    [
      "named by the machine are each other's equal",
      { 'gcc-x86-64-linux-gnu': '1' },
      { 'gcc-aarch64-linux-gnu': '1' },
      'equal',
      [],
    ],
  ])('%s', async (...[, old, sibling, verdict, differences]) => {
    const report = await parity(versions(old), versions(sibling, 'arm64'));
    expect(report.verdict).toBe(verdict);
    expect(telling(report)).toEqual(differences);
    expect(report.acceptable).toBe(verdict !== 'different');
  });

  test('that are newer are not acceptable where a person says so', async () => {
    const sides = [versions({ a: '1' }), versions({ a: '2' }, 'arm64')] as const;
    expect(await parity(...sides, { allowNewer: false })).toMatchObject({
      verdict: 'newer-patch',
      acceptable: false,
    });
  });

  test('of distroless images, a file each, and of Alpine are compared too', async () => {
    const part = (version: string, architecture: string) => ({
      bare: true,
      members: [
        file(
          'var/lib/dpkg/status.d/tzdata',
          `Package: tzdata\nArchitecture: ${architecture}\nVersion: ${version}\n`,
        ),
        file('var/lib/dpkg/status.d/tzdata.md5sums', 'Package: no package\nVersion: 1\n'),
        file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n'),
      ],
    });
    expect(telling(await parity(part('2024a-1', 'all'), part('2024b-1', 'all')))).toEqual([
      'package tzdata newer',
    ]);
    const apk = (version: string, architecture: string) => ({
      bare: true,
      members: [
        file('lib/apk/db/installed', `P:musl\nV:${version}\nA:${architecture}\n\n`),
        file('etc/os-release', 'ID=alpine\nVERSION_ID=3.19.1\n'),
      ],
    });
    expect(telling(await parity(apk('1.2.4-r2', 'x86_64'), apk('1.2.4-r10', 'aarch64')))).toEqual([
      'package musl newer',
    ]);
  });

  test('that can not be compared leave the verdict unknown, and not acceptable', async () => {
    const rpm = {
      bare: true,
      members: [directory('var/lib/rpm/'), file('etc/os-release', 'ID=fedora\nVERSION_ID=39\n')],
    };
    expect(await parity(rpm, rpm)).toMatchObject({
      verdict: 'unknown',
      acceptable: false,
      uncompared: [{ what: 'packages' }],
    });
    const scratch = { bare: true, members: [executable('app', 'x')] };
    expect((await parity(scratch, scratch)).uncompared.map(({ what }) => what)).toEqual([
      'distribution',
      'packages',
    ]);
  });

  test('of another architecture are told from native ones', async () => {
    const foreign = 'Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 1\n';
    const report = await parity(
      { members: [file('var/lib/dpkg/status', foreign)] },
      versions({ libc6: '1' }, 'arm64'),
    );
    expect(telling(report)).toEqual(['package libc6 different', 'package libc6:i386 different']);
  });
});

describe('the distribution', () => {
  const release = (text: string) => ({ members: [file('etc/os-release', text)] });
  test.each([
    ['another release is different', 'ID=debian\nVERSION_ID="12"', 'ID=debian\nVERSION_ID="13"', 'different'],
    ['another one is different', 'ID=debian\nVERSION_ID="12"', 'ID=ubuntu\nVERSION_ID="12"', 'different'],
    [
      'an update of the release is newer',
      'ID=alpine\nVERSION_ID=3.19.1',
      "ID='alpine'\nVERSION_ID=3.19.4",
      'newer-patch',
    ],
    [
      'an older update is different',
      'ID=alpine\nVERSION_ID=3.19.4',
      'ID=alpine\nVERSION_ID=3.19.1',
      'different',
    ],
    [
      'Ubuntu counts releases with both numbers',
      'ID=ubuntu\nVERSION_ID="22.04"',
      'ID=ubuntu\nVERSION_ID="22.10"',
      'different',
    ],
    [
      "Red Hat's minor releases are updates",
      'ID="rhel"\nVERSION_ID="9.3"',
      'ID="rhel"\nVERSION_ID="9.10"',
      'newer-patch',
    ],
  ])('%s', async (_name, old, sibling, verdict) => {
    expect((await parity(release(old), release(sibling))).verdict).toBe(verdict);
  });
});

describe('what layers above rely on', () => {
  test.each<[string, SideSpec, SideSpec, string[]]>([
    [
      'users by number',
      { members: [file('etc/passwd', 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n')] },
      {
        members: [
          file(
            'etc/passwd',
            'root:x:0:0::/root:/bin/sh\nwww-data:x:82:33::/:/bin/sh\nnew:x:9:9::/:/bin/sh\n',
          ),
        ],
      },
      ['user www-data different'],
    ],
    [
      'groups by number',
      { members: [file('etc/group', 'root:x:0:\nssl-cert:x:101:\n')] },
      { members: [file('etc/group', 'root:x:0:\n')] },
      ['group ssl-cert different'],
    ],
    ['the shell', { members: [executable('usr/bin/bash', 'x')] }, {}, ['shell /bin/bash different']],
    [
      'what the shell is',
      {},
      { members: [executable('usr/bin/busybox', 'x'), symlink('usr/bin/sh', 'busybox')] },
      ['shell /bin/sh different'],
    ],
    [
      'trusted certificates',
      { members: [file('etc/ssl/certs/ca-certificates.crt', 'x')] },
      {},
      ['certificates /etc/ssl/certs/ca-certificates.crt different'],
    ],
    [
      'links among the directories',
      { members: [symlink('var/run', '/run'), directory('run/')] },
      { members: [directory('var/run/')] },
      ['layout /var/run different'],
    ],
    ['the PATH', { env: ['PATH=/opt/x/bin:/bin'] }, { env: ['PATH=/bin'] }, ['path PATH different']],
    [
      'but not the machine in the PATH',
      { env: ['PATH=/opt/jdk-x86_64/bin:/bin'] },
      { env: ['PATH=/opt/jdk-aarch64/bin:/bin'] },
      [],
    ],
    [
      'the libc',
      { bare: true, members: [file('lib64/ld-linux-x86-64.so.2', 'x')] },
      { bare: true, members: [file('lib/ld-musl-aarch64.so.1', 'x')] },
      ['libc libc different'],
    ],
  ])('%s', async (_name, old, sibling, differences) => {
    const report = await parity({ ...old, index: one }, { ...sibling, index: one });
    expect(telling(report)).toEqual(differences);
    // Compared in any case; of one index it is for the person to know.
    expect(report).toMatchObject({ exact: true, acceptable: true });
    expect((await parity(old, sibling)).acceptable).toBe(differences.length === 0 && !old.bare);
  });

  test('a /lib64 that only amd64 needs is no difference that matters', async () => {
    const { differences } = await parity({}, {});
    expect(differences.every(({ weight }) => weight === 'harmless')).toBe(true);
  });
});
