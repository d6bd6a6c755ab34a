import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executable, file, symlink } from '../../../fixture/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import { readCpio } from './cpio.ts';
import { RpmHeader } from './header.ts';
import { headerFiles } from './header-files.ts';
import { packageEntries } from './package-entries.ts';
import { readRpm } from './package-file.ts';
import { readPrimary } from './primary.ts';
import { checkedHref, readRepomd } from './repomd.ts';
import {
  type Field,
  headerOf,
  type Keys,
  type MadeRpm,
  makeKeys,
  rpmOf,
  sha256,
} from './rpm.test-support.ts';
import { compareParts, compareVersions } from './version.ts';
import { readXml, type XmlEvent } from './xml.ts';

const folder = mkdtempSync(join(tmpdir(), 'armload-rpm-'));
afterAll(() => rmSync(folder, { recursive: true }));

let keys: Keys;
let made: MadeRpm;
beforeAll(async () => {
  keys = await makeKeys('us');
  const files = [executable('usr/bin/tool', 'code'), symlink('usr/bin/t', 'tool'), file('etc/a.conf', 'a')];
  made = await rpmOf({ name: 'tool', architecture: 'aarch64', files, config: ['etc/a.conf'] }, keys);
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** With some of its bytes changed, and cut somewhere. */
const damage = fc.record({
  changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  length: fc.option(fc.nat()),
});
interface Damage {
  readonly changes: readonly (readonly [number, number])[];
  readonly length: number | null;
}
function damaged(bytes: Uint8Array, { changes, length }: Damage): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, value] of changes) copy[at % copy.length] = value;
  return length === null ? copy : copy.subarray(0, length % copy.length);
}

/** It's read, or it's an error with a reason: nothing else is thrown. */
async function readOrRefused(step: () => unknown): Promise<void> {
  try {
    await step();
  } catch (error) {
    expect(error).toBeInstanceOf(PackagesError);
  }
}

describe('damaged bytes', () => {
  test('of a header are read or refused', async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        await readOrRefused(() => {
          const header = RpmHeader.read(damaged(made.header, how), 'x');
          for (const tag of header.entries.keys())
            expect(header.texts(tag).length * header.numbers(tag).length).toBe(0);
          headerFiles(header, 'x');
        });
      }),
      { numRuns: 1000 },
    );
  });

  test('of a package are read or refused, signed or not', async () => {
    const path = join(folder, 'damaged.rpm');
    const options = { name: 'x', keyrings: [], allowUnsigned: true, now: Date.now() };
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        const bytes = damaged(made.bytes, how);
        writeFileSync(path, bytes);
        await readOrRefused(async () => {
          const expected = { algorithm: 'sha256', hex: sha256(bytes) };
          const rpm = await readRpm(path, { ...options, expected });
          const owners = { user: () => undefined, group: () => undefined };
          for await (const entry of packageEntries(path, rpm, { name: 'x', owners }))
            for await (const _ of entry.body ?? []);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('of a payload are read or refused', async () => {
    const head = (name: string, size: string): string =>
      `070701${'0'.repeat(48)}${size}${'0'.repeat(32)}${(name.length + 1).toString(16).padStart(8, '0')}00000000${name}\0`;
    const payload = Buffer.from(
      `${head('./etc/aa', '00000004')}\0body${head('TRAILER!!!', '00000000')}\0\0\0`,
    );
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        await readOrRefused(async () => {
          for await (const entry of readCpio(once(damaged(payload, how)), 'x'))
            for await (const _ of entry.body(entry.size ?? 0));
        }).catch((error: unknown) => expect(String(error)).toMatch(/damaged|ends early/));
      }),
      { numRuns: 500 },
    );
  });
});

test('a header that claims more than it has is refused at once', () => {
  const claims: readonly Buffer[] = [
    Buffer.from('ffffffff00000000', 'hex'),
    Buffer.from('00000001ffffffff', 'hex'),
    Buffer.concat([
      Buffer.from('0000000100000004', 'hex'),
      Buffer.from('000003e8000000040000000000000009', 'hex'),
      Buffer.alloc(4),
    ]),
    Buffer.concat([
      Buffer.from('0000000100000004', 'hex'),
      Buffer.from('000003e800000008fffffff000000001', 'hex'),
      Buffer.alloc(4),
    ]),
    Buffer.concat([
      Buffer.from('0000000100000004', 'hex'),
      Buffer.from('000003e8000000060000000000000001', 'hex'),
      Buffer.from('aaaa'),
    ]),
  ];
  for (const bytes of claims) expect(() => RpmHeader.read(bytes, 'x')).toThrow(PackagesError);
});

