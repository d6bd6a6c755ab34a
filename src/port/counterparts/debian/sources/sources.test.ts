import { describe, expect, test } from 'vitest';
import { file } from '../../../../fixture/index.ts';
import { viewOf } from '../parts.test-support.ts';
import { type AptSource, mirrorSources, parseSources, readSources, snapshotSources } from './index.ts';

const debian = `Types: deb deb-src
# http://snapshot.example.org/archive/debian/20250520T000000Z
URIs: http://deb.example.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg
`;

function stanzas(text: string) {
  return parseSources(text, 'etc/apt/sources.list.d/x.sources', 'arm64');
}

function lines(text: string) {
  return parseSources(text, 'etc/apt/sources.list', 'arm64');
}

describe('deb822 sources', () => {
  test('are one for each suite, with keys, and the snapshot a comment names', () => {
    const { sources, problems } = stanzas(debian);
    expect(problems).toEqual([]);
    expect(sources).toEqual([
      {
        file: 'etc/apt/sources.list.d/x.sources',
        line: 1,
        uri: 'http://deb.example.org/debian',
        suite: 'bookworm',
        components: ['main', 'contrib'],
        signedBy: { kind: 'named', names: ['/usr/share/keyrings/archive.gpg'] },
        trusted: false,
        checkValidUntil: true,
        snapshotUri: 'http://snapshot.example.org/archive/debian/20250520T000000Z',
      },
      expect.objectContaining({ suite: 'bookworm-updates' }),
    ]);
  });

  test('may hold their key', () => {
    const { sources } = stanzas(
      `${debian.replace(/Signed-By: .*\n/, '')}Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEZ\n -----END PGP PUBLIC KEY BLOCK-----\n`,
    );
    expect(sources[0]?.signedBy).toEqual({
      kind: 'inline',
      armored: '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n-----END PGP PUBLIC KEY BLOCK-----',
    });
  });

  test.each([
    ['switched off', `${debian}Enabled: no\n`],
    ['of source packages', debian.replace('deb deb-src', 'deb-src')],
  ])('that are %s are left out', (_what, text) => {
    expect(stanzas(text)).toEqual({ sources: [], problems: [] });
  });

  test('may be limited, trusted, and without an age', () => {
    const [source] = stanzas(
      `${debian}Architectures: amd64 i386\nTrusted: yes\nCheck-Valid-Until: no\n`,
    ).sources;
    expect(source).toMatchObject({ architectures: ['amd64', 'i386'], trusted: true, checkValidUntil: false });
  });

  test.each([
    ['a field too few', 'Types: deb\nURIs: http://a.example.org\n', 'the source has no Suites'],
    [
      'an address that is not of HTTP',
      debian.replace('http://deb', 'cdrom://deb'),
      'the address cdrom: is not one of HTTP',
    ],
    [
      'a suite with a slash and components',
      debian.replace('bookworm bookworm-updates', './'),
      'the suite "./" does not fit',
    ],
    [
      'a suite that climbs',
      debian.replace('bookworm bookworm-updates', '../x'),
      'the suite "../x" does not fit',
    ],
    ['nonsense', 'nonsense\n', 'line 1'],
  ])('with %s are problems, not silence', (_what, text, problem) => {
    const { sources, problems } = stanzas(text);
    expect(sources).toEqual([]);
    expect(problems[0]?.text).toContain(problem);
  });
});

