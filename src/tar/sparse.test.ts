import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EntryHead, readTar, SparseExpander, TarError, TarWalker, writeTar } from './index.ts';

const encoder = new TextEncoder();
/** The file of all tests: 20 zeros, `abc`, 1000 zeros, `de`, 5 zeros. */
const content = Buffer.concat([
  Buffer.alloc(20),
  Buffer.from('abc'),
  Buffer.alloc(1000),
  Buffer.from('de'),
  Buffer.alloc(5),
]);
const parts = [20, 3, 1023, 2] as const;

async function* inPieces(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function octal(value: number): string {
  return `${value.toString(8).padStart(11, '0')}\0`;
}

async function tarWith(pax: Record<string, string>, body: Uint8Array): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const records = new Map(Object.entries(pax));
  for await (const chunk of writeTar([{ name: 'f', body, pax: records }])) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** An old GNU header, whose map goes on in a second block. */
async function oldGnu(map: readonly number[], realSize: number, stored: string): Promise<Buffer> {
  const bytes = await tarWith({}, Buffer.from(stored));
  const header = bytes.subarray(0, 512);
  header.write('S', 156);
  header.write('ustar  \0', 257);
  header.fill(0, 345, 512);
  const more = Buffer.alloc(512);
  for (let index = 0; index < map.length; index += 2) {
    const [block, at] = index < 2 ? [header, 386] : [more, (index - 2) * 12];
    block.write(octal(map[index] ?? 0) + octal(map[index + 1] ?? 0), at, 'latin1');
  }
  header[482] = map.length > 2 ? 1 : 0;
  header.write(octal(realSize), 483, 'latin1');
  header.fill(0x20, 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, ...(map.length > 2 ? [more] : []), bytes.subarray(512)]);
}

/** Reads the one file by the walker, in pieces, and expands it. */
function expand(tar: Uint8Array, piece = 100): { head: EntryHead; content: Buffer } {
  const chunks: Uint8Array[] = [];
  let head: EntryHead | undefined;
  let expander: SparseExpander | undefined;
  const walker = new TarWalker({
    entry: (found) => {
      head = found;
      if (found.sparse === undefined) throw new Error('not sparse');
      expander = new SparseExpander(found.sparse, found, {
        data: (chunk) => chunks.push(Buffer.from(chunk)),
        hole: (bytes) => chunks.push(Buffer.alloc(bytes)),
      });
    },
    data: (chunk) => expander?.write(chunk),
    end: () => expander?.finish(),
  });
  for (let at = 0; at < tar.length; at += piece) walker.write(tar.subarray(at, at + piece));
  walker.finish();
  if (head === undefined) throw new Error('no entry');
  return { head, content: Buffer.concat(chunks) };
}

const map10 = Buffer.concat([Buffer.from(`2\n${parts.join('\n')}\n`), Buffer.alloc(512)]).subarray(0, 512);
const formats: readonly (readonly [string, () => Promise<Buffer>])[] = [
  ['old GNU', () => oldGnu(parts, content.length, 'abcde')],
  [
    'pax 0.1',
    () =>
      tarWith(
        { 'GNU.sparse.map': parts.join(','), 'GNU.sparse.size': `${content.length}`, 'GNU.sparse.name': 'n' },
        encoder.encode('abcde'),
      ),
  ],
  [
    'pax 1.0',
    () =>
      tarWith(
        {
          'GNU.sparse.major': '1',
          'GNU.sparse.minor': '0',
          'GNU.sparse.realsize': `${content.length}`,
          'GNU.sparse.name': 'n',
        },
        Buffer.concat([map10, encoder.encode('abcde')]),
      ),
  ],
];