test('a file that a header puts outside of the root is refused', () => {
  for (const [base, directory] of [
    ['passwd', '/../etc/'],
    ['..', '/etc/'],
    ['a/../../b', '/'],
    ['', '/etc/'],
  ] as const) {
    const fields: readonly Field[] = [
      [1116, 'int32', [0]],
      [1117, 'strings', [base]],
      [1118, 'strings', [directory]],
    ];
    expect(() => headerFiles(RpmHeader.read(headerOf(63, fields), 'x'), 'x')).toThrow(/is no path/);
  }
});

describe('XML', () => {
  const eventsOf = async (pieces: readonly Uint8Array[]): Promise<readonly XmlEvent[]> => {
    const events: XmlEvent[] = [];
    const input = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces;
    };
    for await (const event of readXml(input(), 'x')) events.push(event);
    return events;
  };
  const text = Buffer.from(
    `<?xml version="1.0"?><!-- a > b --><a:list n='1 > 0' m="&quot;&#xe9;&amp;"><b/>t &lt; ü<![CDATA[<raw>]]></a:list>\n`,
  );

  test('says the same however it is cut into pieces', async () => {
    const whole = await eventsOf([text]);
    expect(whole.map((event) => event.kind)).toEqual(
      ['open', 'open', 'text', 'text', 'close', 'text'].slice(0, whole.length),
    );
    expect(whole[0]).toMatchObject({
      name: 'list',
      attributes: new Map([
        ['n', '1 > 0'],
        ['m', '"é&'],
      ]),
    });
    const joined = (events: readonly XmlEvent[]): string =>
      events.map((event) => (event.kind === 'text' ? event.text : `[${event.kind} ${event.name}]`)).join('');
    for (let size = 1; size < 20; size += 1) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        text.subarray(at * size, (at + 1) * size),
      );
      expect(joined(await eventsOf(pieces))).toBe(joined(whole));
    }
  });

  test('with a document type, an unknown entity or no end is refused', async () => {
    for (const bad of [
      '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
      '<a>&b;</a>',
      '<a',
      '<a>&#x110000;</a>',
      '< >',
    ])
      await expect(eventsOf([Buffer.from(bad)])).rejects.toThrow(PackagesError);
  });

  test('with a tag that has no end in sight is refused before it fills the memory', async () => {
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('<a b="');
      for (let at = 0; at < 100; at += 1) yield Buffer.alloc(1024 * 1024, 'x');
    };
    await expect(
      (async () => {
        for await (const _ of readXml(endless(), 'x'));
      })(),
    ).rejects.toMatchObject({ code: 'PACKAGES_LIMIT' });
  });
});

test('a repository names only its own files, and sums that are believed', async () => {
  for (const href of ['../x', 'a/../../x', '/etc/passwd', 'http://example.org/x', 'file:x', 'a b', 'x?y', ''])
    expect(() => checkedHref(href, 'x')).toThrow(PackagesError);
  for (const href of ['repodata/x.xml.gz', 'Packages/t/tool-1.0-1~rc1+2.aarch64.rpm'])
    expect(checkedHref(href, 'x')).toBe(href);
  const repomd = (type: string, sum: string): Buffer =>
    Buffer.from(
      `<repomd><data type="primary"><checksum type="${type}">${sum}</checksum><location href="a.xml.gz"/></data></repomd>`,
    );
  await expect(readRepomd(repomd('sha1', '0'.repeat(40)), 'x')).rejects.toMatchObject({
    code: 'PACKAGES_UNSUPPORTED',
  });
  await expect(readRepomd(repomd('sha256', 'zz'), 'x')).rejects.toMatchObject({ code: 'PACKAGES_MALFORMED' });
  await expect(readRepomd(Buffer.from('<repomd/>'), 'x')).rejects.toThrow(PackagesError);
});

test('a list of packages with one that is damaged says so', async () => {
  const list =
    '<metadata><package><name>a</name><arch>noarch</arch><location href="../a.rpm"/></package></metadata>';
  const read = async (isWanted: boolean): Promise<number> => {
    let count = 0;
    for await (const _ of readPrimary(once(Buffer.from(list)), 'x', {
      mayBe: () => true,
      isIt: () => isWanted,
    }))
      count += 1;
    return count;
  };
  expect(await read(false)).toBe(0);
  await expect(read(true)).rejects.toThrow(/no file of the repository/);
});

test('versions are in their order', () => {
  const order = [
    '0.9-1',
    '1.0~rc1-1',
    '1.0-1',
    '1.0-1.el9',
    '1.0-2',
    '1.0-10',
    '1.0^git1-1',
    '1.0a-1',
    '1.0.1-1',
    '1.5-1',
    '1.10-1',
    '1:0.1-1',
  ];
  for (const [at, left] of order.entries())
    for (const [other, right] of order.entries())
      expect([left, right, Math.sign(compareVersions(left, right))]).toEqual([
        left,
        right,
        Math.sign(at - other),
      ]);
  expect(compareParts('1.00', '1.0')).toBe(0);
});