describe('one-line sources', () => {
  test('have options in brackets and comments behind', () => {
    const { sources, problems } = lines(
      'deb [arch=amd64,i386 signed-by=/k/a.gpg,/k/b.gpg trusted=yes] https://deb.example.org/x/ stable main extra # why\n' +
        'deb-src https://deb.example.org/x stable main\n\n# deb https://off.example.org x main\ndeb http://flat.example.org/ ./\n',
    );
    expect(problems).toEqual([]);
    expect(sources).toEqual([
      {
        file: 'etc/apt/sources.list',
        line: 1,
        uri: 'https://deb.example.org/x',
        suite: 'stable',
        components: ['main', 'extra'],
        architectures: ['amd64', 'i386'],
        signedBy: { kind: 'named', names: ['/k/a.gpg', '/k/b.gpg'] },
        trusted: true,
        checkValidUntil: true,
      },
      expect.objectContaining({ line: 5, uri: 'http://flat.example.org', suite: './', components: [] }),
    ]);
  });

  test('take the snapshot from the comment line above, if it is one', () => {
    const { sources } = lines(
      '# deb http://snapshot.example.org/archive/debian/20240101T000000Z bookworm main\ndeb http://deb.example.org/debian bookworm main\n' +
        '# http://docs.example.org/\ndeb http://deb.example.org/debian other main\n',
    );
    expect(sources.map(({ snapshotUri }) => snapshotUri)).toEqual([
      'http://snapshot.example.org/archive/debian/20240101T000000Z',
      undefined,
    ]);
  });

  test('name the architecture where they are told to', () => {
    expect(lines('deb http://deb.example.org/$(ARCH) x-$(ARCH)/\n').sources).toMatchObject([
      { uri: 'http://deb.example.org/arm64', suite: 'x-arm64/' },
    ]);
  });

  test.each([
    'deb http://deb.example.org',
    'rpm http://deb.example.org x main',
    'deb [x] http://e.example.org x main',
    'deb',
  ])('%s is a problem', (line) => {
    expect(lines(`${line}\n`)).toMatchObject({ sources: [], problems: [{ line: 1 }] });
  });

  test('a password in an address is shown nowhere', () => {
    const { problems } = lines('deb ftp://me:hunter2@ftp.example.org/x stable main\n');
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

test('an image has its sources in all of its files, in the order of their names', async () => {
  const view = await viewOf([
    file('etc/apt/sources.list', 'deb http://one.example.org/debian x main\n'),
    file('etc/apt/sources.list.d/b.list', 'deb http://three.example.org/debian x main\n'),
    file('etc/apt/sources.list.d/a.sources', debian),
    file('etc/apt/sources.list.d/c.list.disabled', 'deb http://no.example.org/debian x main\n'),
    file('etc/apt/sources.list.d/d~.list', 'deb http://no.example.org/debian x main\n'),
  ]);
  const { sources, problems } = readSources(view, 'arm64');
  expect(problems).toEqual([]);
  expect(sources.map(({ uri }) => new URL(uri).hostname)).toEqual([
    'one.example.org',
    'deb.example.org',
    'deb.example.org',
    'three.example.org',
  ]);
});

describe('replacing archives', () => {
  const [source] = stanzas(debian).sources as readonly [AptSource, AptSource];

  test('a mirror takes the place of the longest prefix, by whole parts', () => {
    const mirrors = {
      'http://deb.example.org': 'https://all.example.org/',
      'http://deb.example.org/debian/': 'https://mirror.example.org/d',
      'http://deb.example.org/deb': 'https://wrong.example.org',
    };
    const other = { ...source, uri: 'http://deb.example.org/debian-security' };
    const unknown = { ...source, uri: 'http://elsewhere.example.org/debian' };
    expect(mirrorSources([source, other, unknown], mirrors)).toMatchObject([
      { uri: 'https://mirror.example.org/d', replaced: 'http://deb.example.org/debian' },
      { uri: 'https://all.example.org/debian-security' },
      unknown,
    ]);
  });

  test('a snapshot comes from a template and a time, or from the image itself', () => {
    const template = 'https://snap.example.org/{archive}/{time}/';
    expect(snapshotSources([source], { template, time: Date.UTC(2024, 0, 31, 23, 59, 58, 7) })).toMatchObject(
      [{ uri: 'https://snap.example.org/debian/20240131T235958Z', checkValidUntil: false }],
    );
    expect(snapshotSources([source], {})).toMatchObject([
      { uri: 'http://snapshot.example.org/archive/debian/20250520T000000Z', checkValidUntil: false },
    ]);
    const { snapshotUri: _gone, ...without } = source;
    expect(snapshotSources([without], {})).toEqual([]);
    expect(() => snapshotSources([source], { template })).toThrow('the time of the image is unknown');
  });
});