describe('sparse files', () => {
  test.each(formats)(
    'of format %s give their content back, however the bytes are cut',
    async (_name, make) => {
      const tar = await make();
      for (const piece of [1, 7, 512, 100_000]) {
        const read = expand(tar, piece);
        expect(read.head).toMatchObject({ type: 'sparse', sparse: { realSize: content.length } });
        expect(read.content.equals(content)).toBe(true);
      }
    },
  );

  test('of format 0.0 repeat their keys, and all of them count', async () => {
    const record = (key: string, value: number) => {
      const rest = ` ${key}=${value}\n`;
      return `${rest.length + 2}${rest}`;
    };
    const body = [0, 2]
      .map(
        (index) =>
          record('GNU.sparse.offset', parts[index] ?? 0) +
          record('GNU.sparse.numbytes', parts[index + 1] ?? 0),
      )
      .join('');
    const plain = await tarWith({ 'GNU.sparse.size': `${content.length}` }, encoder.encode('abcde'));
    const size = record('GNU.sparse.size', content.length);
    plain.fill(0, 512, 1024);
    plain.write(size + body, 512);
    const header = plain.subarray(0, 512);
    header.write(octal(size.length + body.length), 124);
    header.fill(0x20, 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    expect(expand(plain).content.equals(content)).toBe(true);
  });

  test('a version that nobody knows makes a plain file, as in Go', async () => {
    const tar = await tarWith({ 'GNU.sparse.major': '3', 'GNU.sparse.minor': '0' }, encoder.encode('x'));
    for await (const entry of readTar(inPieces([tar])))
      expect(entry).toMatchObject({ type: 'file', sparse: undefined });
  });

  test('a claim of 10 GB costs nothing until someone expands it', async () => {
    const tar = await oldGnu([0, 5], 10_000_000_000 % 8 ** 11, 'abcde');
    let holes = 0;
    const walker = new TarWalker({
      entry: ({ sparse, ...head }) => {
        if (sparse !== undefined)
          new SparseExpander(sparse, head, {
            data: () => undefined,
            hole: (bytes) => {
              holes += bytes;
            },
          }).finish();
      },
      data: () => undefined,
      end: () => undefined,
    });
    walker.write(tar);
    expect(holes).toBeGreaterThan(1e9);
  });

  test.each([
    ['overlapping parts', '0,3,2,2'],
    ['an offset without a size', '0,3,9'],
    ['parts that are not all there', '0,3'],
    ['parts beyond the file', '0,3,9999,2'],
    ['what is not a number', '0,3,x,2'],
    ['a negative number', '0,3,-9,2'],
  ])('a map with %s is malformed', async (_name, map) => {
    const tar = await tarWith({ 'GNU.sparse.map': map, 'GNU.sparse.size': '1030' }, encoder.encode('abcde'));
    expect(() => expand(tar)).toThrow(TarError);
  });

  test('any map in the body gives content or a TarError, nothing else', async () => {
    const pax = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '100' };
    const line = fc.oneof(fc.nat(120).map(String), fc.string({ maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.integer({ min: 1, max: 600 }),
        async (lines, piece) => {
          const tar = await tarWith(
            pax,
            Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.alloc(520)]),
          );
          try {
            expect(expand(tar, piece).content.length).toBe(100);
          } catch (error) {
            expect(error).toBeInstanceOf(TarError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('passing through', () => {
  async function roundTrip(tar: Buffer, piece: number): Promise<Buffer> {
    async function* input(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < tar.length; at += piece) yield tar.subarray(at, at + piece);
    }
    const trailer: Uint8Array[] = [];
    const entries = readTar(input(), { onTrailer: (chunk) => trailer.push(Buffer.from(chunk)) });
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeTar(entries, { trailer })) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }

  test.each(formats)(
    'an archive with a sparse file of format %s comes out byte for byte',
    async (_name, make) => {
      const tar = await make();
      expect((await roundTrip(tar, 700)).equals(tar)).toBe(true);
    },
  );

  test.each([
    ['no closing blocks', 0],
    ['one block of zeros', 512],
    ['a record filled with zeros', 20 * 512],
  ])('an archive with %s, and letters in its padding, comes out byte for byte', async (_name, bytes) => {
    const whole = await tarWith(
      { 'SCHILY.xattr.security.capability': '\u0001\u0000x' },
      encoder.encode('abcde'),
    );
    const tar = Buffer.concat([whole.subarray(0, whole.length - 1024), Buffer.alloc(bytes)]);
    tar.write('padding', whole.length - 1024 - 100);
    for (const piece of [100, 100_000]) expect((await roundTrip(tar, piece)).equals(tar)).toBe(true);
  });

  test('what follows the closing blocks comes out too', async () => {
    const tar = Buffer.concat([await tarWith({}, encoder.encode('x')), Buffer.from('behind the end')]);
    expect((await roundTrip(tar, 333)).equals(tar)).toBe(true);
  });
});

test('the walker and the reader see the same entries in any bytes', async () => {
  const base = Buffer.concat([
    (await tarWith({ path: 'p'.repeat(120) }, encoder.encode('abc'))).subarray(0, -1024),
    (await oldGnu(parts, content.length, 'abcde')).subarray(0, -1024),
    await tarWith({}, Buffer.alloc(1500, 1)),
  ]);
  const edits = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 4 });
  const summary = ({ name, size, type, offset, bodyOffset }: EntryHead) =>
    JSON.stringify({ name, size, type, offset, bodyOffset });
  await fc.assert(
    fc.asyncProperty(
      edits,
      fc.integer({ min: 1, max: 4000 }),
      fc.nat(base.length),
      async (changes, piece, cut) => {
        const tar = Buffer.from(base.subarray(0, cut % 3 === 0 ? cut : base.length));
        for (const [at, byte] of changes) if (at < tar.length) tar[at] = byte;
        const pieces: Buffer[] = [];
        for (let at = 0; at < tar.length; at += piece) pieces.push(tar.subarray(at, at + piece));
        const [pulled, pushed]: [string[], string[]] = [[], []];
        const pull = async () => {
          for await (const entry of readTar(inPieces(pieces))) pulled.push(summary(entry));
        };
        const push = () => {
          const walker = new TarWalker({
            entry: (head) => pushed.push(summary(head)),
            data: () => undefined,
            end: () => undefined,
          });
          for (const chunk of pieces) walker.write(chunk);
          walker.finish();
        };
        const code = (error: unknown) => (error instanceof TarError ? error.code : error);
        const first = await pull().then(() => 'read', code);
        let second: unknown = 'read';
        try {
          push();
        } catch (error) {
          second = code(error);
        }
        expect(second).toBe(first);
        expect(pushed).toEqual(pulled);
      },
    ),
    { numRuns: 150 },
  );
});
